"""How sure a network is of its answers, after one epoch and over all; and one confusion over the epochs."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from cnncore.figures.curves import LEGEND, Chart
from cnncore.figures.palette import GUESS, INK, TEST, TRAIN
from cnncore.inspection.calibration import Reliability, Sureness
from cnncore.inspection.confusion import unbroken_since
from cnncore.statistics import wilson_interval

# The first two in the colours of the confusion matrix; dashed is test everywhere.
SERIES = ("confidence, right", "confidence, wrong", "test accuracy")
_HEIGHT = 290  # of the two that stand side by side

_EPOCH = {
    "field": "epoch",
    "type": "quantitative",
    "title": "epoch",
    "axis": {"tickMinStep": 1},
    "scale": {"nice": False},
}
# A rule at the epoch that the rest of the page shows.
_RULE: dict[str, Any] = {
    "transform": [{"filter": "isValid(datum.here)"}],
    "mark": {"type": "rule", "color": GUESS, "strokeDash": [2, 2], "strokeWidth": 1.5},
    "encoding": {"x": {"field": "here", "type": "quantitative", "title": "epoch"}},
}


def reliability_chart(found: Reliability) -> Chart:
    """Return accuracy by confidence, in percent: a bar a bin with its 95 % interval, and how many answers it has.

    On the diagonal accuracy equals confidence; a tick marks each bin's mean confidence. Bars that end below it are of
    a network that is too sure.
    """
    filled = np.flatnonzero(found.count)
    ends = [wilson_interval(int(found.right[b]), int(found.count[b])) for b in filled]
    accuracy = found.accuracy

    def percent(values: Any) -> list[float]:
        return [round(100 * float(value), 2) for value in values]

    data: dict[str, list[Any]] = {
        "from": percent(found.edges[filled]),
        "to": percent(found.edges[filled + 1]),
        "middle": percent((found.edges[filled] + found.edges[filled + 1]) / 2),
        "accuracy": percent(accuracy[filled]),
        "confidence": percent(found.confidence[filled]),
        "low": percent(low for low, _ in ends),
        "high": percent(high for _, high in ends),
        "count": [f"{n:,}" for n in found.count[filled].tolist()],
    }
    data["told"] = [
        f"{n} answers, {c:.1f} % sure on average: {a:.1f} % right, 95 % interval {low:.1f} to {high:.1f} %"
        for n, c, a, low, high in zip(
            *(data[name] for name in ("count", "confidence", "accuracy", "low", "high")), strict=True
        )
    ]
    axis = {"type": "quantitative", "scale": {"domain": [0, 100], "nice": False}}
    middle = {"field": "middle", **axis}
    told = {"field": "told", "type": "nominal"}
    bars = {
        "mark": {"type": "bar", "color": TEST, "opacity": 0.55},
        "encoding": {
            "x": {"field": "from", **axis, "title": "confidence (%)"},
            "x2": {"field": "to"},
            "y": {"field": "accuracy", **axis, "title": "right (%)"},
            "y2": {"datum": 0},
            "tooltip": told,
        },
    }
    interval = {
        "mark": {"type": "rule", "color": INK, "opacity": 0.7},
        "encoding": {"x": middle, "y": {"field": "low", **axis}, "y2": {"field": "high"}},
    }
    sure = {
        "mark": {"type": "tick", "color": INK, "thickness": 2.5, "width": 16, "orient": "horizontal"},
        "encoding": {"x": middle, "y": {"field": "confidence", **axis}},
    }
    number = {
        "mark": {"type": "text", "color": INK, "fontSize": 11, "baseline": "bottom", "dy": -3},
        "encoding": {"x": middle, "y": {"value": 0}, "text": {"field": "count"}},
    }
    diagonal = {
        "data": {"values": [{"at": 0}, {"at": 100}]},
        "mark": {"type": "line", "color": GUESS, "strokeDash": [4, 3]},
        "encoding": {"x": {"field": "at", **axis}, "y": {"field": "at", **axis}},
    }
    layers = [bars, diagonal, interval, sure, number]
    return Chart({"layer": layers, "height": _HEIGHT, "config": {"view": {"stroke": None}}}, data)


def sureness_chart(by_epoch: Mapping[int, Sureness], shown: int) -> Chart:
    """Return, in percent by epoch, the test accuracy and how sure right and wrong answers are; a rule marks `shown`.

    Where a network overfits, the accuracy holds while the confidence of the wrong answers grows (Q18).
    """
    data: dict[str, list[Any]] = {"epoch": [], "value": [], "series": []}
    for epoch, sure in by_epoch.items():
        for series, value in zip(SERIES, (sure.right, sure.wrong, sure.accuracy), strict=True):
            if value is not None and np.isfinite(value):
                data["epoch"].append(epoch)
                data["value"].append(round(100 * value, 2))
                data["series"].append(series)
    data["here"] = _here(data, shown)
    names = list(SERIES)
    lines = {
        "mark": {"type": "line", "strokeWidth": 2.5, "point": {"size": 22, "filled": True}},
        "encoding": {
            "x": _EPOCH,
            "y": {
                "field": "value",
                "type": "quantitative",
                "title": "confidence, accuracy (%)",
                "scale": {"domain": [0, 100]},
            },
            "color": {
                "field": "series",
                "type": "nominal",
                "scale": {"domain": names, "range": [TRAIN, TEST, INK]},
                "legend": {**LEGEND, "orient": "bottom", "offset": 4, "columns": 2},
            },
            "strokeDash": {
                "field": "series",
                "type": "nominal",
                "scale": {"domain": names, "range": [[1, 0], [1, 0], [5, 4]]},
                "legend": None,
            },
            "tooltip": [{"field": name} for name in ("series", "epoch", "value")],
        },
    }
    return Chart({"layer": [lines, _RULE], "height": _HEIGHT, "config": {"view": {"stroke": None}}}, data)


def cell_chart(counts: Mapping[int, int], shown: int, right: bool) -> Chart:
    """Return how many images of a cell there were after each epoch, small; a rule marks the epoch `shown`.

    In the colour that the cell has in the matrix: that of `right` answers or of wrong ones.
    """
    area = {
        "mark": {"type": "area", "interpolate": "step", "color": TRAIN if right else TEST, "opacity": 0.6},
        "encoding": {
            "x": _EPOCH,
            "y": {"field": "images", "type": "quantitative", "axis": {"tickMinStep": 1, "tickCount": 3}},
            "tooltip": [{"field": "epoch"}, {"field": "images"}],
        },
    }
    data: dict[str, list[Any]] = {"epoch": list(counts), "images": list(counts.values())}
    data["here"] = _here(data, shown)
    return Chart({"layer": [area, _RULE], "height": 120, "config": {"view": {"stroke": None}}}, data)


def probability(share: float) -> str:
    """Return a probability in percent; what float16 has rounded to 0 or 1 is not claimed to be exactly that.

    >>> probability(0.25), probability(0.0), probability(1.0), probability(0.0004)
    ('25 %', '< 0.01 %', '> 99.9 %', '0.04 %')
    """
    if share < 0.0001:
        return "< 0.01 %"
    if share > 0.999:
        return "> 99.9 %"
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.1f} %".replace(".0 %", " %")


def trend(history: Mapping[int, Sureness]) -> str:
    """Return how the confidence of the wrong answers has gone since the best epoch, in a sentence."""
    best = max(history, key=lambda epoch: history[epoch].accuracy)
    last = max(history)
    then, now = history[best].wrong, history[last].wrong
    if best == last or then is None or now is None:
        return "**Over the epochs**"
    return (
        f"**Over the epochs**: wrong answers were {100 * then:.0f} % sure after epoch {best}, the most accurate, and "
        f"{100 * now:.0f} % after epoch {last}."
    )


def since(history: Mapping[int, int]) -> str:
    """Return since when a confusion has been there, and when it was at its worst."""
    begin = unbroken_since(history)
    most = max(history, key=lambda epoch: history[epoch])
    if not history[most]:
        return "It never happened."
    last = max(history)
    if begin is None:
        when = f"Gone after epoch {last}"
    elif begin == last:
        when = f"After epoch {last}, not after the one before"
    else:
        when = f"After every epoch since {begin}"
    return f"{when}; most after epoch {most}: {history[most]:,}."


def _here(data: Mapping[str, list[Any]], epoch: int) -> list[int | None]:
    """Return the column of the rule: in the data, so that another epoch does not change the specification."""
    places = [at for at, value in enumerate(data["epoch"]) if value == epoch]
    return [epoch if at in places[:1] else None for at in range(len(data["epoch"]))]
