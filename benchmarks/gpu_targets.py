"""What training on a GPU should reach, and whether the measurements of `benchmarks.gpu` do.

    python -m benchmarks.gpu_targets                     the verdict on every result that is there

The times are for an H200. A target that a result says nothing of is neither met nor missed.
"""

import statistics
from dataclasses import dataclass
from typing import Any

from benchmarks.files import RESULTS, read
from cnncore.statistics import mean_and_spread

EPOCHS = 100
SECONDS = {"tf32": 15.0, "half": 10.0}  # of 100 epochs, an evaluation after each
RATIOS = {"eager / graph": 5.0, "usual / graph": 30.0}
COLD = 25.0  # seconds from a process's start to its result
_SAID = {"eager / graph": "times as fast as kernel by kernel", "usual / graph": "times as fast as the usual way"}


@dataclass(frozen=True)
class Target:
    """A number that was wanted: `measured` says what was found, `met` is None where nothing was."""

    name: str
    wanted: str
    measured: str
    met: bool | None


def targets(result: dict[str, Any]) -> list[Target]:
    """Return every target with what `result`, as `benchmarks.gpu` writes it, has of it."""
    found = []
    for preset, rows in result["presets"].items():
        for precision, limit in SECONDS.items():
            row = rows.get(precision, {})
            name = f"{preset}, {precision}"
            runs = row.get("graph", [])
            median = statistics.median(run["seconds"] for run in runs) if runs else None
            if result["epochs"] != EPOCHS:  # the time of fewer epochs is another target's
                median = None
            found.append(_limit(f"{name}: seconds of {EPOCHS} epochs", limit, median, most=True))
            for ratio, least in RATIOS.items():
                found.append(_limit(f"{name}: {_SAID[ratio]}", least, row.get(ratio), most=False))
            found.append(_accuracy(name, _accuracies(rows.get("fp32", {})), _accuracies(row)))
    for name, seconds in result.get("cold_start_seconds", {}).items():
        found.append(_limit(f"{name}: seconds of a cold start", COLD, seconds, most=True))
    return found


def _limit(name: str, limit: float, measured: float | None, most: bool) -> Target:
    wanted = f"at {'most' if most else 'least'} {limit:g}"
    if measured is None:
        return Target(name, wanted, "not measured", None)
    return Target(name, wanted, f"{measured:g}", measured <= limit if most else measured >= limit)


def _accuracies(row: dict[str, Any]) -> list[float]:
    return [run["test_accuracy"] for run in row.get("graph", [])]


def _accuracy(name: str, full: list[float], reduced: list[float]) -> Target:
    """Return whether the mean accuracies differ by no more than fp32's standard deviation over its seeds."""
    name = f"{name}: test accuracy against fp32"
    wanted = "within fp32's spread over seeds"
    spread = mean_and_spread(full)[1] if full else None
    if spread is None or not reduced:
        return Target(name, wanted, "not measured", None)
    difference = mean_and_spread(reduced)[0] - mean_and_spread(full)[0]
    said = f"{100 * difference:+.2f} points, spread {100 * spread:.2f} ({len(full)} and {len(reduced)} seeds)"
    return Target(name, wanted, said, abs(difference) <= spread)


def table(found: list[Target]) -> str:
    """Return the targets line by line: met, missed or not measured."""
    words = {True: "met   ", False: "MISSED", None: "-     "}
    return "\n".join(f"{words[t.met]} {t.name}: {t.measured} (wanted: {t.wanted})" for t in found)


if __name__ == "__main__":
    files = sorted(RESULTS.glob("gpu-*.json"))
    for file in files:
        found = read(file)
        print(f"{found['machine']['gpu']}, {found['machine']['date']}", table(targets(found)), sep="\n")
    if not files:
        print("No GPU was measured: python -m benchmarks.gpu does, on a machine with a CUDA device.")
