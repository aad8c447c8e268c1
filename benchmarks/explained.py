"""The numbers and tables of README.md, docs/speed.md and docs/recipes.md, from the results.

    python -m benchmarks.explained                 writes them between their marks

`<!-- NAME -->...<!-- /NAME -->` holds what was measured under that name, or says that it was not.
"""

import re
import statistics
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import ladder, recipe
from benchmarks.files import RESULTS, read
from benchmarks.gpu_targets import EPOCHS
from cnncore.figures.measured import measured
from cnncore.figures.recipe import measurement
from cnncore.figures.records import over_seeds, said_again
from cnncore.figures.records import said as said_once
from cnncore.statistics import mean_and_spread
from cnncore.training.presets import BEYOND, PRESETS
from cnncore.training.recipe import INGREDIENTS

ROOT = Path(__file__).parents[1]
README, SPEED, RECIPES = ROOT / "README.md", ROOT / "docs" / "speed.md", ROOT / "docs" / "recipes.md"
PAGES = (README, SPEED, RECIPES)
UNKNOWN = "not measured here"
TYPED = ("app", "tests")  # marks around the README's commands: nothing measured, and run as they are
MARK = re.compile(r"<!-- (?!/)(.+?) -->(.*?)<!-- /\1 -->", re.DOTALL)
# Which file of the results has the number, and how it is said.
RATIOS = {
    "trainer / usual": "cpu-builtin.json",
    "trainer / bare": "cpu-builtin.json",
    "stored / trainer": "cpu-builtin.json",
    "half / usual": "cpu-builtin.json",
    "trainer / usual, cifar10": "cpu-cifar10.json",
    "trainer / bare, cifar10": "cpu-cifar10.json",
    "stored / trainer, cifar10": "cpu-cifar10.json",
    "ours / usual allocator": "parts-cpu.json",
    "ours / usual layout": "parts-cpu.json",
    "ours / usual order": "parts-cpu.json",
    "half / ours": "parts-cpu.json",
    "bare / as they come": "first-update-cpu.json",
}
PEAKS = {
    "peak memory, builtin": ("cpu-builtin.json", "peak_memory_mb"),
    "peak memory, cifar10": ("cpu-cifar10.json", "peak_memory_mb"),
    "peak memory, validation split": ("cpu-cifar10.json", "peak_memory_with_validation_mb"),
}
WAITS = ("first page", "page change, first", "page change, again", "static part, first")
GRAPHS = ("eager / graph", "usual / graph")
PRECISIONS = {"tf32": "TF32", "half": "half precision"}  # those with a target, see gpu_targets.py


def numbers(results: Path = RESULTS) -> dict[str, str]:
    """Return what is said under each mark; a result that is missing is said to be."""
    start = read(results / "start.json")
    said = {name: ratio(read(results / file).get(name.partition(", ")[0])) for name, file in RATIOS.items()}
    for name, (file, key) in PEAKS.items():
        peak = read(results / file).get(key)
        said[name] = f"{peak} MB" if peak is not None else UNKNOWN
    said |= {name: wait(start.get(name), start) for name in WAITS}
    said["first update"] = first_update(read(results / "first-update-cpu.json"))
    said |= clock(read(results / "recipe-classroom-clock-cpu.json"))
    graphs = [read(path) for path in sorted(results.glob("gpu-*.json"))]
    said["at once"] = at_once([read(path) for path in sorted(results.glob("many-runs-*.json"))])
    said |= {f"100 epochs, {precision}": whole_runs(graphs, precision) for precision in PRECISIONS}
    clocked = [read(path) for path in sorted(results.glob("speedrun-*.json"))]
    said |= {
        "cold start": cold(graphs),
        "clock, gpu": clocks([one for one in clocked if "warm_seconds" in one]),  # trials have none
    }
    return said | {name: graph(graphs, name) for name in GRAPHS}


class Row(NamedTuple):
    """A row of the table of speed: what was measured and aimed at, by which script, and whether the README has it."""

    what: str
    value: str
    aim: str
    by: str
    short: bool = False


def table(results: Path = RESULTS, short: bool = False) -> str:
    """Return the table of docs/speed.md, or of its rows those that the README has."""
    head = ("| what | measured | aim | `python -m benchmarks.` |", "|---|---|---|---|")
    rows = (row for row in _rows(results) if row.short or not short)
    return "\n".join((*head, *(f"| {row.what} | {row.value} | {row.aim} | `{row.by}` |" for row in rows)))


