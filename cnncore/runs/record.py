"""What the store says about a run: its status, its figures, its curves."""

import functools
import json
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore.training.config import TTA, Optimizer, Precision, RunConfig, Schedule, Standardization
from cnncore.training.presets import PRESETS, title

LOCKED = "locked until the end"


class Status(StrEnum):
    """Where a run stands."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    FINISHED = "finished"
    DIVERGED = "diverged"
    FAILED = "failed"
    INTERRUPTED = "interrupted"

    @property
    def active(self) -> bool:
        """True while the run is not over: it goes on by itself or at a click."""
        return self in (Status.QUEUED, Status.RUNNING, Status.PAUSED)

    @property
    def resumable(self) -> bool:
        """True if the run can go on from its last checkpoint."""
        return self in (Status.STOPPED, Status.INTERRUPTED, Status.FAILED)


class Intent(StrEnum):
    """What somebody wants of a run; the worker and the supervisor carry it out."""

    NONE = "none"
    PAUSE = "pause"
    STEP = "step"  # one update, then pause
    CONTINUE = "continue"  # of a paused run: go on as soon as it is its turn
    STOP = "stop"


@dataclass(frozen=True)
class Wanted:
    """What is wanted of a run: what it should do, and what its learning rate is multiplied by."""

    intent: Intent
    lr_factor: float = 1.0


def summary(config: RunConfig) -> str:
    """Return a configuration in a few words: its preset's title, else what is switched on.

    >>> summary(RunConfig(lr=0.05, dropout=0.5, batch_norm=True))
    'practical, lr 0.05, dropout, batch norm'
    """
    if config.preset in PRESETS:
        return title(config.preset)
    switched = {
        _standardized(config.standardize): config.standardize is not Standardization.NONE,
        "+".join(augmentation.kind for augmentation in config.augment): bool(config.augment),
        config.optimizer.value: config.optimizer is not Optimizer.SGD,
        f"{'Nesterov ' if config.nesterov else ''}momentum {config.momentum:g}": config.momentum > 0,
        config.schedule.value: config.schedule is not Schedule.NONE,
        f"warm-up {config.warmup_epochs:g}": config.warmup_epochs > 0,
        "dropout": config.dropout > 0,
        "batch norm": config.batch_norm,
        f"weight decay {config.weight_decay:g}": config.weight_decay > 0,
        f"label smoothing {config.label_smoothing:g}": config.label_smoothing > 0,
        "averaged weights": config.average > 0,
        f"norm biases at {config.norm_bias_rate:g} times the rate": config.norm_bias_rate != 1,
        f"logits times {config.logit_scale:.3g}": config.logit_scale != 1,
        "identity start": config.identity_start,
        "whitened patches": config.whitened_patches,
        f"test-time augmentation ({config.tta})": config.tta is not TTA.NONE,
        config.precision.value: config.precision is not Precision.FP32,
    }
    return ", ".join(
        [network_name(config.network), f"lr {config.lr:g}", *(text for text, on in switched.items() if on)]
    )


def _standardized(how: Standardization) -> str:
    return "standardized" if how is Standardization.CHANNEL else f"standardized ({how})"


@functools.lru_cache(maxsize=256)
def network_name(spec: str) -> str:
    """Return the name of a configuration's `network`: the catalogue's, or that in the JSON description."""
    if not spec.lstrip().startswith("{"):
        return spec
    try:
        return str(json.loads(spec)["name"])[:40] or "own network"
    except (ValueError, KeyError, RecursionError):  # a description that a run would refuse
        return "own network"


@dataclass(frozen=True)
class Run:
    """One run. Sizes are images, `epoch` counts complete epochs, `step` updates; times are seconds since 1970.

    `seconds` is training time so far, evaluation and pauses apart. Accuracies and losses are the last epoch's.
    `lr_factor` is what the schedule is multiplied by as set by hand, `group` what runs started together share. What is
    not known yet, or not measured, is None.
    """

    id: str
    name: str
    created: float
    status: Status
    intent: Intent
    message: str
    config: RunConfig
    group: str
    lr_factor: float
    started: float | None
    updated: float
    device: str | None
    device_reason: str | None
    parameters: int | None
    train_size: int | None
    test_size: int | None
    batches_per_epoch: int | None
    classes: int | None
    versions: dict[str, str]
    epoch: int
    step: int
    seconds: float
    images_per_second: float | None
    train_accuracy: float | None
    train_loss: float | None
    test_accuracy: float | None
    test_loss: float | None
    validation_accuracy: float | None
    validation_loss: float | None
    train_eval_accuracy: float | None
    train_eval_loss: float | None
    test_tta_accuracy: float | None
    validation_tta_accuracy: float | None

    @property
    def steps(self) -> int | None:
        """Updates of the whole run."""
        return None if self.batches_per_epoch is None else self.batches_per_epoch * self.config.epochs

    @property
    def test_locked(self) -> bool:
        """True while its test set's readings are to be hidden: validation images alone judge it until it is over.

        The one rule for all pages and commands that show answers to test images; on a page the reader may lift it.
        """
        return bool(self.config.validation_size) and self.status.active

    @property
    def waits(self) -> bool:
        """True if it is paused, was asked to go on, and waits for a slot."""
        return self.status is Status.PAUSED and self.intent is Intent.CONTINUE

    @property
    def label(self) -> str:
        """What the run is called where runs are told apart: its name, preset or settings, with its seed."""
        return f"{self.name or summary(self.config)} · seed {self.config.seed}"

    def to_dict(self) -> dict[str, Any]:
        """Return the run as plain values for JSON, without the test set's readings where that is locked."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        if self.test_locked:
            values |= {"test_accuracy": None, "test_loss": None, "test_tta_accuracy": None}
        return values | {"config": self.config.to_dict(), "steps": self.steps, "label": self.label}


@dataclass(frozen=True)
class Unread:
    """A stored run that this version of the program cannot read: a newer or older one made it. It can be deleted."""

    id: str
    name: str
    created: float
    status: str

    @property
    def label(self) -> str:
        """What the run is called where runs are told apart."""
        return " · ".join(filter(None, [self.name, "of another version of the program, cannot be read"]))

    def to_dict(self) -> dict[str, Any]:
        """Return what is known of the run as plain values for JSON."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__} | {"label": self.label}


@dataclass(frozen=True)
class Curve:
    """A metric over a run, at most as many points as were asked for.

    Where points stand for several batches, `value` is their mean and `low` and `high` their extremes. `epoch` is
    fractional (2.5: half of the third epoch is done), `seconds` is training time from the run's start.
    """

    step: NDArray[np.int64]
    epoch: NDArray[np.float64]
    seconds: NDArray[np.float64]
    value: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    def last(self, count: int) -> "Curve":
        """Return its last `count` points, none of them for 0."""
        first = max(0, len(self.value) - count)
        return Curve(*(getattr(self, spec.name)[first:] for spec in fields(self)))
