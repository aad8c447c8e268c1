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
    try:
        presets: dict[str, Any] = json.loads(RESULT.read_text(encoding="utf-8"))["presets"]
    except FileNotFoundError:  # the package without its benchmarks
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
