import numpy as np
import pytest

from cnncore.data.pixels import darkened
from cnncore.figures.standardization import (
    channel_names,
    histogram_chart,
    moved_charts,
    neighbour_chart,
    spectrum_chart,
    to_bytes,
)

COUNTS = np.random.default_rng(0).integers(0, 1000, (3, 256))


def test_zero_is_grey_and_the_limit_white():
    values = np.zeros((1, 20, 20), np.float32)
    values[0, :2] = 2.0  # a tenth of the values: the limit is theirs
    values[0, 2:4] = -2.0
    picture, limit = to_bytes(values)
    assert limit == pytest.approx(2.0)
    assert set(picture[0, :2].ravel()) == {255}
    assert set(picture[0, 2:4].ravel()) == {0}
    assert set(picture[0, 4:].ravel()) == {128}


def test_an_image_of_zeros_is_grey():
    picture, limit = to_bytes(np.zeros((3, 4, 4), np.float32))
    assert (picture == 128).all()
    assert limit > 0


def test_histograms_have_a_line_a_channel_in_percent():
    chart = histogram_chart(np.linspace(-1, 1, 5), np.array([[0.1, 0.2, 0.3, 0.4]] * 3))
    assert chart.data["channel"] == ["red"] * 4 + ["green"] * 4 + ["blue"] * 4
    assert chart.data["share"][:4] == [10, 20, 30, 40]
    assert chart.data["x"][:4] == [-0.75, -0.25, 0.25, 0.75]
    assert channel_names(1) == ["grey"]
    assert channel_names(2) == ["channel 1", "channel 2"]


def test_the_spectrum_shows_both_ends_and_what_whitening_makes_of_each():
    values = np.geomspace(20, 1e-6, 3072)
    data = spectrum_chart(values, 0.1).data
    half = len(data["number"]) // 2
    assert data["number"][0] == 1
    assert data["number"][half - 1] == 3072
    before, after = np.array(data["eigenvalue"][:half]), np.array(data["eigenvalue"][half:])
    np.testing.assert_allclose(before, values[np.array(data["number"][:half]) - 1], rtol=1e-3)
    np.testing.assert_allclose(after, before / (before + 0.1), rtol=2e-3)
    assert spectrum_chart(np.array([1.0, 0.5, 0.0]), 0.1).data["number"][:2] == [1, 2]  # no zero on a logarithmic axis


def test_neighbours_are_named():
    data = neighbour_chart({"none": np.array([1.0, 0.9]), "ZCA": np.array([1.0, 0.1])}).data
    assert data["set"] == ["none", "none", "ZCA", "ZCA"]
    assert data["correlation"] == [1.0, 0.9, 1.0, 0.1]


def test_a_moved_set_lies_left_with_the_train_statistics_and_in_the_middle_with_its_own():
    dark = darkened(COUNTS, 0.5)

    def centre(chart):
        data = chart.data
        rows = [row for row, name in enumerate(data["set"]) if name == "test"]
        share = np.array(data["share"])[rows]
        assert share.sum() == pytest.approx(100, abs=0.1)
        return float(share @ np.array(data["x"])[rows] / share.sum())

    with_train, with_own = moved_charts(COUNTS, dark)
    assert centre(with_train) < -0.7
    assert centre(with_own) == pytest.approx(0, abs=0.05)


def test_the_two_charts_of_a_moved_set_have_one_scale_that_holds_both():
    charts = moved_charts(COUNTS, darkened(COUNTS, 0.3))
    tops = {chart.spec["encoding"]["y"]["scale"]["domain"][1] for chart in charts}
    assert tops == {max(max(chart.data["share"]) for chart in charts)}
    assert max(charts[1].data["share"]) < max(tops), "alone it would have another scale"
