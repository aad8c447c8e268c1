"""The ladder as charts: the measured one of the classroom presets, from benchmarks/results, and one's own beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from cnncore.course.facts import REPORT
from cnncore.figures.curves import Chart
from cnncore.figures.palette import GUESS, OUTPUT, RUNS, TEST
from cnncore.figures.results import stored
from cnncore.statistics import wilson_interval
from cnncore.training.presets import TITLES

RESULT = "ladder-classroom-cpu"
OWN = "this ladder: all test images, 95 % interval"
MEASURED = "classroom size, measured before: three seeds, ± 1 sd"
REPORTED = "the source report: its first 128 test images, 95 % interval"
_COLOURS = {OWN: TEST, MEASURED: OUTPUT, REPORTED: GUESS}
_SHOWN = ("2", "5", "6", "7", "8", "9")


@cache
def ladder() -> Chart | None:
    """Return mean test accuracy by epoch of each classroom preset; None where the results are not installed."""
    presets = _measured()
    if presets is None:
        return None
    chosen = [f"classroom-{step}" for step in _SHOWN if f"classroom-{step}" in presets]
    data: dict[str, list[Any]] = {"x": [], "preset": [], "accuracy": []}
    for name in chosen:
        curves = [run["curve"]["test_accuracy"] for run in presets[name]["runs"]]
        for epoch, values in enumerate(zip(*curves, strict=True), start=1):
            data["x"].append(epoch)
            data["preset"].append(presets[name]["title"])
            data["accuracy"].append(round(100 * sum(values) / len(values), 2))
    scale = {"domain": [presets[name]["title"] for name in chosen], "range": list(RUNS)}
    encoding = {
        "x": {"field": "x", "type": "quantitative", "axis": {"title": "epoch"}},
        "y": {"field": "accuracy", "type": "quantitative", "axis": {"title": "test accuracy (%)"}},
        "color": {
            "field": "preset",
            "type": "nominal",
            "scale": scale,
            "legend": {
                "title": "Classroom presets, measured before: mean of three seeds",
                "titleLimit": 400,
                "symbolType": "stroke",
                "symbolStrokeWidth": 3,
                "labelLimit": 260,
                "labelExpr": "replace(datum.label, 'Classroom ', '')",  # fits a narrow window
                "orient": "bottom",
                "columns": 2,
            },
        },
    }
    return Chart({"mark": {"type": "line", "strokeWidth": 2.5}, "encoding": encoding, "height": 400}, data)


def _measured() -> dict[str, Any] | None:
    return stored(RESULT).get("presets")


def step_measured(before: str, after: str) -> dict[str, list[str]] | None:
    """Return by column what one step of the measured ladder changed; None where the results are not installed.

    Mean and standard deviation over the seeds of the last epoch. Without seconds: other work ran beside them.
    """
    presets = _measured()
    if presets is None:
        return None
    chosen = [presets[name] for name in (before, after)]

    def percent(entry: dict[str, Any], metric: str) -> str:
        return f"{100 * entry[metric]['mean']:.1f} ± {100 * entry[metric]['spread']:.1f} %"

    return {
        "step": [str(entry["title"]) for entry in chosen],
        "train accuracy": [percent(entry, "train_accuracy") for entry in chosen],
        "test accuracy": [percent(entry, "test_accuracy") for entry in chosen],
        "gap (points)": [
            f"{100 * (entry['train_accuracy']['mean'] - entry['test_accuracy']['mean']):.1f}" for entry in chosen
        ],
        "test after one epoch": [f"{100 * entry['first_epoch_test_accuracy']:.1f} %" for entry in chosen],
    }


@dataclass(frozen=True)
class Reading:
    """An accuracy with the ends of its interval, as fractions; `source` says whose it is, `step` of what."""

    step: str
    source: str
    value: float
    low: float
    high: float


def reported() -> list[Reading]:
    """Return what the source report printed, with the Wilson intervals of its 128 images."""
    return [
        Reading(name.partition("-")[2], REPORTED, right / 128, *wilson_interval(right, 128))
        for name, right in REPORT.items()
    ]


def measured_before() -> list[Reading]:
    """Return the measured classroom ladder, one standard deviation over the seeds to each side; empty without it."""
    presets = _measured() or {}
    return [
        Reading(name.partition("-")[2], MEASURED, mean, mean - spread, mean + spread)
        for name, entry in presets.items()
        for mean, spread in [(entry["test_accuracy"]["mean"], entry["test_accuracy"]["spread"])]
    ]


def seconds_measured() -> float | None:
    """Return how long one seed of the measured ladder trained in all; None where the results are not installed."""
    presets = _measured()
    return None if presets is None else sum(float(entry["seconds"]) for entry in presets.values())


_DOT, _APART = 10, 10  # pixels: of a row for each of its sources, and between one row and the next
_LINES, _AXIS = 42, 90  # pixels: of the legend for each source, and of the axis below


def readings_chart(readings: Sequence[Reading]) -> Chart:
    """Return the chart of readings, a row for each step, those of its sources below one another with their intervals.

    In percent, on an axis that begins where they do: what is read is where a dot lies, not how far from zero.
    """
    data: dict[str, list[Any]] = {
        "step": [TITLES[reading.step] for reading in readings],
        "source": [reading.source for reading in readings],
        **{name: [round(100 * getattr(reading, name), 2) for reading in readings] for name in ("value", "low", "high")},
    }
    sources = [source for source in _COLOURS if source in data["source"]]
    place = {
        "y": {
            "field": "step",
            "type": "nominal",
            "sort": list(TITLES.values()),
            "axis": {
                "title": None,
                "grid": True,
                "labelLimit": 190,
                "labelOverlap": False,
                "labelExpr": "replace(datum.label, 'same learning rate', 'same rate')",
            },
        },
        "yOffset": {"field": "source", "type": "nominal", "sort": sources},
        "color": {
            "field": "source",
            "type": "nominal",
            "scale": {"domain": sources, "range": [_COLOURS[source] for source in sources]},
            "legend": {
                "orient": "top",
                "title": None,
                "labelLimit": 700,
                "columns": 1,  # one below the other, each in two lines: beside the steps' names is little room
                "labelExpr": "split(replace(datum.label, ': ', ':|'), '|')",
            },
        },
    }

    def across(field: str) -> dict[str, Any]:
        axis = {"title": "test accuracy (%)", "tickCount": 10}
        return {"field": field, "type": "quantitative", "scale": {"zero": False}, "axis": axis}

    rows = len(set(data["step"]))
    return Chart(
        {
            "layer": [
                {
                    "mark": {"type": "rule", "strokeWidth": 2},
                    "encoding": {**place, "x": across("low"), "x2": {"field": "high"}},
                },
                {
                    "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
                    "encoding": {**place, "x": across("value")},
                },
            ],
            "height": rows * (_APART + _DOT * len(sources)) + _LINES * len(sources) + _AXIS,
            "config": {"view": {"stroke": None}},
        },
        data,
    )
