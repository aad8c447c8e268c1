"""Which pixels matter for a class, found in three ways, as arrays that travel without torch."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Heat = NDArray[np.float32]  # (H, W)
SIGMA = 0.15  # of the image's range of values: the middle of the 10 to 20 % that SmoothGrad's authors found best
COPIES = 32
PATCH = 8  # pixels


@dataclass(frozen=True, eq=False)  # arrays do not compare to one truth value
class Gradients:
    """How much the score of the class number `label` moves with each pixel: (H, W), the largest over the colours.

    `plain` is the absolute gradient with respect to the pixels in [0, 1] (Simonyan, Vedaldi & Zisserman 2013), in
    score per unit of a pixel. `smooth` is that of the mean gradient over `copies` of the image with normal noise of
    the standard deviation `sigma`, in the same unit as pixels (SmoothGrad; Smilkov et al. 2017).
    """

    label: int
    plain: Heat
    smooth: Heat
    sigma: float
    copies: int


@dataclass(frozen=True, eq=False)  # arrays do not compare to one truth value
class Occlusion:
    """How much the probability of the class number `label` falls when a grey patch covers a place.

    `drop` (H, W) is the mean fall over all positions of the patch that cover the pixel (Zeiler & Fergus 2014),
    negative where covering helps. The patch has `patch` x `patch` pixels and moves by `stride`; `positions` counts its
    places. `chance` is the probability without a patch, `least` the smallest with one, whose corner is at `worst`
    (row, column).
    """

    label: int
    drop: Heat
    patch: int
    stride: int
    positions: int
    chance: float
    least: float
    worst: tuple[int, int]


def rank_correlation(first: Heat, second: Heat) -> float:
    """Return Spearman's rank correlation of two heats of one shape, 1 if they order the pixels alike; 0 if one is flat.

    >>> rank_correlation(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[0.0, 1.0], [5.0, 99.0]]))
    1.0
    """
    one, two = (_ranks(heat.ravel()) for heat in (first, second))
    one, two = one - one.mean(), two - two.mean()
    size = float(np.sqrt((one**2).sum() * (two**2).sum()))
    return round(float((one * two).sum()) / size, 12) if size else 0.0


def _ranks(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the rank of each value, the mean rank among equal ones."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return np.asarray((last - (count - 1) / 2)[place], np.float64)
