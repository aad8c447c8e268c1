"""The same data, 1989 to today, drawn: accuracy of each era by year or by what it costs, with its spread."""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cnncore.architecture import describe
from cnncore.course.eras import ERAS, Era
from cnncore.data.catalogue import BUILTIN, KNOWN
from cnncore.figures.curves import Chart
from cnncore.figures.measured import Measured, measured, measured_in_part
from cnncore.figures.palette import GUESS, GUESS_TEXT, TEST, TEST_TEXT
from cnncore.training.config import RunConfig
from cnncore.training.network import network_of

NOT_MEASURED = "not measured here"
WHOLE, PART = "all train images, all epochs", "a part of the train images and epochs"


class Across(StrEnum):
    """What the eras are laid out along."""

    YEAR = "year"
    MACS = "multiply-adds"
    PARAMETERS = "parameters"
    TRAINING = "whole training"


@dataclass(frozen=True)
class Step:
    """An era on one data set: its network's parameters and multiply-adds an image as it sees them, and its accuracy.

    `images` are those that it trains on. `whole` was measured as configured, `part` with fewer images and epochs;
    either is None where it was not.
    """

    era: Era
    config: RunConfig
    parameters: int
    macs: int
    images: int
    whole: Measured | None
    part: Measured | None

    @property
    def training(self) -> int:
        """Multiply-adds of the whole training as configured.

        All epochs, each image forward and, about twice as much, backward: 3 * macs * images * epochs. No clock is in
        it, so that machines can be compared.
        """
        return 3 * self.macs * self.images * self.config.epochs

    @property
    def best(self) -> Measured | None:
        """The whole measurement, else the part."""
        return self.whole or self.part


def steps(dataset: str) -> list[Step]:
    """Return the eras on a data set, in the order of their years."""
    return [_step(era, era.configs[dataset]) for era in ERAS]


def _step(era: Era, config: RunConfig) -> Step:
    about = BUILTIN if config.dataset == BUILTIN.name else KNOWN[config.dataset]
    found = describe(network_of(config, about.shape, len(about.classes)))
    whole, part = measured(config), measured_in_part(config)
    return Step(era, config, found.parameters, found.macs, about.train_size, whole, part)


def steps_chart(found: list[Step], across: Across) -> Chart | None:
    """Return the chart of accuracies with one standard deviation over the seeds; None where nothing was measured."""
    data: dict[str, list[Any]] = {name: [] for name in ("era", "x", "accuracy", "low", "high", "runs")}
    for step in found:
        if step.best is None:
            continue
        one = step.best
        spread = one.spread or 0.0
        x = {
            Across.YEAR: step.era.year,
            Across.MACS: step.macs,
            Across.PARAMETERS: step.parameters,
            Across.TRAINING: step.training,
        }[across]
        values = (one.accuracy, one.accuracy - spread, one.accuracy + spread)
        for name, value in zip(data, (step.era.name, x, *(round(100 * v, 2) for v in values)), strict=False):
            data[name].append(value)
        data["runs"].append(WHOLE if step.whole else PART)
    if not data["era"]:
        return None
    data["label"] = _apart(_shares(data["x"], across), data["era"], data["accuracy"])
    kinds = [kind for kind in (WHOLE, PART) if kind in data["runs"]]
    colour = {
        "field": "runs",
        "type": "nominal",
        "scale": {"domain": kinds, "range": [{WHOLE: TEST, PART: GUESS}[kind] for kind in kinds]},
        "legend": {"orient": "top", "title": None, "labelLimit": 300, "columns": 1},  # fits a narrow window
    }
    written = {"condition": {"test": f"datum.runs === '{WHOLE}'", "value": TEST_TEXT}, "value": GUESS_TEXT}
    place = {"x": {"field": "x", "type": "quantitative", **_AXES[across]}, "color": colour}

    def height(name: str) -> dict[str, Any]:
        axis = {"title": "test accuracy (%)", "labelExpr": "datum.value > 100 ? '' : datum.label"}  # labels go higher
        return {"field": name, "type": "quantitative", "scale": {"zero": False}, "axis": axis}

    layers = [
        {
            "mark": {"type": "rule", "strokeWidth": 2},
            "encoding": {**place, "y": height("low"), "y2": {"field": "high"}},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 90, "opacity": 1},
            "encoding": {**place, "y": height("accuracy")},
        },
        {
            "mark": {"type": "text", "align": "right", "dx": -10, "dy": -4, "fontSize": 12},
            "encoding": {**place, "y": height("label"), "text": {"field": "era"}, "color": written},
        },
    ]
    return Chart({"layer": layers, "height": 360, "config": {"view": {"stroke": None}}}, data)


