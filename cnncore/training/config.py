"""A run's configuration: one frozen record with every choice that changes its curve."""

import dataclasses
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, get_args

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


WHITENING = (Standardization.ZCA, Standardization.PCA)  # these want the principal components of the train images


class Optimizer(StrEnum):
    """What makes a step of a gradient; torch.optim's, with its defaults where nothing else is said."""

    SGD = "sgd"  # with `momentum` and `nesterov`
    RMSPROP = "rmsprop"  # divides by the root of the squared gradient's running mean; takes `momentum`
    ADAM = "adam"  # that, and a running mean of the gradient: betas 0.9 and 0.999
    ADAMW = "adamw"  # Adam whose weight decay acts on the weights and not through the gradient


class Schedule(StrEnum):
    """How the learning rate moves; by epoch, and by update for one-cycle."""

    NONE = "none"
    EXPONENTIAL = "exponential"  # times `decay` after every epoch
    STEP = "step"  # times `factor` after each of the `milestones`
    COSINE = "cosine"  # half a cosine from `lr` to zero
    ONE_CYCLE = "one-cycle"  # up to `lr` in the first 30 % of the updates, then down to nearly zero
    PLATEAU = "plateau"  # times `factor` when the loss has not fallen for `patience` epochs


class Precision(StrEnum):
    """With which numbers the network computes; the weights are kept in 32 bits in any case."""

    FP32 = "fp32"  # 32 bits throughout: the same on every device, bar the order of sums
    TF32 = "tf32"  # CUDA: products with 10 bits of mantissa, sums with 23
    HALF = "half"  # bfloat16 (7 bits of mantissa) where autocast deems it safe, loss in 32 bits: CUDA, CPUs with units


class TTA(StrEnum):
    """Test-time augmentation: how often each image is looked at once the last epoch is over, see `.tta`."""

    NONE = "none"  # as it is, as after every epoch
    MIRROR = "mirror"  # twice: the image and its mirror image
    SHIFTS = "mirror-shift"  # six times: both where they are, and moved by a pixel to two corners

    @property
    def looks(self) -> int:
        """How often each image is looked at."""
        return {TTA.NONE: 1, TTA.MIRROR: 2, TTA.SHIFTS: 6}[self]


