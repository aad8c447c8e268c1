"""Where a window lies, along one axis at a time: which drawn cell each of its taps covers at each position.

Convolution, transposed convolution and pooling all slide a window over a line of cells. What differs is the line: the
input with its padding, or, for a transposed convolution, the input spread out with zeros between. So one `Line` for
the height and one for the width is all that a drawing needs, and all that the numbers are computed from.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore.architecture import AvgPool2d, Conv2d, ConvTranspose2d, MaxPool2d, Shape, cost
from cnncore.architecture.arithmetic import copied

Sliding = Conv2d | ConvTranspose2d | MaxPool2d | AvgPool2d


class Kind(StrEnum):
    """What a drawn cell is."""

    INPUT = "i"
    PADDING = "p"
    GAP = "g"  # a zero between two inputs of a transposed convolution
    BEYOND = "b"  # what the last window of a pool in ceil mode covers past the padding: no cell at all


@dataclass(frozen=True)
class Line:
    """One axis of a drawing. `sources[c]` is the input that cell c takes its value from, None for a cell without one.

    `reads[o]` are the cells under the taps of output o, from the first tap to the last. `flipped` says that the taps
    are those of the kernel turned round.
    """

    sources: tuple[int | None, ...]
    kinds: tuple[Kind, ...]
    reads: tuple[tuple[int, ...], ...]
    flipped: bool = False

    @property
    def unread(self) -> tuple[int, ...]:
        """Which inputs no output reads, by whatever cell, from 0."""
        seen = {self.sources[cell] for cells in self.reads for cell in cells}
        inputs = {source for source in self.sources if source is not None}
        return tuple(sorted(inputs - seen))


def lines(layer: Sliding, shape: Shape) -> tuple[Line, Line]:
    """Return the lines of the height and of the width for an input of `shape` (C, H, W).

    >>> rows, _ = lines(Conv2d(1, 3, padding=1), (1, 4, 4))
    >>> rows.reads[0], rows.sources[:3]
    ((0, 1, 2), (None, 0, 1))
    """
    output = cost(layer, shape).output
    make = _stretched if isinstance(layer, ConvTranspose2d) else _padded
    rows, columns = (make(layer, axis, shape[1 + axis], output[1 + axis]) for axis in (0, 1))
    return rows, columns


def _padded(layer: Sliding, axis: int, size: int, outputs: int) -> Line:
    k, s, p, d = (getattr(layer, name)[axis] for name in ("kernel", "stride", "padding", "dilation"))
    reads = tuple(tuple(o * s + tap * d for tap in range(k)) for o in range(outputs))
    total = max(size + 2 * p, reads[-1][-1] + 1)
    mode = layer.padding_mode if isinstance(layer, Conv2d) else "zeros"
    kinds = [
        Kind.INPUT if 0 <= c - p < size else Kind.PADDING if c < size + 2 * p else Kind.BEYOND for c in range(total)
    ]
    sources = copied(np.arange(total) - p, size, mode).tolist()
    return Line(tuple(source if source >= 0 else None for source in sources), tuple(kinds), reads)


def _stretched(layer: Sliding, axis: int, size: int, outputs: int) -> Line:
    """Return a transposed convolution as the direct one that it equals (relationship 14 of the guide).

    The input is spread out with s-1 zeros between, d(k-1)-p zeros are put around it (and `output_padding` more at the
    end), and the kernel, turned round, slides with stride 1. Where p is larger than d(k-1), cells are cut off instead.
    """
    k, s, p, d = (getattr(layer, name)[axis] for name in ("kernel", "stride", "padding", "dilation"))
    border = d * (k - 1) - p
    first = -max(border, 0)  # the first drawn cell, counted from the first input
    span = (size - 1) * s + 1
    reads = tuple(tuple(o - border + tap * d - first for tap in range(k)) for o in range(outputs))
    total = max(span - first, reads[-1][-1] + 1)
    places = range(first, first + total)
    sources = tuple(place // s if 0 <= place < span and place % s == 0 else None for place in places)
    kinds = tuple(
        Kind.INPUT if source is not None else Kind.GAP if 0 <= place < span else Kind.PADDING
        for place, source in zip(places, sources, strict=True)
    )
    return Line(sources, kinds, reads, flipped=True)


def slide(layer: Sliding, rows: Line, columns: Line, image: NDArray[Any], weights: NDArray[Any]) -> NDArray[np.float64]:
    """Return what the window gives on one channel: (H, W) -> (H', W'), no bias; a pool takes no notice of `weights`.

    As in deep learning the kernel of a convolution is not mirrored (mathematicians call that a cross-correlation).
    """
    values = np.zeros((len(rows.sources), len(columns.sources)))
    there = np.zeros(values.shape, dtype=bool)
    down = [cell for cell, source in enumerate(rows.sources) if source is not None]
    across = [cell for cell, source in enumerate(columns.sources) if source is not None]
    values[np.ix_(down, across)] = image[np.ix_(_sources(rows), _sources(columns))]
    there[np.ix_(down, across)] = True
    taps = np.ix_(np.ravel(rows.reads), np.ravel(columns.reads))
    windows = (len(rows.reads), len(rows.reads[0]), len(columns.reads), len(columns.reads[0]))
    seen = values[taps].reshape(windows)  # (H', kernel rows, W', kernel columns)
    if isinstance(layer, MaxPool2d):
        seen = np.where(there[taps].reshape(windows), seen, -np.inf)
        return np.asarray(seen.max(axis=(1, 3)))
    if isinstance(layer, AvgPool2d):
        counted = np.outer(_counted(rows), _counted(columns))
        return np.asarray(seen.sum(axis=(1, 3)) / counted)
    turned = weights[::-1, ::-1] if rows.flipped else weights
    return np.asarray(np.einsum("ikjl,kl->ij", seen, turned))


def _sources(line: Line) -> list[int]:
    return [source for source in line.sources if source is not None]


def _counted(line: Line) -> list[int]:
    """Return how many cells an average divides by: those of the padding too, those beyond it not (as PyTorch does)."""
    return [sum(line.kinds[cell] is not Kind.BEYOND for cell in cells) for cells in line.reads]
