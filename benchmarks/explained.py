"""The numbers of docs/speed.md, from the results.

    python -m benchmarks.explained                 writes them between their marks

`<!-- NAME -->...<!-- /NAME -->` holds what was measured under that name, or says that it was not.
"""

import json
import re
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
PAGE = Path(__file__).parents[1] / "docs" / "speed.md"
UNKNOWN = "not measured here"
MARK = re.compile(r"<!-- (?!/)(.+?) -->(.*?)<!-- /\1 -->", re.DOTALL)
# Which file of the results has the number, and how it is said.
RATIOS = {
    "trainer / usual": "cpu-builtin.json",
    "trainer / bare": "cpu-builtin.json",
    "stored / trainer": "cpu-builtin.json",
    "ours / usual allocator": "parts-cpu.json",
    "ours / usual layout": "parts-cpu.json",
    "ours / usual order": "parts-cpu.json",
}
WAITS = ("first page", "page change, first", "page change, again", "static part, first")
GRAPHS = ("eager / graph", "usual / graph")


def numbers(results: Path = RESULTS) -> dict[str, str]:
    """Return what is said under each mark; a result that is missing is said to be."""
    start = _read(results / "start.json")
    said = {name: ratio(_read(results / file).get(name)) for name, file in RATIOS.items()}
    for dataset in ("builtin", "cifar10"):
        peak = _read(results / f"cpu-{dataset}.json").get("peak_memory_mb")
        said[f"peak memory, {dataset}"] = f"{peak} MB" if peak is not None else UNKNOWN
    said |= {name: wait(start.get(name), start) for name in WAITS}
    graphs = [_read(path) for path in sorted(results.glob("gpu-*.json"))]
    said["at once"] = at_once([_read(path) for path in sorted(results.glob("many-runs-*.json"))])
    return said | {name: graph(graphs, name) for name in GRAPHS}


def ratio(value: dict[str, float] | None) -> str:
    """Return a ratio with its range over the rounds: `1.52 times (1.40 to 1.61)`."""
    if value is None:
        return UNKNOWN
    return f"{value['median']:.2f} times ({value['least']:.2f} to {value['most']:.2f})"


def wait(value: dict[str, float] | None, result: dict[str, Any]) -> str:
    """Return a time in milliseconds with its range, and what else the machine did."""
    if value is None:
        return UNKNOWN
    busy = f", on {result['machine']['logical_cores']} cores at a load of {result['load']}" if "load" in result else ""
    return f"{value['median_ms']} ms ({value['least']} to {value['most']}{busy})"


def graph(results: list[dict[str, Any]], name: str) -> str:
    """Return the range of a ratio over presets and precisions, for each GPU that was measured."""
    said = []
    for result in results:
        rows = [row for preset in result["presets"].values() for row in preset.values() if isinstance(row, dict)]
        values = [row[name] for row in rows if name in row]
        if values:
            said.append(f"{min(values):.1f} to {max(values):.1f} times on {result['machine']['gpu']}")
    return "; ".join(said) or UNKNOWN


def at_once(results: list[dict[str, Any]]) -> str:
    """Return how much faster several runs at once were than one after another, for each GPU that was measured."""
    said = []
    for result in results:
        ratios = [f"{row['at once / one after another']:.1f} times with {n}" for n, row in result["runs"].items()]
        said.append(f"{', '.join(ratios)} on {result['machine']['gpu']}")
    return "; ".join(said) or UNKNOWN


def filled(text: str, said: dict[str, str]) -> str:
    """Return the page with each number between its marks; a mark that no result is known for is a `KeyError`."""
    return MARK.sub(lambda found: f"<!-- {found[1]} -->{said[found[1]]}<!-- /{found[1]} -->", text)


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), numbers()), encoding="utf-8", newline="\n")
