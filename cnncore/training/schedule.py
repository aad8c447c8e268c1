"""The learning rate of every update, in closed form: it can be drawn before a run starts.

rate = schedule * warm-up, for the plateau schedule also times the factor that the losses so far have led to. All
schedules but one-cycle move from epoch to epoch and are constant within one.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnncore.errors import InputError
from cnncore.training.config import RunConfig, Schedule

# PyTorch's OneCycleLR and its defaults; the momentum stays as it is (its cycle_momentum=False).
PEAK = 0.3  # share of the updates after which one-cycle is at its highest
_START, _END = 1 / 25, 1 / 25 / 1e4  # of `lr`, at the first and at the last update
_THRESHOLD = 1e-4  # the share by which a loss must fall to count as lower, as in PyTorch's ReduceLROnPlateau


def learning_rate(config: RunConfig, epoch: int) -> float:
    """Return the learning rate of `epoch` (from 1), after warm-up, for the schedules that move by epoch.

    none: lr. exponential: lr * decay^(epoch-1). step: lr * factor^(milestones before this epoch). cosine:
    lr * (1 + cos(pi (epoch-1)/epochs)) / 2. plateau: lr, the highest that it can be. An `InputError` for
    one-cycle, which moves with every update: see `rate`.

    >>> round(learning_rate(RunConfig(schedule=Schedule.EXPONENTIAL, lr=0.1, decay=0.95), 11), 3)
    0.06
    """
    done = epoch - 1
    match config.schedule:
        case Schedule.NONE | Schedule.PLATEAU:
            return config.lr
        case Schedule.EXPONENTIAL:
            return config.lr * config.decay**done
        case Schedule.STEP:
            return config.lr * config.factor ** sum(done >= milestone for milestone in milestones(config))
        case Schedule.COSINE:
            return config.lr * (1 + math.cos(math.pi * done / config.epochs)) / 2
        case Schedule.ONE_CYCLE:
            raise InputError("`schedule` (=one-cycle) has no rate of an epoch: it moves with every update.")


def milestones(config: RunConfig) -> tuple[float, ...]:
    """Return the epochs after which the step schedule drops: as configured, else one half and three quarters of all.

    A run of up to three epochs ends before the last of these.
    """
    return config.milestones or (config.epochs / 2, 3 * config.epochs / 4)


def read_milestones(text: str) -> tuple[int, ...]:
    """Return the epochs that a text names, with commas or spaces between; none for an empty one.

    >>> read_milestones("50, 75")
    (50, 75)
    """
    try:
        return tuple(int(word) for word in text.replace(",", " ").split())
    except ValueError:
        raise InputError(f"`milestones` (={text}) must be epochs with commas between: try 50, 75.") from None


def rate(config: RunConfig, epoch: int, batch: int, batches: int) -> float:
    """Return the planned learning rate of update `batch` (from 0) of `epoch` (from 1), with `batches` updates an epoch.

    Warm-up multiplies update number i (from 0) of the run by min(1, (i+1)/n), with n = warmup_epochs * batches.

    >>> rate(RunConfig(lr=0.1, warmup_epochs=2), epoch=1, batch=4, batches=10)
    0.025
    """
    update = (epoch - 1) * batches + batch
    ramp = round(config.warmup_epochs * batches)
    planned = _one_cycle(config, update, batches) if by_update(config) else learning_rate(config, epoch)
    return planned * (update + 1) / ramp if update < ramp else planned


def by_update(config: RunConfig) -> bool:
    """Return whether the schedule itself, warm-up apart, moves with every update."""
    return config.schedule is Schedule.ONE_CYCLE


def _one_cycle(config: RunConfig, update: int, batches: int) -> float:
    last = config.epochs * batches - 1
    # A run of a few updates has no whole one for the peak; PyTorch divides by zero there.
    peak = max(PEAK * (last + 1) - 1, 1e-9)
    if update <= peak:
        return _half_cosine(config.lr * _START, config.lr, update / peak)
    return _half_cosine(config.lr, config.lr * _END, min(1.0, (update - peak) / max(last - peak, 1e-9)))


def _half_cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


@dataclass(frozen=True)
class RateCurve:
    """The planned learning rate at some updates of a run, the first and the last among them.

    `step` counts updates from 1, `epoch` is fractional (2.5: half of the third epoch is done), as in a run's curves.
    `exact` is false for the plateau schedule, whose rate depends on the losses: `lr` is then the highest it can be.
    """

    step: NDArray[np.int64]
    epoch: NDArray[np.float64]
    lr: NDArray[np.float64]
    exact: bool


def planned(config: RunConfig, batches: int, max_points: int | None = 500) -> RateCurve:
    """Return the whole planned curve for a run of `batches` updates an epoch, thinned to `max_points`.

    >>> planned(RunConfig(epochs=2, lr=1.0, schedule=Schedule.EXPONENTIAL, decay=0.5), batches=2).lr.tolist()
    [1.0, 1.0, 0.5, 0.5]
    """
    total = config.epochs * batches
    count = total if max_points is None else min(total, max_points)
    updates = np.unique(np.linspace(0, total - 1, count).round().astype(np.int64))  # from 0
    rates = [rate(config, int(update) // batches + 1, int(update) % batches, batches) for update in updates]
    return RateCurve(updates + 1, (updates + 1) / batches, np.array(rates), config.schedule is not Schedule.PLATEAU)


@dataclass
class Plateau:
    """How far the losses so far have lowered the learning rate: to `scale` times it, always 1 for other schedules.

    After more than `patience` epochs in which the loss has not fallen below the lowest so far (by a ten thousandth of
    it), `scale` is multiplied by `factor` and counting begins anew, as in PyTorch's ReduceLROnPlateau. The loss is the
    validation set's, and the running train loss where there is none: never the test set's.
    """

    factor: float
    patience: int
    active: bool = True
    scale: float = 1.0
    lowest: float = math.inf
    waited: int = 0

    @classmethod
    def of(cls, config: RunConfig) -> "Plateau":
        """Return the plateau of a run that begins."""
        return cls(config.factor, config.patience, config.schedule is Schedule.PLATEAU)

    def after(self, loss: float) -> None:
        """Take in the loss of an epoch that is over."""
        if not self.active:
            return
        if loss < self.lowest * (1 - _THRESHOLD):
            self.lowest, self.waited = loss, 0
            return
        self.waited += 1
        if self.waited > self.patience:
            self.scale, self.waited = self.scale * self.factor, 0

    def state(self) -> dict[str, float]:
        """Return what a checkpoint keeps."""
        return {"scale": self.scale, "lowest": self.lowest, "waited": self.waited}

    def restore(self, state: dict[str, float]) -> None:
        """Go on from what a checkpoint kept; those of earlier versions kept nothing."""
        if not state:
            return
        self.scale, self.lowest, self.waited = state["scale"], state["lowest"], int(state["waited"])
