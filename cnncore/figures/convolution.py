"""A layer drawn with real numbers: the picture, the kernels and what the sliding window gives.

Plain integers throughout, so that every sum can be done on paper; only averages are fractions.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore.architecture import AvgPool2d, ConvTranspose2d, MaxPool2d, Pair, Shape, layer_facts
from cnncore.errors import InputError
from cnncore.figures.sliding import Sliding, lines, slide


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


LARGEST = 110  # cells along an axis: more cannot be drawn so that anybody could see them


def window_data(layer: Sliding, shape: Shape, *, autoplay: bool = False, compact: bool = False) -> dict[str, Any]:
    """Return what `pages/parts/window` draws: where the window lies, values, weights and outputs, as JSON.

    One channel is drawn, for one filter; `sheets` is how many channels a kernel spans. The output's values come from
    `cnncore.figures.sliding.slide`, its shape from the formula: they are compared by `agreement`. More than `LARGEST`
    cells along an axis are an `InputError`.
    """
    facts = layer_facts(layer, shape)
    rows, columns = lines(layer, shape)
    longest = max(len(rows.sources), len(columns.sources), *facts.output[1:])
    if longest > LARGEST:
        raise InputError(
            f"`input` (={shape[1]}x{shape[2]}) would be drawn with {longest} cells along an axis and must stay within "
            f"{LARGEST} to be seen: make it smaller, the numbers below hold all the same."
        )
    image = picture(*shape[1:])
    pool = isinstance(layer, (MaxPool2d, AvgPool2d))
    named = {"window": np.ones(layer.kernel, dtype=np.int64)} if pool else kernels(*layer.kernel)
    groups = shape[0] if isinstance(layer, (MaxPool2d, AvgPool2d)) else layer.groups
    return {
        "op": "max" if isinstance(layer, MaxPool2d) else "mean" if pool else "sum",
        "turned": isinstance(layer, ConvTranspose2d),
        "input": {"channels": shape[0], "rows": shape[1], "columns": shape[2], "values": image.tolist()},
        "kernel": {"rows": layer.kernel[0], "columns": layer.kernel[1]},
        "sheets": shape[0] // groups,
        "lines": [
            {"sources": line.sources, "kinds": "".join(line.kinds), "reads": line.reads} for line in (rows, columns)
        ],
        "output": dict(zip(("channels", "rows", "columns"), facts.output, strict=True)),
        "kernels": [
            {
                "name": name,
                "weights": (weights[::-1, ::-1] if rows.flipped else weights).tolist(),  # as they lie in the window
                "values": [
                    [_plain(value) for value in line] for line in slide(layer, rows, columns, image, weights).tolist()
                ],
            }
            for name, weights in named.items()
        ],
        "unread": {"rows": rows.unread, "columns": columns.unread},
        "autoplay": autoplay,
        "compact": compact,
    }


def _plain(value: float) -> float:
    return int(value) if value == int(value) else value


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


def agreement(layer: Sliding, shape: Shape, data: dict[str, Any]) -> Agreement:
    """Return the output's size by the formula, by counting, and as it is drawn in `data`."""
    formula = layer_facts(layer, shape).output[1:]
    values = data["kernels"][0]["values"]
    return Agreement(formula, (_counted(layer, shape, 0), _counted(layer, shape, 1)), (len(values), len(values[0])))


def _counted(layer: Sliding, shape: Shape, axis: int) -> int:
    """Return the number of outputs along an axis by doing it: no formula."""
    k, s, p, d = layer.kernel[axis], layer.stride[axis], layer.padding[axis], layer.dilation[axis]
    size = shape[1 + axis]
    if isinstance(layer, ConvTranspose2d):  # every input puts its taps down; padding takes cells off at both ends
        spread = {place * s + d * tap for place in range(size) for tap in range(k)}
        return max(spread) + 1 - 2 * p + layer.output_padding[axis]
    first, count, last = -p, 0, size + p
    while first + d * (k - 1) < last:
        count, first = count + 1, first + s
    ceil = isinstance(layer, (MaxPool2d, AvgPool2d)) and layer.ceil_mode
    # In ceil mode one more window, if the last one left something over and this one begins inside the input.
    return count + (ceil and first - s + d * (k - 1) + 1 < last and first < size)
