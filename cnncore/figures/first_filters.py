"""A first layer's filters as small colour pictures on one scale, and how far they have moved, epoch by epoch."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore.figures.curves import Chart
from cnncore.figures.palette import GUESS, KERNEL
from cnncore.inspection.filters import FilterHistory


def filter_pictures(filters: NDArray[np.float32], limit: float) -> NDArray[np.uint8]:
    """Return filters (F, C, kH, kW) as pictures (F, 1 or 3, kH, kW): weight 0 middle grey, `limit` white, -limit black.

    With three channels each picture has the colours that its filter answers to. Of another number than 1 or 3 the
    picture is the mean over the channels, in grey.
    """
    if filters.shape[1] not in (1, 3):
        filters = filters.mean(1, keepdims=True)
    return np.asarray(np.rint(127.5 + 127.5 * np.clip(filters / limit, -1, 1)), np.uint8)


def change_chart(history: FilterHistory, place: int) -> Chart:
    """Return how far the filters have moved from their first weights: the median filter, and all from least to most.

    A rule marks the entry `place`. In percent of each filter's own first length.
    """
    change = 100 * history.change
    data: dict[str, list[Any]] = {
        "epoch": list(history.epochs),
        "median": np.round(np.median(change, 1), 3).tolist(),
        "least": np.round(change.min(1), 3).tolist(),
        "most": np.round(change.max(1), 3).tolist(),
        "here": [entry == place for entry in range(len(history.epochs))],
    }
    x = {"field": "epoch", "type": "quantitative", "axis": {"title": "epoch", "tickMinStep": 1}}

    def y(field: str) -> dict[str, Any]:
        return {"field": field, "type": "quantitative", "axis": {"title": "moved by (%)"}}

    band = {
        "mark": {"type": "area", "color": KERNEL, "opacity": 0.2},
        "encoding": {"x": x, "y": y("least"), "y2": {"field": "most"}},
    }
    line = {"mark": {"type": "line", "color": KERNEL, "strokeWidth": 2.5}, "encoding": {"x": x, "y": y("median")}}
    rule = {
        "transform": [{"filter": "datum.here"}],
        "mark": {"type": "rule", "color": GUESS, "strokeDash": [4, 3]},
        "encoding": {"x": x},
    }
    return Chart({"layer": [band, line, rule], "height": 210}, data)
