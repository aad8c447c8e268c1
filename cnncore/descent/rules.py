"""The update rules, written in numpy as PyTorch's optimizers carry them out: one step of any of them."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from cnncore.errors import InputError

Array = NDArray[np.float64]


class Rule(StrEnum):
    """How a gradient becomes a step."""

    SGD = "SGD"
    MOMENTUM = "Momentum"
    NESTEROV = "Nesterov"
    RMSPROP = "RMSprop"
    ADAM = "Adam"
    ADAMW = "AdamW"

    @property
    def has_momentum(self) -> bool:
        """Whether `momentum` means anything to it: then a steady gradient is worth lr / (1 - momentum) a step."""
        return self in (Rule.MOMENTUM, Rule.NESTEROV)


FORMULAS = {
    Rule.SGD: r"w \leftarrow w - \eta\, g",
    Rule.MOMENTUM: r"v \leftarrow m\,v + g, \quad w \leftarrow w - \eta\, v",
    Rule.NESTEROV: r"v \leftarrow m\,v + g, \quad w \leftarrow w - \eta\,(g + m\,v)",
    Rule.RMSPROP: r"s \leftarrow \alpha s + (1-\alpha)\,g^2, \quad w \leftarrow w - \eta\, g / (\sqrt{s} + \epsilon)",
    Rule.ADAM: (
        r"v \leftarrow \beta_1 v + (1-\beta_1)\,g, \quad s \leftarrow \beta_2 s + (1-\beta_2)\,g^2, \quad "
        r"w \leftarrow w - \eta\, \frac{v/(1-\beta_1^t)}{\sqrt{s/(1-\beta_2^t)} + \epsilon}"
    ),
    Rule.ADAMW: r"w \leftarrow (1 - \eta\lambda)\, w, \quad \text{then as Adam}",
}


@dataclass(frozen=True)
class Constants:
    """What the rules need besides a gradient and a learning rate; the defaults are PyTorch's, `momentum` the usual one.

    `alpha` is RMSprop's memory, `betas` are Adam's two, `weight_decay` is AdamW's lambda, a share of the weights that
    each step takes away, in units of the learning rate.
    """

    momentum: float = 0.9
    alpha: float = 0.99
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8
    weight_decay: float = 0.01

    def __post_init__(self) -> None:
        for name, value in (("momentum", self.momentum), ("alpha", self.alpha), ("betas", max(self.betas))):
            if not 0 <= value < 1:
                raise InputError(f"`{name}` (={value}) must lie between 0 and below 1: try 0.9.")
        if not 0 <= self.weight_decay <= 1:
            raise InputError(f"`weight_decay` (={self.weight_decay}) must lie between 0 and 1: try 0.01.")


@dataclass(frozen=True, eq=False)  # arrays do not compare to one truth value
class Memory:
    """What a rule carries from step to step: the mean gradient, the mean squared gradient, the number of steps."""

    first: Array
    second: Array
    steps: int = 0

    @classmethod
    def empty(cls, weights: Array) -> "Memory":
        """Return the memory before the first step, for weights of this shape."""
        return cls(np.zeros_like(weights), np.zeros_like(weights))


def step(
    rule: Rule, weights: Array, gradient: Array, rate: float, memory: Memory, constants: Constants = Constants()
) -> tuple[Array, Memory]:
    """Return the weights after one update, any shape, and the rule's memory; `rate` is this step's learning rate.

    As in `torch.optim`: momentum's v begins at zero and is not damped (v = m v + g), so a steady gradient g moves the
    weights by rate * g / (1 - m) in the end.

    >>> moved, _ = step(Rule.SGD, np.array([1.0]), np.array([2.0]), 0.1, Memory.empty(np.array([1.0])))
    >>> moved
    array([0.8])
    """
    c = constants
    count = memory.steps + 1
    match rule:
        case Rule.SGD:
            return weights - rate * gradient, memory
        case Rule.MOMENTUM | Rule.NESTEROV:
            first = c.momentum * memory.first + gradient
            along = gradient + c.momentum * first if rule is Rule.NESTEROV else first
            return weights - rate * along, Memory(first, memory.second, count)
        case Rule.RMSPROP:
            second = c.alpha * memory.second + (1 - c.alpha) * gradient**2
            return weights - rate * gradient / (np.sqrt(second) + c.epsilon), Memory(memory.first, second, count)
        case Rule.ADAM | Rule.ADAMW:
            kept = weights * (1 - rate * c.weight_decay) if rule is Rule.ADAMW else weights
            one, two = c.betas
            first = one * memory.first + (1 - one) * gradient
            second = two * memory.second + (1 - two) * gradient**2
            scale = np.sqrt(second / (1 - two**count)) + c.epsilon
            return kept - rate * first / (1 - one**count) / scale, Memory(first, second, count)


def effective_rate(lr: float, momentum: float) -> float:
    """Return lr / (1 - m): how far a steady gradient of 1 moves the weights in a step once momentum has built up.

    v = g (1 + m + m^2 + ...) = g / (1 - m).

    >>> round(effective_rate(0.1, 0.9), 6)
    1.0
    """
    if not 0 <= momentum < 1:
        raise InputError(f"`momentum` (={momentum}) must lie between 0 and below 1: try 0.9.")
    return lr / (1 - momentum)
