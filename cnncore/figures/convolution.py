"""A convolution drawn with real numbers: the picture, the kernels and what they give; and the bill drawn to scale.

Plain integers throughout, so that every sum can be done on paper.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore.architecture import Conv2d, Pair, Shape, effective_kernel, layer_facts, unread


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
    image: NDArray[np.int64], weights: NDArray[np.int64], stride: Pair, padding: Pair, dilation: Pair
) -> NDArray[np.int64]:
    """Return what one kernel makes of one channel, zeros around it: (H, W) -> (H', W'), no bias.

    As in deep learning the kernel is not mirrored (mathematicians call that a cross-correlation).
    """
    padded = np.pad(image, [(border, border) for border in padding])
    spans = [effective_kernel(k, d) for k, d in zip(weights.shape, dilation, strict=True)]
    windows = np.lib.stride_tricks.sliding_window_view(padded, spans)[:: stride[0], :: stride[1]]
    taps = windows[:, :, :: dilation[0], :: dilation[1]]  # (H', W', kernel rows, kernel columns)
    return np.asarray(np.einsum("ijkl,kl->ij", taps, weights), dtype=np.int64)


def unread_cells(layer: Conv2d, shape: Shape) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return which rows and which columns of the input no output reads, from 0."""
    rows, columns = (_unread(layer, shape, axis) for axis in (0, 1))
    return rows, columns


def window_data(layer: Conv2d, shape: Shape, *, autoplay: bool = False, compact: bool = False) -> dict[str, Any]:
    """Return what `pages/parts/window` draws: shapes, the input's values, each kernel's weights and outputs, as JSON.

    One channel is drawn, for one filter; `sheets` is how many channels a kernel spans. The output's values come from
    `convolve`, its shape from the formula: they are compared by `agreement`.
    """
    facts = layer_facts(layer, shape)
    image = picture(*shape[1:])
    rows, columns = unread_cells(layer, shape)
    return {
        "input": {"channels": shape[0], "rows": shape[1], "columns": shape[2], "values": image.tolist()},
        "kernel": {"rows": layer.kernel[0], "columns": layer.kernel[1]},
        "sheets": shape[0] // layer.groups,
        "stride": layer.stride,
        "padding": layer.padding,
        "dilation": layer.dilation,
        "output": dict(zip(("channels", "rows", "columns"), facts.output, strict=True)),
        "kernels": [
            {
                "name": name,
                "weights": weights.tolist(),
                "values": convolve(image, weights, layer.stride, layer.padding, layer.dilation).tolist(),
            }
            for name, weights in kernels(*layer.kernel).items()
        ],
        "unread": {"rows": rows, "columns": columns},
        "autoplay": autoplay,
        "compact": compact,
    }


@dataclass(frozen=True)
class Agreement:
    """The output's height and width, found in three ways that share no code."""

    formula: Pair
    counted: Pair  # the window pushed on, step by step, while it fits
    drawn: Pair  # the numbers that the convolution of the picture gave

    @property
    def holds(self) -> bool:
        """True if all three are the same."""
        return self.formula == self.counted == self.drawn


def agreement(layer: Conv2d, shape: Shape, data: dict[str, Any]) -> Agreement:
    """Return the output's size by the formula, by counting, and as it is drawn in `data`."""
    formula, counted = layer_facts(layer, shape).output[1:], [0, 0]
    for axis in (0, 1):
        first, end = -layer.padding[axis], shape[1 + axis] + layer.padding[axis]
        while first + layer.dilation[axis] * (layer.kernel[axis] - 1) < end:
            counted[axis] += 1
            first += layer.stride[axis]
    values = data["kernels"][0]["values"]
    return Agreement(formula, (counted[0], counted[1]), (len(values), len(values[0])))


def unread_sentence(layer: Conv2d, shape: Shape) -> str:
    """Return what the hatching means and how to avoid it, in Markdown; empty if every cell is read."""
    found = unread_cells(layer, shape)
    if not any(found):
        return ""
    alike = found[0] == found[1] and shape[1] == shape[2]
    parts = []
    for axis, name in ((0, "Row and column" if alike else "Row"), (1, "Column")):
        cells, size = found[axis], shape[1 + axis]
        if not cells or (axis and alike):
            continue
        many = len(cells) > 1
        title = name.replace("Row", "Rows").replace("olumn", "olumns") if many else name
        verb = "are" if many or alike else "is"
        text = f"**{title} {_listed(cells)} {verb} never read.**"
        tail = [cell for cell in cells if cell >= size - len(cells)]
        if len(tail) == len(cells):
            words = "Height and width" if alike else ("Height", "Width")[axis]
            text += f" {words} {size - len(cells)} {'give' if alike else 'gives'} the same output as {size}."
        else:
            text += " The window steps over them."
        parts.append(text + _remedies(layer, shape, axis))
    return " ".join(parts)


def _unread(
    layer: Conv2d, shape: Shape, axis: int, size: int = 0, stride: int = 0, padding: int = -1
) -> tuple[int, ...]:
    size, stride = size or shape[1 + axis], stride or layer.stride[axis]
    padding = layer.padding[axis] if padding < 0 else padding
    k, d = layer.kernel[axis], layer.dilation[axis]
    outputs = (size + 2 * padding - effective_kernel(k, d)) // stride + 1
    return unread(size, outputs, k, stride, padding, d)


def _remedies(layer: Conv2d, shape: Shape, axis: int) -> str:
    """Return the nearest change of one setting with which every cell is read, for each setting that has one."""
    size, stride, padding = shape[1 + axis], layer.stride[axis], layer.padding[axis]
    choices = (
        ("an input of {}", "size", range(size + 1, size + stride)),
        (
            "a padding of {}",
            "padding",
            range(padding + 1, padding + effective_kernel(layer.kernel[axis], layer.dilation[axis])),
        ),
        ("a stride of {}", "stride", range(stride - 1, 0, -1)),
    )
    found = []
    for text, name, values in choices:
        fits = next((value for value in values if not _unread(layer, shape, axis, **{name: value})), None)
        if fits is not None:
            found.append(text.format(fits))
    return f" All of it is read with {', or with '.join(found)}." if found else ""


def _listed(cells: Sequence[int]) -> str:
    names = [str(cell + 1) for cell in cells]
    if len(names) > 6:
        names = [*names[:4], "…", names[-1]]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}".replace(", … and", " … and")
