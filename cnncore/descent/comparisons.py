"""Three small experiments whose outcome a student can predict: momentum's rate, the ball, the size of a batch."""

from dataclasses import replace
from functools import cache

import numpy as np

from cnncore.descent.paths import Setting, ways
from cnncore.descent.rules import Constants, Rule


@cache
def momentum_against_sgd(lr: float) -> float:
    """Return how far apart, on average over 150 steps down the valley, momentum 0.9 at `lr` and SGD at 0.1 are.

    >>> momentum_against_sgd(0.01) < momentum_against_sgd(0.1)
    True
    """
    (sgd,) = ways(Setting(lr=0.1), (Rule.SGD,))
    (other,) = ways(Setting(lr=lr, constants=Constants(momentum=0.9)), (Rule.MOMENTUM,))
    steps = min(len(sgd.points), len(other.points))
    return float(np.sqrt(((sgd.points[:steps] - other.points[:steps]) ** 2).sum(1)).mean())


@cache
def ball_of(lr: float, batch: int) -> float:
    """Return the measured size of plain SGD's ball in the round bowl: root mean squared distance, 200 repeats."""
    (way,) = ways(Setting("Round bowl", lr=lr, batch=batch), (Rule.SGD,), steps=400)
    return way.ball


@cache
def loss_after(images: int, batch: int, lr: float) -> float:
    """Return the mean loss down the valley after as many updates of plain SGD as `images` images give."""
    setting = replace(Setting(batch=batch), lr=lr)
    (way,) = ways(setting, (Rule.SGD,), steps=images // batch)
    return float(way.mean_loss[-1])
