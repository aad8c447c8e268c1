"""What one rerun of each page costs the server, measured without a browser.

    python -m benchmarks.pages                     every page as it opens, and at its most expensive setting
    python -m benchmarks.pages --pages convolution

Each page runs in one process as Streamlit's own test runner runs it: the script, its charts and pictures and
the messages to the browser. The first run of a page pays for imports and caches and is not counted; what is timed
afterwards is what every later rerun costs, which is what a class of thirty pays. The store is empty unless
CNNCORE_HOME names one with runs.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from benchmarks.files import RESULTS, write
from benchmarks.machine import machine
from pages.parts.navigation import existing

# The most expensive setting that the page's address can ask for, where the first one says little.
HEAVY: dict[str, dict[str, str]] = {
    "convolution": {
        "conv_input": "64",
        "conv_kernel": "11",
        "conv_channels": "512",
        "conv_filters": "512",
        "conv_padding": "8",
    },
    "architecture": {"network": "resnet50"},
    "builder": {"network": "googlenet"},
    "receptive_field": {"network": "resnet50"},
    "kernels": {
        "kernels_weights": "1,4,6,4,1/4,16,24,16,4/6,24,36,24,6/4,16,24,16,4/1,4,6,4,1",
        "kernels_divisor": "256",
    },
    "pooling": {
        "pool_scene": "Image of a data set",
        "pool_map": "Outline",
        "pool_window": "4",
        "pool_stride": "1",
    },
}


def milliseconds(path: Path, address: dict[str, str], repeats: int) -> list[float]:
    """Return the server's milliseconds of `repeats` reruns of the page at an address, after one that is not counted."""
    page = AppTest.from_file(str(path), default_timeout=120)
    for key, value in address.items():
        page.query_params[key] = value
    page.run()
    if page.exception:
        raise RuntimeError(f"{path.name} fails at {address}: {page.exception[0].message}")
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        page.run()
        seconds.append(time.perf_counter() - start)
    return [1000 * value for value in seconds]


def summary(values: list[float]) -> dict[str, float]:
    """Return median and 95th percentile."""
    ordered = sorted(values)
    return {
        "median_ms": round(statistics.median(ordered), 1),
        "p95_ms": round(ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))], 1),
    }


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", help="only these, with commas between them")
    parser.add_argument("--repeats", type=int, default=15)
    args = parser.parse_args()
    wanted = args.pages.split(",") if args.pages else [entry.name for entry in existing()]
    result: dict[str, Any] = {"machine": machine(), "repeats": args.repeats, "pages": {}}
    with tempfile.TemporaryDirectory() as home:
        os.environ["CNNCORE_HOME"] = os.environ.get("CNNCORE_HOME", home)
        for entry in existing():
            if entry.name not in wanted:
                continue
            measured = {"first setting": summary(milliseconds(entry.path, {}, args.repeats))}
            if entry.name in HEAVY:
                measured["heavy setting"] = summary(milliseconds(entry.path, HEAVY[entry.name], args.repeats))
                measured["heavy setting"]["address"] = HEAVY[entry.name]  # type: ignore[assignment]  # beside the numbers, for the reader of the file
            result["pages"][entry.name] = measured
            print(entry.name, measured, flush=True)
    if not args.pages:
        write(RESULTS / "pages-cpu.json", result)


if __name__ == "__main__":
    main()
