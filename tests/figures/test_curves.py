import json
import math
from dataclasses import replace

import altair as alt
import numpy as np
import pytest

from cnncore.figures.curves import (
    AXES,
    LEAST_SHOWN,
    MARGIN,
    SMOOTHING,
    Axis,
    Chart,
    RunCurves,
    accuracy_chart,
    loss_chart,
    smoothed,
)
from cnncore.figures.palette import RUNS, TEST, TRAIN, VALIDATION
from cnncore.runs.record import Curve
from cnncore.statistics import wilson_interval


def curve(*values, every=1):
    step = np.arange(1, len(values) + 1) * every
    value = np.array(values, float)
    return Curve(step, step / 10, step * 0.5, value, value, value)


def run(label="one", test_size=100):
    return RunCurves(
        label, curve(2.3, 2.0, 1.0), curve(0.1, 0.2, 0.4), curve(2.1, 1.1), curve(0.2, 0.5), curve(0.3, 0.4), test_size
    )


def rows(chart, column):
    names = list(chart.data)
    table = zip(*chart.data.values(), strict=True)
    return [dict(zip(names, row, strict=True)) for row in table if row[names.index(column)] is not None]


def test_all_charts_have_their_axes_alike_and_keep_their_own_settings():
    assert Chart({"mark": "bar"}).spec == {"mark": "bar", "padding": MARGIN, "config": {"axis": AXES}}
    own = {"config": {"view": {"stroke": None}, "axis": {"grid": False}}, "padding": 3}
    assert Chart(own).spec == {"config": {"view": {"stroke": None}, "axis": {**AXES, "grid": False}}, "padding": 3}
    assert "labelFlush" not in own["config"]["axis"], "what was given is not changed"


def test_smoothing_starts_at_the_first_value_and_follows_the_formula():
    result = smoothed(np.array([4.0, 2.0, 1.0]), np.array([1, 2, 3]))
    weights = [SMOOTHING**2, SMOOTHING, 1]
    assert result[0] == 4.0
    assert result[2] == pytest.approx(np.average([4.0, 2.0, 1.0], weights=weights))


def test_a_thinned_constant_and_a_thinned_curve_smooth_alike():
    step = np.arange(1, 401)
    value = np.exp(-step / 200)
    thin = slice(3, None, 4)
    assert smoothed(value[thin], step[thin])[-1] == pytest.approx(smoothed(value, step)[-1], rel=0.02)


def test_every_update_and_every_test_is_in_the_data():
    chart = loss_chart([run()], Axis.STEP, 10)
    assert [(row["x"], row["raw"]) for row in rows(chart, "raw")] == [(1, 2.3), (2, 2.0), (3, 1.0)]
    assert [row["test"] for row in rows(chart, "test")] == [2.1, 1.1]
    assert len({len(column) for column in chart.data.values()}) == 1


@pytest.mark.parametrize(("axis", "x"), [(Axis.EPOCH, 0.1), (Axis.STEP, 1), (Axis.SECONDS, 0.5)])
def test_the_axis_chooses_the_column(axis, x):
    assert loss_chart([run()], axis, 10).data["x"][0] == x


def test_the_line_of_guessing_is_ln_of_the_classes():
    text = json.dumps(loss_chart([run()], Axis.EPOCH, 10).spec)
    assert "guessing: ln 10 = 2.303" in text
    assert str(math.log(10))[:10] in text
    assert "guessing" not in json.dumps(loss_chart([run()], Axis.EPOCH, None).spec)


def test_accuracies_are_percentages_with_their_interval():
    chart = accuracy_chart([run(test_size=128)], Axis.EPOCH)
    last = rows(chart, "test")[-1]
    low, high = wilson_interval(0.4 * 128, 128)
    assert last["test"] == 40
    assert (last["low"], last["high"]) == (pytest.approx(100 * low, abs=1e-3), pytest.approx(100 * high, abs=1e-3))


def test_one_run_is_coloured_by_split_and_several_by_run():
    one, two = (
        json.dumps(accuracy_chart([run()], Axis.EPOCH).spec),
        json.dumps(accuracy_chart([run("one"), run("two")], Axis.EPOCH).spec),
    )
    assert TRAIN in one
    assert TEST in one
    assert '"domain": ["one", "two"]' in two
    assert RUNS[1] in two


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_specifications_are_valid_vega_lite_and_do_not_change_with_the_data(count):
    runs = [run(str(number)) for number in range(count)]
    for chart in (loss_chart(runs, Axis.EPOCH, 10), accuracy_chart(runs, Axis.EPOCH)):
        alt.LayerChart.from_dict({**chart.spec, "data": {"values": []}})  # raises if the schema does not allow it
    if runs:
        longer = [RunCurves("0", *[curve(*range(9))] * 5, test_size=100), *runs[1:]]
        assert loss_chart(longer, Axis.EPOCH, 10).spec == loss_chart(runs, Axis.EPOCH, 10).spec


def scales(spec, channel):
    """Return the scale of every encoding of a channel, anywhere in a specification."""
    if isinstance(spec, list):
        return [scale for part in spec for scale in scales(part, channel)]
    if not isinstance(spec, dict):
        return []
    own = [spec[channel]["scale"]] if channel in spec and "scale" in spec[channel] else []
    return own + [scale for part in spec.values() for scale in scales(part, channel)]


