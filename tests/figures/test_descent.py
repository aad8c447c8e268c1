import json

import numpy as np
import pytest

from cnncore.descent.comparisons import ball_of, loss_after, momentum_against_sgd
from cnncore.descent.paths import STEPS, Setting, ways
from cnncore.descent.rules import Rule
from cnncore.descent.surfaces import SURFACES, surface
from cnncore.figures.descent import COLUMNS, ROWS, descent_data, predicted_ball, settled, ways_table


@pytest.mark.parametrize("name", SURFACES)
def test_the_picture_has_the_surface_and_every_way_as_plain_values(name):
    setting = Setting(name, lr=0.02, batch=32)
    data = descent_data(setting, ways(setting, tuple(Rule)))
    json.dumps(data, allow_nan=False)
    assert len(data["height"]) == COLUMNS * ROWS
    assert min(data["height"]) >= 0
    assert len({way["colour"] for way in data["ways"]}) == len(Rule)
    for way in data["ways"]:
        points = np.array(way["points"]).reshape(-1, 2)
        assert len(points) == len(way["loss"]) == len(way["mean"]) == STEPS + 1
        above = surface(name).value(points) - surface(name).lowest
        np.testing.assert_allclose(way["loss"], above, rtol=0.05, atol=0.01)  # points are rounded for the way


def test_a_diverging_way_is_finite_and_says_where_it_ends():
    setting = Setting(lr=0.3)
    found = ways(setting, (Rule.SGD, Rule.MOMENTUM))
    data = descent_data(setting, found)
    json.dumps(data, allow_nan=False)
    assert data["ways"][0]["diverged"] == found[0].diverged == len(data["ways"][0]["loss"])
    assert data["ways"][1]["diverged"] is None
    assert ways_table(setting, found)["end"][0] == f"diverged at step {found[0].diverged}"


def test_the_formula_is_shown_only_where_it_holds_and_agrees_there():
    setting = Setting("Round bowl", lr=0.3, batch=8)
    sgd, momentum, adam = ways(setting, (Rule.SGD, Rule.MOMENTUM, Rule.ADAM))
    for way in (sgd, momentum):
        assert predicted_ball(setting, way) == pytest.approx(way.ball, rel=0.05)
    assert predicted_ball(setting, adam) is None
    for other in (Setting("Valley", batch=8), Setting("Bend", batch=8), Setting("Round bowl", batch=8, decay=0.97)):
        (way,) = ways(other, (Rule.SGD,))  # still on its way, no quadratic, a rate that moves
        assert not settled(other, way)
        assert predicted_ball(other, way) is None


def test_no_optimizer_is_an_empty_table():
    assert ways_table(Setting(), ()) == {}


def test_what_the_predictions_reveal_is_so():
    apart = {lr: momentum_against_sgd(lr) for lr in (0.1, 0.09, 0.01, 1.0)}
    assert min(apart, key=apart.__getitem__) == 0.01
    assert apart[0.01] < apart[0.09] / 3
    assert ball_of(0.1, 16) == pytest.approx(ball_of(0.05, 8), rel=0.05)
    assert ball_of(0.1, 8) == pytest.approx(2**0.5 * ball_of(0.05, 8), rel=0.06)
    assert loss_after(4800, 32, 0.1) < loss_after(4800, 240, 0.1) / 3


def test_the_table_writes_small_numbers_as_the_picture_does():
    setting = Setting()
    [momentum] = ways(setting, (Rule.MOMENTUM,))
    assert momentum.mean_loss[-1] == pytest.approx(4.18e-7, rel=1e-3)
    assert ways_table(setting, (momentum,))["end"] == ["4.18\u00a0·\u00a010⁻⁷ above the minimum"]
