"""Result files in benchmarks/results: read and written."""

import json
from pathlib import Path
from typing import Any

from cnncore.figures.results import RESULTS as RESULTS


def read(path: Path) -> dict[str, Any]:
    """Return what a result file holds; nothing where there is none."""
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def write(path: Path, result: dict[str, Any]) -> None:
    """Write a result so that its lines can be compared from one commit to the next."""
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
