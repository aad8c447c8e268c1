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
from cnncore.figures.ticks import POWERS, PREFIXED
from cnncore.training.config import RunConfig
from cnncore.training.network import network_of
from cnncore.wording import counted, number

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
    axis = _axis(across, data["x"])
    data["label"], texts = _labels(data, _shares(data["x"], axis["scale"]))
    data |= texts
    kinds = [kind for kind in (WHOLE, PART) if kind in data["runs"]]
    colour = {
        "field": "runs",
        "type": "nominal",
        "scale": {"domain": kinds, "range": [{WHOLE: TEST, PART: GUESS}[kind] for kind in kinds]},
        "legend": {"orient": "top", "title": None, "labelLimit": 300, "columns": 1},  # fits a narrow window
    }
    written = {"condition": {"test": f"datum.runs === '{WHOLE}'", "value": TEST_TEXT}, "value": GUESS_TEXT}
    place = {"x": {"field": "x", "type": "quantitative", **axis}, "color": colour}

    def height(name: str) -> dict[str, Any]:
        axis = {  # the names of points go higher than 100
            "title": "test accuracy (%)",
            "labelExpr": "datum.value > 100 ? '' : datum.label",
            "gridOpacity": {"condition": {"test": "datum.value > 100", "value": 0}, "value": 1},
        }
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
        *(
            {
                "mark": {"type": "text", "align": align, "dx": dx, "fontSize": 12},
                "encoding": {**place, "y": height("label"), "text": {"field": side}, "color": written},
            }
            for side, (align, dx) in _SIDES.items()
        ),
    ]
    return Chart({"layer": layers, "height": 360, "config": {"view": {"stroke": None}}}, data)


def _labels(data: dict[str, list[Any]], places: list[float]) -> tuple[list[float], dict[str, list[str]]]:
    """Return where the labels of points stand: their heights, and their texts by the side of the points.

    `places` are the points' along the axis, as shares of its length. A label stands beside its point, a little higher
    or lower, or right below or above it, so that it is off other labels, other points with their spreads, and the
    chart's edges; further away only where it has no room so near.

    >>> points = {"era": ["old", "new"], "accuracy": [20.0, 90.0], "low": [19.0, 89.0], "high": [21.0, 91.0]}
    >>> _labels(points, [0.05, 0.9])
    ([20.0, 90.0], {'before': ['', 'new'], 'over': ['', ''], 'after': ['old', '']})
    """
    heights = data["accuracy"]
    line = 0.06 * (max(data["high"]) - min(data["low"])) or 1.0  # a line of text, in the chart's height
    points = [
        (place - _DOT, place + _DOT, low - line / 3, high + line / 3)
        for place, low, high in zip(places, data["low"], data["high"], strict=True)
    ]
    taken: list[tuple[float, float, float, float]] = []
    found, texts = list(heights), {side: [""] * len(heights) for side in _SIDES}
    for one in sorted(range(len(heights)), key=heights.__getitem__):
        name, others = data["era"][one], [*taken, *points[:one], *points[one + 1 :]]
        below = min(heights[one] - 1.1 * line, data["low"][one] - 0.7 * line)
        above = max(heights[one] + 1.1 * line, data["high"][one] + 0.7 * line)
        choices = [
            *(_beside(heights[one] + lines * line) for lines in (0, 0.25, -0.25, 0.5, -0.5)),
            [("over", below), ("over", above)],
            *(_beside(heights[one] + lines * line) for lines in (1, -1, -1.5, 1.5, -2, 2, -3, 3)),
        ]
        boxes = [(_box(places[one], height, name, side, line), side) for pair in choices for side, height in pair]
        free = (
            (box, side)
            for box, side in boxes
            if box[0] >= 0 and box[1] <= 1 and not any(_meet(box, other) for other in others)
        )
        box, side = next(free, boxes[0])
        found[one] = round((box[2] + box[3]) / 2, 2)
        texts[side][one] = name
        taken.append(box)
    return found, texts


def _beside(height: float) -> list[tuple[str, float]]:
    return [("before", height), ("after", height)]


def _box(place: float, height: float, name: str, side: str, line: float) -> tuple[float, float, float, float]:
    """Return the left, right, lower and upper edge of a label at a side of the point at `place`."""
    width = _LETTER * len(name)
    # Edges that touch a point's are equal to the last bit: they do not meet it.
    left, right = {
        "before": (place - _DOT - width, place - _DOT),
        "over": (place - width / 2, place + width / 2),
        "after": (place + _DOT, place + _DOT + width),
    }[side]
    return left, right, height - line / 2, height + line / 2


def _meet(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]


def _axis(across: Across, values: list[float]) -> dict[str, Any]:
    """Return the axis with its domain: the years of all eras, or as far as the values go and a little beyond."""
    if across is Across.YEAR:
        return _AXES[across]
    beyond = (max(values) / min(values)) ** 0.06 * 1.05
    return {**_AXES[across], "scale": {"type": "log", "domain": [min(values) / beyond, max(values) * beyond]}}


def _shares(values: list[float], scale: dict[str, Any]) -> list[float]:
    """Return where values lie on an axis, as shares of its length."""
    along = math.log if scale.get("type") == "log" else float
    low, high = map(along, scale["domain"])
    return [(along(value) - low) / (high - low) for value in values]


_LETTER = 0.017  # of the axis's length, where that has 380 pixels: a narrow window's
_DOT = 0.02
# The columns of labels by the side of their points where they stand, with their alignment and distance in pixels.
_SIDES = {"before": ("right", -10), "over": ("center", 0), "after": ("left", 10)}
_AXES: dict[Across, dict[str, Any]] = {
    Across.YEAR: {
        "scale": {"zero": False, "domain": [ERAS[0].year - 3, ERAS[-1].year + 5]},
        "axis": {"title": "year of its newest idea", "format": "d", "grid": False, "tickCount": 8},
    },
    Across.MACS: {"axis": {"title": "multiply-adds an image", "format": "~s", "labelExpr": PREFIXED, "tickCount": 5}},
    Across.PARAMETERS: {"axis": {"title": "parameters", "format": "~s", "labelExpr": PREFIXED, "tickCount": 5}},
    Across.TRAINING: {
        "axis": {
            "title": "multiply-adds of the whole training (about)",
            "format": "~g",
            "labelExpr": POWERS,
            "tickCount": 5,
        }
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
        "whole training": [number(step.training, 2) for step in found],
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


def said_again(one: Measured) -> str:
    """Return the accuracy with test-time augmentation with its spread in words; empty where there was none."""
    return over_seeds(*one.again, one.seeds) if one.again else ""


def over_seeds(accuracy: float, spread: float | None, seeds: int) -> str:
    """Return a mean accuracy (fraction) with its spread over the seeds in words.

    >>> over_seeds(0.9664, 0.0067, 3), over_seeds(0.9029, None, 1)
    ('96.6 ± 0.7 % (3 seeds)', '90.3 % (1 seed)')
    """
    deviation = f" ± {100 * spread:.1f}" if spread is not None else ""
    return f"{100 * accuracy:.1f}{deviation} % ({counted(seeds, 'seed')})"
