"""Fair comparisons: configurations that differ in one thing, or in the seed alone."""

from dataclasses import replace
from typing import Any

from cnncore.data.augmentation import HorizontalFlip, RandomCrop
from cnncore.errors import InputError
from cnncore.training.config import Optimizer, RunConfig, Schedule, Standardization

# What a toggle is when it is on, if the configuration does not say: the practical's values where it has one.
ON: dict[str, Any] = {
    "standardize": Standardization.CHANNEL,
    "augment": (RandomCrop(28), HorizontalFlip(0.5)),
    "momentum": 0.9,
    "nesterov": True,
    "weight_decay": 5e-4,
    "label_smoothing": 0.1,
    "average": 1.0,
    "optimizer": Optimizer.ADAM,
    "schedule": Schedule.EXPONENTIAL,
    "warmup_epochs": 1.0,
    "dropout": 0.5,
    "batch_norm": True,
}


def pair(config: RunConfig, field: str, value: Any = None) -> tuple[RunConfig, RunConfig]:
    """Return (without, with) the toggle `field`, all else equal; with any field, (as it is, with `value`).

    Both begin with the same initial weights, as those are drawn from the seed layer by layer and batch norm and
    dropout draw none, and see the train images in the same order, which is drawn from the seed and the epoch alone.
    (Another network, data set, train size or batch size cannot keep that, whatever the seed.) The learning rate stays
    too, also where it should not: momentum 0.9 makes ten times the effective step.

    >>> without, with_ = pair(RunConfig(dropout=0.3), "dropout")
    >>> without.dropout, with_.dropout
    (0.0, 0.3)
    """
    if value is None and field not in ON:
        raise InputError(f"`field` (={field!r}) is no toggle: choose one of {', '.join(ON)}, or give a value.")
    if field not in RunConfig.__dataclass_fields__:
        raise InputError(f"`field` (={field!r}) is no setting of a run: choose one of {', '.join(ON)}.")
    config = replace(config, preset=None)
    if value is not None:
        return config, _with(config, field, value)
    off = RunConfig.__dataclass_fields__[field].default
    if getattr(config, field) == off:
        return config, _with(config, field, ON[field])
    return _with(config, field, off), config


def seeds(config: RunConfig, count: int) -> tuple[RunConfig, ...]:
    """Return `count` configurations that differ in their seeds alone: the configuration's own and the next ones."""
    if not 1 <= count <= 100:
        raise InputError(f"`count` (={count}) must be between 1 and 100: 3 to 5 seeds show the spread.")
    return tuple(replace(config, seed=config.seed + number) for number in range(count))


def _with(config: RunConfig, field: str, value: Any) -> RunConfig:
    try:
        return replace(config, **{field: value})
    except InputError as error:
        raise InputError(f"The two cannot differ in `{field}` alone. {error}") from None
