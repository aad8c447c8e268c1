"""Where a network's parameters, its work and its activations are: one bar for each layer."""

from enum import StrEnum
from typing import Any

from cnncore.architecture import Description, Layer, Row
from cnncore.figures.curves import Chart
from cnncore.figures.palette import GUESS, INK, INPUT, KERNEL, OUTPUT, UNREAD
from cnncore.figures.ticks import PREFIXED
from cnncore.wording import dimensions

COLOURS = {"convolution": KERNEL, "pool": UNREAD, "dense": INPUT, "other": GUESS, "block": OUTPUT}


class Count(StrEnum):
    """What the bars count."""

    PARAMETERS = "Parameters"
    MACS = "Multiply-adds"
    ACTIVATIONS = "Activations"
    FIELD = "Receptive field"


def counted(row: Row, count: Count) -> int:
    """Return one layer's number: parameters, multiply-adds of one image, values put out, or pixels of the image."""
    channels, height, width = row.output
    return {
        Count.PARAMETERS: row.weights + row.biases,
        Count.MACS: row.macs,
        Count.ACTIVATIONS: channels * height * width,
        Count.FIELD: row.receptive_field or 0,
    }[count]


def group(row: Row | Layer) -> str:
    """Return which kind of layer it is, as the colours tell them apart."""
    if row.kind in ("conv", "conv-transpose"):
        return "convolution"
    if row.kind == "linear":
        return "dense"
    if row.kind in ("residual", "branches"):
        return "block"
    return "pool" if "pool" in row.kind else "other"


def shown(description: Description) -> list[Row]:
    """Return the layers worth a bar: those with parameters, and the pools, which shape what follows."""
    return [row for row in description.rows if row.weights or "pool" in row.kind]


def bill_chart(description: Description, count: Count) -> Chart:
    """Return the bars, from the first layer to the last; each says its number and its share of the whole."""
    rows = shown(description)
    total = sum(counted(row, count) for row in description.rows)
    values = [counted(row, count) for row in rows]
    shares = ["" if count is Count.FIELD or not total else f" ({_share(value / total)})" for value in values]
    unit = " px" if count is Count.FIELD else ""
    kinds = [group(row) for row in rows]
    data: dict[str, list[Any]] = {
        "layer": [row.name for row in rows],
        "value": values,
        "text": [f"{value:,}{unit}{share}" if value else "0" for value, share in zip(values, shares, strict=True)],
        "kind": kinds,
        "output": [dimensions(row.output) for row in rows],
    }
    present = [kind for kind in COLOURS if kind in kinds]
    largest = max(values, default=1)
    names = [row.name for row in rows]
    y = {
        "field": "layer",
        "type": "nominal",
        "sort": names,
        "axis": {"title": None, "labelLimit": 120, "labelOverlap": False},
    }
    room = {"domain": [0, 1.45 * largest]}  # for the text of the longest bar, in a small window too
    x = {"field": "value", "type": "quantitative", "scale": room}
    spec = {
        "height": {"step": 26 if len(rows) <= 12 else 19},
        "encoding": {"y": y},
        "layer": [
            {
                "mark": {"type": "bar", "cornerRadiusEnd": 3},
                "encoding": {
                    "x": x | {"axis": {"title": _TITLES[count], "format": "~s", "labelExpr": PREFIXED, "tickCount": 6}},
                    "color": {
                        "field": "kind",
                        "type": "nominal",
                        "scale": {"domain": present, "range": [COLOURS[kind] for kind in present]},
                        "legend": {"orient": "top", "title": None},
                    },
                    "tooltip": [
                        {"field": "layer"},
                        {"field": "output"},
                        {"field": "text", "title": count.lower()},
                    ],
                },
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 5, "fontSize": 12, "color": INK},
                "encoding": {"x": x, "text": {"field": "text"}},
            },
        ],
    }
    return Chart(spec, data)


def _share(part: float) -> str:
    return f"{100 * part:.1f} %" if not 0 < part < 0.0005 else "below 0.1 %"


_TITLES = {
    Count.PARAMETERS: "weights and biases",
    Count.MACS: "multiply-adds for one image, biases left out",
    Count.ACTIVATIONS: "values that the layer puts out (4 bytes each), of a block its output alone",
    Count.FIELD: "pixels of the image that one unit sees, along each side",
}
