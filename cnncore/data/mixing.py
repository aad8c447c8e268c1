"""Mixup and CutMix on a batch: each image is mixed with its partner, the image before it in the batch.

The loss is mixed as the pixels are: with `shares` s, the labels y of the batch and its logits,

    (s * cross_entropy(logits, y) + (1 - s) * cross_entropy(logits, y.roll(1))).mean()

Where both are on, an image may be mixed and get a box as well: both are taken from the same partner, before that one is
mixed itself, so that there are never more than two labels. The first image's partner is the last one.
"""

import torch
from torch import Tensor

from cnncore.data.augmentation import Augmentation, CutMix, Mixup

MIXING = (Mixup, CutMix)


def partners(images: Tensor) -> Tensor:
    """Return the partner of each image: the one before it in the batch, (N, ...)."""
    return images.roll(1, 0)


def mixup(images: Tensor, partner: Tensor, draws: dict[str, Tensor]) -> Tensor:
    """Return share * image + (1 - share) * partner; float (N, C, H, W)."""
    share = draws["share"][:, None, None, None]
    return share * images + (1 - share) * partner


def cutmix(images: Tensor, partner: Tensor, draws: dict[str, Tensor]) -> Tensor:
    """Return the images with the partner's pixels inside of the drawn boxes; (N, C, H, W)."""
    rows = torch.arange(images.shape[2], device=images.device)
    columns = torch.arange(images.shape[3], device=images.device)
    top, left, tall, wide = (draws[name][:, None] for name in ("top", "left", "tall", "wide"))
    in_rows = (rows >= top) & (rows < top + tall)  # (N, H)
    in_columns = (columns >= left) & (columns < left + wide)  # (N, W)
    return torch.where(in_rows[:, None, :, None] & in_columns[:, None, None, :], partner, images)


def mix(
    images: Tensor, partner: Tensor, augmentations: tuple[Augmentation, ...], draws: list[dict[str, Tensor]]
) -> Tensor:
    """Return the images mixed with `partner`, both float (N, C, H, W), by the mixing ones of `augmentations`."""
    for augmentation, table in zip(augmentations, draws, strict=True):
        if isinstance(augmentation, Mixup):
            images = mixup(images, partner, table)
        elif isinstance(augmentation, CutMix):
            images = cutmix(images, partner, table)
    return images


def shares(
    augmentations: tuple[Augmentation, ...], draws: list[dict[str, Tensor]], height: int, width: int
) -> Tensor | None:
    """Return the weight of each image's own label, (N,); None where nothing mixes.

    `height` and `width` are those of the views, after all crops. Mixup weighs with its drawn share, CutMix with the
    part of the image outside of the box; where both are on, the two are multiplied.
    """
    weight = None
    for augmentation, table in zip(augmentations, draws, strict=True):
        if isinstance(augmentation, Mixup):
            share = table["share"]
        elif isinstance(augmentation, CutMix):
            share = 1 - table["tall"] * table["wide"] / (height * width)
        else:
            continue
        weight = share if weight is None else weight * share
    return weight
