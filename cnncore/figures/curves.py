"""Curves of runs as Vega-Lite: the loss of every update, and train and test accuracy.

A chart is a specification, which depends on which runs are shown, and data, which grow. Only the data change from one
refresh to the next, so the chart in the browser stays and does not flicker. Colour tells runs apart, or train from
test where there is one run; solid is train and dashed is test everywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cnncore.figures.palette import GUESS, RUNS, TEST, TRAIN, VALIDATION
from cnncore.runs.record import Curve
from cnncore.statistics import wilson_interval

MAX_POINTS = 500  # a chart is about 600 pixels wide; more points would only be sent, not seen
SMOOTHING = 0.95  # how much of the smoothed loss is kept from one update to the next
Columns: TypeAlias = dict[str, list[Any]]


class Axis(StrEnum):
    """What the horizontal axis counts."""

    EPOCH = "epoch"
    STEP = "step"
    SECONDS = "seconds"


LEGEND = {"orient": "top", "title": None, "symbolType": "stroke", "symbolOpacity": 1, "symbolStrokeWidth": 3}
AXIS_TITLES = {Axis.EPOCH: "epoch", Axis.STEP: "update", Axis.SECONDS: "seconds of training"}


@dataclass(frozen=True)
class RunCurves:
    """What is drawn of one run. `test_size` is the number of test images, for the interval of the last accuracy.

    `train_eval` and `validation` are accuracies by epoch, where the run measures them; `changes` are the updates from
    which on a hand has changed the learning rate, each with the factor.
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
    changes: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True)
class Chart:
    """A Vega-Lite specification without data, and the data by column, all columns of one length."""

    spec: dict[str, Any]
    data: Columns = field(default_factory=dict)


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
    """Return the chart of the loss: every update thin under its smoothed curve, the test loss dashed.

    A line marks ln `classes`, the loss of guessing.
    """
    data = _columns("raw", "smooth", "test")
    for run in runs:
        curve = run.batch_loss
        _extend(data, run, "train", curve, axis, raw=curve.value, smooth=smoothed(curve.value, curve.step))
        _extend(data, run, "test", run.test_loss, axis, test=run.test_loss.value)
    layers = [
        _line("raw", width=1, opacity=0.3),
        _line("smooth", width=2.5),
        _line("test", width=2, dash=[5, 4], points=True),
    ]
    if classes:
        guess = float(np.log(classes))
        # One row of their own: over the runs' data the line and its text would be drawn once for every point.
        once = {"values": [{"guess": guess, "text": f"guessing: ln {classes} = {guess:.3f}"}]}
        height = {"field": "guess", "type": "quantitative"}
        rule = {"type": "rule", "strokeDash": [2, 3], "color": GUESS}
        text = {"type": "text", "align": "right", "dy": -7, "color": GUESS, "fontSize": 12}
        layers.append({"data": once, "mark": rule, "encoding": {"y": height}})
        end = {"value": "width"}
        layers.append({"data": once, "mark": text, "encoding": {"y": height, "x": end, "text": {"field": "text"}}})
    if len(runs) == 1 and runs[0].changes:
        layers.extend(_change_layers(runs[0], axis))
    return Chart(_spec(runs, axis, "loss (nats an image)", layers, {"zero": True, "nice": True}), data)


def _change_layers(run: RunCurves, axis: Axis) -> list[dict[str, Any]]:
    """Return the marks of where the learning rate was changed by hand."""
    curve = run.batch_loss
    if not len(curve.step):
        return []
    places = np.interp([step for step, _ in run.changes], curve.step, getattr(curve, axis).astype(float))
    rows = [
        {"at": round(float(place), 3), "text": f"learning rate × {factor:g}"}
        for place, (_, factor) in zip(places, run.changes, strict=True)
    ]
    x = {"field": "at", "type": "quantitative"}
    rule = {"type": "rule", "strokeDash": [2, 2], "color": GUESS}
    text = {"type": "text", "align": "left", "dx": 4, "dy": 6, "baseline": "top", "color": GUESS, "fontSize": 11}
    top = {"value": 0}
    return [
        {"data": {"values": rows}, "mark": rule, "encoding": {"x": x}},
        {"data": {"values": rows}, "mark": text, "encoding": {"x": x, "y": top, "text": {"field": "text"}}},
    ]


