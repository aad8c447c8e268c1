"""Stages learned apart beside a network learned end to end: accuracy, training time, learned numbers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from cnncore.architecture import describe
from cnncore.baselines.outcome import Result
from cnncore.data.prepared import info
from cnncore.figures.curves import Chart
from cnncore.figures.ladder import RESULT as LADDER
from cnncore.figures.palette import GUESS, OUTPUT, TEST, TRAIN
from cnncore.figures.results import copied_from, stored
from cnncore.figures.ticks import PREFIXED
from cnncore.figures.visual_words import CLASSIFIER, DICTIONARY
from cnncore.runs.record import Run
from cnncore.statistics import wilson_interval
from cnncore.training.config import RunConfig
from cnncore.training.network import network_of
from cnncore.wording import counted

WORDS = "words-cpu"
PARTS = ("dictionary (k-means)", "classifier (SVM)", "network (end to end)")
_STAGES = "all stages"
_COLOURS = (DICTIONARY, CLASSIFIER, OUTPUT)  # the network's is the colour of outputs: from pixels to answers

_SHORT = "split(datum.label, ':')[0] == 'Network' ? 'network' : replace(split(datum.label, ': ')[1], ' words of', '')"


@dataclass(frozen=True)
class Row:
    """One method on a data set. Accuracies are fractions, `test_size` images; of `numbers` the learned numbers by part.

    `seconds` is training time. `where` says whether it was measured here or before, and on what; `copies` that what was
    measured before had not the original images (empty if it had).
    """

    name: str
    train_size: int
    train_accuracy: float
    test_accuracy: float
    test_size: int
    numbers: tuple[int, int, int]
    seconds: float
    where: str
    copies: str = ""

    @property
    def learned(self) -> int:
        """All learned numbers."""
        return sum(self.numbers)


def row_of_result(result: Result, where: str = "on this machine", copies: str = "") -> Row:
    """Return the row of a bag of words."""
    return Row(
        name=f"Bag of words: {result.config.label}",
        train_size=result.train_size,
        train_accuracy=result.train_right / result.train_size,
        test_accuracy=result.test_right / result.test_size,
        test_size=result.test_size,
        numbers=(result.dictionary, result.classifier, 0),
        seconds=result.train_seconds,
        where=where,
        copies=copies,
    )


def best_run(runs: Iterable[Run], dataset: str) -> Row | None:
    """Return the row of the stored run with the highest test accuracy at its last epoch on `dataset`, None without one.

    Chosen on the test images, so its accuracy is a little too good, the more runs there were.
    """
    candidates = [run for run in runs if run.config.dataset == dataset and run.test_accuracy is not None]
    if not candidates:
        return None
    best = max(candidates, key=lambda run: run.test_accuracy or 0.0)
    return Row(
        name=f"Network: {best.label}, {counted(best.epoch, 'epoch')}",
        train_size=best.train_size or 0,
        train_accuracy=best.train_accuracy or 0.0,
        test_accuracy=best.test_accuracy or 0.0,
        test_size=best.test_size or 0,
        numbers=(0, 0, best.parameters or 0),
        seconds=best.seconds,
        where="on this machine",
    )


def words_before(dataset: str) -> Row | None:
    """Return the bag of words of benchmarks/results on `dataset`, first seed; None if none was measured."""
    for variants in stored(WORDS).values():
        for entry in variants.values():
            first = Result.from_dict(entry["runs"][0])
            if first.config.dataset == dataset:
                return row_of_result(first, _machine(entry["machine"]), copied_from(entry, dataset))
    return None


def network_before(dataset: str) -> Row | None:
    """Return the network of the measured ladder with the best mean test accuracy on `dataset`, its first seed."""
    values, data = stored(LADDER), info(dataset)
    presets = [p for p in values.get("presets", {}).values() if p["config"]["dataset"] == dataset and p["runs"]]
    if not presets or data is None:
        return None
    best = max(presets, key=lambda preset: preset["test_accuracy"]["mean"])
    config, run = RunConfig.from_dict(best["config"]), best["runs"][0]
    return Row(
        name=f"Network: {best['title']}, {config.epochs} epochs",
        train_size=config.train_size or data.train_size,
        train_accuracy=run["curve"]["train_accuracy"][-1],
        test_accuracy=run["curve"]["test_accuracy"][-1],
        test_size=config.test_size or data.test_size,
        numbers=(0, 0, describe(network_of(config, data.shape, len(data.classes))).parameters),
        seconds=run["seconds"]["train"],
        where=_machine(values["machine"]),
        copies=copied_from(values, dataset),
    )


def _machine(machine: dict[str, Any]) -> str:
    return f"before, on {machine['cpu']}, {machine['threads']} thread{'s' if machine['threads'] != 1 else ''}"


def accuracy_bars(rows: Sequence[Row]) -> Chart:
    """Return train accuracy as a tick and test accuracy as a point with its 95 % Wilson interval, in percent."""
    ends = [wilson_interval(row.test_accuracy * row.test_size, row.test_size) for row in rows]
    data: dict[str, list[Any]] = {
        "method": [row.name for row in rows],
        "train": [round(100 * row.train_accuracy, 2) for row in rows],
        "test": [round(100 * row.test_accuracy, 2) for row in rows],
        "low": [round(100 * low, 2) for low, _ in ends],
        "high": [round(100 * high, 2) for _, high in ends],
    }
    x = {"type": "quantitative", "scale": {"domain": [0, 100]}, "axis": {"title": "accuracy (%)"}}
    tips = [{"field": name} for name in data]
    marks: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"type": "rule", "color": TEST, "strokeWidth": 3}, {"x": x | {"field": "low"}, "x2": {"field": "high"}}),
        ({"type": "point", "color": TEST, "filled": True, "size": 90}, {"x": x | {"field": "test"}}),
        ({"type": "tick", "color": TRAIN, "thickness": 3, "size": 18}, {"x": x | {"field": "train"}}),
    ]
    shared = {"y": _methods(rows), "tooltip": tips}
    layers = [{"mark": mark, "encoding": encoding | shared} for mark, encoding in marks]
    return Chart({"layer": layers, "height": _height(rows)}, data)


def seconds_bars(rows: Sequence[Row]) -> Chart:
    """Return the training time of each method, in seconds."""
    data: dict[str, list[Any]] = {
        "method": [row.name for row in rows],
        "seconds": [round(row.seconds, 2) for row in rows],
        "part": [PARTS[2] if row.numbers[2] else _STAGES for row in rows],
    }
    x = {"field": "seconds", "type": "quantitative", "axis": {"title": "training time (s)"}}
    colour = {
        "field": "part",
        "type": "nominal",
        "scale": {"domain": [_STAGES, PARTS[2]], "range": [GUESS, _COLOURS[2]]},
        "legend": None,
    }
    encoding = {"y": _methods(rows), "x": x, "color": colour, "tooltip": [{"field": "method"}, {"field": "seconds"}]}
    return Chart({"mark": "bar", "encoding": encoding, "height": _height(rows)}, data)


def learned_bars(rows: Sequence[Row]) -> Chart:
    """Return how many numbers each method learned, by the part that they belong to."""
    data: dict[str, list[Any]] = {"method": [], "part": [], "numbers": []}
    for row in rows:
        for part, numbers in zip(PARTS, row.numbers, strict=True):
            if numbers:
                data["method"].append(row.name)
                data["part"].append(part)
                data["numbers"].append(numbers)
    encoding = {
        "y": _methods(rows),
        "x": {
            "field": "numbers",
            "type": "quantitative",
            "axis": {"title": "learned numbers", "format": "~s", "labelExpr": PREFIXED, "tickCount": 5},
        },
        "color": {
            "field": "part",
            "type": "nominal",
            "scale": {"domain": list(PARTS), "range": list(_COLOURS)},
            "legend": None,  # `legend` says it once for all charts
        },
        "order": {"field": "part"},
        "tooltip": [{"field": "method"}, {"field": "part"}, {"field": "numbers", "format": ","}],
    }
    return Chart({"mark": "bar", "encoding": encoding, "height": _height(rows)}, data)


def legend() -> str:
    """Return HTML: what the colours of the charts stand for."""
    names = (*PARTS, _STAGES, "test accuracy", "train accuracy")
    entries = zip(names, (*_COLOURS, GUESS, TEST, TRAIN), strict=True)
    return " &emsp; ".join(
        f'<span style="white-space:nowrap"><span style="color:{colour}">■</span> {part}</span>'
        for part, colour in entries
    )


def _methods(rows: Sequence[Row]) -> dict[str, Any]:
    return {
        "field": "method",
        "type": "nominal",
        "sort": [row.name for row in rows],
        "axis": {"title": None, "labelExpr": _SHORT, "labelLimit": 130},
    }


def _height(rows: Sequence[Row]) -> int:
    return 60 + 42 * len(rows)