def _rows(results: Path) -> tuple[Row, ...]:
    said, pages, live = numbers(results), read(results / "pages-cpu.json"), read(results / "live-page-cpu.json")
    slowest, refresh = UNKNOWN, UNKNOWN
    if pages:
        found = {f"{page}": row["median_ms"] for page, rows in pages["pages"].items() for row in rows.values()}
        name = max(found, key=found.__getitem__)
        slowest = f"{found[name]:.0f} ms ({name})"
    if live:
        runs = live["runs"]
        size, cost = max(run["bytes"]["most"] for run in runs), max(run["server_cpu_ms"] for run in runs)
        refresh = f"{size / 1000:.0f} kB, {cost:.0f} ms of processor"
    usual = "Images per second on two cores, built-in data, against the usual way"
    bare = "... built-in data, against the updates alone, in 32 bits"
    stored = "... built-in data, stored with checkpoints and snapshots, against not stored"
    cuda = "On CUDA: 100 epochs of each of figure-6 to figure-9, in TF32"
    own = "... relative to PyTorch's own optimizers, which load its compiler"
    return (
        Row(usual, said["trainer / usual"], "1.5", "cpu", short=True),
        Row("... CIFAR-10", said["trainer / usual, cifar10"], "1.5", "cpu", short=True),
        Row("... built-in data, in bfloat16 where the processor has it", said["half / usual"], "", "cpu", short=True),
        Row(bare, said["trainer / bare"], "0.95", "cpu"),
        Row("... CIFAR-10", said["trainer / bare, cifar10"], "0.95", "cpu"),
        Row(stored, said["stored / trainer"], "0.97", "cpu"),
        Row("... CIFAR-10", said["stored / trainer, cifar10"], "0.97", "cpu"),
        Row("From the start of a run's process to its first update", said["first update"], "", "first_update"),
        Row(own, said["bare / as they come"], "", "first_update"),
        Row("Peak memory of an epoch of CIFAR-10", said["peak memory, cifar10"], "1,200 MB", "cpu"),
        Row("... with a validation split", said["peak memory, validation split"], "1,200 MB", "cpu"),
        Row("First page at rest", said["first page"], "2,000 ms", "start", short=True),
        Row("A page change, to a page opened before", said["page change, again"], "300 ms", "start", short=True),
        Row("... to one opened for the first time, until it stands", said["static part, first"], "300 ms", "start"),
        Row("... and until its last picture is there", said["page change, first"], "", "start"),
        Row("Rerun of the slowest page, server time", slowest, "200 ms", "pages"),
        Row("A refresh of the live page, 5 to 100 epochs", refresh, "50 kB, 30 ms", "live_page", short=True),
        Row(cuda, said["100 epochs, tf32"], "15 s", "gpu", short=True),
        Row("... in half precision", said["100 epochs, half"], "10 s", "gpu", short=True),
        Row("... figure-9, from the start of its process to its result", said["cold start"], "25 s", "gpu"),
        Row("... CUDA graphs against kernels started one by one", said["eager / graph"], "5", "gpu"),
        Row("... against the usual way on the same GPU", said["usual / graph"], "30", "gpu", short=True),
        Row("... several runs at once against one after another", said["at once"], "", "many_runs"),
        Row("... the preset speedrun, 16 epochs", said["clock, gpu"], "94 %", "speedrun"),
    )


def everything() -> dict[str, str]:
    """Return what stands under each mark of all pages: numbers, what presets reached and took, and tables."""
    texts = numbers() | {"full length": full_length([read(path) for path in sorted(RESULTS.glob("gpu-*.json"))])}
    for name in BEYOND:
        one = measured(PRESETS[name])
        texts[f"measured {name}"] = said_once(one) if one else UNKNOWN
        texts[f"measured {name}, again"] = (said_again(one) if one else "") or UNKNOWN
        texts[f"core time {name}"] = core_time(one.core_seconds) if one and one.core_seconds else UNKNOWN
    tables = {
        "speed": table(),
        "speed in short": table(short=True),
        "ladder": ladder.table(read(RESULTS / "ladder-classroom-cpu.json")),
        "ladder-cifar10": ladder.table(read(RESULTS / "ladder-figure-cpu-part.json")),
        "ingredients": ingredients("classroom", "practical"),
    }
    for mark, family in (("recipe", "classroom"), ("recipe-cifar10", "practical")):
        found = measurement(family)
        tables[mark] = recipe.table(found) if found else UNKNOWN
    return texts | {mark: f"\n{text}\n" for mark, text in tables.items()}


def ingredients(*families: str) -> str:
    """Return what each ingredient of some families' recipes does, line by line."""
    found = [measurement(family) for family in families]
    names = {worth.ingredient for one in found if one for worth in one.worths}
    return "\n".join(f"- *{one.name}*: {one.why}" for one in INGREDIENTS if one.name in names)


def core_time(seconds: float) -> str:
    """Return a time to half a minute, or to a minute where it is ten and more: `1.5 minutes`."""
    minutes = seconds / 60
    return f"{round(minutes)} minutes" if minutes >= 10 else f"{round(2 * minutes) / 2:g} minutes"


