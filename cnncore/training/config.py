"""What a run is: one frozen record with every choice that changes its curve."""

import dataclasses
import json
import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cnncore.data.augmentation import Augmentation, from_dict, in_order, to_dict
from cnncore.errors import InputError


class Standardization(StrEnum):
    """What is done to the pixels before the network sees them; statistics come from the train images only."""

    NONE = "none"  # pixels in [0, 1]
    CHANNEL = "channel"  # mean and standard deviation per channel over all train pixels
    HANDOUT = "handout"  # the practical's constants: mean (.491, .482, .447), std (.202, .199, .201)
    MEAN_IMAGE = "mean-image"  # the mean train image is subtracted, one standard deviation divides
    IMAGE = "image"  # each image by its own mean and standard deviation
    ZCA = "zca"  # whitening that keeps images images
    PCA = "pca"  # whitening in the basis of the principal components: no longer an image


class Schedule(StrEnum):
    """How the learning rate moves from epoch to epoch."""

    NONE = "none"
    EXPONENTIAL = "exponential"  # times `decay` after every epoch
    STEP = "step"  # times 0.1 after one half and after three quarters of the epochs
    COSINE = "cosine"  # half a cosine from `lr` to zero


class DeviceChoice(StrEnum):
    """Where to train; `auto` takes CUDA, else Apple's MPS, else the CPU."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
    MPS = "mps"


def _number(name: str, value: Any, kind: type, low: float, high: float, remedy: str) -> None:
    right = isinstance(value, (int, float)) if kind is float else isinstance(value, int)
    if not right or isinstance(value, bool) or not math.isfinite(value) or not low <= value <= high:
        what = "a number" if kind is float else "a whole number"
        raise InputError(f"`{name}` (={value}) must be {what} between {low:g} and {high:g}: {remedy}.")


@dataclass(frozen=True)
class RunConfig:
    """One training run. Two equal configurations on one device give the same curve, number for number.

    `lr` is the learning rate of the first epoch, `batch_size` counts images, `dropout` is the probability of
    dropping a unit before the last dense layer, `batch_norm` puts a batch norm right after each convolution.
    `train_size` and `test_size` cut the data to the first so many images of a seeded class-balanced order.
    `network` is a name of the catalogue or the JSON text of a description. `preset` is a label alone.
    """

    dataset: str = "builtin"
    network: str = "practical"
    epochs: int = 10
    batch_size: int = 128  # the practical's
    lr: float = 0.1  # the practical's; plain SGD on pixels in [0, 1] learns well with it
    momentum: float = 0.0
    schedule: Schedule = Schedule.NONE
    decay: float = 0.95  # an epoch, for the exponential schedule
    standardize: Standardization = Standardization.NONE
    augment: tuple[Augmentation, ...] = ()
    dropout: float = 0.0
    batch_norm: bool = False
    train_size: int | None = None
    test_size: int | None = None
    seed: int = 0
    device: DeviceChoice = DeviceChoice.AUTO
    preset: str | None = None

    def __post_init__(self) -> None:
        _number("epochs", self.epochs, int, 1, 10_000, "try 10")
        _number("batch_size", self.batch_size, int, 1, 65_536, "try 128")
        _number("lr", self.lr, float, 1e-8, 1e4, "try 0.1")
        _number("momentum", self.momentum, float, 0, 0.999, "try 0.9, with a learning rate ten times smaller")
        _number("decay", self.decay, float, 0.01, 1, "the practical uses 0.95")
        _number("dropout", self.dropout, float, 0, 0.99, "the practical uses 0.5")
        _number("seed", self.seed, int, 0, 2**31 - 1, "try 0")
        for name in ("train_size", "test_size"):
            if getattr(self, name) is not None:
                _number(name, getattr(self, name), int, 1, 10**8, "leave it out to use all images")
        object.__setattr__(self, "schedule", _choice("schedule", self.schedule, Schedule))
        object.__setattr__(self, "standardize", _choice("standardize", self.standardize, Standardization))
        object.__setattr__(self, "device", _choice("device", self.device, DeviceChoice))
        object.__setattr__(self, "augment", in_order(tuple(self.augment)))

    def to_dict(self) -> dict[str, Any]:
        """Return the configuration as a dictionary of plain values, ready for JSON."""
        values = {spec.name: getattr(self, spec.name) for spec in dataclasses.fields(self)}
        return values | {"augment": [to_dict(augmentation) for augmentation in self.augment]}

    def to_json(self) -> str:
        """Return the configuration as one line of JSON."""
        return json.dumps(self.to_dict(), allow_nan=False)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "RunConfig":
        """Return the configuration that `to_dict` wrote; an unknown name or a bad value is an `InputError`."""
        known = {spec.name for spec in dataclasses.fields(cls)}
        if not values.keys() <= known:
            surplus = ", ".join(sorted(values.keys() - known))
            raise InputError(f"a configuration has no `{surplus}`: it knows {', '.join(sorted(known))}.")
        augment = tuple(from_dict(entry) for entry in values.get("augment", ()))
        return cls(**(values | {"augment": augment}))

    @classmethod
    def from_json(cls, text: str) -> "RunConfig":
        """Return the configuration of one line of JSON."""
        return cls.from_dict(json.loads(text))


def _choice(name: str, value: str, choices: type[StrEnum]) -> StrEnum:
    try:
        return choices(value)
    except ValueError:
        raise InputError(f"`{name}` (={value!r}) must be one of {', '.join(choices)}: choose one of them.") from None
