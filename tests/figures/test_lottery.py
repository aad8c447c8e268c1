import numpy as np
import pytest

from cnncore.figures.lottery import ALL, ONE, histogram


def marks(chart):
    return [layer["data"]["values"][0] for layer in chart.spec["layer"] if "data" in layer and "text" in str(layer)]


def test_bars_are_the_share_of_the_readings_and_the_line_is_the_theory():
    chart = histogram(np.array([2, 2, 3, 4]), np.array([0.0, 0.1, 0.2, 0.3, 0.4]), 0.7, None)
    assert chart.data["right"] == [1, 2, 3, 4], "what is neither read nor expected is not drawn"
    assert chart.data["x"] == [25, 50, 75, 100]
    assert chart.data["share"] == [0, 50, 25, 25]
    assert chart.data["theory"] == pytest.approx([10, 20, 30, 40])
    assert chart.data["low"] == pytest.approx([13.75, 38.75, 63.75, 88.75])
    assert chart.data["high"] == pytest.approx([36.25, 61.25, 86.25, 111.25])


def test_lines_mark_the_truth_and_the_batch_drawn_last():
    counts, theory = np.array([1, 2]), np.full(5, 0.2)
    once = marks(histogram(counts, theory, 0.703, None))
    assert {(round(mark["at"], 9), mark["text"]) for mark in once} == {(70.3, f"{ALL}: 70.3 %")}
    both = marks(histogram(counts, theory, 0.703, 3))
    assert {(round(mark["at"], 9), mark["text"]) for mark in both} == {(70.3, f"{ALL}: 70.3 %"), (75, f"{ONE}: 75.0 %")}
