"""Results that the scripts in benchmarks/ stored, where they are installed beside the package."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from cnncore.training.config import Precision, RunConfig

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"


def stored(name: str) -> dict[str, Any]:
    """Return the content of the result file called `name`; empty where it was not measured or is not installed."""
    return _read(RESULTS / f"{name}.json")


@cache
def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def hardware(machine: dict[str, Any]) -> str:
    """Return in a line what a result was measured on."""
    where = machine["gpu"] or f"{machine['cpu']}, {machine['threads']} thread{'s' if machine['threads'] > 1 else ''}"
    return f"{where}, torch {machine['versions']['torch']}, {machine['date']}"


def where(config: RunConfig, machine: dict[str, Any]) -> str:
    """Return on what a configuration was measured, and with which precision if it was not the usual one."""
    precision = "" if config.precision is Precision.FP32 else f", precision {config.precision}"
    return hardware(machine) + precision


def copied_from(content: dict[str, Any], dataset: str) -> str:
    """Return what a result file says of a data set whose images were not the original ones, else an empty text."""
    found: dict[str, str] = content.get("copies", {})
    return found.get(dataset, "")
