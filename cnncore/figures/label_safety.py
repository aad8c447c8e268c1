"""Label safety drawn: accuracy on each view of the test images, and by class; and what was measured before."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from cnncore.figures.curves import Chart
from cnncore.figures.palette import GUESS, GUESS_TEXT, TEST
from cnncore.figures.results import stored
from cnncore.figures.ticks import names_below
from cnncore.inspection.label_safety import Safety, View
from cnncore.statistics import wilson_interval

RESULT = "label-safety-cpu"


@dataclass(frozen=True)
class Fall:
    """One network's accuracy by view: `right` of `images` answers, added up over `seeds` runs of the same setting."""

    name: str
    right: dict[str, int]
    images: int
    seeds: int


@dataclass(frozen=True)
class Reference:
    """What benchmarks/label_safety.py measured: one `Fall` a setting, by class for figure-1, and on what machine."""

    falls: tuple[Fall, ...]
    digits: dict[str, dict[str, float]]  # view -> class -> accuracy, mean of the seeds
    machine: str


@cache
def reference() -> Reference | None:
    """Return the stored measurement; None where the results are not installed."""
    content = stored(RESULT)
    if not content:
        return None
    falls = []
    digits: dict[str, dict[str, float]] = {}
    for name, preset in content["presets"].items():
        runs = [run["views"] for run in preset["runs"]]
        right = {view: sum(run[view]["right"] for run in runs) for view in runs[0]}
        falls.append(Fall(preset["title"], right, sum(run["as stored"]["images"] for run in runs), len(runs)))
        if name == "figure-1":
            digits = {
                view: {
                    label: sum(run[view]["classes"][label] for run in runs) / len(runs)
                    for label in runs[0][view]["classes"]
                }
                for view in runs[0]
            }
    machine = content["machine"]
    versions = machine["versions"]
    hardware = f"{machine['cpu']}, {machine['threads']} thread(s), torch {versions['torch']}, {machine['date']}"
    return Reference(tuple(falls), digits, hardware)


def fall_of(found: Safety, name: str) -> Fall:
    """Return the accuracies of one stored run's network."""
    right = {str(view): found.right(view)[0] for view in found.confusion}
    return Fall(name, right, found.right(View.STORED)[1], 1)


def fall_chart(fall: Fall) -> Chart:
    """Return the chart of a network's accuracy by view, with 95 % Wilson intervals of the images.

    Several seeds saw the same images: their mean has the interval of so many images, not of so many answers.
    """
    data: dict[str, list[Any]] = {name: [] for name in ("view", "accuracy", "low", "high")}
    for view, right in fall.right.items():
        low, high = wilson_interval(right / fall.seeds, fall.images // fall.seeds)
        data["view"].append(view)
        for name, value in (("accuracy", right / fall.images), ("low", low), ("high", high)):
            data[name].append(round(100 * value, 2))
    views = [str(view) for view in View]
    percent = {"type": "quantitative", "scale": {"domain": [0, 100]}, "axis": {"title": "test accuracy (%)"}}
    y = {"field": "view", "type": "nominal", "sort": views, "axis": {"title": None, "labelLimit": 160}}
    colour = {
        "condition": {"test": f"datum.view === '{View.STORED}'", "value": GUESS},
        "value": TEST,
    }
    layers = [
        {
            "mark": {"type": "bar", "opacity": 0.8, "height": {"band": 0.7}},
            "encoding": {"x": {"field": "accuracy", **percent}, "color": colour},
        },
        {
            "mark": {"type": "rule", "strokeWidth": 2},
            "encoding": {"x": {"field": "low", **percent}, "x2": {"field": "high"}, "color": {"value": GUESS}},
        },
        {
            "mark": {"type": "text", "align": "left", "dx": 6, "fontSize": 12, "color": GUESS_TEXT, "fontWeight": 600},
            "encoding": {
                "x": {"field": "high", **percent},
                "text": {"field": "accuracy", "type": "quantitative", "format": ".1f"},
            },
        },
    ]
    title = {"text": fall.name, "anchor": "start", "fontSize": 13}
    return Chart({"title": title, "layer": layers, "encoding": {"y": y}, "height": {"step": 24}}, data)


def by_fall(stored: dict[str, float], changed: dict[str, float]) -> list[str]:
    """Return the classes, those first whose accuracy falls least from the `stored` images to the `changed` ones."""
    return sorted(stored, key=lambda name: changed[name] - stored[name], reverse=True)


def class_chart(stored: dict[str, float], changed: dict[str, float], view: str) -> Chart:
    """Return the chart of each class's accuracy as stored and on a `view`, the classes that fall least first."""
    order = by_fall(stored, changed)
    data: dict[str, list[Any]] = {"class": [], "accuracy": [], "images": []}
    for name, values in (("as stored", stored), (view, changed)):
        data["class"] += order
        data["accuracy"] += [round(100 * values[label], 2) for label in order]
        data["images"] += [name] * len(order)
    axis = {"title": None, "labelOverlap": len(order) > 24, **names_below(order)}
    scale = {"domain": ["as stored", view], "range": [GUESS, TEST]}
    encoding = {
        "x": {"field": "class", "type": "nominal", "sort": order, "axis": axis},
        "xOffset": {"field": "images", "type": "nominal", "sort": scale["domain"]},
        "y": {
            "field": "accuracy",
            "type": "quantitative",
            "scale": {"domain": [0, 100]},
            "axis": {"title": "accuracy (%)"},
        },
        "color": {"field": "images", "type": "nominal", "scale": scale, "legend": {"orient": "top", "title": None}},
    }
    return Chart({"mark": {"type": "bar", "opacity": 0.85}, "encoding": encoding, "height": 320}, data)
