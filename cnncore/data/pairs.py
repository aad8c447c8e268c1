"""The transforms that take two images, Mixup and CutMix: each image is mixed with the one before it in the batch.

The label is mixed as the pixels are: `cnncore.data.mixing.shares` gives the weight of the image's own label. Here are
the parameters and the draws; `cnncore.data.mixing` applies them with torch.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cnncore.data.draws import Draws, between, flags


def _check(alpha: float, p: float) -> None:
    between("alpha", alpha, 0.01, 100)
    between("p", p, 0, 1)


@dataclass(frozen=True)
class Mixup:
    """With probability `p`, L times the image plus 1 - L times another, L from Beta(alpha, alpha) (Zhang et al. 2017).

    alpha 1 draws L evenly between 0 and 1, a small alpha near one of the ends.
    """

    kind: ClassVar[str] = "mixup"
    title: ClassVar[str] = "Mixup"
    alpha: float = 1.0
    p: float = 0.5

    def __post_init__(self) -> None:
        _check(self.alpha, self.p)

    def output_size(self, height: int, width: int) -> tuple[int, int]:
        """Return the size after the transform: it stays."""
        return height, width

    def draw(self, rng: np.random.Generator, count: int, height: int, width: int) -> Draws:  # noqa: ARG002 one signature for all
        """Return `share`, the weight L of the image itself, 1 where it is not mixed, (count,)."""
        mixed = flags(rng, count, self.p)
        share = rng.beta(self.alpha, self.alpha, count).astype(np.float32)
        return {"share": np.where(mixed > 0, share, np.float32(1))}


@dataclass(frozen=True)
class CutMix:
    """With probability `p`, a box of another image is pasted in (Yun et al. 2019).

    The box has the image's proportions and 1 - L of its area, L from Beta(alpha, alpha); its centre lies anywhere, so
    that what reaches over the border is cut off. The labels are weighed with the area that is really covered.
    """

    kind: ClassVar[str] = "cutmix"
    title: ClassVar[str] = "CutMix"
    alpha: float = 1.0
    p: float = 0.5

    def __post_init__(self) -> None:
        _check(self.alpha, self.p)

    def output_size(self, height: int, width: int) -> tuple[int, int]:
        """Return the size after the transform: it stays."""
        return height, width

    def draw(self, rng: np.random.Generator, count: int, height: int, width: int) -> Draws:
        """Return the box: `top`, `left`, `tall` and `wide` in pixels, 0 x 0 where nothing is pasted, each (count,)."""
        pasted = flags(rng, count, self.p)
        side = np.sqrt(1 - rng.beta(self.alpha, self.alpha, count))
        box: Draws = {}
        for start, size, length in (("top", "tall", height), ("left", "wide", width)):
            half = (side * length).astype(int) // 2
            centre = rng.integers(0, length, count)
            low, high = np.clip(centre - half, 0, length), np.clip(centre + half, 0, length)
            box[start] = np.where(pasted > 0, low, 0).astype(np.float32)
            box[size] = np.where(pasted > 0, high - low, 0).astype(np.float32)
        # A box without height or width covers nothing, whatever its other side is.
        nothing = (box["tall"] == 0) | (box["wide"] == 0)
        return {name: np.where(nothing, np.float32(0), values) for name, values in box.items()}
