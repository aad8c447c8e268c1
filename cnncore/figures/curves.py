"""Curves of runs as Vega-Lite: the loss of every update, and train and test accuracy.

A chart is a specification, which depends on which runs are shown, and data, which grow. Only the data change from one
refresh to the next, so the chart in the browser stays and does not flicker. Colour tells runs apart, or train from
test where there is one run; solid is train and dashed is test everywhere.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cnncore.figures.palette import GUESS, GUESS_TEXT, RUNS, TEST, TRAIN, VALIDATION
from cnncore.figures.ticks import POWERS
from cnncore.runs.record import Curve
from cnncore.statistics import wilson_interval

MAX_POINTS = 500  # a chart is about 600 pixels wide; more points would only be sent, not seen
HEIGHT = 270  # pixels, legend and axis included
MOST_CHANGES = 12  # of the learning rate by hand, that are marked: the last ones
SMOOTHING = 0.95  # how much of the smoothed loss is kept from one update to the next
BLOWN_UP = 1e3  # nats per image: no run that learns has such a loss
LEAST_SHOWN = 1e-3  # nats per image, on a logarithmic axis
# In all charts, over Streamlit's theme: a label at an axis's end stands at its tick, and is not pushed inwards. Vega
# makes room for it, but not always for one that is new since it last measured: that one has a margin.
AXES: dict[str, Any] = {"labelFlush": False}
MARGIN = {"right": 10}  # pixels
EMPTY: dict[str, Any] = {"domain": [0, 1]}  # an axis before the first point: Vega would write 0.000000 in its middle
Columns: TypeAlias = dict[str, list[Any]]


class Axis(StrEnum):
    """What the horizontal axis counts."""

    EPOCH = "epoch"
    STEP = "step"
    SECONDS = "seconds"


LEGEND = {"orient": "top", "title": None, "symbolType": "stroke", "symbolOpacity": 1, "symbolStrokeWidth": 3}
AXIS_TITLES = {Axis.EPOCH: "epoch", Axis.STEP: "step (update)", Axis.SECONDS: "seconds of training"}


@dataclass(frozen=True)
class RunCurves:
    """What is drawn of one run. `test_size` is the number of test images, for the interval of its accuracies.

    `train_eval`, `validation` and `validation_loss` are by epoch, None where the run does not measure them; `changes`
    are the updates from which on a hand has changed the learning rate, each with the factor. Of a run whose test set
    was locked the test curves are empty, or its one reading at the end: then `read_once`, and its interval is a bar.
    """

    label: str
    batch_loss: Curve
    batch_accuracy: Curve
    test_loss: Curve
    train_accuracy: Curve
    test_accuracy: Curve
    test_size: int | None = None
    train_eval: Curve | None = None
    validation: Curve | None = None
    validation_loss: Curve | None = None
    changes: tuple[tuple[int, float], ...] = ()
    read_once: bool = False

    @property
    def splits(self) -> tuple[str, ...]:
        """Which sets of images are shown: what the legend says, before the first epoch's end as after it."""
        shown = {
            "train": True,
            "test": self.validation is None or len(self.test_accuracy.value) > 0,
            "train, re-scored": self.train_eval is not None,
            "validation": self.validation is not None,
        }
        return tuple(split for split, there in shown.items() if there)


@dataclass(frozen=True)
class Chart:
    """A Vega-Lite specification without data, and the data by column, all columns of one length.

    To the specification are added what all charts have: their settings of axes, and a margin.
    """

    spec: dict[str, Any]
    data: Columns = field(default_factory=dict)

    def __post_init__(self) -> None:
        config = self.spec.get("config", {})
        axes = {**AXES, **config.get("axis", {})}
        object.__setattr__(self, "spec", {"padding": MARGIN, **self.spec, "config": {**config, "axis": axes}})


