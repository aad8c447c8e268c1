"""Result files in benchmarks/results: read and written, and how a mean stands in them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cnncore.figures.results import RESULTS as RESULTS
from cnncore.statistics import mean_and_spread


def read(path: Path) -> dict[str, Any]:
    """Return what a result file holds; nothing where there is none."""
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def write(path: Path, result: dict[str, Any]) -> None:
    """Write a result so that its lines can be compared from one commit to the next."""
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def rounded(values: Sequence[float]) -> dict[str, float | None]:
    """Return mean and standard deviation over the seeds to four digits; of one seed there is no spread."""
    mean, spread = mean_and_spread(values)
    return {"mean": round(mean, 4), "spread": None if spread is None else round(spread, 4)}
