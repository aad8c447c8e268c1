"""Applying augmentation to a batch: what `cnncore.data.augmentation` drew, done with torch on any device.

Images are float tensors (N, C, H, W) with pixels in [0, 1]; the rows of a draw belong to the images of the batch.
Every function returns a new tensor and draws nothing itself, so that the page's preview, the training on a CPU
and the training on a GPU show the network the same views.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from cnncore.data.augmentation import (
    Augmentation,
    AutoAugment,
    ColourJitter,
    GaussianNoise,
    HorizontalFlip,
    PadCrop,
    RandAugment,
    RandomCrop,
    RandomErasing,
    Rotation,
    TrivialAugment,
)
from cnncore.data.mixing import MIXING, mix, partners
from cnncore.data.operations import chain

# The grey of an erased square: the middle of [0, 1], near every data set's mean.
ERASED = 0.5
# How much red, green and blue weigh in brightness (ITU-R BT.601, as Pillow's "L" and torchvision use).
_LUMINANCE = (0.299, 0.587, 0.114)


def window(images: Tensor, top: Tensor, left: Tensor, height: int, width: int) -> Tensor:
    """Return from each image its own `height` x `width` window: (N, C, H, W) -> (N, C, height, width)."""
    count, _, _, image_width = images.shape
    rows = top.long()[:, None] + torch.arange(height, device=images.device)  # (N, height)
    columns = left.long()[:, None] + torch.arange(width, device=images.device)  # (N, width)
    cells = (rows[:, :, None] * image_width + columns[:, None, :]).view(count, 1, height * width)
    flat = images.flatten(2)  # (N, C, H*W)
    return flat.gather(2, cells.expand(-1, flat.shape[1], -1)).view(count, -1, height, width)


def crop(images: Tensor, augmentation: RandomCrop, draws: dict[str, Tensor]) -> Tensor:
    """Return each image's window at its drawn corner."""
    return window(images, draws["top"], draws["left"], augmentation.size, augmentation.size)


def pad_crop(images: Tensor, augmentation: PadCrop, draws: dict[str, Tensor]) -> Tensor:
    """Return each image shifted down and right by its drawn pixels, black where nothing was."""
    padded = F.pad(images, (augmentation.padding,) * 4)
    top, left = augmentation.padding - draws["down"], augmentation.padding - draws["right"]
    return window(padded, top, left, images.shape[2], images.shape[3])


def flip(images: Tensor, augmentation: HorizontalFlip, draws: dict[str, Tensor]) -> Tensor:  # noqa: ARG001 one signature for all
    """Return each image, mirrored where `flipped` is 1."""
    return torch.where(draws["flipped"].bool()[:, None, None, None], images.flip(3), images)


