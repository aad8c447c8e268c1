"""A convolution of one channel as the matrix that it is: one row for each output, one column for each input."""

import numpy as np
from numpy.typing import NDArray

from cnncore.architecture import Conv2d, ConvTranspose2d, Shape
from cnncore.errors import InputError
from cnncore.figures.palette import KERNEL, OUTPUT
from cnncore.figures.sliding import Line, lines

LARGEST = 40_000  # entries: a matrix of more is a grey blur


def matrix(layer: Conv2d | ConvTranspose2d, shape: Shape, weights: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return M with M @ input.ravel() = output.ravel() for one channel and one filter: (H'W', HW), no bias.

    Each weight stands in it as often as it is shared. The matrix of a transposed convolution is the transpose of that
    of the convolution the other way round: hence the name. More than `LARGEST` entries are an `InputError`.
    """
    rows, columns = lines(layer, shape)
    entries = len(rows.reads) * len(columns.reads) * shape[1] * shape[2]
    if entries > LARGEST:
        raise InputError(
            f"`input` (={shape[1]}x{shape[2]}) makes a matrix of {entries:,} entries and at most {LARGEST:,} can be "
            "seen: make the input smaller or the stride larger."
        )
    turned = weights[::-1, ::-1] if rows.flipped else weights
    taps = [_placed(line, size) for line, size in zip((rows, columns), shape[1:], strict=True)]
    full = np.einsum("oki,plj,kl->opij", *taps, turned)  # (H', W', H, W)
    return np.asarray(full.reshape(len(rows.reads) * len(columns.reads), -1))


def _placed(line: Line, size: int) -> NDArray[np.int64]:
    """Return (outputs, taps, inputs): 1 where an output's tap lies on an input."""
    placed = np.zeros((len(line.reads), len(line.reads[0]), size), dtype=np.int64)
    for output, cells in enumerate(line.reads):
        for tap, cell in enumerate(cells):
            source = line.sources[cell]
            if source is not None:
                placed[output, tap, source] = 1
    return placed


def matrix_picture(values: NDArray[np.int64]) -> str:
    """Return the matrix as SVG: zeros empty, weights coloured by their value, which a pointer shows."""
    rows, columns = values.shape
    most = max(1, int(np.abs(values).max()))
    cells = "".join(
        f'<rect x="{column}" y="{row}" width="1" height="1" fill="{OUTPUT if value < 0 else KERNEL}" '
        f'fill-opacity="{0.25 + 0.75 * abs(value) / most:.2f}"><title>output {row + 1}, input {column + 1}: {value}'
        "</title></rect>"
        for (row, column), value in np.ndenumerate(values)
        if value
    )
    return (
        f'<svg viewBox="0 0 {columns} {rows}" role="img" style="width:100%;max-height:26rem;'
        'background:color-mix(in oklab,currentColor 6%,transparent)" '
        f'aria-label="A matrix of {rows} rows and {columns} columns; most entries are zero">{cells}</svg>'
    )
