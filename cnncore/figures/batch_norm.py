"""Batch norm as charts: channels before and after, one channel's histogram, running statistics, a deep stack."""

from typing import Any

import numpy as np

from cnncore.architecture import describe, named_network, with_batch_norm
from cnncore.figures.curves import Chart
from cnncore.figures.palette import INK, INPUT, OUTPUT, TEST, TRAIN
from cnncore.inspection.channels import Channels, Depth, Running

BEFORE, AFTER = "before batch norm", "after it"
ASIDE = 0.17  # channels: how far apart before and after are drawn
_SIDES = {"domain": [BEFORE, AFTER], "range": [INPUT, OUTPUT]}
# Below, so that charts side by side begin at one height.
_LEGEND = {"title": None, "orient": "bottom", "offset": 2, "symbolOpacity": 1}
_STACKS = ("without batch norm", "with batch norm")
_GAP = 6  # between them, so many of it are one's width, and there is a tick at each


def channels_chart(found: Channels, channel: int) -> Chart:
    """Return mean and spread (one standard deviation both ways) of every channel over the batch, before and after."""
    count = len(found.mean)
    data: dict[str, list[Any]] = {"channel": [], "at": [], "mean": [], "low": [], "high": [], "side": []}
    sides = ((BEFORE, -ASIDE, found.mean, found.std), (AFTER, ASIDE, found.mean_after, found.std_after))
    for side, aside, mean, std in sides:
        data["channel"].extend(range(1, count + 1))
        data["at"].extend((np.arange(1, count + 1) + aside).tolist())
        data["mean"].extend(np.round(mean, 4).tolist())
        data["low"].extend(np.round(mean - std, 4).tolist())
        data["high"].extend(np.round(mean + std, 4).tolist())
        data["side"].extend([side] * count)
    x = {
        "field": "at",
        "type": "quantitative",
        "axis": {"title": "channel", "tickMinStep": 1},
        "scale": {"domain": [0.4, count + 0.6], "nice": False},
    }
    y = {"type": "quantitative", "axis": {"title": "values (mean ± std)"}}
    colour = {"field": "side", "type": "nominal", "scale": _SIDES, "legend": _LEGEND}
    spec = {
        "height": 280,
        "layer": [
            {
                "data": {"values": [{"at": channel}]},
                "mark": {"type": "rule", "strokeDash": [4, 3], "color": INK, "opacity": 0.6},
                "encoding": {"x": x},
            },
            {
                "mark": {"type": "rule", "strokeWidth": 2.5, "opacity": 0.55},
                "encoding": {
                    "x": x,
                    "y": y | {"field": "low"},
                    "y2": {"field": "high"},
                    "color": colour,
                },
            },
            {
                "mark": {"type": "point", "filled": True, "size": 34, "opacity": 1},
                "encoding": {
                    "x": x,
                    "y": y | {"field": "mean"},
                    "color": colour,
                    "tooltip": [{"field": name} for name in ("channel", "side", "mean")],
                },
            },
        ],
    }
    return Chart(spec, data)


def histogram_chart(found: Channels, channel: int) -> Chart:
    """Return how often which value occurs in one channel (from 1) of the batch, before and after, in percent."""
    data: dict[str, list[Any]] = {"from": [], "to": [], "share": [], "side": []}
    for side, counts in ((BEFORE, found.before[channel - 1]), (AFTER, found.after[channel - 1])):
        data["from"].extend(np.round(found.edges[:-1], 4).tolist())
        data["to"].extend(np.round(found.edges[1:], 4).tolist())
        data["share"].extend(np.round(100 * counts / counts.sum(), 3).tolist())
        data["side"].extend([side] * len(counts))
    spec = {
        "mark": {"type": "bar", "opacity": 0.6, "binSpacing": 0},
        "height": 260,
        "encoding": {
            "x": {
                "field": "from",
                "type": "quantitative",
                "bin": {"binned": True},
                "axis": {"title": "value", "tickCount": 9},
            },
            "x2": {"field": "to"},
            "y": {"field": "share", "type": "quantitative", "stack": None, "axis": {"title": "% of its values"}},
            "color": {"field": "side", "type": "nominal", "scale": _SIDES, "legend": _LEGEND},
        },
    }
    return Chart(spec, data)


