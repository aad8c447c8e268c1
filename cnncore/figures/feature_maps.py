"""What a layer puts out, drawn: maps in shades, a dense layer's units as bars, the classes' probabilities."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore.figures.curves import Chart
from cnncore.figures.palette import INK, OUTPUT
from cnncore.inspection.activations import LayerMaps
from cnncore.wording import dimensions

SHOWN = 5  # classes
_MIDDLE = 0.55  # where the shades have the output's own colour


def _shades() -> NDArray[np.uint8]:
    """Return the colour of each level (256, 3): black, the output's green, white."""
    green = [int(OUTPUT[at : at + 2], 16) for at in (1, 3, 5)]
    level = np.arange(256) / 255
    channels = [np.interp(level, [0, _MIDDLE, 1], [0, value, 255]) for value in green]
    return np.rint(np.stack(channels, axis=1)).astype(np.uint8)


_LEVELS = _shades()


def shaded(levels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a map of bytes (H, W) as a picture (3, H, W): 0 black, 255 white, the output's green between."""
    return np.ascontiguousarray(_LEVELS[levels].transpose(2, 0, 1))


def size_text(layer: LayerMaps) -> str:
    """Return a layer's name and shape (C, H, W); a dense layer's number of units."""
    if layer.dense:
        return f"{layer.name}: {layer.shape[0]} units"
    return f"{layer.name}: {dimensions(layer.shape)}"


def chances_chart(chances: NDArray[np.float64], classes: Sequence[str], true: int | None) -> Chart:
    """Return the five most likely classes as bars, and the true one if it is not among them.

    `chances` (classes,) are probabilities; the true class is marked by its full colour and a tick.
    """
    order = np.argsort(-chances, kind="stable")[:SHOWN].tolist()
    if true is not None and true not in order:
        order.append(true)
    data: dict[str, list[Any]] = {
        "name": [f"{classes[label]} ✓" if label == true else classes[label] for label in order],
        "percent": [round(100 * float(chances[label]), 3) for label in order],
        "text": [_percent(float(chances[label])) for label in order],
        "strength": [1.0 if label == true else 0.55 for label in order],
    }
    place = {
        "x": {
            "field": "percent",
            "type": "quantitative",
            "scale": {"domain": [0, 200]},  # room for the text behind a bar of 100 %
            "axis": None,
        },
        # Sorted by the browser: where only the data change, it would keep the order of the image before.
        "y": {
            "field": "name",
            "type": "nominal",
            "sort": {"field": "percent", "order": "descending"},
            "axis": {"title": None, "labelLimit": 110},
        },
    }
    opacity = {"field": "strength", "type": "quantitative", "scale": None, "legend": None}
    bars = {
        "mark": {"type": "bar", "color": OUTPUT, "cornerRadiusEnd": 2},
        "encoding": place | {"opacity": opacity},
    }
    text = {
        "mark": {"type": "text", "align": "left", "dx": 4, "color": INK},
        "encoding": place | {"text": {"field": "text"}},
    }
    spec = {"layer": [bars, text], "height": {"step": 24}, "config": {"view": {"stroke": None}}}
    return Chart(spec, data)


def _percent(chance: float) -> str:
    return "100 %" if chance >= 0.9995 else f"{100 * chance:.1f} %"


def bars_chart(values: NDArray[np.float64], names: Sequence[str] | None = None) -> Chart:
    """Return the values (units,) of a dense layer as bars, in the order of the units, by number or by `names`."""
    data: dict[str, list[Any]] = {
        "unit": list(names) if names else list(range(1, len(values) + 1)),
        "value": np.round(values.astype(float), 4).tolist(),
    }
    few = len(values) <= 40
    axis = {"title": None if names else "unit", "labels": few, "ticks": few, "labelAngle": -40 if names else 0}
    encoding = {
        "x": {"field": "unit", "type": "ordinal", "sort": None, "axis": axis},
        "y": {"field": "value", "type": "quantitative", "axis": {"title": "value"}},
        "tooltip": [{"field": "unit"}, {"field": "value"}],
    }
    return Chart({"mark": {"type": "bar", "color": OUTPUT}, "encoding": encoding, "height": 230}, data)
