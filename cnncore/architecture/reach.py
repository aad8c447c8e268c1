"""Which pixels of the image each unit depends on, to the pixel: every border, hole and unread row counted.

A second account beside the recursion of `cnncore.architecture.receptive_field`: here no formula is used, each unit
collects what the cells that it reads have collected. Rows and columns are independent, so one table for each axis.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from cnncore.architecture.arithmetic import copied
from cnncore.architecture.counting import cost
from cnncore.architecture.layers import (
    AdaptiveAvgPool2d,
    AvgPool2d,
    Branches,
    Conv2d,
    ConvTranspose2d,
    Flatten,
    Layer,
    Linear,
    MaxPool2d,
    Residual,
)
from cnncore.architecture.receptive_field import Box
from cnncore.architecture.sizes import Shape
from cnncore.errors import InputError

LARGEST = 2048  # pixels to a side: a table of all pixels by all pixels is 4 MB
_MOST_TAPS = 20_000_000  # of one layer along one axis, its padding and all: 160 MB
Seen: TypeAlias = NDArray[np.bool_]  # (units, pixels) along one axis: does the unit depend on the pixel?
Reach: TypeAlias = tuple[Seen, Seen]  # of the rows, of the columns


def reach(layers: Sequence[Layer], shape: Shape) -> list[Reach]:
    """Return for each of `layers`, on an image of `shape` (C, H, W), what the units of its output depend on.

    The unit (row, column) depends on no pixel outside of `rows[row]` x `columns[column]`; on all inside of it, if
    no block joins paths with different holes. After a flatten there is one place, which sees what all did.

    An `InputError` for an image or a layer that is too large to be gone through pixel by pixel.

    >>> rows, columns = reach((Conv2d(1, 3, padding=1),), (1, 5, 5))[0]
    >>> rows[0].tolist()
    [True, True, False, False, False]
    """
    if max(shape[1:]) > LARGEST:
        raise InputError(
            f"`input` (={'x'.join(map(str, shape))}) must have at most {LARGEST:,} pixels to a side here, where it is "
            "gone through pixel by pixel: choose a smaller image."
        )
    result: list[Reach] = []
    at: Reach = (np.eye(shape[1], dtype=np.bool_), np.eye(shape[2], dtype=np.bool_))
    for layer in layers:
        at = _after(layer, at, shape)
        result.append(at)
        shape = cost(layer, shape).output
    return result


def seen_box(at: Reach, row: int, column: int) -> Box:
    """Return the smallest box that holds what the unit at `row` and `column` depends on; it lies in the image."""
    ends = []
    for table, unit in zip(at, (row, column), strict=True):
        pixels = np.flatnonzero(table[unit])
        ends.append((int(pixels[0]), int(pixels[-1]) + 1) if len(pixels) else (0, 0))
    (top, bottom), (left, right) = ends
    return Box(top, left, bottom, right)


def _after(layer: Layer, at: Reach, shape: Shape) -> Reach:
    if isinstance(layer, (Flatten, Linear)):
        return np.asarray(at[0].any(0, keepdims=True)), np.asarray(at[1].any(0, keepdims=True))
    if isinstance(layer, (Residual, Branches)):
        ends = []
        for path in layer.paths:
            inner, size = at, shape
            for step in path:
                inner = _after(step, inner, size)
                size = cost(step, size).output
            ends.append(inner)
        rows, columns = (np.logical_or.reduce(tables) for tables in zip(*ends, strict=True))
        return rows, columns
    if not isinstance(layer, (Conv2d, ConvTranspose2d, MaxPool2d, AvgPool2d, AdaptiveAvgPool2d)):
        return at
    output = cost(layer, shape).output
    rows, columns = (_collected(layer, axis, at[axis], output[1 + axis]) for axis in (0, 1))
    return rows, columns


def _collected(layer: Layer, axis: int, table: Seen, outputs: int) -> Seen:
    """Return the table of a layer's output along one axis: each unit sees what the cells that it reads see."""
    padded = np.vstack([table, np.zeros_like(table[:1])])  # the last row: a cell of the padding, which sees nothing
    taps = _taps(layer, axis, len(table), outputs)
    return np.asarray(padded[taps].any(1))


def _taps(layer: Layer, axis: int, size: int, outputs: int) -> NDArray[np.int64]:
    """Return the input cell under each tap of each output: (outputs, taps); -1 where there is none."""
    units = np.arange(outputs)[:, None]
    if isinstance(layer, AdaptiveAvgPool2d):  # PyTorch's rule: windows overlap where the sizes do not divide
        first, last = units * size // outputs, -(-(units + 1) * size // outputs)
        cells = first + np.arange(int((last - first).max()))
        return np.where(cells < last, cells, -1)
    k, s, p, d = (getattr(layer, name)[axis] for name in ("kernel", "stride", "padding", "dilation"))
    if outputs * k > _MOST_TAPS:
        raise InputError(
            f"`kernel` (={k}) reads {outputs * k:,} cells along one axis, which are too many to be gone through one by "
            "one: make the kernel or the padding smaller."
        )
    offsets = d * np.arange(k)
    if isinstance(layer, ConvTranspose2d):  # output cell o is reached from i where i s - p + d tap = o
        cells = units + p - offsets
        return np.where((cells % s == 0) & (cells >= 0) & (cells // s < size), cells // s, -1)
    cells = units * s - p + offsets
    mode = layer.padding_mode if isinstance(layer, Conv2d) else "zeros"
    return copied(cells, size, mode)
