"""Which image sizes a network takes, and how large its last map is then: the wall, and the network without it."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from cnncore.architecture import AdaptiveAvgPool2d, Flatten, Linear, Network, describe, outputs
from cnncore.errors import InputError
from cnncore.figures.curves import Chart
from cnncore.figures.palette import INK, OUTPUT, UNREAD

SIZES = range(16, 513)


_MOST_RANGES = 4  # of sizes that work, that a sentence names


@dataclass(frozen=True)
class Sizes:
    """For each side of `SIZES` the side of the network's output map in cells, None where a layer does not fit."""

    network: Network
    convolutional: bool
    sides: tuple[int | None, ...]

    @property
    def works(self) -> list[tuple[int, int]]:
        """The ranges of sizes that work, first and last included.

        >>> from cnncore.architecture import named_network
        >>> sizes(named_network("practical"), False).works
        [(32, 39)]
        """
        ranges: list[tuple[int, int]] = []
        for size, side in zip(SIZES, self.sides, strict=True):
            if side is not None and ranges and ranges[-1][1] == size - 1:
                ranges[-1] = (ranges[-1][0], size)
            elif side is not None:
                ranges.append((size, size))
        return ranges

    @property
    def formula(self) -> str:
        """The output's side as floor(S / jump) − c, where this holds for every size that works; else empty."""
        rows = describe(self.network, None, self.convolutional).rows
        jumps = [row.jump for row in rows if row.jump is not None]
        working = [(size, side) for size, side in zip(SIZES, self.sides, strict=True) if side is not None]
        if not self.convolutional or not jumps or not working:
            return ""
        less = working[0][0] // jumps[-1] - working[0][1]
        holds = all(size // jumps[-1] - less == side for size, side in working)
        side = f"floor(S/{jumps[-1]})" if jumps[-1] > 1 else "S"
        return f"{side} {'−' if less > 0 else '+'} {abs(less)}" if holds and less else side if holds else ""


def takes_every_size(network: Network) -> bool:
    """Return whether adaptive pooling stands before the dense layers: no size that comes so far is seen by them."""
    return any(isinstance(layer, AdaptiveAvgPool2d) for layer in network.layers)


def has_dense(network: Network) -> bool:
    """Return whether a dense layer follows a map, so that the image's size is fixed by it."""
    return any(isinstance(layer, (Flatten, Linear)) for layer in network.layers)


def sizes(network: Network, convolutional: bool) -> Sizes:
    """Return what becomes of square images of every size in `SIZES`, dense layers as they are or as convolutions."""
    try:
        ends = outputs(network, [(network.input[0], size, size) for size in SIZES], convolutional)
    except InputError:  # not even the size that it is made for
        ends = [None] * len(SIZES)
    return Sizes(network, convolutional, tuple(end and end[1] for end in ends))


def sizes_sentence(found: Sizes) -> str:
    """Return in Markdown which sizes work, where the wall is, and the formula of the output's side."""
    ranges = found.works
    if not ranges:
        text = f"No square image from {SIZES[0]} to {SIZES[-1]} pixels fits."
    elif takes_every_size(found.network) and ranges == [(ranges[0][0], SIZES[-1])]:
        text = (
            f"Adaptive pooling turns a map of any size into one of fixed size: every size from {ranges[0][0]} pixels "
            "works, and the output does not show which one it was."
        )
    elif ranges == [(ranges[0][0], SIZES[-1])]:
        text = f"Every size from {ranges[0][0]} pixels works."
    elif len(ranges) > _MOST_RANGES:
        many = sum(side is not None for side in found.sides)
        text = (
            f"**{many} of the {len(SIZES)} sizes from {SIZES[0]} to {SIZES[-1]} pixels work**, with gaps between them."
        )
    elif ranges[-1][1] == SIZES[-1]:
        said = ", ".join(f"{a} to {b}" if a != b else str(a) for a, b in ranges)
        text = f"**{said} pixels work**, those in between fail."
    else:
        said = ", ".join(f"{a} to {b}" if a != b else str(a) for a, b in ranges)
        word = ": the wall, as the first dense layer fits only one size of map"
        wall = word if len(ranges) == 1 and not found.convolutional else ""
        text = f"**{said} pixels work, {ranges[-1][1] + 1} fails**{wall}."
    if found.formula:
        text += f" The output's side is **{found.formula}** for an image of side S, checked for every size shown."
    return text


def sizes_chart(found: Sizes, current: int) -> Chart:
    """Return the side of the output by the image's side, where the network fails a band; `current` is marked.

    Neighbouring sizes with the same outcome are one row, so that they are drawn without seams.
    """
    data: dict[str, list[Any]] = {"size": [], "next": [], "side": [], "state": []}
    for side, group in groupby(zip(SIZES, found.sides, strict=True), key=lambda pair: pair[1]):
        members = [size for size, _ in group]
        data["size"].append(members[0])
        data["next"].append(members[-1] + 1)
        data["side"].append(side or 0)
        data["state"].append("works" if side else "fails")
    data["current"] = [current] * len(data["size"])
    x = {
        "field": "size",
        "type": "quantitative",
        "scale": {"domain": [SIZES[0], SIZES[-1] + 1], "nice": False, "zero": False},
    }
    said = "datum.label == 'works' ? 'the output\\'s side' : 'the network fails'"
    colour = {
        "field": "state",
        "type": "nominal",
        "scale": {"domain": ["works", "fails"], "range": [OUTPUT, UNREAD]},
        "legend": {"orient": "top", "title": None, "labelExpr": said, "symbolOpacity": 0.8},
    }
    spec = {
        "height": 185,
        "layer": [
            {
                "transform": [{"filter": "datum.state == 'fails'"}],
                "mark": {"type": "rect", "opacity": 0.28},
                "encoding": {
                    "color": colour,
                    "x": x | {"axis": {"title": "side of the image (pixels)", "tickCount": 12}},
                    "x2": {"field": "next"},
                    "tooltip": [{"field": "size", "title": "from"}, {"field": "state"}],
                },
            },
            {
                "transform": [{"filter": "datum.state == 'works'"}],
                "mark": "rect",
                "encoding": {
                    "color": colour,
                    "x": x,
                    "x2": {"field": "next"},
                    "y": {
                        "field": "side",
                        "type": "quantitative",
                        "axis": {"title": "output (cells)", "tickMinStep": 1, "format": "d"},
                        "scale": {"domain": [0, max(side or 1 for side in found.sides) * 1.15], "nice": False},
                    },
                    "y2": {"datum": 0},
                    "tooltip": [{"field": "size", "title": "from"}, {"field": "side", "title": "output"}],
                },
            },
            {
                "mark": {"type": "rule", "strokeWidth": 2, "strokeDash": [4, 3], "color": INK},
                "encoding": {"x": x | {"field": "current", "aggregate": "max"}},
            },
        ],
    }
    return Chart(spec, data)
