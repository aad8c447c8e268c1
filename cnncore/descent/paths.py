"""The ways that optimizers take down a surface, with gradients as noisy as those of batches."""

import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cnncore.descent.rules import Constants, Memory, Rule, step
from cnncore.descent.surfaces import NOISE, Surface, surface
from cnncore.errors import InputError

Array = NDArray[np.float64]
WALKERS = 200  # repeats with other noise, for the means
STEPS = 150
LAST = 50  # the steps at the end over which the size of the ball is averaged
FAR = 1e3  # beyond this distance from the minimum a way counts as diverged, and ends


@dataclass(frozen=True)
class Setting:
    """What is common to all ways that are compared.

    `batch` is the number of images behind each gradient, whose noise has the standard deviation NOISE / sqrt(batch) in
    each weight; None is the whole set, without noise. `decay` multiplies the learning rate after every step. With
    `divided`, rules with momentum get lr * (1 - momentum) instead of lr, which has the same effective step.
    """

    surface: str = "Valley"
    lr: float = 0.1
    batch: int | None = None
    decay: float = 1.0
    divided: bool = False
    start: tuple[float, float] | None = None
    constants: Constants = field(default_factory=Constants)
    seed: int = 0

    def __post_init__(self) -> None:
        surface(self.surface)
        if not (math.isfinite(self.lr) and 0 < self.lr <= 100):
            raise InputError(f"`lr` (={self.lr}) must be above 0 and at most 100: try 0.1.")
        if not 0 < self.decay <= 1:
            raise InputError(f"`decay` (={self.decay}) must be above 0 and at most 1: try 0.97.")
        if self.batch is not None and self.batch < 1:
            raise InputError(f"`batch` (={self.batch}) must be at least 1: try 32.")
        if self.start is not None and not all(map(math.isfinite, self.start)):
            raise InputError(f"`start` (={self.start}) must be two numbers: choose a point of the picture.")

    def rate(self, rule: Rule) -> float:
        """Return the learning rate that `rule` begins with."""
        return self.lr * (1 - self.constants.momentum) if self.divided and rule.has_momentum else self.lr

    @property
    def noise(self) -> float:
        """The standard deviation of the gradient's noise in each weight."""
        return 0.0 if self.batch is None else NOISE / math.sqrt(self.batch)


@dataclass(frozen=True, eq=False)  # arrays do not compare to one truth value
class Way:
    """One optimizer's way: `points` (T + 1, 2) of one repeat, and what all repeats do on average.

    `loss` (T + 1,) is the drawn way's height above the minimum, `mean_loss` the mean over the repeats, `radius` the
    root of the mean squared distance to the nearest minimum. A way that diverges ends there: `diverged` is the first
    step at which some repeat was too far, and the arrays end before it.
    """

    rule: Rule
    rate: float
    points: Array
    loss: Array
    mean_loss: Array
    radius: Array
    diverged: int | None

    @cached_property
    def ball(self) -> float:
        """The root mean squared distance over the last steps; infinite for a way that diverged."""
        return math.inf if self.diverged is not None else float(np.sqrt((self.radius[-LAST:] ** 2).mean()))


def ways(setting: Setting, rules: tuple[Rule, ...], steps: int = STEPS, walkers: int = WALKERS) -> tuple[Way, ...]:
    """Return the way of each rule. All rules meet the same noise, so that only the rule makes them differ."""
    place = surface(setting.surface)
    noise = np.zeros((steps, 1, 2))
    if setting.batch is not None:
        noise = np.random.default_rng(setting.seed).standard_normal((steps, walkers, 2)) * setting.noise
    return tuple(_way(place, setting, rule, noise) for rule in rules)


def _way(place: Surface, setting: Setting, rule: Rule, noise: Array) -> Way:
    steps, walkers, _ = noise.shape
    weights = np.tile(np.array(setting.start or place.start, float), (walkers, 1))  # (walkers, 2)
    memory = Memory.empty(weights)
    first = setting.rate(rule)
    visited = [weights]
    diverged = None
    for number in range(steps):
        gradient = place.gradient(weights) + noise[number]
        weights, memory = step(rule, weights, gradient, first * setting.decay**number, memory, setting.constants)
        if not bool((np.abs(weights) < FAR).all()):
            diverged = number + 1
            break
        visited.append(weights)
    everywhere = np.stack(visited)  # (T + 1, walkers, 2)
    above = place.value(everywhere) - place.lowest
    radius = np.sqrt((place.distance(everywhere) ** 2).mean(1))
    return Way(rule, first, everywhere[:, 0], above[:, 0], above.mean(1), radius, diverged)


def ball(lr: float, noise: float, curvatures: tuple[float, ...], momentum: float = 0.0) -> float:
    """Return the root mean squared distance at which SGD with momentum stays from the minimum of a quadratic.

    In each direction of curvature c the variance is lr s^2 (1 + m) / (c (1 - m) (2 (1 + m) - lr c)), s the noise
    of the gradient: about lr / (1 - m) * s^2 / (2 c) where the rate is small, and s^2 is proportional to 1 / batch.
    (The stationary variance of the AR(2) process w' = (1 + m - lr c) w - m w_before - lr * noise.) Infinite where the
    rate is too large to stay at all.

    >>> round(ball(0.1, 1.0, (1.0,)), 4)
    0.2294
    """
    total = 0.0
    for curvature in curvatures:
        room = 2 * (1 + momentum) - lr * curvature
        if room <= 0:
            return math.inf
        total += lr * noise**2 * (1 + momentum) / (curvature * (1 - momentum) * room)
    return math.sqrt(total)


def time_to_settle(lr: float, curvatures: tuple[float, ...], momentum: float = 0.0) -> float:
    """Return about how many steps the slowest direction of a quadratic takes to come e times nearer.

    The largest root r of r^2 - (1 + m - lr c) r + m = 0 is the factor of one step, and -1 / ln r the answer; infinite
    where the rate is too large.
    """
    slowest = max(abs(root) for c in curvatures for root in np.roots([1.0, -(1 + momentum - lr * c), momentum]))
    if slowest >= 1:
        return math.inf
    return 0.0 if slowest == 0 else -1 / math.log(slowest)
