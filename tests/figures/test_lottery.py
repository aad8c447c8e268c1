import numpy as np
import pytest

from cnncore.figures.lottery import ALL, ONE, SUPPOSITION, histogram


def marks(chart):
    return [layer["data"]["values"][0] for layer in chart.spec["layer"] if "data" in layer and "text" in str(layer)]


def test_bars_are_the_share_of_the_readings_and_the_line_is_the_theory():
    chart = histogram(np.array([2, 2, 3, 4]), np.array([0.0, 0.1, 0.2, 0.3, 0.4]), 0.7, None)
    assert chart.data["right"] == [1, 2, 3, 4], "what is neither read nor expected is not drawn"
    assert chart.data["x"] == [25, 50, 75, 100]
    assert chart.data["share"] == [0, 50, 25, 25]
    assert chart.data["theory"] == pytest.approx([10, 20, 30, 40])
    assert chart.data["low"] == pytest.approx([13.75, 38.75, 63.75, 88.75])
    assert chart.data["high"] == pytest.approx([36.25, 61.25, 86.25, 100]), "no accuracy is above 100 %"


def test_lines_mark_the_truth_and_the_batch_drawn_last():
    counts, theory = np.array([1, 2]), np.full(5, 0.2)
    once = marks(histogram(counts, theory, 0.703, None))
    assert {(round(mark["at"], 9), mark["text"]) for mark in once} == {(70.3, f"{ALL}: 70.3 %")}
    both = marks(histogram(counts, theory, 0.703, 3))
    assert {(round(mark["at"], 9), mark["text"]) for mark in both} == {(70.3, f"{ALL}: 70.3 %"), (75, f"{ONE}: 75.0 %")}
    supposed = marks(histogram(counts, theory, 0.703, None, SUPPOSITION))
    assert supposed[0]["text"] == "the supposed accuracy: 70.3 %"


def test_the_texts_of_the_lines_stand_above_the_bars_and_inside_the_chart():
    counts = np.array([1, 2])
    chart = histogram(counts, np.full(5, 0.2), 0.95, 1)
    top = next(layer["encoding"]["y"]["scale"]["domain"][1] for layer in chart.spec["layer"] if "x2" in str(layer))
    free = chart.spec["height"] * (1 - max(chart.data["share"]) / top)
    texts = {layer["data"]["values"][0]["text"]: layer for layer in chart.spec["layer"] if "'text', 'a" in str(layer)}
    for text, layer in texts.items():
        assert layer["encoding"]["y"]["value"] < free
        assert layer["mark"]["align"] == ("right" if text.startswith(ALL) else "left")
    assert len(texts) == 2


def test_where_both_lines_are_at_one_place_both_are_seen():
    chart = histogram(np.array([1, 2]), np.full(5, 0.2), 0.75, 3)
    widths = [layer["mark"]["strokeWidth"] for layer in chart.spec["layer"] if layer["mark"]["type"] == "rule"]
    assert widths[0] > 2 * widths[1], "what is drawn first lies below"