def accuracy_chart(runs: Sequence[RunCurves], axis: Axis) -> Chart:
    """Return the chart of the accuracy in percent: train moving with every update, test with its 95 % interval."""
    data = _columns("running", "train", "test", "low", "high", "train_eval", "validation")
    for run in runs:
        curve = run.batch_accuracy
        _extend(data, run, "train", curve, axis, running=100 * smoothed(curve.value, curve.step))
        _extend(data, run, "train", run.train_accuracy, axis, train=100 * run.train_accuracy.value)
        value = run.test_accuracy.value
        ends = np.array([wilson_interval(p * (run.test_size or 0), run.test_size) for p in value if run.test_size])
        band = {"low": 100 * ends[:, 0], "high": 100 * ends[:, 1]} if len(ends) else {}
        _extend(data, run, "test", run.test_accuracy, axis, test=100 * value, **band)
        for split, name, extra in (
            ("train, re-scored", "train_eval", run.train_eval),
            ("validation", "validation", run.validation),
        ):
            if extra is not None and len(extra.value):
                _extend(data, run, split, extra, axis, **{name: 100 * extra.value})
    band_layer = {
        "mark": {"type": "area", "opacity": 0.15},
        "encoding": {"y": {"field": "low", "type": "quantitative"}, "y2": {"field": "high"}, "color": _colour(runs)},
        "transform": [{"filter": "isValid(datum.low)"}],
    }
    layers = [
        *([band_layer] if len(runs) == 1 else []),
        _line("running", width=1, opacity=0.45),
        _line("train", width=2.5),
        _line("test", width=2.5, dash=[5, 4], points=True),
        _line("train_eval", width=2, dash=[1, 3], points=True),
        _line("validation", width=2, dash=[8, 3], points=True),
    ]
    extras = [split for split in ("train, re-scored", "validation") if split in data["split"]]
    return Chart(_spec(runs, axis, "accuracy (%)", layers, {"domain": [0, 100]}, extras), data)


def _columns(*names: str) -> Columns:
    return {name: [] for name in ("x", "run", "split", *names)}


def _extend(data: Columns, run: RunCurves, split: str, curve: Curve, axis: Axis, **values: NDArray[np.float64]) -> None:
    count = len(curve.value)
    x: NDArray[Any] = getattr(curve, axis)
    # Four digits are more than a pixel shows, and half the bytes.
    data["x"].extend(np.round(x.astype(float), 3).tolist())
    data["run"].extend([run.label] * count)
    data["split"].extend([split] * count)
    for name, column in data.items():
        if name not in ("x", "run", "split"):
            column.extend(np.round(values[name], 4).tolist() if name in values else [None] * count)


def _colour(runs: Sequence[RunCurves], extras: Sequence[str] = ()) -> dict[str, Any]:
    if len(runs) <= 1:
        colours = {"train": TRAIN, "test": TEST, "train, re-scored": TRAIN, "validation": VALIDATION}
        names = ["train", "test", *extras]
        scale = {"domain": names, "range": [colours[name] for name in names]}
        return {"field": "split", "type": "nominal", "scale": scale, "legend": LEGEND}
    scale = {"domain": [run.label for run in runs], "range": list(RUNS)}
    return {"field": "run", "type": "nominal", "scale": scale, "legend": {**LEGEND, "labelLimit": 260, "columns": 2}}


def _line(
    name: str, *, width: float, opacity: float = 1.0, dash: list[int] | None = None, points: bool = False
) -> dict[str, Any]:
    mark: dict[str, Any] = {"type": "line", "strokeWidth": width, "opacity": opacity, "clip": True}
    if dash:
        mark["strokeDash"] = dash
    if points:
        mark["point"] = {"size": 22, "filled": True}
    return {
        "mark": mark,
        "encoding": {"y": {"field": name, "type": "quantitative"}},
        "transform": [{"filter": f"isValid(datum.{name})"}],
    }


def _spec(
    runs: Sequence[RunCurves],
    axis: Axis,
    title: str,
    layers: list[dict[str, Any]],
    scale: dict[str, Any],
    extras: Sequence[str] = (),
) -> dict[str, Any]:
    colour = _colour(runs, extras)
    for layer in layers:
        encoding = layer["encoding"]
        if "field" in encoding.get("y", {}):
            encoding["y"] = {**encoding["y"], "scale": scale, "axis": {"title": title}}
        if "data" in layer:
            continue
        if "color" not in encoding:
            encoding["x"] = {
                "field": "x",
                "type": "quantitative",
                "axis": {"title": AXIS_TITLES[axis], "tickMinStep": 1},
                "scale": {"nice": False, "zero": True},
            }
            encoding["color"] = colour
            encoding["detail"] = [{"field": "run"}, {"field": "split"}]
        else:
            encoding["x"] = {"field": "x", "type": "quantitative"}
    return {"layer": layers, "height": 270, "config": {"view": {"stroke": None}}}
