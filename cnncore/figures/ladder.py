"""The measured ladder as a chart: what to expect of the classroom presets, from benchmarks/results."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from cnncore.figures.curves import Chart
from cnncore.figures.palette import RUNS

RESULT = Path(__file__).parents[2] / "benchmarks" / "results" / "ladder-classroom-cpu.json"
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
        "y": {"field": "accuracy", "type": "quantitative", "axis": {"title": "test accuracy (%), mean of seeds"}},
        "color": {
            "field": "preset",
            "type": "nominal",
            "scale": scale,
            "legend": {"title": "Measured before", "symbolType": "stroke", "symbolStrokeWidth": 3, "labelLimit": 260},
        },
    }
    return Chart({"mark": {"type": "line", "strokeWidth": 2.5}, "encoding": encoding, "height": 270}, data)


@cache
def _measured() -> dict[str, Any] | None:
    try:
        presets: dict[str, Any] = json.loads(RESULT.read_text(encoding="utf-8"))["presets"]
    except FileNotFoundError:  # the package without its benchmarks
        return None
    return presets


def step_measured(before: str, after: str) -> dict[str, list[str]] | None:
    """Return by column what one step of the measured ladder changed; None where the results are not installed.

    Mean and standard deviation over the seeds of the last epoch; seconds are of training, all epochs together.
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
        "training": [f"{entry['seconds']:.0f} s" for entry in chosen],
    }