def smoothed(value: NDArray[np.float64], step: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the exponential moving average, corrected for its beginning, so that it starts at the first value.

    A point that stands for several updates moves it by as many: the curve looks the same however it is thinned.
    """
    result = np.empty(len(value))
    average, weight = 0.0, 0.0
    before = 0
    for position, (new, at) in enumerate(zip(value, step, strict=True)):
        keep = SMOOTHING ** max(1, int(at) - before)
        average, weight = keep * average + (1 - keep) * float(new), keep * weight + (1 - keep)
        result[position] = average / weight
        before = int(at)
    return result


def loss_chart(runs: Sequence[RunCurves], axis: Axis, classes: int | None) -> Chart:
    """Return the chart of the loss: every update thin under its smoothed curve, test and validation loss dashed.

    A line marks ln `classes`, the loss of guessing; others where a hand changed a run's learning rate.
    """
    data = _columns("raw", "smooth", "test", "validation")
    for run in runs:
        curve = run.batch_loss
        _extend(data, run, axis, raw=(curve, curve.value), smooth=(curve, smoothed(curve.value, curve.step)))
        by_epoch = {"test": run.test_loss, "validation": run.validation_loss}
        _extend(data, run, axis, **{name: (curve, curve.value) for name, curve in by_epoch.items() if curve})
    layers = [
        _line("raw", "train", width=1, opacity=0.3),
        _line("smooth", "train", width=2.5),
        *_held_out(),
    ]
    if classes:
        guess = float(np.log(classes))
        # One row of their own: over the runs' data the line and its text would be drawn once for every point.
        once = {"values": [{"guess": guess, "text": f"guessing: ln {classes} = {guess:.3f}"}]}
        at = {"field": "guess", "type": "quantitative"}
        rule = {"type": "rule", "strokeDash": [2, 3], "color": GUESS}
        text = {"type": "text", "align": "right", "dy": -7, "color": GUESS_TEXT, "fontSize": 12}
        layers.append({"data": once, "mark": rule, "encoding": {"y": at}})
        end = {"value": "width"}
        layers.append({"data": once, "mark": text, "encoding": {"y": at, "x": end, "text": {"field": "text"}}})
    for run in runs:
        layers.extend(_change_layers(run, axis))
    height = logarithmic(data["raw"]) or ({"zero": True, "nice": True} if data["x"] or classes else EMPTY)
    return Chart(_spec(runs, axis, "loss (nats per image)", layers, height, data), data)


def logarithmic(losses: Iterable[float | None]) -> dict[str, Any]:
    """Return a logarithmic scale for losses of which one is beyond `BLOWN_UP`, else no setting.

    On a linear axis the last update of a run that diverges would press all others flat. The ends are powers of ten:
    the axis, and so the specification, stays while a run beside it goes on.
    """
    known = [loss for loss in losses if loss is not None and math.isfinite(loss)]
    if max(known, default=0.0) < BLOWN_UP:
        return {}
    ends = math.floor(math.log10(max(min(known), LEAST_SHOWN))), math.ceil(math.log10(max(known)))
    return {"type": "log", "domain": [10.0**end for end in ends], "clamp": True}


def _change_layers(run: RunCurves, axis: Axis) -> list[dict[str, Any]]:
    """Return the marks of where the learning rate was changed by hand, the last ones; their texts run up the lines."""
    curve, changes = run.batch_loss, run.changes[-MOST_CHANGES:]
    if not changes or not len(curve.step):
        return []
    places = np.interp([step for step, _ in changes], curve.step, getattr(curve, axis).astype(float))
    rows = [
        {"at": round(float(place), 3), "text": f"learning rate × {factor:g}"}
        for place, (_, factor) in zip(places, changes, strict=True)
    ]
    x = {"field": "at", "type": "quantitative"}
    rule = {"type": "rule", "strokeDash": [2, 2], "color": GUESS}
    text = {"type": "text", "angle": 270, "align": "left", "dx": 6, "dy": 9, "color": GUESS_TEXT, "fontSize": 11}
    bottom = {"value": "height"}
    return [
        {"data": {"values": rows}, "mark": rule, "encoding": {"x": x}},
        {"data": {"values": rows}, "mark": text, "encoding": {"x": x, "y": bottom, "text": {"field": "text"}}},
    ]


def accuracy_chart(runs: Sequence[RunCurves], axis: Axis) -> Chart:
    """Return the chart of the accuracy in percent: train moving with every update, test with its 95 % interval."""
    data = _columns("running", "train", "test", "low", "high", "train_eval", "validation")
    for run in runs:
        curve = run.batch_accuracy
        _extend(data, run, axis, running=(curve, 100 * smoothed(curve.value, curve.step)))
        test = run.test_accuracy
        ends = np.array([wilson_interval(p * (run.test_size or 0), run.test_size) for p in test.value if run.test_size])
        band = {"low": (test, 100 * ends[:, 0]), "high": (test, 100 * ends[:, 1])} if len(ends) else {}
        by_epoch = {
            "train": run.train_accuracy,
            "test": test,
            "train_eval": run.train_eval,
            "validation": run.validation,
        }
        shown = {name: (curve, 100 * curve.value) for name, curve in by_epoch.items() if curve}
        _extend(data, run, axis, **shown, **band)
    once = len(runs) == 1 and runs[0].read_once
    band_layer = {
        "mark": {"type": "rule", "strokeWidth": 3, "opacity": 0.5} if once else {"type": "area", "opacity": 0.15},
        "split": "test",
        "encoding": {"y": {"field": "low", "type": "quantitative"}, "y2": {"field": "high"}},
        "transform": [{"filter": "isValid(datum.low)"}],
    }
    layers = [
        *([band_layer] if len(runs) == 1 else []),
        _line("running", "train", width=1, opacity=0.45),
        _line("train", "train", width=2.5),
        *_held_out(),
        _line("train_eval", "train, re-scored", width=2, dash=[1, 3], points=True),
    ]
    return Chart(_spec(runs, axis, "accuracy (%)", layers, {"domain": [0, 100]}, data), data)


def _held_out() -> list[dict[str, Any]]:
    return [
        _line("test", "test", width=2.5, dash=[5, 4], points=True),
        _line("validation", "validation", width=2, dash=[8, 3], points=True),
    ]


def _columns(*names: str) -> Columns:
    return {name: [] for name in ("x", "run", *names)}


def _extend(data: Columns, run: RunCurves, axis: Axis, **values: tuple[Curve, NDArray[np.float64]]) -> None:
    """Add a row for each place of the curves, with the values that each of them has there."""
    steps = np.unique(np.concatenate([curve.step for curve, _ in values.values()]))
    columns = {name: np.full(len(steps), np.nan) for name in data if name != "run"}
    for name, (curve, value) in values.items():
        places = np.searchsorted(steps, curve.step)
        columns["x"][places] = getattr(curve, axis)
        columns[name][places] = value
    data["run"].extend([run.label] * len(steps))
    for name, column in columns.items():
        # Four digits are more than a pixel shows.
        data[name].extend([None if value != value else value for value in np.round(column, 4).tolist()])


def _colour(runs: Sequence[RunCurves]) -> dict[str, Any]:
    if len(runs) <= 1:
        colours = {"train": TRAIN, "test": TEST, "train, re-scored": TRAIN, "validation": VALIDATION}
        names = runs[0].splits if runs else ("train", "test")
        scale = {"domain": list(names), "range": [colours[name] for name in names]}
        return {"field": "split", "type": "nominal", "scale": scale, "legend": LEGEND}
    labels = [run.label for run in runs]
    scale = {"domain": labels, "range": list(RUNS)}
    longest = max(map(len, labels))
    columns = 4 if longest <= 10 else 2 if longest <= 24 else 1
    legend = {**LEGEND, "columns": columns, "labelLimit": 360 // columns - 10}
    return {"field": "run", "type": "nominal", "scale": scale, "legend": legend}


def _line(
    name: str, split: str, *, width: float, opacity: float = 1.0, dash: list[int] | None = None, points: bool = False
) -> dict[str, Any]:
    mark: dict[str, Any] = {"type": "line", "strokeWidth": width, "opacity": opacity, "clip": True}
    if dash:
        mark["strokeDash"] = dash
    if points:
        mark["point"] = {"size": 22, "filled": True}
    return {
        "mark": mark,
        "split": split,
        "encoding": {"y": {"field": name, "type": "quantitative"}},
        "transform": [{"filter": f"isValid(datum.{name})"}],
    }


def _least_step(axis: Axis, last: float) -> float:
    """Return how close ticks may stand. In the first epochs and seconds, fractions are all that there is to count."""
    if axis is Axis.STEP or last >= 2:
        return 1
    return 0.05 if last >= 0.2 else 0.005


def _spec(
    runs: Sequence[RunCurves],
    axis: Axis,
    title: str,
    layers: list[dict[str, Any]],
    scale: dict[str, Any],
    data: Columns,
) -> dict[str, Any]:
    """Return the specification: the layers of a split, which the browser writes into its rows, and what lies over them.

    They share axes and colours, said once: the specification travels with every refresh.
    """
    shown = runs[0].splits if len(runs) == 1 else None
    across = {"title": title} | ({"labelExpr": POWERS} if scale.get("type") == "log" else {})
    lines, marks = [], []
    for layer in layers:
        split = layer.pop("split", None)
        if "field" in layer["encoding"].get("y", {}):
            layer["encoding"]["y"] |= {"scale": scale, "axis": across}
        if split is None:
            marks.append(layer)
        elif shown is None or split in shown:
            layer["transform"].append({"calculate": f"'{split}'", "as": "split"})
            lines.append(layer)
    x = {
        "field": "x",
        "type": "quantitative",
        "axis": {"title": AXIS_TITLES[axis], "tickMinStep": _least_step(axis, max(data["x"], default=2))},
        "scale": {"nice": False, "zero": True} if data["x"] else EMPTY,
    }
    shared = {"x": x, "color": _colour(runs), "detail": [{"field": "run"}]}
    return {
        "layer": [{"layer": lines, "encoding": shared}, *marks],
        "height": HEIGHT,
        "config": {"view": {"stroke": None}},
    }
