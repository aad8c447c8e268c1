"""Test-time augmentation: one network's answers to several views of an image, and their mean.

The network is asked about views that keep the label, and the probabilities are averaged: an error in one view is
outvoted by the others (Krizhevsky et al. 2012). The six views are those of airbench94 (Jordan 2024): the image and its
mirror image, unmoved and moved by a pixel to the upper left and to the lower right; the unmoved ones have half of the
weight.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from cnncore.training.config import TTA


@dataclass(frozen=True)
class Look:
    """A view of an image: moved down and right by `shift` pixels, its border repeated, perhaps `mirrored`.

    `weight` is its share in the answer.
    """

    weight: float
    mirrored: bool = False
    shift: int = 0

    def view(self, images: Tensor) -> Tensor:
        """Return this view of images (N, C, H, W) of any type."""
        if self.shift:
            for axis in (2, 3):
                size = images.shape[axis]
                places = torch.arange(size, device=images.device) - self.shift
                images = images.index_select(axis, places.clamp(0, size - 1))
        return images.flip(3) if self.mirrored else images


PLAIN: Final = Look(1.0)
LOOKS: Final[dict[TTA, tuple[Look, ...]]] = {
    TTA.NONE: (PLAIN,),
    TTA.MIRROR: (Look(0.5), Look(0.5, mirrored=True)),
    TTA.SHIFTS: (
        *(Look(0.25, mirrored) for mirrored in (False, True)),
        *(Look(0.125, mirrored, shift) for shift in (-1, 1) for mirrored in (False, True)),
    ),
}


def logits_of(looks: tuple[Look, ...], asked: Callable[[Look], Tensor]) -> Tensor:
    """Return the logits (N, classes) that stand for all `looks`, in 32 bits; `asked` returns those of one.

    A single look keeps its own. Of several they are the logarithm of the probabilities' weighted mean, so that softmax
    gives that mean back.
    """
    if len(looks) == 1:
        return asked(looks[0]).float()
    shares = torch.stack([asked(look).float().softmax(1) * look.weight for look in looks])
    # A probability of zero, to which logits far apart are rounded, would be an infinite loss.
    return shares.sum(0).clamp_min(torch.finfo(shares.dtype).tiny).log()
