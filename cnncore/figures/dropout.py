"""Dropout as charts: the units of a layer under one mask, the books over a thousand, the noise, the predictions."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore.figures.curves import Chart
from cnncore.figures.palette import GUESS, INK, OUTPUT, TEST, TRAIN, UNREAD
from cnncore.figures.ticks import names_below
from cnncore.inspection.masks import Account, noise_variance

Array = NDArray[np.float64]
NAMED = 20  # classes whose names can be read side by side
_ROUNDED = 3e-4  # scores that lie no further apart are the same, but for their rounding to four decimals
PROBABILITIES = tuple(round(0.05 * step, 2) for step in range(1, 20))


def units_chart(activations: Array, kept: NDArray[np.bool_], scale: float) -> Chart:
    """Return every unit as a square: its value in training, times `scale`, as its strength; the dropped ones crossed.

    `activations` (units,) and `kept` (units,); the squares stand in rows about four times as long as there are rows.
    """
    columns = int(np.ceil(np.sqrt(4 * len(activations))))
    values = np.where(kept, activations * scale, 0)
    number = np.arange(len(activations))
    data: dict[str, list[Any]] = {
        "row": (number // columns).tolist(),
        "column": (number % columns).tolist(),
        "unit": (number + 1).tolist(),
        "before": np.round(activations, 3).tolist(),
        "value": np.round(values, 3).tolist(),
        "state": np.where(kept, "kept", "dropped").tolist(),
    }
    place = {
        "x": {"field": "column", "type": "ordinal", "axis": None},
        "y": {"field": "row", "type": "ordinal", "axis": None},
        "tooltip": [{"field": name} for name in ("unit", "before", "value", "state")],
    }
    most = max(float(activations.max(initial=0)) * scale, 1e-9)
    strength = {"field": "value", "type": "quantitative", "scale": {"domain": [0, most], "range": [0.06, 1]}}
    units = {
        "transform": [{"filter": "datum.state == 'kept'"}],
        "mark": {"type": "rect", "color": OUTPUT, "cornerRadius": 2},
        "encoding": place | {"opacity": strength | {"legend": None}},
    }
    dropped = {
        "transform": [{"filter": "datum.state == 'dropped'"}],
        "mark": {"type": "point", "shape": "cross", "angle": 45, "size": 26, "filled": True, "color": UNREAD},
        "encoding": place,
    }
    spec = {
        "layer": [units, dropped],
        "height": 230,
        "config": {"view": {"stroke": None}, "scale": {"bandPaddingInner": 0.12}},
    }
    return Chart(spec, data)


def books_chart(found: list[Account], score: str) -> Chart:
    """Return for each way of keeping the books the score over many masks (mean, spread) and in test."""
    data: dict[str, list[Any]] = {
        "books": [str(account.books) for account in found],
        "mean": [round(account.mean, 4) for account in found],
        "low": [round(account.mean - account.spread, 4) for account in found],
        "high": [round(account.mean + account.spread, 4) for account in found],
        "expected": [round(account.expected, 4) for account in found],
        "test": [round(account.test, 4) for account in found],
        "verdict": ["agree" if account.agrees else "do not agree" for account in found],
    }
    y = {
        "field": "books",
        "type": "nominal",
        "sort": None,
        "axis": {"title": None, "labelFontSize": 13, "labelOverlap": False},
    }
    tips = [{"field": name, "format": ".3f"} for name in ("mean", "expected", "test")] + [{"field": "verdict"}]

    scale: dict[str, Any] = {"zero": False}
    ends = data["low"] + data["high"] + data["test"]
    if max(ends) - min(ends) < _ROUNDED:  # nothing is dropped: an axis of rounding errors would show a spread
        scale["domain"] = [min(ends) - 0.1, max(ends) + 0.1]

    def x(field: str) -> dict[str, Any]:
        return {"field": field, "type": "quantitative", "scale": scale, "axis": {"title": score}}

    def colour(name: str) -> dict[str, Any]:
        scale = {"domain": ["training: mean and spread", "test"], "range": [TRAIN, TEST]}
        return {
            "datum": name,
            "type": "nominal",
            "scale": scale,
            "legend": {"title": None, "orient": "top", "symbolOpacity": 1},
        }

    training, test = colour("training: mean and spread"), colour("test")
    spec = {
        "height": 250,
        "layer": [
            {
                "mark": {"type": "rule", "strokeWidth": 5, "opacity": 0.35},
                "encoding": {"y": y, "x": x("low"), "x2": {"field": "high"}, "color": training},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 110, "opacity": 1},
                "encoding": {"y": y, "x": x("mean"), "color": training, "tooltip": tips},
            },
            {
                "mark": {"type": "tick", "thickness": 4, "size": 26},
                "encoding": {"y": y, "x": x("test"), "color": test, "tooltip": tips},
            },
        ],
    }
    return Chart(spec, data)


def noise_chart(p: float) -> Chart:
    """Return the variance of the factor that inverted dropout multiplies by, measured and by formula, over p."""
    values = {at: noise_variance(at, 250) for at in PROBABILITIES}
    data: dict[str, list[Any]] = {
        "p": list(values),
        "measured": [round(value, 4) for value in values.values()],
        "formula": [round(at / (1 - at), 4) for at in values],
    }
    x = {"field": "p", "type": "quantitative", "axis": {"title": "p"}, "scale": {"domain": [0, 1]}}
    # Of the ticks that Vega takes in a small chart it names 0.1, 0.3, 2 and 10.
    axis = {"title": "variance of the factor", "values": [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20], "format": "~g"}
    log = {"type": "log", "domain": [0.04, 25]}

    def y(field: str) -> dict[str, Any]:
        return {"field": field, "type": "quantitative", "scale": log, "axis": axis}

    spec = {
        "height": 280,
        "layer": [
            {"mark": {"type": "line", "color": GUESS, "strokeWidth": 2}, "encoding": {"x": x, "y": y("formula")}},
            {
                "mark": {"type": "point", "filled": True, "size": 60, "color": TRAIN, "opacity": 1},
                "encoding": {"x": x, "y": y("measured"), "tooltip": [{"field": name} for name in data]},
            },
            {
                "data": {"values": [{"p": p}]},
                "mark": {"type": "rule", "strokeDash": [4, 3], "color": INK},
                "encoding": {"x": x},
            },
        ],
    }
    return Chart(spec, data)


def passes_chart(probabilities: Array, still: Array, classes: tuple[str, ...]) -> Chart:
    """Return each pass's probabilities (passes, classes) as dots, and those of eval() (classes,) as a tick.

    Of more than `NAMED` classes those that get most in any pass or in eval(); the axis says so.
    """
    most = np.maximum(probabilities.max(axis=0), still)
    shown = np.sort(np.argsort(-most, kind="stable")[:NAMED])
    title = f"the {NAMED} most likely of {len(classes)} classes" if len(classes) > NAMED else None
    probabilities, still, classes = probabilities[:, shown], still[shown], tuple(classes[place] for place in shown)
    count, width = probabilities.shape
    data: dict[str, list[Any]] = {
        "class": list(classes) * count,
        "probability": np.round(100 * probabilities, 3).ravel().tolist(),
        "eval": np.round(100 * np.tile(still, count), 3).tolist(),
        "pass": np.repeat(np.arange(1, count + 1), width).tolist(),
    }
    x = {
        "field": "class",
        "type": "nominal",
        "sort": None,
        "axis": {"title": title, "labelOverlap": False, **names_below(classes)},
    }
    axis = {"title": "probability (%)"}
    top = min(100, 10 * int(np.ceil(11.5 * max(probabilities.max(), still.max()))))

    def y(field: str) -> dict[str, Any]:
        return {"field": field, "type": "quantitative", "scale": {"domain": [0, top]}, "axis": axis}

    spec = {
        "height": 280,
        "layer": [
            {
                "mark": {"type": "tick", "color": TEST, "thickness": 3, "width": 26},
                "encoding": {"x": x, "y": y("eval") | {"aggregate": "mean"}},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 42, "opacity": 0.5, "color": TRAIN},
                "encoding": {
                    "x": x,
                    "y": y("probability"),
                    "tooltip": [{"field": "pass"}, {"field": "class"}, {"field": "probability"}],
                },
            },
        ],
    }
    return Chart(spec, data)