def _apart(places: list[float], names: list[str], heights: list[float]) -> list[float]:
    """Return where the labels of points stand: at the points' heights, or higher where one would cover another.

    `places` are the points' along the axis, as shares of its length; a label ends there and goes to the left.

    >>> _apart([0.3, 0.5, 0.6, 0.9], ["old", "newer", "newest", "far"], [20.0, 90.0, 92.0, 91.0])
    [20.0, 90.0, 95.76, 91.0]
    """
    line = 0.08 * (max(heights) - min(heights))  # a line of text, in the chart's height
    found = list(heights)
    done: list[int] = []
    for one in sorted(range(len(heights)), key=heights.__getitem__):
        beside = [other for other in done if _meet(places, names, one, other)]
        while below := [found[other] for other in beside if abs(found[other] - found[one]) < line - 0.01]:
            found[one] = round(max(below) + line, 2)
        done.append(one)
    return found


def _meet(places: list[float], names: list[str], one: int, other: int) -> bool:
    """Return whether two labels have a part of the axis in common."""
    left, right = (place - _LETTER * len(name) for place, name in ((places[n], names[n]) for n in (one, other)))
    return left < places[other] and right < places[one]


def _shares(values: list[float], across: Across) -> list[float]:
    """Return where values lie on the chart's axis, as shares of its length."""
    if across is Across.YEAR:
        low, high = _AXES[across]["scale"]["domain"]
        return [(value - low) / (high - low) for value in values]
    logs = [math.log(value) for value in values]
    return [(value - min(logs)) / max(max(logs) - min(logs), 1e-9) for value in logs]


_LETTER = 0.018  # of the axis's length, in a chart of 400 pixels: a narrow window's
_LOG: dict[str, Any] = {"type": "log", "nice": True}
_AXES: dict[Across, dict[str, Any]] = {
    Across.YEAR: {
        "scale": {"zero": False, "domain": [ERAS[0].year - 14, ERAS[-1].year + 3]},
        "axis": {"title": "year of its newest idea", "format": "d", "grid": False, "tickCount": 8},
    },
    Across.MACS: {"scale": _LOG, "axis": {"title": "multiply-adds an image", "format": "~s", "tickCount": 5}},
    Across.PARAMETERS: {"scale": _LOG, "axis": {"title": "parameters", "format": "~s", "tickCount": 5}},
    Across.TRAINING: {
        "scale": _LOG,
        "axis": {"title": "multiply-adds of the whole training (about)", "format": ".0e", "tickCount": 5},
    },
}


def steps_table(found: list[Step]) -> dict[str, list[Any]]:
    """Return the eras by column: what is new, what the network and its training cost, and how right it is."""
    return {
        "year": [step.era.year for step in found],
        "era": [step.era.name for step in found],
        "test accuracy": [_accuracy(step) for step in found],
        "parameters": [step.parameters for step in found],
        "multiply-adds": [step.macs for step in found],
        "epochs": [step.config.epochs for step in found],
        "whole training": [f"{step.training:.1e}" for step in found],
        "new": [step.era.new for step in found],
    }


def _accuracy(step: Step) -> str:
    if step.whole is not None:
        return said(step.whole)
    if step.part is not None:
        config = step.part.config
        return f"{said(step.part)} with {config.train_size:,} images and {config.epochs} epochs"
    return NOT_MEASURED


def said(one: Measured) -> str:
    """Return an accuracy with its spread over the seeds in words."""
    return over_seeds(one.accuracy, one.spread, one.seeds)


def over_seeds(accuracy: float, spread: float | None, seeds: int) -> str:
    """Return a mean accuracy (fraction) with its spread over the seeds in words.

    >>> over_seeds(0.9664, 0.0067, 3), over_seeds(0.9029, None, 1)
    ('96.6 ± 0.7 % (3 seeds)', '90.3 % (1 seed)')
    """
    deviation = f" ± {100 * spread:.1f}" if spread is not None else ""
    return f"{100 * accuracy:.1f}{deviation} % ({seeds} seed{'s' if seeds > 1 else ''})"
