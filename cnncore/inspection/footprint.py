"""How much of its receptive field a unit really uses: the effective field, in numbers.

Luo, Li, Urtasun & Zemel, "Understanding the effective receptive field in deep convolutional neural networks" (2016):
the gradient of a unit with respect to the image is strongest in the middle of the field and fades like a bell curve.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnncore.architecture.reach import Reach

SHARE = 0.95  # of the gradient, for the radius


@dataclass(frozen=True, eq=False)  # holds an array
class Footprint:
    """A gradient (H, W) against the pixels that the unit can depend on.

    `used` of `possible` pixels have a gradient at all; `outside` is the largest gradient where there must be none. The
    square that reaches `radius` pixels to each side of the field's centre holds 95 % of the sum, and the square of half
    the field's size holds the share `half`. `rows` is the share of each pixel row. For a unit without any gradient all
    numbers are 0.
    """

    used: int
    possible: int
    outside: float
    radius: float
    half: float
    rows: NDArray[np.float64]


def footprint(heat: NDArray[np.float32], seen: Reach, unit: tuple[int, int]) -> Footprint:
    """Return the numbers of `heat`, absolute gradients (H, W) summed over channels, of the unit (row, column).

    The centre is that of the pixels that the unit can see, inside of the image.
    """
    able = seen.pixels(*unit)
    total = float(heat.sum(dtype=np.float64))
    outside = float(heat[~able].max(initial=0))
    if total == 0 or not able.any():
        return Footprint(0, int(able.sum()), outside, 0.0, 0.0, np.zeros(len(heat)))
    ends = [(places[0], places[-1] + 1) for places in (np.flatnonzero(able.any(axis)) for axis in (1, 0))]
    # From the centre to a pixel's far edge, along the axis where that is farther: the square that just holds the pixel.
    far = [np.abs(np.arange(size) + 0.5 - (a + b) / 2) + 0.5 for size, (a, b) in zip(heat.shape, ends, strict=True)]
    distance = np.maximum.outer(*far)
    order = np.argsort(distance, axis=None, kind="stable")
    reached = np.cumsum(heat.ravel()[order], dtype=np.float64)
    radius = float(distance.ravel()[order][np.searchsorted(reached, SHARE * reached[-1])])
    inner = np.logical_and.outer(*[way <= (b - a) / 4 + 0.5 for way, (a, b) in zip(far, ends, strict=True)])
    rows = heat.sum(1, dtype=np.float64) / total
    return Footprint(
        int((heat > 0).sum()), int(able.sum()), outside, radius, float(heat[inner].sum(dtype=np.float64)) / total, rows
    )
