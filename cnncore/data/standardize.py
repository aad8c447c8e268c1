"""Standardization: fitted on the train images alone, applied to every batch on the training device."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from cnncore.data.pixels import HANDOUT_MEAN, HANDOUT_STD, check_handout
from cnncore.data.spectrum import Spectrum, spectrum
from cnncore.errors import InputError
from cnncore.training.config import Standardization

# Added to an eigenvalue before its inverse square root. The smallest are noise (the covariance of CIFAR-10 has a
# condition number of 3.6e7): without it whitening would blow the noise up as much as the picture.
WHITENING_EPSILON = 0.1
MOST_EPSILON = 1e6
_TENSORS = ("mean", "std", "whitening")
# How many images a pass over the train set turns into floats at a time, which bounds its memory: 12 MB for 3 x 32 x 32,
# which the allocator keeps for the next part. With four times as many each part took new pages, and six times as long.
_CHUNK = 512


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

    def state(self) -> dict[str, Tensor | bool]:
        """Return what was fitted, for a checkpoint: `from_state` gives the same standardization back."""
        fitted = {name: getattr(self, name) for name in _TENSORS}
        return {"per_image": self.per_image} | {name: value for name, value in fitted.items() if value is not None}

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor | bool]) -> "Standardize":
        """Return the standardization that `state` was taken from, on the device on which the tensors lie.

        An entry of another name or kind is an `InputError`: the checkpoint was not written by this program.
        """
        for name, value in state.items():
            if not (isinstance(value, Tensor) if name in _TENSORS else name == "per_image" and isinstance(value, bool)):
                raise InputError(
                    f"`standardize` of the checkpoint has an entry {name!r} that cannot be read: start the run anew."
                )
        tensors = {name: value for name, value in state.items() if isinstance(value, Tensor)}
        return cls(**tensors, per_image=bool(state.get("per_image", False)))


def fit(kind: Standardization, train_images: Tensor, eps: float = WHITENING_EPSILON) -> Standardize:
    """Return the standardization fitted on `train_images`, uint8 (N, C, H, W), as the network will see them.

    Statistics are summed in float64, over all train images, on the images' own device (Apple's MPS has no
    float64: there the sums are made on the CPU). `HANDOUT` needs three channels, `ZCA` and `PCA` at most 4,096 values
    an image; they add `eps` to each eigenvalue.
    """
    device = train_images.device
    channels = train_images.shape[1]
    match kind:
        case Standardization.NONE:
            return Standardize()
        case Standardization.IMAGE:
            return Standardize(per_image=True)
        case Standardization.HANDOUT:
            check_handout(channels)
            mean, std = (torch.tensor(values, device=device).view(1, 3, 1, 1) for values in (HANDOUT_MEAN, HANDOUT_STD))
            return Standardize(mean, std)
        case Standardization.ZCA | Standardization.PCA:
            return whitening(kind, spectrum(train_images, f"standardize={kind}"), train_images, eps)
    mean = _mean_image(train_images)  # (C, H, W)
    if kind is Standardization.CHANNEL:
        mean = mean.mean(dim=(1, 2), keepdim=True).expand_as(mean)
    dims = (0, 2, 3) if kind is Standardization.CHANNEL else (0, 1, 2, 3)
    square = torch.stack([part.sub_(mean).square_().sum(dims) for part in _parts(train_images)]).sum(0)
    count = train_images.numel() / (channels if kind is Standardization.CHANNEL else 1)
    std = (square / count).sqrt().clamp_min(1 / 255).view(1, -1, 1, 1)  # (1, C or 1, 1, 1)
    if kind is Standardization.CHANNEL:
        mean = mean[:, :1, :1]
    return Standardize(mean.float().to(device)[None], std.float().to(device))


def whitening(kind: Standardization, found: Spectrum, like: Tensor, eps: float) -> Standardize:
    """Return the whitening by the principal components `found`, for images of the shape and device of `like`.

    With the covariance U L U^T, PCA multiplies by W = U (L + eps I)^(-1/2), which leaves the values uncorrelated,
    the strongest component first; ZCA multiplies by W U^T, turning back into pixels, so that an image stays one
    (Bell & Sejnowski 1997). An eigenvalue l becomes l / (l + eps).
    """
    matrix = found.vectors * _scales(found, eps)
    if kind is Standardization.ZCA:
        matrix = matrix @ found.vectors.T
    mean = found.mean.view(1, *like.shape[1:])
    return Standardize(mean.float().to(like.device), whitening=matrix.float().to(like.device))


def whitened(kind: Standardization, found: Spectrum, images: Tensor, eps: float) -> Tensor:
    """Return what `whitening(kind, found, images, eps)` makes of `images`, floats in [0, 1] (N, C, H, W), for a few.

    The factors are applied one after the other. To multiply W U^T out takes 29 billion multiply-adds for 3,072 values,
    which pays for many batches; a few images take only 19 million each.
    """
    vectors = found.vectors.float()
    values = (images.flatten(1) - found.mean.float()) @ vectors * _scales(found, eps).float()  # (N, D)
    if kind is Standardization.ZCA:
        values = values @ vectors.T
    return values.view(images.shape)


def _scales(found: Spectrum, eps: float) -> Tensor:
    if not 0 < eps <= MOST_EPSILON:
        raise InputError(f"`whitening_eps` (={eps:g}) must be above 0 and at most {MOST_EPSILON:g}: try 0.1.")
    return found.scales(eps)


def _parts(images: Tensor) -> Iterator[Tensor]:
    for part in torch.split(images, _CHUNK):
        yield (part.cpu() if part.device.type == "mps" else part).double().div_(255)


def _mean_image(images: Tensor) -> Tensor:
    return torch.stack([part.sum(0) for part in _parts(images)]).sum(0) / len(images)