def rotate(images: Tensor, augmentation: Rotation, draws: dict[str, Tensor]) -> Tensor:  # noqa: ARG001 one signature for all
    """Return each image turned about its centre by its drawn angle, bilinear, black outside."""
    angle = draws["angle"] * (math.pi / 180)
    cosine, sine, zero = angle.cos(), angle.sin(), torch.zeros_like(angle)
    # affine_grid works in coordinates from -1 to 1 on both axes: on a non-square image the turn must not shear.
    aspect = images.shape[3] / images.shape[2]
    matrix = torch.stack([cosine, -sine / aspect, zero, sine * aspect, cosine, zero], dim=1).view(-1, 2, 3)
    grid = F.affine_grid(matrix, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def jitter(images: Tensor, augmentation: ColourJitter, draws: dict[str, Tensor]) -> Tensor:  # noqa: ARG001 one signature for all
    """Return each image with its brightness, contrast and saturation factors applied, clipped to [0, 1]."""
    factor = {name: values[:, None, None, None] for name, values in draws.items()}
    images = (images * factor["brightness"]).clamp(0, 1)
    grey = _grey(images)  # (N, 1, H, W)
    mean = grey.mean(dim=(2, 3), keepdim=True)
    images = (mean + (images - mean) * factor["contrast"]).clamp(0, 1)
    grey = _grey(images)
    return (grey + (images - grey) * factor["saturation"]).clamp(0, 1)


def _grey(images: Tensor) -> Tensor:
    if images.shape[1] != 3:
        return images.mean(dim=1, keepdim=True)
    weights = torch.tensor(_LUMINANCE, device=images.device, dtype=images.dtype).view(1, 3, 1, 1)
    return (images * weights).sum(dim=1, keepdim=True)


def erase(images: Tensor, augmentation: RandomErasing, draws: dict[str, Tensor]) -> Tensor:  # noqa: ARG001 one signature for all
    """Return each image, a grey square over it where `erased` is 1."""
    rows = torch.arange(images.shape[2], device=images.device)
    columns = torch.arange(images.shape[3], device=images.device)
    top, left, side = (draws[name][:, None] for name in ("top", "left", "side"))
    in_rows = (rows >= top) & (rows < top + side)  # (N, H)
    in_columns = (columns >= left) & (columns < left + side)  # (N, W)
    covered = in_rows[:, None, :, None] & in_columns[:, None, None, :] & draws["erased"].bool()[:, None, None, None]
    return images.masked_fill(covered, ERASED)


def noise(images: Tensor, augmentation: GaussianNoise, draws: dict[str, Tensor]) -> Tensor:  # noqa: ARG001 one signature for all
    """Return each image plus normal noise of its drawn standard deviation, clipped to [0, 1].

    The normal numbers come from the drawn seed and the pixel's place, not from a generator, whose numbers would be
    others on every kind of device.
    """
    values = images[0].numel()
    place = torch.arange(2 * values, device=images.device)
    even = _scrambled(draws["seed"].long()[:, None] * (2 * values) + place)  # (N, 2*C*H*W), evenly in (0, 1)
    radius = (-2 * even[:, :values].log()).sqrt()  # Box & Muller: two even numbers give a normal one
    normal = radius * (2 * math.pi * even[:, values:]).cos()
    return (images + draws["sigma"][:, None, None, None] * normal.view(images.shape)).clamp(0, 1)


def _scrambled(numbers: Tensor) -> Tensor:
    """Return numbers between 0 and 1, both left out, that look random and depend on whole `numbers` alone."""
    for _ in range(2):  # each bit of the number reaches each of the result: the usual mixing of a 32-bit hash
        numbers = ((numbers >> 16) ^ numbers) * 0x45D9F3B & 0xFFFFFFFF
    numbers = (numbers >> 16) ^ numbers
    return ((numbers >> 9).float() + 0.5) / 2**23


_APPLY = {
    RandomCrop: crop,
    PadCrop: pad_crop,
    HorizontalFlip: flip,
    Rotation: rotate,
    ColourJitter: jitter,
    AutoAugment: chain,
    RandAugment: chain,
    TrivialAugment: chain,
    GaussianNoise: noise,
    RandomErasing: erase,
}


_MOVES_ONLY = (RandomCrop, PadCrop, HorizontalFlip)
_POLICIES = (AutoAugment, RandAugment, TrivialAugment)


def as_bytes(images: Tensor) -> Tensor:
    """Return float pixels in [0, 1] as the nearest bytes; bytes pass as they are."""
    return images if images.dtype == torch.uint8 else (images * 255).round().to(torch.uint8)


def as_float(images: Tensor) -> Tensor:
    """Return uint8 pixels as floats in [0, 1]; floats pass as they are."""
    return images.float().div_(255) if images.dtype == torch.uint8 else images


def apply(images: Tensor, augmentations: tuple[Augmentation, ...], draws: list[dict[str, Tensor]]) -> Tensor:
    """Return the augmented batch, a float tensor (N, C, H', W') with pixels in [0, 1].

    `images` is (N, C, H, W), uint8 or float; `draws` has one table for each of `augmentations`, as
    `cnncore.data.augmentation.draw` makes them, its arrays turned into tensors on the images' device. Mixup and CutMix
    take the finished view before it in the batch as an image's partner; `cnncore.data.mixing.shares` weighs the labels.
    """
    views = one_by_one(images, augmentations, draws)
    if any(isinstance(augmentation, MIXING) for augmentation in augmentations):
        views = mix(views, partners(views), augmentations, draws)
    return views


def one_by_one(images: Tensor, augmentations: tuple[Augmentation, ...], draws: list[dict[str, Tensor]]) -> Tensor:
    """Return the batch as `apply` does, before images are mixed with each other."""
    for augmentation, table in zip(augmentations, draws, strict=True):
        if isinstance(augmentation, MIXING):
            continue
        # Geometry that only moves pixels is done on bytes: a quarter of the memory traffic, the same result. The
        # policies are defined on bytes.
        if isinstance(augmentation, _POLICIES):
            images = as_bytes(images)
        elif not isinstance(augmentation, _MOVES_ONLY):
            images = as_float(images)
        images = _APPLY[type(augmentation)](images, augmentation, table)  # type: ignore[operator]  # each takes its own kind
    return as_float(images)


def centre_window(images: Tensor, augmentations: tuple[Augmentation, ...]) -> Tensor:
    """Return the window that a test image is cut to, in the dtype of `images`: a view, no copy."""
    for augmentation in augmentations:
        if isinstance(augmentation, RandomCrop):
            top, left = (images.shape[2] - augmentation.size) // 2, (images.shape[3] - augmentation.size) // 2
            images = images[:, :, top : top + augmentation.size, left : left + augmentation.size]
    return images


def centre(images: Tensor, augmentations: tuple[Augmentation, ...]) -> Tensor:
    """Return the test-time version: the centre window where training crops, nothing else, floats in [0, 1]."""
    return as_float(centre_window(images, augmentations))
