"""What the questions about optimization answer, against formulas and counts."""

import math
import re

import pytest

from cnncore.descent.surfaces import NOISE, SURFACES
from pages.parts import descent_questions


def told(monkeypatch, key):
    """Return what the page says once one of its questions about optimization is answered."""
    given = {}
    monkeypatch.setattr(descent_questions, "predict", lambda name, *rest: given.update({name: rest[-1]}))
    monkeypatch.setattr(descent_questions, "true_or_false", lambda name, *rest: given.update({name: rest[-1]}))
    descent_questions.ask()
    return given[key]


def test_the_ball_is_measured_at_the_rates_and_batches_that_are_named(monkeypatch):
    text = told(monkeypatch, "predict_ball")("doubles")
    pattern = (
        r"([\d.]+) at rate ([\d.]+) and batch (\d+), ([\d.]+) at ([\d.]+) and (\d+), but ([\d.]+) at ([\d.]+) and (\d+)"
    )
    numbers = [float(number) for number in re.search(pattern, text).groups()]
    curvature = SURFACES["Round bowl"].curvatures[0]
    for ball, rate, batch in zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True):
        variance = rate * NOISE**2 / batch / (curvature * (2 - rate * curvature))
        assert ball == pytest.approx(math.sqrt(2 * variance), rel=0.05)  # two weights
    assert numbers[1::3] == [0.05, 0.1, 0.1]
    assert numbers[2::3] == [8, 16, 8]


def test_updates_times_their_batch_are_the_images_that_are_named(monkeypatch):
    text = told(monkeypatch, "claim_batch")()
    images = int(re.search(r"With ([\d,]+) images", text)[1].replace(",", ""))
    found = [(int(updates), int(batch)) for updates, batch in re.findall(r"(\d+) updates of (\d+) images", text)]
    assert [batch for _, batch in found] == [32, 240]
    assert [updates * batch for updates, batch in found] == [images, images]
    small, large = (float(loss) for loss in re.findall(r"(?:loss of|images at) (\d+\.\d+)", text))
    assert small < large


def test_momentum_is_told_at_the_rate_that_was_chosen_at_a_tenth_and_at_the_same(monkeypatch):
    found = descent_questions.momentum_against_sgd
    text = told(monkeypatch, "predict_momentum")("0.09")
    chosen, tenth, same = (f"{found(rate):.2f}" for rate in (0.09, 0.01, 0.1))
    assert len({chosen, tenth, same}) == 3
    assert f"momentum 0.9 at 0.09 is on average {chosen} away" in text
    assert f"at 0.01 it is {tenth} and at 0.1 it is {same}." in text
    assert float(tenth) < float(chosen) < float(same)
