"""A convolution drawn with real numbers: the picture, the kernels and what they give; and the bill drawn to scale.

Plain integers throughout, so that every sum can be done on paper.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore.architecture import Conv2d, LayerFacts, Shape, effective_kernel, layer_facts, unread
from cnncore.figures.palette import KERNEL, OTHER


def picture(rows: int, columns: int) -> NDArray[np.int64]:
    """Return a ball lit from the upper left, in whole numbers from 0 (black) to 9 (white): (rows, columns).

    >>> int(picture(7, 7).max())
    9
    """
    y, x = np.meshgrid(_axis(rows), _axis(columns), indexing="ij")
    distance = np.hypot(x, y) / 0.86
    depth = np.sqrt(np.clip(1 - distance**2, 0, None))
    light = np.clip(0.30 + 0.75 * (0.62 * depth - 0.48 * x - 0.55 * y), 0, 1)
    edge = np.clip((1 - distance) * min(rows, columns) * 0.43 + 0.5, 0, 1)  # one pixel of softness
    ball = light * edge
    return np.asarray(np.rint(9 * ball / max(ball.max(), 1e-9)), dtype=np.int64)


def _axis(size: int) -> NDArray[np.float64]:
    return (np.arange(size) + 0.5) * 2 / size - 1


def kernels(rows: int, columns: int) -> dict[str, NDArray[np.int64]]:
    """Return classic kernels of (rows, columns) weights by name; a kernel of one pixel has the one weight 1."""
    across, down = np.sign(2 * np.arange(columns) - columns + 1), np.sign(2 * np.arange(rows) - rows + 1)
    ones = np.ones((rows, columns), dtype=np.int64)
    if rows * columns == 1:
        return {"copy": ones}
    found = {}
    if columns > 1:
        found["left to right"] = ones * across
    if rows > 1:
        found["top to bottom"] = ones * down[:, None]
    spots = -ones
    spots[rows // 2, columns // 2] = rows * columns - 1
    return found | {"outline": spots, "blur": ones}


def convolve(
    image: NDArray[np.int64], weights: NDArray[np.int64], stride: Shape2, padding: Shape2, dilation: Shape2
) -> NDArray[np.int64]:
    """Return what one kernel makes of one channel, zeros around it: (H, W) -> (H', W'), no bias.

    As in deep learning the kernel is not mirrored (mathematicians call that a cross-correlation).
    """
    padded = np.pad(image, [(border, border) for border in padding])
    spans = [effective_kernel(k, d) for k, d in zip(weights.shape, dilation, strict=True)]
    windows = np.lib.stride_tricks.sliding_window_view(padded, spans)[:: stride[0], :: stride[1]]
    taps = windows[:, :, :: dilation[0], :: dilation[1]]  # (H', W', kernel rows, kernel columns)
    return np.asarray(np.einsum("ijkl,kl->ij", taps, weights), dtype=np.int64)