def full_length(results: list[dict[str, Any]]) -> str:
    """Return the range of each preset's test accuracy over precisions and seeds, for each GPU that was measured."""
    said = []
    for result in results:
        parts = []
        for preset, rows in result["presets"].items():
            found = [run["test_accuracy"] for row in rows.values() for run in row.get("graph", ())]
            if found and result["epochs"] == EPOCHS:
                ends = dict.fromkeys(f"{100 * end:.1f}" for end in (min(found), max(found)))
                parts.append(f"`{preset}` {' to '.join(ends)} %")
        if parts:
            said.append(f"{', '.join(parts)} on {result['machine']['gpu']}")
    return "; ".join(said) or UNKNOWN


def first_update(result: dict[str, Any]) -> str:
    """Return the median seconds from a process's start to its run's first update."""
    if not result:
        return UNKNOWN
    return f"{statistics.median(one['bare'] for one in result['seconds_to_first_update']):.1f} s"


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


def clock(result: dict[str, Any]) -> dict[str, str]:
    """Return what the network for the clock reached on the validation images, without and with its four ingredients."""
    rows = result.get("ingredients", {})
    if not {"old", "new"} <= rows.keys():
        return {f"clock, {name}": UNKNOWN for name in ("epochs", "old", "new")}
    texts = {"clock, epochs": str(rows["new"]["config"]["epochs"])}
    for name in ("old", "new"):
        accuracies = [run["curve"]["validation_accuracy"][-1] for run in rows[name]["runs"] if not run["diverged"]]
        texts[f"clock, {name}"] = over_seeds(*mean_and_spread(accuracies), len(accuracies))
    return texts


def graph(results: list[dict[str, Any]], name: str) -> str:
    """Return the range of a ratio over presets for each GPU that was measured and each precision."""
    said = []
    for result in results:
        parts = []
        for precision, word in PRECISIONS.items():
            values = [rows[precision][name] for rows in result["presets"].values() if name in rows.get(precision, {})]
            if values:
                parts.append(f"{_range(values)} times in {word}")
        if parts:
            said.append(f"{', '.join(parts)} on {result['machine']['gpu']}")
    return "; ".join(said) or UNKNOWN


def whole_runs(results: list[dict[str, Any]], precision: str) -> str:
    """Return the range over presets of the seconds that a run of 100 epochs takes, for each GPU that was measured."""
    said = []
    for result in results:
        rows = [row[precision]["graph"] for row in result["presets"].values() if row.get(precision, {}).get("graph")]
        if rows and result["epochs"] == EPOCHS:
            medians = [statistics.median(run["seconds"] for run in runs) for runs in rows]
            said.append(f"{_range(medians)} s on {result['machine']['gpu']}")
    return "; ".join(said) or UNKNOWN


def cold(results: list[dict[str, Any]]) -> str:
    """Return the seconds of a cold start in each precision, for each GPU that was measured."""
    said = []
    for result in results:
        found = result.get("cold_start_seconds", {})
        parts = [
            f"{seconds:.2f} s in {word}"
            for precision, word in PRECISIONS.items()
            for name, seconds in found.items()
            if name.endswith(f", {precision}")
        ]
        if parts:
            said.append(f"{', '.join(parts)} on {result['machine']['gpu']}")
    return "; ".join(said) or UNKNOWN


def clocks(results: list[dict[str, Any]]) -> str:
    """Return what the speedrun reached, and in how many seconds, for each GPU that was measured."""
    said = []
    for result in results:
        accuracy = result["test_accuracy"]
        reached = over_seeds(accuracy["mean"], accuracy["spread"], len(result["runs"]))
        if again := result.get("test_tta_accuracy"):
            looks = over_seeds(again["mean"], again["spread"], len(result["runs"]))
            reached += f", {looks} with test-time augmentation,"
        cold_seconds = statistics.median(result["cold_seconds"])
        seconds = f"{result['warm_seconds']['mean']:.1f} s warm, {cold_seconds:.1f} s cold"
        images = " on copies of the images," if result.get("copies") else ""
        said.append(f"{reached}{images} in {seconds} on {result['machine']['gpu']}")
    return "; ".join(said) or UNKNOWN


def at_once(results: list[dict[str, Any]]) -> str:
    """Return how much faster several runs at once were than one after another, for each GPU that was measured."""
    said = []
    for result in results:
        ratios = [f"{row['at once / one after another']:.1f} times with {n}" for n, row in result["runs"].items()]
        said.append(f"{', '.join(ratios)} on {result['machine']['gpu']}")
    return "; ".join(said) or UNKNOWN


def filled(text: str, said: dict[str, str]) -> str:
    """Return a page with what was measured between its marks; a mark that no result is known for is a `KeyError`."""

    def again(found: re.Match[str]) -> str:
        name, before = found.groups()
        return f"<!-- {name} -->{before if name in TYPED else said[name]}<!-- /{name} -->"

    return MARK.sub(again, text)


def _range(values: list[float]) -> str:
    return f"{min(values):.1f} to {max(values):.1f}"


def write() -> None:
    """Write all pages."""
    texts = everything()
    for page in PAGES:
        page.write_text(filled(page.read_text(encoding="utf-8"), texts), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write()
