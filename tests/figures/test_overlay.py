import numpy as np
import pytest

from cnncore.figures.curves import Axis
from cnncore.figures.overlay import METRICS, Seeds, mean_curve, overlay_chart
from cnncore.runs.record import Curve


def curve(values, steps=None):
    step = np.arange(1, len(values) + 1) if steps is None else np.array(steps)
    value = np.array(values, float)
    return Curve(step, step / 10, step * 2.0, value, value, value)


def test_the_mean_goes_as_far_as_all_seeds_reach_and_is_interpolated_between_their_places():
    x, mean, spread = mean_curve([(np.array([1, 2]), np.array([1.0, 3.0])), (np.array([0, 4]), np.array([0.0, 8.0]))])
    assert x.tolist() == [1, 2]
    assert mean.tolist() == [1.5, 3.5]
    assert spread == pytest.approx(np.array([1, 1]) / 2**0.5)


def test_seeds_share_a_colour_and_get_a_band_where_one_run_gets_none():
    chart = overlay_chart(
        [Seeds("a", [curve([0.5, 0.7]), curve([0.7, 0.7])]), Seeds("b", [curve([0.1])])], "test/accuracy", Axis.STEP
    )
    rows = list(
        zip(*(chart.data[name] for name in ("x", "setting", "seed", "raw", "mean", "low", "high")), strict=True)
    )
    assert rows[0] == (1, "a", 0, 50, None, None, None)
    mean = [row for row in rows if row[1] == "a" and row[2] is None]
    assert mean[1] == (2, "a", None, None, 70, 70, 70)
    assert mean[0][4:] == (60, pytest.approx(60 - 200**0.5, abs=1e-3), pytest.approx(60 + 200**0.5, abs=1e-3))
    assert [row for row in rows if row[1] == "b"][-1] == (1, "b", None, None, 10, None, None)


def test_an_epoch_is_a_point_that_shows_where_there_is_no_second_one():
    def marks(metric):
        layers = overlay_chart([Seeds("a", [curve([0.5])])], metric, Axis.EPOCH).spec["layer"]
        return [layer["mark"] for layer in layers if layer["mark"]["type"] == "line"]

    assert all(mark["point"]["filled"] for mark in marks("test/accuracy"))
    assert not any(mark["point"] for mark in marks("batch/accuracy"))


@pytest.mark.parametrize(("axis", "last"), [(Axis.EPOCH, 0.2), (Axis.STEP, 2), (Axis.SECONDS, 4)])
def test_the_axis_is_what_was_asked_for(axis, last):
    assert max(overlay_chart([Seeds("a", [curve([1, 2])])], "test/loss", axis).data["x"]) == last


def test_updates_are_smoothed_and_epochs_are_not():
    noisy = curve([0.0, 1.0, 0.0, 1.0])
    drawn = {
        metric: [v for v in overlay_chart([Seeds("a", [noisy])], metric, Axis.STEP).data["mean"] if v is not None]
        for metric in ("batch/loss", "test/loss")
    }
    assert drawn["test/loss"] == [0, 1, 0, 1]
    assert 0.2 < drawn["batch/loss"][-1] < 0.8


def test_a_loss_that_blew_up_is_drawn_on_a_logarithmic_axis():
    def heights(*values):
        layers = overlay_chart([Seeds("a", [curve(values)]), Seeds("b", [curve([0.5])])], "batch/loss", Axis.STEP).spec
        return [layer["encoding"]["y"]["scale"] for layer in layers["layer"]]

    assert all(height == {"type": "log", "domain": [0.1, 1e6], "clamp": True} for height in heights(2.3, 5e5))
    assert all("type" not in height for height in heights(2.3, 5))


def test_what_no_run_measured_is_empty():
    assert overlay_chart([Seeds("a", [curve([])])], "validation/loss", Axis.EPOCH).data["x"] == []
    assert all(title.endswith(")") for title in METRICS.values())
