"""Standardization: fitted on the train images alone, applied to every batch on the training device."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from cnncore.errors import InputError
from cnncore.training.config import Standardization

# The practical's constants for CIFAR-10. Its "std" is the mean over images of each image's own standard
# deviation; over all train pixels it is (.247, .243, .262). Harmless, and kept, because its figures used it.
HANDOUT_MEAN = (0.491, 0.482, 0.447)
HANDOUT_STD = (0.202, 0.199, 0.201)
# Added to an eigenvalue before its inverse square root. The smallest are noise (the covariance of CIFAR-10 has a
# condition number of 3.6e7): without it whitening would blow the noise up as much as the picture.
ZCA_EPSILON = 0.1
_CHUNK = 2048  # images a pass over the train set turns into floats at a time: bounded memory


@dataclass(frozen=True)
class Standardize:
    """Subtract, divide, then multiply by a matrix; each step only where it is set.

    `mean` and `std` broadcast against (N, C, H, W); `whitening` is (C*H*W, C*H*W); `per_image` takes each image's
    own mean and standard deviation instead.
    """

    mean: Tensor | None = None
    std: Tensor | None = None
    whitening: Tensor | None = None
    per_image: bool = False

    def __call__(self, images: Tensor) -> Tensor:
        """Return the standardized batch: (N, C, H, W) floats in [0, 1] -> (N, C, H, W)."""
        if self.per_image:
            std, mean = torch.std_mean(images, dim=(1, 2, 3), keepdim=True)
            # One grey level in the whole image has no contrast to normalise: the floor keeps it finite.
            return (images - mean) / std.clamp_min(1 / 255)
        if self.mean is not None:
            images = images - self.mean
        if self.std is not None:
            images = images / self.std
        if self.whitening is not None:
            images = (images.flatten(1) @ self.whitening).view(images.shape)
        return images


def fit(kind: Standardization, train_images: Tensor) -> Standardize:
    """Return the standardization fitted on `train_images`, uint8 (N, C, H, W), as the network will see them.

    Statistics are summed in float64, over all train images, on the images' own device (Apple's MPS has no
    float64: there the sums are made on the CPU). `HANDOUT` needs three channels, `ZCA` at most 4,096 values
    an image.
    """
    device = train_images.device
    channels = train_images.shape[1]
    if kind is Standardization.NONE:
        return Standardize()
    if kind is Standardization.IMAGE:
        return Standardize(per_image=True)
    if kind is Standardization.HANDOUT:
        if channels != 3:
            raise InputError(
                f"`standardize` (=handout) has constants for 3 channels and the images have {channels}: use channel."
            )
        shape = (1, 3, 1, 1)
        return Standardize(
            torch.tensor(HANDOUT_MEAN, device=device).view(shape), torch.tensor(HANDOUT_STD, device=device).view(shape)
        )
    mean = _mean_image(train_images)  # (C, H, W)
    if kind is Standardization.ZCA:
        return Standardize(mean.float().to(device)[None], whitening=_zca(train_images, mean).to(device))
    if kind is Standardization.CHANNEL:
        mean = mean.mean(dim=(1, 2), keepdim=True).expand_as(mean)
    dims = (0, 2, 3) if kind is Standardization.CHANNEL else (0, 1, 2, 3)
    square = torch.stack([(part - mean).square().sum(dims) for part in _parts(train_images)]).sum(0)
    count = train_images.numel() / (channels if kind is Standardization.CHANNEL else 1)
    std = (square / count).sqrt().clamp_min(1 / 255).view(1, -1, 1, 1)  # (1, C or 1, 1, 1)
    if kind is Standardization.CHANNEL:
        mean = mean[:, :1, :1]
    return Standardize(mean.float().to(device)[None], std.float().to(device))


def _parts(images: Tensor) -> Iterator[Tensor]:
    for part in torch.split(images, _CHUNK):
        yield (part.cpu() if part.device.type == "mps" else part).double().div_(255)


def _mean_image(images: Tensor) -> Tensor:
    return torch.stack([part.sum(0) for part in _parts(images)]).sum(0) / len(images)


def _zca(images: Tensor, mean: Tensor) -> Tensor:
    """Return W = U (L + eps I)^(-1/2) U^T of the covariance U L U^T (Bell & Sejnowski 1997), symmetric."""
    values = mean.numel()
    if values > 4096:
        raise InputError(
            f"`standardize` (=zca) multiplies by a matrix of {values} x {values}: it is made for images of at most "
            "4096 values (32x32x3 are 3072), use channel."
        )
    covariance = torch.zeros(values, values, dtype=torch.float64, device=mean.device)
    for part in _parts(images):
        centred = (part - mean).flatten(1)  # (n, C*H*W)
        covariance.addmm_(centred.T, centred)
    eigenvalues, vectors = torch.linalg.eigh(covariance / len(images))
    whitening: Tensor = (vectors / (eigenvalues.clamp_min(0) + ZCA_EPSILON).sqrt()) @ vectors.T
    return whitening.float()
