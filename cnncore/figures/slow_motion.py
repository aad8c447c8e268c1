"""One update as charts: the loss of every image, gradients and updates beside their weights, before against after."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from cnncore.figures.curves import Chart
from cnncore.figures.palette import GUESS, GUESS_TEXT, INPUT, KERNEL, OUTPUT, TEST, TRAIN
from cnncore.figures.ticks import POWERS, names_below
from cnncore.inspection.anatomy import LARGE, SMALL, Anatomy, Parameter, Scores

RIGHT, WRONG = "right", "wrong"
LOWER, HIGHER = "lower after it", "higher after it"
GRADIENT, UPDATE = "gradient / weight", "update / weight"
# Under the title "image" a tooltip takes the number for a picture's address and asks for it.
_IMAGE = {"field": "image", "title": "number"}
_LEGEND = {"title": None, "orient": "top", "symbolOpacity": 1}
_LOG = {"type": "log", "nice": False}


def losses_chart(scores: Scores, classes: int) -> Chart:
    """Return the loss of every image of the batch, the largest first, coloured by whether the answer is right.

    Lines mark the mean, which the update lowers, and ln `classes`, the loss of guessing.
    """
    order = np.argsort(-scores.losses, kind="stable")
    right = scores.answers == scores.labels
    data: dict[str, list[Any]] = {
        "rank": list(range(1, len(order) + 1)),
        "image": (order + 1).tolist(),
        "loss": _finite(scores.losses[order]),
        "answer": [RIGHT if right[at] else WRONG for at in order],
    }
    x = {"field": "rank", "type": "ordinal", "axis": {"title": "images of the batch", "labels": False, "ticks": False}}
    y: dict[str, Any] = {"type": "quantitative", "axis": {"title": "loss (nats)"}}
    mean, guess = float(scores.losses.mean()), math.log(classes)
    top = 1.12 * max([guess, *(loss for loss in data["loss"] if loss is not None)])
    y["scale"] = {"domain": [0, round(top, 3)], "nice": False}
    bars = {
        "mark": {"type": "bar", "opacity": 0.85},
        "encoding": {
            "x": x,
            "y": y | {"field": "loss"},
            "color": {
                "field": "answer",
                "type": "nominal",
                "scale": {"domain": [RIGHT, WRONG], "range": [TRAIN, TEST]},
                "legend": _LEGEND,
            },
            "tooltip": [_IMAGE, {"field": "loss"}, {"field": "answer"}],
        },
    }
    lines = [_level(guess, f"guessing: ln {classes} = {guess:.3f}")]
    if math.isfinite(mean):  # two texts need a tenth of the height between them
        lines.append(_level(mean, f"mean {mean:.3f}" if abs(mean - guess) > 0.12 * top else ""))
    return Chart({"height": 200, "layer": [bars, *(layer for pair in lines for layer in pair)]}, data)


def _level(at: float, text: str) -> list[dict[str, Any]]:
    once = {"values": [{"at": round(at, 4), "text": text}]}
    y = {"y": {"field": "at", "type": "quantitative"}}
    words = {"type": "text", "align": "right", "dy": -7, "color": GUESS_TEXT, "fontSize": 12}
    return [
        {"data": once, "mark": {"type": "rule", "strokeDash": [4, 3], "color": GUESS}, "encoding": y},
        {"data": once, "mark": words, "encoding": {**y, "x": {"value": "width"}, "text": {"field": "text"}}},
    ]


def ratios_chart(weights: Sequence[Parameter], updates: bool) -> Chart:
    """Return for each layer the gradient's norm over the weights' on a logarithmic axis; with `updates` the update's.

    The grey band is where a gradient usually lies, from 1e-4 to 1e-1; with `updates`, a line at 1e-3.
    """
    value = [parameter.change if updates else parameter.ratio for parameter in weights]
    shown = [entry if 0 < entry < math.inf else None for entry in value]
    data: dict[str, list[Any]] = {
        "layer": [parameter.layer for parameter in weights],
        "ratio": [None if entry is None else float(f"{entry:.4g}") for entry in shown],
    }
    y = {
        "field": "layer",
        "type": "nominal",
        "sort": None,
        "axis": {"title": None, "labelFontSize": 13, "labelOverlap": len(weights) > 24, "grid": True},
    }
    inside = [entry for entry in shown if entry is not None]
    low, high = min([*inside, SMALL]) / 2, max([*inside, LARGE]) * 2
    axis = {"title": UPDATE if updates else GRADIENT, "format": "~g", "labelExpr": POWERS, "tickCount": 7}
    x = {"field": "ratio", "type": "quantitative", "scale": _LOG | {"domain": [low, high]}, "axis": axis}
    points = {
        "transform": [{"filter": "isValid(datum.ratio)"}],
        "mark": {"type": "point", "filled": True, "size": 110, "opacity": 1, "color": KERNEL},
        "encoding": {"y": y, "x": x, "tooltip": [{"field": "layer"}, {"field": "ratio", "format": ".3~e"}]},
    }
    band: dict[str, Any] = {
        "data": {"values": [{"low": SMALL, "high": LARGE}]},
        "mark": {"type": "rect", "color": GUESS, "opacity": 0.15},
        "encoding": {"x": x | {"field": "low"}, "x2": {"field": "high"}},
    }
    if updates:
        band = {
            "data": {"values": [{"low": 1e-3}]},
            "mark": {"type": "rule", "strokeDash": [4, 3], "color": GUESS},
            "encoding": {"x": x | {"field": "low"}},
        }
    return Chart({"height": max(160, min(460, 30 * len(weights) + 40)), "layer": [band, points]}, data)


def flow_chart(found: Anatomy) -> Chart:
    """Return how large the signal is on its way through the layers: root mean square of output and of its gradient."""
    data: dict[str, list[Any]] = {"layer": [], "size": [], "way": []}
    for layer in found.layers:
        for way, values in (("forward: output", layer.output), ("backward: gradient", layer.gradient)):
            size = math.hypot(values.mean, values.std) if values is not None else 0.0
            data["layer"].append(layer.name)
            data["size"].append(float(f"{size:.4g}") if 0 < size < math.inf else None)
            data["way"].append(way)
    spec = {
        "height": 250,
        "transform": [{"filter": "isValid(datum.size)"}],
        "mark": {"type": "line", "point": {"size": 50, "filled": True}, "strokeWidth": 2},
        "encoding": {
            "x": {
                "field": "layer",
                "type": "nominal",
                "sort": None,
                "axis": {
                    "title": None,
                    "labelOverlap": len(found.layers) > 40,
                    **names_below(data["layer"]),
                },
            },
            "y": {
                "field": "size",
                "type": "quantitative",
                "scale": _LOG,
                "axis": {"title": "root mean square", "format": "~g", "labelExpr": POWERS, "tickCount": 6},
            },
            "color": {
                "field": "way",
                "type": "nominal",
                "scale": {"domain": ["forward: output", "backward: gradient"], "range": [OUTPUT, KERNEL]},
                "legend": _LEGEND,
            },
            "tooltip": [{"field": name} for name in data],
        },
    }
    return Chart(spec, data)


def moved_chart(scores: Scores) -> Chart:
    """Return the loss of every image before the update and after it; below the diagonal it has become smaller."""
    finite = np.flatnonzero(np.isfinite(scores.losses) & np.isfinite(scores.after))
    before, after = scores.losses[finite], scores.after[finite]
    data: dict[str, list[Any]] = {
        "image": (finite + 1).tolist(),
        "before": _finite(before),
        "after": _finite(after),
        "moved": [LOWER if new <= old else HIGHER for old, new in zip(before, after, strict=True)],
    }
    top = float(max(before.max(initial=0.1), after.max(initial=0.1))) * 1.05
    scale = {"domain": [0, round(top, 3)], "nice": False}
    x = {"type": "quantitative", "scale": scale, "axis": {"title": "loss before (nats)"}}
    y = {"type": "quantitative", "scale": scale, "axis": {"title": "loss after"}}
    diagonal = {
        "data": {"values": [{"at": 0}, {"at": round(top, 3)}]},
        "mark": {"type": "line", "color": GUESS, "strokeDash": [4, 3]},
        "encoding": {"x": x | {"field": "at"}, "y": y | {"field": "at"}},
    }
    points = {
        "mark": {"type": "point", "filled": True, "size": 45, "opacity": 0.75},
        "encoding": {
            "x": x | {"field": "before"},
            "y": y | {"field": "after"},
            "color": {
                "field": "moved",
                "type": "nominal",
                "scale": {"domain": [LOWER, HIGHER], "range": [INPUT, TEST]},
                "legend": _LEGEND | {"columns": 1},
            },
            "tooltip": [_IMAGE, {"field": "before"}, {"field": "after"}],
        },
    }
    return Chart({"height": 280, "layer": [diagonal, points]}, data)


def _finite(values: Any) -> list[float | None]:
    """Return the values with four digits, None for what no chart can show."""
    return [round(float(value), 4) if math.isfinite(value) else None for value in values]
