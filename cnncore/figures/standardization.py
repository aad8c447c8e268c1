"""Standardization drawn: pictures with their scale, histograms, the spectrum, neighbours, and a set that moved."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore.data.pixels import LEVELS, mean_std
from cnncore.figures.curves import Chart
from cnncore.figures.palette import GUESS, GUESS_TEXT, INPUT, OUTPUT, TEST, TRAIN
from cnncore.figures.ticks import POWERS

# A colour image's channels have the colours that they are; a grey image's one is grey.
_CHANNELS = {3: (("red", TEST), ("green", OUTPUT), ("blue", INPUT)), 1: (("grey", GUESS),)}
HEIGHT = 320
_LEGEND = {"orient": "top", "title": None, "symbolType": "stroke", "symbolStrokeWidth": 3}


def channel_names(count: int) -> list[str]:
    """Return what the channels of an image are called."""
    return [name for name, _ in _CHANNELS.get(count, ())] or [f"channel {n + 1}" for n in range(count)]


def to_bytes(values: NDArray[np.float32]) -> tuple[NDArray[np.uint8], float]:
    """Return a standardized image (C, H, W) as a picture, and the value that is white.

    Zero is the middle grey, white the limit and black minus the limit; the limit is the size that one value of 200
    exceeds. Such a picture hides the scale, so the limit must be shown with it.
    """
    limit = max(float(np.quantile(np.abs(values), 0.995)), 1e-6)
    return np.rint(127.5 + 127.5 * np.clip(values / limit, -1, 1)).astype(np.uint8), limit


def histogram_chart(edges: NDArray[np.float64], share: NDArray[np.float64]) -> Chart:
    """Return the chart of values by channel; `edges` (B + 1,), `share` (C, B)."""
    names = channel_names(len(share))
    middle = (edges[:-1] + edges[1:]) / 2
    data = {
        "x": np.round(np.tile(middle, len(share)), 4).tolist(),
        "share": np.round(100 * share.ravel(), 4).tolist(),
        "channel": [name for name in names for _ in middle],
    }
    colours = [colour for _, colour in _CHANNELS.get(len(share), ())] or [INPUT, OUTPUT, TEST, GUESS][: len(share)]
    scale = {"domain": names, "range": colours}
    encoding = {
        "x": {"field": "x", "type": "quantitative", "axis": {"title": "value that the network sees"}},
        "y": {"field": "share", "type": "quantitative", "stack": None, "axis": {"title": "% of values in the bin"}},
        "color": {
            "field": "channel",
            "type": "nominal",
            "scale": scale,
            "legend": _LEGEND,
        },
    }
    mark = {"type": "line", "strokeWidth": 2, "interpolate": "step"}
    return Chart({"mark": mark, "encoding": encoding, "height": HEIGHT}, data)


def spectrum_chart(eigenvalues: NDArray[np.float64], eps: float) -> Chart:
    """Return the chart of the eigenvalues on logarithmic axes, before whitening and after it, l / (l + eps)."""
    positive = eigenvalues[eigenvalues > 0]
    # As many points as the eye can tell apart on a logarithmic axis, and both ends.
    rows = np.unique(np.rint(np.geomspace(1, len(positive), 160)).astype(int)) - 1
    series = {"before": positive, "after whitening": positive / (positive + eps)}
    data: dict[str, list[Any]] = {"number": [], "eigenvalue": [], "set": []}
    for name, values in series.items():
        data["number"] += (rows + 1).tolist()
        data["eigenvalue"] += [float(f"{value:.4g}") for value in values[rows]]
        data["set"] += [name] * len(rows)
    logarithmic = {"type": "log", "nice": False}
    encoding = {
        "x": {
            "field": "number",
            "type": "quantitative",
            "scale": logarithmic,
            "axis": {"title": "principal component, the strongest first", "format": "~s"},
        },
        "y": {
            "field": "eigenvalue",
            "type": "quantitative",
            "scale": {"type": "log"},
            "axis": {"title": "variance of the component", "format": "~g", "labelExpr": POWERS, "tickCount": 6},
        },
        "color": {
            "field": "set",
            "type": "nominal",
            "scale": {"domain": list(series), "range": [INPUT, OUTPUT]},
            "legend": _LEGEND,
        },
    }
    line = {"mark": {"type": "line", "strokeWidth": 2.5}, "encoding": encoding}
    once = {"values": [{"eps": eps, "text": f"eps = {np.format_float_positional(eps, trim='-')}"}]}
    height = {"field": "eps", "type": "quantitative"}
    rule = {"data": once, "mark": {"type": "rule", "strokeDash": [2, 3], "color": GUESS}, "encoding": {"y": height}}
    text = {
        "data": once,
        "mark": {"type": "text", "align": "left", "dy": -7, "dx": 4, "color": GUESS_TEXT, "fontSize": 12},
        "encoding": {"y": height, "x": {"value": 0}, "text": {"field": "text"}},
    }
    return Chart({"layer": [line, rule, text], "height": HEIGHT}, data)


def neighbour_chart(found: Mapping[str, NDArray[np.float64]]) -> Chart:
    """Return the chart of the correlation by distance for each named standardization."""
    data: dict[str, list[Any]] = {"distance": [], "correlation": [], "set": []}
    for name, values in found.items():
        data["distance"] += list(range(len(values)))
        data["correlation"] += np.round(values, 4).tolist()
        data["set"] += [name] * len(values)
    scale = {"domain": list(found), "range": [INPUT, OUTPUT, TEST][: len(found)]}
    encoding = {
        "x": {"field": "distance", "type": "quantitative", "axis": {"title": "columns apart", "tickMinStep": 1}},
        "y": {"field": "correlation", "type": "quantitative", "axis": {"title": "correlation of the two pixels"}},
        "color": {"field": "set", "type": "nominal", "scale": scale, "legend": _LEGEND},
    }
    mark = {"type": "line", "strokeWidth": 2.5, "point": {"filled": True, "size": 40}}
    return Chart({"mark": mark, "encoding": encoding, "height": HEIGHT}, data)


def moved_charts(train: NDArray[np.int64], test: NDArray[np.int64], bins: int = 64) -> tuple[Chart, Chart]:
    """Return a train set beside a test set, with the train set's statistics and with its own; counts (C, 256).

    All channels together, standardized, in bins of equal width between -4 and 4. Both charts have one scale: they are
    read side by side.
    """
    both = [_moved(train, test, statistics, bins) for statistics in (train, test)]
    scale = {"domain": [0, max(max(data["share"]) for data in both)], "nice": True}
    encoding = {
        "x": {"field": "x", "type": "quantitative", "axis": {"title": "value that the network sees"}},
        "y": {
            "field": "share",
            "type": "quantitative",
            "scale": scale,
            "axis": {"title": "% of values in the bin"},
        },
        "color": {
            "field": "set",
            "type": "nominal",
            "scale": {"domain": ["train", "test"], "range": [TRAIN, TEST]},
            "legend": _LEGEND,
        },
        "strokeDash": {
            "field": "set",
            "type": "nominal",
            "scale": {"domain": ["train", "test"], "range": [[1, 0], [5, 4]]},
            "legend": None,
        },
    }
    mark = {"type": "line", "strokeWidth": 2.5, "interpolate": "monotone"}
    first, second = (Chart({"mark": mark, "encoding": encoding, "height": HEIGHT}, data) for data in both)
    return first, second


def _moved(
    train: NDArray[np.int64], test: NDArray[np.int64], statistics: NDArray[np.int64], bins: int
) -> dict[str, list[Any]]:
    edges = np.linspace(-4, 4, bins + 1)
    data: dict[str, list[Any]] = {"x": [], "share": [], "set": []}
    for name, counts, with_these in (("train", train, train), ("test", test, statistics)):
        mean, std = mean_std(with_these)
        values = (LEVELS / 255 - mean[:, None]) / np.maximum(std, 1 / 255)[:, None]  # (C, 256)
        share = np.histogram(values, edges, weights=counts)[0] / counts.sum()
        data["x"] += np.round((edges[:-1] + edges[1:]) / 2, 4).tolist()
        data["share"] += np.round(100 * share, 4).tolist()
        data["set"] += [name] * bins
    return data