def running_chart(found: Running, channel: int, variance: bool = False) -> Chart:
    """Return one channel's statistic of each batch as dots, and the running one that follows as a line."""
    pair = (found.batch_variance, found.running_variance) if variance else (found.batch_mean, found.running_mean)
    batch, kept = (values[:, channel - 1] for values in pair)
    data: dict[str, list[Any]] = {
        "batch": list(range(1, len(batch) + 1)),
        "of": np.round(batch, 5).tolist(),
        "kept": np.round(kept, 5).tolist(),
    }
    name = "variance" if variance else "mean"
    x = {"field": "batch", "type": "quantitative", "axis": {"title": "batches seen"}}
    y = {"type": "quantitative", "scale": {"zero": False}, "axis": {"title": name}}
    names = ["of each batch: train()", "running: eval()"]

    def colour(at: str) -> dict[str, Any]:
        return {"datum": at, "type": "nominal", "scale": {"domain": names, "range": [TRAIN, TEST]}, "legend": _LEGEND}

    spec = {
        "height": 260,
        "layer": [
            {
                "mark": {"type": "point", "filled": True, "size": 36, "opacity": 0.7},
                "encoding": {"x": x, "y": y | {"field": "of"}, "color": colour(names[0])},
            },
            {
                "mark": {"type": "line", "strokeWidth": 2.5},
                "encoding": {"x": x, "y": y | {"field": "kept"}, "color": colour(names[1])},
            },
        ],
    }
    return Chart(spec, data)


def depth_chart(plain: Depth, normed: Depth) -> Chart:
    """Return the histogram of what reaches each ReLU of a deep stack, layer by layer, without and with batch norm.

    The two stand side by side on one axis, which has all values twice: a chart of two would not follow the window.
    """
    low, high = (float(plain.edges[end]) for end in (0, -1))
    data: dict[str, list[Any]] = {name: [] for name in ("layer", "from", "to", "share", "stack", "left", "right")}
    aside = high - low + (high - low) / _GAP  # how far right the second one stands
    for name, found, by in ((_STACKS[0], plain, 0.0), (_STACKS[1], normed, aside)):
        shares = found.histogram / found.histogram.sum(1, keepdims=True)
        for layer, row in enumerate(shares, start=1):
            data["layer"].extend([layer] * len(row))
            data["from"].extend(np.round(found.edges[:-1], 3).tolist())
            data["to"].extend(np.round(found.edges[1:], 3).tolist())
            data["share"].extend(np.round(100 * row, 2).tolist())
            data["stack"].extend([name] * len(row))
            data["left"].extend(np.round(found.edges[:-1] + by, 3).tolist())
            data["right"].extend(np.round(found.edges[1:] + by, 3).tolist())
    ticks = np.linspace(low, high, _GAP + 1)
    x = {
        "type": "quantitative",
        "scale": {"domain": [low, high + aside], "nice": False, "zero": False},
        "axis": {
            "title": "value",
            "grid": False,
            "values": np.round([*ticks, *(ticks + aside)], 3).tolist(),
            "labelExpr": f"format(datum.value > {high} ? datum.value - {aside} : datum.value, '~g')",
        },
    }
    cells = {
        "mark": {"type": "rect", "color": INPUT},
        "encoding": {
            "x": x | {"field": "left"},
            "x2": {"field": "right"},
            "y": {"field": "layer", "type": "ordinal", "axis": {"title": "layer", "labelOverlap": True}},
            "opacity": {
                "field": "share",
                "type": "quantitative",
                "scale": {"type": "sqrt", "range": [0, 1]},
                "legend": None,
            },
            "tooltip": [{"field": name} for name in ("stack", "layer", "from", "to", "share")],
        },
    }
    middle = (low + high) / 2
    names = {
        "data": {"values": [{"at": middle, "stack": _STACKS[0]}, {"at": middle + aside, "stack": _STACKS[1]}]},
        "mark": {"type": "text", "color": INK, "fontSize": 14, "baseline": "bottom"},
        "encoding": {"x": x | {"field": "at"}, "y": {"value": -6}, "text": {"field": "stack"}},
    }
    return Chart({"height": 300, "layer": [cells, names], "config": {"view": {"stroke": None}}}, data)


def added_parameters(name: str = "practical") -> tuple[int, int]:
    """Return what batch norm after each convolution adds to a network: trainable parameters, running statistics.

    A scale and a shift for each channel, and as many numbers again, a mean and a variance, that no gradient moves.

    >>> added_parameters("practical")
    (320, 320)
    """
    network = named_network(name)
    normed = describe(with_batch_norm(network))
    added = normed.parameters - describe(network).parameters
    kept = sum(2 * row.output[0] for row in normed.rows if row.kind == "batch-norm")
    return added, kept
