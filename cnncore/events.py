"""What a training run says while it goes on: small frozen records, JSON both ways.

Events are the only thing that leaves a training process. A consumer (the store, the command line, a page)
needs neither torch nor the trainer to read them. Accuracies are fractions between 0 and 1, losses are mean
cross-entropies in nats per image, durations are seconds. A metric's name in JSON is its definition: `train/...` is the
running mean over the epoch while the weights move, each batch scored before its own update, as it was augmented and
with dropout; its loss is what training minimises, label smoothing and mixed labels included. `train_eval/...`,
`validation/...` and `test/...` are one fixed model (the averaged one where weights are averaged) on all images of the
split after the epoch, without augmentation and dropout, and plain cross-entropy. `test_tta/...` and
`validation_tta/...` score the mean of the answers to several views of each image in the same way, see
`cnncore.training.tta`.
"""

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias


@dataclass(frozen=True)
class Started:
    """A run begins or is taken up again. Sizes are numbers of images, `first_epoch` counts from 1.

    `versions` holds what its numbers depend on besides the configuration: versions of libraries, the number of
    `threads`, and under `data` what `cnncore.data.prepared.DatasetInfo.contents` says.
    """

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
    """An epoch is over. Means are weighted by images; `lr` is the learning rate of its last update.

    `seconds` is its training time and `images_per_second` the train images over that; `test_seconds` is what the
    evaluations took. What was not measured is None and not in the JSON: `validation` without a validation split,
    `train_eval` unless the run re-scores its train set, `..._tta` except after the last epoch of a run that asks for
    it.
    """

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
    validation_loss: float | None = field(default=None, metadata={"json": "validation/loss"})
    validation_accuracy: float | None = field(default=None, metadata={"json": "validation/accuracy"})
    validation_accuracy5: float | None = field(default=None, metadata={"json": "validation/accuracy5"})
    train_eval_loss: float | None = field(default=None, metadata={"json": "train_eval/loss"})
    train_eval_accuracy: float | None = field(default=None, metadata={"json": "train_eval/accuracy"})
    train_eval_accuracy5: float | None = field(default=None, metadata={"json": "train_eval/accuracy5"})
    test_tta_loss: float | None = field(default=None, metadata={"json": "test_tta/loss"})
    test_tta_accuracy: float | None = field(default=None, metadata={"json": "test_tta/accuracy"})
    test_tta_accuracy5: float | None = field(default=None, metadata={"json": "test_tta/accuracy5"})
    validation_tta_loss: float | None = field(default=None, metadata={"json": "validation_tta/loss"})
    validation_tta_accuracy: float | None = field(default=None, metadata={"json": "validation_tta/accuracy"})
    validation_tta_accuracy5: float | None = field(default=None, metadata={"json": "validation_tta/accuracy5"})


@dataclass(frozen=True)
class Changed:
    """Somebody changed the run while it went on: from update `step` on, the schedule is multiplied by `lr_factor`."""

    kind: ClassVar[str] = "changed"
    epoch: int
    step: int
    lr_factor: float


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


Event: TypeAlias = Started | Batch | Epoch | Changed | Finished | Diverged | Stopped
_KINDS: dict[str, type[Event]] = {
    kind.kind: kind for kind in (Started, Batch, Epoch, Changed, Finished, Diverged, Stopped)
}


def _json_name(spec: dataclasses.Field[Any]) -> str:
    return str(spec.metadata.get("json", spec.name))


def _optional(kind: type[Event]) -> list[dataclasses.Field[Any]]:
    return [spec for spec in dataclasses.fields(kind) if spec.default is None]


def to_dict(event: Event) -> dict[str, Any]:
    """Return the event as a dictionary ready for JSON, its kind under `"event"`.

    >>> to_dict(Stopped(epoch=3, message="asked"))
    {'event': 'stopped', 'epoch': 3, 'message': 'asked'}
    """
    values = {_json_name(spec): getattr(event, spec.name) for spec in dataclasses.fields(event)}
    absent = {_json_name(spec) for spec in _optional(type(event)) if getattr(event, spec.name) is None}
    return {"event": event.kind} | {name: value for name, value in values.items() if name not in absent}


def from_dict(values: dict[str, Any]) -> Event:
    """Return the event that `to_dict` wrote. An unknown kind, a missing or a surplus field is a `ValueError`."""
    kind = values.get("event")
    if kind not in _KINDS:
        raise ValueError(f"`event` (={kind!r}) must be one of {', '.join(_KINDS)}")
    event_type = _KINDS[kind]
    names = {_json_name(spec): spec.name for spec in dataclasses.fields(event_type)}
    given = values.keys() - {"event"}
    required = names.keys() - {_json_name(spec) for spec in _optional(event_type)}
    if not required <= given <= names.keys():
        raise ValueError(f"a `{kind}` event has the fields {sorted(names)}, not {sorted(given)}")
    return event_type(**{names[name]: values[name] for name in given})


def to_json(event: Event) -> str:
    """Return the event as one line of JSON (strict: a NaN is a `ValueError`, it would not be JSON)."""
    return json.dumps(to_dict(event), allow_nan=False)


def from_json(line: str) -> Event:
    """Return the event of one line of JSON."""
    return from_dict(json.loads(line))
