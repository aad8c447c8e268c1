"""One update taken apart, as plain arrays: results that travel without torch, and what is noticed in them."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnncore.descent.rules import Constants, Memory, Rule, step
from cnncore.training.config import Optimizer, RunConfig
from cnncore.wording import number

MOST_MACS = 300e9  # multiply-adds that are computed while somebody waits: about ten seconds of one core
SMALL, LARGE = 1e-4, 1e-1  # a gradient's norm over its weights' is usually between these
HALF = 0.5  # share of silent channels from which on a layer is spoken of
Array = NDArray[np.float64]


def updates_at_most(macs: int, batch_size: int) -> int:
    """Return how many updates of a network of `macs` multiply-adds an image are computed while somebody waits.

    A backward pass costs two forward passes, so that an update takes 3 * macs * batch_size. The last one is the one
    that is taken apart, and its batch is scored once more.

    >>> updates_at_most(23_152_000, 128)
    33
    """
    return int(MOST_MACS / (3 * max(1, macs) * batch_size))


@dataclass(frozen=True, eq=False)  # arrays do not compare to one truth value
class Spread:
    """How the values of a tensor are spread; all figures are of those that are finite.

    `norm` is the root of the sum of squares, `peak` the largest size, `zeros` the share that is exactly 0 and `broken`
    the share that is infinite or no number. `counts` (bins,) lie between `edges` (bins + 1,), zeros apart, from four
    standard deviations below the mean to four above; the outermost bins take what is beyond.
    """

    mean: float
    std: float
    norm: float
    peak: float
    zeros: float
    broken: float
    edges: Array
    counts: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Layer:
    """What one layer puts out for the batch in train() mode, and the loss's gradient with respect to that.

    `shape` is (N, C, H, W) or (N, units). `silent` is, for a ReLU, the share of its channels or units that are 0 for
    every image and place of the batch. `maps` (K, H, W) are the first channels of one image, a dense layer's units in
    rows of 32 (NaN where there are no more); `gradient_maps` are the gradients of the same values. The gradient is
    None where nothing before the layer learns.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    output: Spread
    silent: float | None
    maps: NDArray[np.float32]
    gradient: Spread | None = None
    gradient_maps: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class Followed:
    """One weight through the update: the one with the largest gradient of its tensor, at `place` in it.

    `momentum` and `square` are what the optimizer remembered of it before (running gradient and squared gradient, 0
    where it keeps none), `steps` how many updates it had counted. `rate` and `decay` are the learning rate and the
    weight decay of this update for this tensor.
    """

    place: tuple[int, ...]
    before: float
    gradient: float
    after: float
    momentum: float
    square: float
    steps: int
    rate: float
    decay: float


@dataclass(frozen=True, eq=False)
class Parameter:
    """One tensor of parameters: its norm before the update, its gradient, and what the update added to it."""

    name: str
    shape: tuple[int, ...]
    norm: float
    gradient: Spread
    update: Spread
    followed: Followed

    @property
    def layer(self) -> str:
        """The layer that it belongs to."""
        return self.name.rpartition(".")[0]

    @property
    def is_weight(self) -> bool:
        """True for the weights of a convolution or dense layer, false for biases and what batch norm learns."""
        return len(self.shape) > 1

    @property
    def ratio(self) -> float:
        """The gradient's norm over the weights'; infinite where the weights are zero."""
        return self.gradient.norm / self.norm if self.norm else math.inf

    @property
    def change(self) -> float:
        """The update's norm over the weights': how much of them changed."""
        return self.update.norm / self.norm if self.norm else math.inf


@dataclass(frozen=True, eq=False)
class Scores:
    """The batch's images: `losses` before and `after` (N,) the update, both with the same masks and batch statistics.

    `labels` and `answers` (N,) are classes, `confidence` and `true` (N,) the probabilities of the answer and of the
    label, before the update. Where images are mixed, `partners` (N,) are the other labels and `shares` (N,) the weight
    of the own one. `inputs` (M, C, H, W) are the first images as the network sees them.
    """

    losses: Array
    after: Array
    labels: NDArray[np.int64]
    answers: NDArray[np.int64]
    confidence: Array
    true: Array
    inputs: NDArray[np.float32]
    partners: NDArray[np.int64] | None = None
    shares: Array | None = None