@pytest.mark.parametrize("classes", [None, 10])
def test_axes_have_a_length_before_the_first_point(classes):
    none = run().batch_loss.last(0)
    empty = RunCurves("one", none, none, none, none, none, 100)
    for axis in Axis:
        loss, accuracy = loss_chart([empty], axis, classes).spec, accuracy_chart([empty], axis).spec
        assert scales(loss, "x") == scales(accuracy, "x") == [{"domain": [0, 1]}]
        heights = scales(loss, "y")
        assert heights
        assert all(("domain" in height) == (classes is None) for height in heights)  # else the line of guessing is one
        assert "domain" not in scales(loss_chart([run()], axis, classes).spec, "x")[0]
        assert all("domain" not in height for height in scales(loss_chart([run()], axis, classes).spec, "y"))


def test_a_run_with_validation_shows_that_and_its_test_set_only_where_there_is_something():
    split = replace(run(), validation=curve(0.2, 0.3), validation_loss=curve(2.0, 1.0))
    locked = replace(split, test_loss=curve(), test_accuracy=curve())
    for chart in (loss_chart([locked], Axis.EPOCH, None), accuracy_chart([locked], Axis.EPOCH)):
        text = json.dumps(chart.spec)
        assert VALIDATION in text
        assert TEST not in text
        assert rows(chart, "test") == []
        assert len(rows(chart, "validation")) == 2
    assert split.splits == ("train", "test", "validation")
    assert TEST in json.dumps(accuracy_chart([split], Axis.EPOCH).spec)
    assert VALIDATION not in json.dumps(accuracy_chart([run()], Axis.EPOCH).spec)


def test_epochs_that_were_measured_together_stand_in_one_row():
    one = replace(run(), train_eval=curve(0.25, 0.55), validation=curve(0.2, 0.3))
    found = [
        {name: row[name] for name in ("train", "test", "train_eval", "validation")}
        for row in rows(accuracy_chart([one], Axis.STEP), "test")
    ]
    assert found == [
        {"train": 20, "test": 30, "train_eval": 25, "validation": 20},
        {"train": 50, "test": 40, "train_eval": 55, "validation": 30},
    ]


def test_one_reading_is_a_point_with_a_bar_and_several_are_a_band():
    once = accuracy_chart([replace(run(), test_accuracy=curve(0.4).last(1), read_once=True)], Axis.EPOCH)
    assert once.spec["layer"][0]["layer"][0]["mark"]["type"] == "rule"
    assert len(rows(once, "low")) == 1
    assert accuracy_chart([run()], Axis.EPOCH).spec["layer"][0]["layer"][0]["mark"]["type"] == "area"


@pytest.mark.parametrize("count", [1, 3])
def test_a_changed_learning_rate_is_marked_where_it_changed(count):
    changed = replace(run("0"), changes=((2, 0.1), (3, 10.0)))
    spec = loss_chart([changed, *(run(str(n)) for n in range(1, count))], Axis.SECONDS, 10).spec
    marks = [
        layer["data"]["values"]
        for layer in spec["layer"][1:]
        if layer["mark"]["type"] == "rule" and "x" in layer["encoding"]
    ]
    assert [(mark["at"], mark["text"]) for mark in marks[0]] == [
        (1.0, "learning rate × 0.1"),
        (1.5, "learning rate × 10"),
    ]


def test_the_losses_of_a_run_that_blew_up_are_logarithmic_and_others_beside_it_do_not_move_the_axis():
    blown = replace(run("blown"), batch_loss=curve(2.3, 4e10, 2e35, math.nan))
    assert all(scale.get("type") != "log" for scale in scales(loss_chart([run()], Axis.STEP, 10).spec, "y"))
    beside = [replace(run("beside"), batch_loss=curve(*losses)) for losses in ([2.3], [2.3, 1.2], [2.3, 1.5, 0.0])]
    charts = [loss_chart([blown, other], Axis.STEP, 10) for other in beside]
    drawn = [scales(chart.spec, "y") for chart in charts]
    assert all(scale == {"type": "log", "domain": [1, 1e36], "clamp": True} for scale in drawn[0] + drawn[1])
    assert charts[0].spec == charts[1].spec
    assert drawn[2][0]["domain"] == [LEAST_SHOWN, 1e36]  # a loss of 0 has no place on it
    alt.LayerChart.from_dict({**charts[0].spec, "data": {"values": []}})
    assert all(scale == {"domain": [0, 100]} for scale in scales(accuracy_chart([blown], Axis.STEP).spec, "y"))


@pytest.mark.parametrize(("every", "step"), [(0.1, 0.005), (2, 0.05), (9, 0.05), (10, 1), (100, 1)])
def test_the_first_epochs_axis_counts_its_fractions(every, step):
    """The curve's last point is at 0.2 epochs times `every`."""
    shown = replace(run(), batch_loss=curve(2.3, 2.0, every=every), test_loss=curve(), validation_loss=None)
    axis = loss_chart([shown], Axis.EPOCH, 10).spec["layer"][0]["encoding"]["x"]["axis"]
    assert axis["tickMinStep"] == step
    updates = loss_chart([shown], Axis.STEP, 10).spec["layer"][0]["encoding"]["x"]["axis"]
    assert updates["tickMinStep"] == 1
