import math

import pytest

from cnncore.wording import by_axis, counted, dimensions, duration, number, signed


@pytest.mark.parametrize(("seconds", "text"), [(0, "0 s"), (59.4, "59 s"), (155, "2 min 35 s"), (4000, "1 h 6 min")])
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_one_and_many():
    assert [counted(n, "file") for n in (0, 1, 1200)] == ["0 files", "1 file", "1,200 files"]
    assert [counted(n, "epoch") for n in (0.5, 1.0, 3.0)] == ["0.5 epochs", "1 epoch", "3 epochs"]


def test_sizes():
    assert dimensions((3, 32, 32)) == "3 × 32 × 32"
    assert dimensions((10,)) == "10"
    assert [by_axis(pair) for pair in ((3, 3), (3, 5))] == ["3", "3 × 5"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (0.01234, "0.0123"),
        (-1, "−1"),
        (0.0001, "0.0001"),
        (0.00009996, "0.0001"),
        (0.00005, "5 · 10⁻⁵"),
        (-3.2e-07, "−3.2 · 10⁻⁷"),
        (1e-10, "10⁻¹⁰"),
        (1234.5, "1,230"),
        (999400, "999,000"),
        (999600, "10⁶"),
        (2.345e35, "2.35 · 10³⁵"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
        (math.nan, "no number"),
    ],
)
def test_numbers_of_any_size(value, text):
    assert number(value).replace("\N{NO-BREAK SPACE}", " ") == text


def test_a_number_has_as_many_digits_as_are_asked_for():
    assert [number(2 / 3e9, digits) for digits in (1, 2)] == ["7\u00a0·\u00a010⁻¹⁰", "6.7\u00a0·\u00a010⁻¹⁰"]
    assert number(1234.5, 6) == "1,234.5"


def test_signs_are_as_long_as_each_other():
    assert [signed(value, "+.2f") for value in (0.5, -0.5, -0.001)] == ["+0.50", "−0.50", "+0.00"]