@dataclass(frozen=True, eq=False)
class Filters:
    """The first convolution's weights before the update, their gradient and the update, (F, C, kH, kW) each."""

    layer: str
    before: NDArray[np.float32]
    gradient: NDArray[np.float32]
    update: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Anatomy:
    """One update, taken apart: forward, loss, backward, update.

    It is update number `update` (from 1) of the run: batch `batch` (from 0) of the `batches` of `epoch`, made at
    learning rate `rate`, of which `factor` is by hand. `replayed` updates were made before it from the weights that
    are kept, and `strayed` is by how much their losses differ at most from those that the run has stored, None where
    it has stored none; the run itself stands before update `stands`. `over`: the run has ended and would not make it.
    `loss` is what the update minimises, `loss_after` the same of the same batch afterwards, `recorded` what the run
    has stored for it, None if it has not made it.
    """

    update: int
    epoch: int
    batch: int
    batches: int
    rate: float
    factor: float
    replayed: int
    strayed: float | None
    stands: int
    over: bool
    loss: float
    loss_after: float
    recorded: float | None
    classes: tuple[str, ...]
    layers: tuple[Layer, ...]
    parameters: tuple[Parameter, ...]
    scores: Scores
    filters: Filters | None

    @property
    def weights(self) -> tuple[Parameter, ...]:
        """The weights of convolutions and dense layers that learn, in order."""
        return tuple(parameter for parameter in self.parameters if parameter.is_weight)

    @property
    def broken(self) -> Layer | None:
        """The first layer that puts out something that is infinite or no number; None if all is finite."""
        return next((layer for layer in self.layers if layer.output.broken), None)


def rule_of(config: RunConfig) -> Rule:
    """Return the rule by which a run's optimizer makes a step of a gradient."""
    if config.optimizer is Optimizer.SGD:
        return Rule.NESTEROV if config.nesterov else Rule.MOMENTUM if config.momentum else Rule.SGD
    return {Optimizer.RMSPROP: Rule.RMSPROP, Optimizer.ADAM: Rule.ADAM, Optimizer.ADAMW: Rule.ADAMW}[config.optimizer]


def by_rule(followed: Followed, config: RunConfig) -> float | None:
    """Return where the optimizer's rule, written in numpy, puts the weight; None where there is no such rule here.

    Weight decay is added to the gradient times the weight, as torch does; AdamW's acts on the weight itself.
    """
    rule, decay = rule_of(config), followed.decay
    if (rule is Rule.RMSPROP and config.momentum) or decay > 1:
        return None
    apart = rule is Rule.ADAMW
    constants = Constants(momentum=config.momentum, weight_decay=decay if apart else 0.0)
    weight = np.array([followed.before])
    gradient = np.array([followed.gradient]) + (0.0 if apart else decay) * weight
    memory = Memory(np.array([followed.momentum]), np.array([followed.square]), followed.steps)
    return float(step(rule, weight, gradient, followed.rate, memory, constants)[0][0])


def remarks(found: Anatomy) -> Iterator[str]:
    """Yield a cautious sentence for each thing about gradients and activations that is out of the ordinary."""
    if found.broken is not None:
        return
    small = [p.layer for p in found.weights if p.ratio < SMALL]
    large = [p.layer for p in found.weights if p.ratio > LARGE]
    if small:
        yield (
            f"The gradient of {_listed(small)} is smaller than a ten-thousandth of the weights, norm over norm: such "
            "layers may learn very slowly, or have little left to learn from this batch."
        )
    if large:
        most = max(parameter.change for parameter in found.weights)
        yield (
            f"The gradient of {_listed(large)} is larger than a tenth of the weights, norm over norm. That may be the "
            "noise of a small batch, or a layer that a larger learning rate would throw about: at this one the update "
            f"changes {number(100 * most, 2)} % of a layer's weights at most."
        )
    silent = [layer.name for layer in found.layers if layer.silent is not None and layer.silent >= HALF]
    if silent:
        yield (
            f"Half or more of {_listed(silent)} puts out 0 for every image of this batch: those units get no gradient "
            "from it. If it is the same in other batches, they may be dead."
        )


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:4])
    return f"{shown} and {len(names) - 4} more" if len(names) > 4 else shown
