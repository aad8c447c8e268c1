"""What a training run says while it goes on: small frozen records, JSON both ways.

Events are the only thing that leaves a training process. A consumer (the store, the command line, a page)
needs neither torch nor the trainer to read them. Accuracies are fractions between 0 and 1, losses are mean
cross-entropies in nats per image, durations are seconds. A metric's name in JSON is its definition: `train/...` is the
running mean over the epoch while the weights move, `test/...` is one fixed model on all test images.
"""

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias


@dataclass(frozen=True)
class Started:
    """A run begins or is taken up again. Sizes are numbers of images, `first_epoch` counts from 1."""

    kind: ClassVar[str] = "started"
    config: dict[str, Any]
    device: str
    device_reason: str
    parameters: int
    train_size: int
    test_size: int
    batches_per_epoch: int
    classes: int
    first_epoch: int
    versions: dict[str, str]


@dataclass(frozen=True)
class Batch:
    """One update has been made. `loss` and the accuracies are the batch's own, before its update.

    `batch` counts from 0 within the epoch, `step` counts the updates of the whole run from 1, `size` is the
    number of images, `seconds` the training time since the epoch began, `lr` the learning rate of this update.
    """

    kind: ClassVar[str] = "batch"
    epoch: int
    batch: int
    step: int
    size: int
    loss: float
    accuracy: float
    accuracy5: float
    lr: float
    seconds: float


@dataclass(frozen=True)
class Epoch:
    """An epoch is over. `seconds` is its training time, evaluation apart; means are weighted by images."""

    kind: ClassVar[str] = "epoch"
    epoch: int
    step: int
    train_loss: float = field(metadata={"json": "train/loss"})
    train_accuracy: float = field(metadata={"json": "train/accuracy"})
    train_accuracy5: float = field(metadata={"json": "train/accuracy5"})
    test_loss: float = field(metadata={"json": "test/loss"})
    test_accuracy: float = field(metadata={"json": "test/accuracy"})
    test_accuracy5: float = field(metadata={"json": "test/accuracy5"})
    seconds: float
    test_seconds: float
    images_per_second: float
    lr: float


@dataclass(frozen=True)
class Finished:
    """All epochs are done. `seconds` is the training time of the epochs that this process ran."""

    kind: ClassVar[str] = "finished"
    epochs: int
    seconds: float
    test_loss: float = field(metadata={"json": "test/loss"})
    test_accuracy: float = field(metadata={"json": "test/accuracy"})


@dataclass(frozen=True)
class Diverged:
    """The loss stopped being a number. `message` says where, why and what to change; the run is over."""

    kind: ClassVar[str] = "diverged"
    epoch: int
    batch: int
    message: str


@dataclass(frozen=True)
class Stopped:
    """The run ended before its last epoch because somebody asked; it can be resumed after `epoch`."""

    kind: ClassVar[str] = "stopped"
    epoch: int
    message: str


Event: TypeAlias = Started | Batch | Epoch | Finished | Diverged | Stopped
_KINDS: dict[str, type[Event]] = {kind.kind: kind for kind in (Started, Batch, Epoch, Finished, Diverged, Stopped)}


def _json_name(spec: dataclasses.Field[Any]) -> str:
    return str(spec.metadata.get("json", spec.name))


def to_dict(event: Event) -> dict[str, Any]:
    """Return the event as a dictionary ready for JSON, its kind under `"event"`.

    >>> to_dict(Stopped(epoch=3, message="asked"))
    {'event': 'stopped', 'epoch': 3, 'message': 'asked'}
    """
    values = {_json_name(spec): getattr(event, spec.name) for spec in dataclasses.fields(event)}
    return {"event": event.kind} | values


def from_dict(values: dict[str, Any]) -> Event:
    """Return the event that `to_dict` wrote. An unknown kind, a missing or a surplus field is a `ValueError`."""
    kind = values.get("event")
    if kind not in _KINDS:
        raise ValueError(f"`event` (={kind!r}) must be one of {', '.join(_KINDS)}")
    event_type = _KINDS[kind]
    names = {_json_name(spec): spec.name for spec in dataclasses.fields(event_type)}
    given = values.keys() - {"event"}
    if given != names.keys():
        raise ValueError(f"a `{kind}` event has the fields {sorted(names)}, not {sorted(given)}")
    return event_type(**{names[name]: values[name] for name in names})


def to_json(event: Event) -> str:
    """Return the event as one line of JSON (strict: a NaN is a `ValueError`, it would not be JSON)."""
    return json.dumps(to_dict(event), allow_nan=False)


def from_json(line: str) -> Event:
    """Return the event of one line of JSON."""
    return from_dict(json.loads(line))
