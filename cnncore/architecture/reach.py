"""Which pixels of the image each unit depends on, to the pixel: every border, hole and unread row counted.

A second way beside the recursion of `cnncore.architecture.receptive_field`, without any formula: each unit collects
what the cells that it reads have collected. Along one path rows and columns are independent, so one table for each axis
is enough. Where paths join they are not: a unit may see some rows through one path and nothing through the other, whose
window lies in the padding for these columns. So paths that see padding alone at different places are kept as parts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
_MOST_PARTS = 64  # no real network has more kinds of paths that see padding alone somewhere
Seen: TypeAlias = NDArray[np.bool_]  # (units, pixels) along one axis: does the unit depend on the pixel?


@dataclass(frozen=True, eq=False)  # holds arrays
class Reach:
    """What the units of one map depend on. Each of `parts` is (rows, columns), one table for each axis.

    Through one part the unit (row, column) sees `rows[row]` x `columns[column]`, and so nothing if either is empty; it
    sees what all parts see together. Nearly every network has one part.

    Unpacking gives two tables, the rows and the columns of all parts: the unit depends on no pixel outside of them.
    """

    parts: tuple[tuple[Seen, Seen], ...]

    def __iter__(self) -> Iterator[Seen]:
        for tables in zip(*self.parts, strict=True):
            yield np.logical_or.reduce(tables)

    def pixels(self, row: int, column: int) -> NDArray[np.bool_]:
        """Return which pixels (H, W) the unit depends on; too many where a block joins paths with different holes."""
        seen = [np.outer(rows[row], columns[column]) for rows, columns in self.parts]
        return np.asarray(np.logical_or.reduce(seen))


def reach(layers: Sequence[Layer], shape: Shape) -> list[Reach]:
    """Return for each of `layers`, on an image of `shape` (C, H, W), what the units of its output depend on.

    The rows and the columns that a unit depends on are exact; so is each single pixel, unless a block joins paths with
    different holes. After a flatten there is one place, which sees what all places saw.

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
    at = Reach(((np.eye(shape[1], dtype=np.bool_), np.eye(shape[2], dtype=np.bool_)),))
    for layer in layers:
        at = _after(layer, at, shape)
        result.append(at)
        shape = cost(layer, shape).output
    return result


def seen_box(at: Reach, row: int, column: int) -> Box:
    """Return the smallest box that holds what the unit at `row` and `column` depends on; it lies in the image.

    Its size is (0, 0) for a unit that sees padding alone.
    """
    parts = [(rows[row], columns[column]) for rows, columns in at.parts]
    seeing = [(down, across) for down, across in parts if down.any() and across.any()]
    if not seeing:
        return Box(0, 0, 0, 0)
    (top, bottom), (left, right) = (_ends(np.logical_or.reduce(axis)) for axis in zip(*seeing, strict=True))
    return Box(top, left, bottom, right)


def _ends(pixels: NDArray[np.bool_]) -> tuple[int, int]:
    places = np.flatnonzero(pixels)
    return int(places[0]), int(places[-1]) + 1


def _after(layer: Layer, at: Reach, shape: Shape) -> Reach:
    if isinstance(layer, (Flatten, Linear)):
        return _joined([_whole(part) for part in at.parts])
    if isinstance(layer, (Residual, Branches)):
        parts: list[tuple[Seen, Seen]] = []
        for path in layer.paths:
            inner, size = at, shape
            for step in path:
                inner = _after(step, inner, size)
                size = cost(step, size).output
            parts += inner.parts
        return _joined(parts)
    if not isinstance(layer, (Conv2d, ConvTranspose2d, MaxPool2d, AvgPool2d, AdaptiveAvgPool2d)):
        return at
    output = cost(layer, shape).output
    down, across = (_taps(layer, axis, shape[1 + axis], output[1 + axis]) for axis in (0, 1))
    return _joined([(_collected(rows, down), _collected(columns, across)) for rows, columns in at.parts])


def _joined(parts: Sequence[tuple[Seen, Seen]]) -> Reach:
    """Return the parts, those that see padding alone at the same places merged into one.

    Merging keeps rows and columns exact in later layers: what reads a cell through one of the merged parts and sees
    something, sees something through each of them.
    """
    kinds: dict[tuple[bytes, bytes], tuple[Seen, Seen]] = {}
    for rows, columns in parts:
        kind = rows.any(1).tobytes(), columns.any(1).tobytes()
        other = kinds.get(kind)
        kinds[kind] = (rows, columns) if other is None else (rows | other[0], columns | other[1])
    found = [part for part in kinds.values() if part[0].any() and part[1].any()] or list(kinds.values())[:1]
    if len(found) > _MOST_PARTS:  # then a unit may be said to see a little more than it does
        found = [(np.logical_or.reduce([a for a, _ in found]), np.logical_or.reduce([b for _, b in found]))]
    return Reach(tuple(found))


def _whole(part: tuple[Seen, Seen]) -> tuple[Seen, Seen]:
    """Return what a single place that reads all units sees: each row that any unit sees, and each such column."""
    rows, columns = (np.asarray(table.any(0, keepdims=True)) for table in part)
    return rows, columns


def _collected(table: Seen, taps: NDArray[np.int64]) -> Seen:
    """Return the table of a layer's output along one axis: each unit sees what the cells that it reads see."""
    padded = np.vstack([table, np.zeros_like(table[:1])])  # the last row: a cell of the padding, which sees nothing
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