class DeviceChoice(StrEnum):
    """Where to train; `auto` takes CUDA, else the CPU: Apple's MPS, untried, only where it is named."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
    MPS = "mps"


_CHOICES: dict[str, type[StrEnum]] = {
    "optimizer": Optimizer,
    "schedule": Schedule,
    "standardize": Standardization,
    "tta": TTA,
    "precision": Precision,
    "device": DeviceChoice,
}
_LIMITS: dict[str, tuple[type, float, float, str]] = {
    "epochs": (int, 1, 10_000, "try 10"),
    "batch_size": (int, 1, 65_536, "try 128"),
    "lr": (float, 1e-8, 1e4, "try 0.1"),
    "momentum": (float, 0, 0.999, "try 0.9, with a learning rate ten times smaller"),
    "weight_decay": (float, 0, 10, "5e-4 is usual"),
    "label_smoothing": (float, 0, 0.9, "0.1 is usual"),
    "average": (float, 0, 1000, "1 averages over about the last epoch"),
    "norm_bias_rate": (float, 0.01, 1000, "64 is Jordan's, 1 leaves it as it is"),
    "logit_scale": (float, 1e-3, 100, "1 leaves them as they are"),
    "decay": (float, 0.01, 1, "the practical uses 0.95"),
    "factor": (float, 0.001, 1, "0.1 is usual"),
    "patience": (int, 0, 10_000, "try 5"),
    "warmup_epochs": (float, 0, 10_000, "1 to 5 are usual"),
    "whitening_eps": (float, 1e-8, 1e6, "try 0.1"),
    "dropout": (float, 0, 0.99, "the practical uses 0.5"),
    "train_size": (int, 1, 10**8, "leave it out to use all images"),
    "validation_size": (int, 0, 10**8, "a tenth of the train images is usual"),
    "test_size": (int, 1, 10**8, "leave it out to use all images"),
    "seed": (int, 0, 2**31 - 1, "try 0"),
}


def _number(name: str, value: Any, kind: type, low: float, high: float, remedy: str) -> None:
    right = isinstance(value, (int, float)) if kind is float else isinstance(value, int)
    if not right or isinstance(value, bool) or not low <= value <= high:  # nor is NaN between them
        what = "a number" if kind is float else "a whole number"
        limits = f"{low:g} and {high:g}" if kind is float else f"{low:,} and {high:,}"
        raise InputError(f"`{name}` (={str(value)[:40]}) must be {what} between {limits}: {remedy}.")


@dataclass(frozen=True)
class RunConfig:
    """One training run. Two equal configurations on one device give the same curve, number for number.

    `lr` is the learning rate of the first epoch (the highest one of one-cycle), `batch_size` counts images, `dropout`
    is the probability of dropping a unit before the last dense layer, `batch_norm` puts a batch norm right after each
    convolution. `weight_decay` is added to the gradient times the weight, for all parameters alike, biases and batch
    norm included, as torch does; AdamW shrinks the weights by lr * weight_decay instead. `label_smoothing` gives that
    share of each label to all classes alike, in the training loss alone. With `average` > 0 averaged weights are what
    is evaluated, kept in snapshots and inspected, see `cnncore.training.average`. `norm_bias_rate` and `logit_scale`
    make parts of the network learn at their own rate, see `cnncore.training.optimizers`; `identity_start` and
    `whitened_patches` are other first weights, see `cnncore.training.initial`.

    `milestones` are the epochs after which the step schedule multiplies by `factor`; none means one half and three
    quarters of the epochs. `warmup_epochs` multiplies any schedule by a ramp over its first updates.

    `train_size` and `test_size` cut the data to the first so many images of a class-balanced order. `validation_size`
    images are set aside before that, as balanced but from the other end, so that neither choice changes the other.
    `train_eval` scores the whole train set after every epoch, with fixed weights and without augmentation: about a
    third more time. With `tta` the network is also asked about several views of each held-out image after the last
    epoch: these are metrics of their own, and no other number changes. `network` is a name of the catalogue or the JSON
    text of a description. `preset` is only a label.
    """

    dataset: str = "builtin"
    network: str = "practical"
    epochs: int = 10
    batch_size: int = 128  # the practical's
    lr: float = 0.1  # the practical's; plain SGD on pixels in [0, 1] learns well with it
    optimizer: Optimizer = Optimizer.SGD
    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    average: float = 0.0  # how many epochs the average of the weights reaches back
    norm_bias_rate: float = 1.0  # times the learning rate, for the biases of batch norms; their scales stay at one then
    logit_scale: float = 1.0
    identity_start: bool = False
    whitened_patches: bool = False
    schedule: Schedule = Schedule.NONE
    decay: float = 0.95  # an epoch, for the exponential schedule
    factor: float = 0.1  # for step and plateau
    milestones: tuple[int, ...] = ()  # for step
    patience: int = 5  # epochs, for plateau
    warmup_epochs: float = 0.0
    standardize: Standardization = Standardization.NONE
    whitening_eps: float = 0.1  # is added to the eigenvalues, for zca and pca
    augment: tuple[Augmentation, ...] = ()
    dropout: float = 0.0
    batch_norm: bool = False
    train_size: int | None = None
    validation_size: int = 0
    test_size: int | None = None
    train_eval: bool = False
    tta: TTA = TTA.NONE
    precision: Precision = Precision.FP32
    snapshots: bool = True  # what every epoch predicts, beside the checkpoint; changes no number
    seed: int = 0
    device: DeviceChoice = DeviceChoice.AUTO
    preset: str | None = None

    def __post_init__(self) -> None:
        for spec in dataclasses.fields(self):
            value, kinds = getattr(self, spec.name), get_args(spec.type) or (spec.type,)
            if value is None and type(None) in kinds:
                continue
            if spec.name in _LIMITS:
                _number(spec.name, value, *_LIMITS[spec.name])
            elif bool in kinds and not isinstance(value, bool):
                raise InputError(f"`{spec.name}` (={value!r}) must be true or false: give one of these.")
            elif str in kinds and not isinstance(value, str):
                raise InputError(f"`{spec.name}` (={value!r}) must be text, a name: put it in quotes.")
        for name, choices in _CHOICES.items():
            object.__setattr__(self, name, _choice(name, getattr(self, name), choices))
        object.__setattr__(self, "augment", in_order(tuple(self.augment)))
        for epoch in self.milestones:  # before they are sorted, which only numbers can be
            _number("milestones", epoch, int, 1, 10_000, "give epochs, like 50 and 75")
        object.__setattr__(self, "milestones", tuple(sorted(set(self.milestones))))
        self._check_optimizer()

    def _check_optimizer(self) -> None:
        if self.momentum and self.optimizer in (Optimizer.ADAM, Optimizer.ADAMW):
            raise InputError(
                f"`momentum` (={self.momentum:g}) is not for {self.optimizer}, which keeps running means of its own: "
                "set it to 0."
            )
        if self.nesterov and (self.optimizer is not Optimizer.SGD or not self.momentum):
            raise InputError(
                f"`nesterov` needs `optimizer` sgd with a momentum (here {self.optimizer} with {self.momentum:g}): set "
                "`momentum`, say to 0.9, or switch it off."
            )
        for name in ("norm_bias_rate", "logit_scale"):
            if getattr(self, name) != 1 and self.optimizer is not Optimizer.SGD:
                raise InputError(
                    f"`{name}` (={getattr(self, name):g}) is for `optimizer` sgd, and {self.optimizer} divides by the "
                    "gradient's size anyway: set it to 1."
                )

    def to_dict(self) -> dict[str, Any]:
        """Return the configuration as a dictionary of plain values, ready for JSON."""
        values = {spec.name: getattr(self, spec.name) for spec in dataclasses.fields(self)}
        augment = [to_dict(augmentation) for augmentation in self.augment]
        return values | {"augment": augment, "milestones": list(self.milestones)}

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
        listed = {name: values.get(name, []) for name in ("augment", "milestones")}
        for name, value in listed.items():
            if not isinstance(value, list | tuple):
                raise InputError(f"`{name}` (={value!r}) must be a list: write [] for none.")
        augment = tuple(from_dict(entry) for entry in listed["augment"])
        return cls(**(values | {"augment": augment, "milestones": tuple(listed["milestones"])}))

    @classmethod
    def from_json(cls, text: str) -> "RunConfig":
        """Return the configuration of one line of JSON; an `InputError` for anything else."""
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InputError(f"a configuration (={text[:40]!r}...) must be JSON ({error}): copy it again.") from None
        if not isinstance(values, dict):
            raise InputError(f"a configuration (={text[:40]!r}) must be an object of settings: begin it with {{.")
        return cls.from_dict(values)


def _choice(name: str, value: str, choices: type[StrEnum]) -> StrEnum:
    try:
        return choices(value)
    except ValueError:
        raise InputError(f"`{name}` (={value!r}) must be one of {', '.join(choices)}: choose one of them.") from None
