import math

import numpy as np
import pytest
import torch

from cnncore.descent.paths import FAR, Setting, ball, time_to_settle, ways
from cnncore.descent.rules import Constants, Rule
from cnncore.descent.surfaces import NOISE, SURFACES, surface
from cnncore.errors import InputError

ALL = tuple(Rule)


@pytest.mark.parametrize("name", SURFACES)
def test_a_way_is_what_pytorch_walks_with_autograd(name):
    """The oracle knows neither our gradients nor our rules."""
    values = {
        "Valley": lambda x, y: (0.2 * x**2 + 8 * y**2) / 2,
        "Round bowl": lambda x, y: (x**2 + y**2) / 2,
        "Bend": lambda x, y: ((1 - x) ** 2 + 10 * (y - x**2) ** 2) / 10,
        "Saddle": lambda x, y: x**4 / 16 - x**2 / 2 + 1.5 * y**2,
    }
    start = (-1.1, 0.7)
    (way,) = ways(Setting(name, lr=0.02, decay=0.99, start=start), (Rule.NESTEROV,), steps=60)
    weights = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([weights], lr=0.02, momentum=0.9, nesterov=True)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.99)
    for point in way.points[1:]:
        optimizer.zero_grad()
        values[name](*weights).backward()
        optimizer.step()
        schedule.step()
        np.testing.assert_allclose(point, weights.detach().numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("lr", "momentum", "batch"), [(0.1, 0.0, 32), (0.4, 0.0, 8), (0.05, 0.9, 32), (0.01, 0.9, 1)])
def test_the_ball_has_the_size_that_the_formula_says(lr, momentum, batch):
    rule = Rule.MOMENTUM if momentum else Rule.SGD
    setting = Setting("Round bowl", lr=lr, batch=batch, constants=Constants(momentum=momentum))
    (way,) = ways(setting, (rule,), steps=600, walkers=400)
    expected = ball(lr, NOISE / math.sqrt(batch), surface("Round bowl").curvatures, momentum)
    assert way.ball == pytest.approx(expected, rel=0.05)


def test_the_balls_squared_size_goes_with_rate_over_batch():
    small = [ball(lr, NOISE / math.sqrt(batch), (1.0, 1.0)) ** 2 for lr, batch in ((0.01, 32), (0.02, 32), (0.02, 64))]
    assert small[1] / small[0] == pytest.approx(2, rel=0.01)
    assert small[2] == pytest.approx(small[0], rel=0.01)
    assert ball(0.001, 1.0, (1.0,), 0.9) == pytest.approx(ball(0.01, 1.0, (1.0,)), rel=0.01)  # 1 / (1 - m) = 10
    assert ball(3.0, 1.0, (1.0,)) == math.inf


def test_decay_shrinks_the_ball():
    constant, decayed = (
        ways(Setting("Round bowl", batch=8, decay=decay), (Rule.SGD,))[0].ball for decay in (1.0, 0.97)
    )
    assert decayed < 0.7 * constant


def test_divided_by_the_sum_of_its_memory_momentum_follows_plain_sgd():
    sgd, divided = ways(Setting(lr=0.1, divided=True), (Rule.SGD, Rule.MOMENTUM))
    (same,) = ways(Setting(lr=0.1), (Rule.MOMENTUM,))
    assert divided.rate == pytest.approx(0.01)
    along = [abs(way.points[60, 0] - sgd.points[60, 0]) for way in (divided, same)]
    assert along[0] < 0.5 < along[1]


def test_a_way_that_diverges_ends_and_says_where():
    (way,) = ways(Setting(lr=0.3), (Rule.SGD,))
    assert way.diverged is not None
    assert len(way.points) == way.diverged
    assert len(way.loss) == len(way.mean_loss) == len(way.radius) == len(way.points)
    assert np.abs(way.points).max() < FAR
    assert way.ball == math.inf
    for way in ways(Setting("Bend", lr=100.0), ALL):
        assert np.isfinite(way.mean_loss).all()


def test_all_rules_meet_the_same_noise_and_a_seed_repeats_it():
    one, two = ways(Setting(batch=8, constants=Constants(momentum=0.0)), (Rule.SGD, Rule.MOMENTUM))
    np.testing.assert_allclose(one.points, two.points)
    again, other = (ways(Setting(batch=8, seed=seed), (Rule.SGD,))[0] for seed in (0, 1))
    np.testing.assert_array_equal(one.points, again.points)
    assert not np.allclose(one.points, other.points)


def test_noise_finds_the_way_off_a_ridge():
    stays, leaves = (ways(Setting("Saddle", batch=batch), (Rule.SGD,))[0] for batch in (None, 128))
    assert abs(stays.points[-1, 0]) == 0
    assert abs(leaves.points[-1, 0]) > 1


@pytest.mark.parametrize(("lr", "momentum"), [(0.1, 0.0), (0.01, 0.9), (0.1, 0.9)])
def test_the_time_to_settle_is_what_the_slow_direction_takes(lr, momentum):
    setting = Setting(lr=lr, start=(5.0, 0.0), constants=Constants(momentum=momentum))
    (way,) = ways(setting, (Rule.MOMENTUM,), steps=400)
    time = time_to_settle(lr, (0.2, 8.0), momentum)
    steps = np.arange(len(way.radius))
    slope = np.polyfit(steps[20:], np.log(np.maximum.accumulate(way.radius[::-1])[::-1][20:]), 1)[0]
    assert -1 / slope == pytest.approx(time, rel=0.1)
    assert time_to_settle(0.3, (8.0,)) == math.inf


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"lr": 0}, "`lr`"),
        ({"lr": math.nan}, "`lr`"),
        ({"decay": 1.1}, "`decay`"),
        ({"batch": 0}, "`batch`"),
        ({"start": (math.inf, 0)}, "`start`"),
        ({"surface": "Hill"}, "`surface`"),
    ],
)
def test_what_cannot_be_is_a_sentence(change, match):
    with pytest.raises(InputError, match=match):
        Setting(**change)
