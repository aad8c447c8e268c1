"""Stochastic gradient descent for many tensors at once."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from cnncore.training.kernels.compiler import VALUES, cdiv, jit, tl

_SLOTS = 8  # tensors that one kernel updates


@jit
def _descend_one(
    number,
    p,
    g,
    m,
    size,
    step,
    decay,
    momentum,
    MOMENTUM: tl.constexpr,
    NESTEROV: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Update block `number` of a tensor, if it has that many, and return which one it would be of the next."""
    if (number >= 0) & (number * BLOCK < size):
        at = number * BLOCK + tl.arange(0, BLOCK)
        inside = at < size
        value = tl.load(p + at, mask=inside, other=0.0)
        slope = tl.load(g + at, mask=inside, other=0.0) + decay * value
        if MOMENTUM:
            memory = momentum * tl.load(m + at, mask=inside, other=0.0) + slope
            tl.store(m + at, memory, mask=inside)
            slope = slope + momentum * memory if NESTEROV else memory
        tl.store(p + at, value - step * slope, mask=inside)
    return number - tl.cdiv(size, BLOCK)


# fmt: off
@jit(do_not_specialize=["n0", "n1", "n2", "n3", "n4", "n5", "n6", "n7"])
def _descend(
    p0, g0, m0, n0,
    p1, g1, m1, n1,
    p2, g2, m2, n2,
    p3, g3, m3, n3,
    p4, g4, m4, n4,
    p5, g5, m5, n5,
    p6, g6, m6, n6,
    p7, g7, m7, n7,
    rate, decay, momentum, MOMENTUM: tl.constexpr, NESTEROV: tl.constexpr, BLOCK: tl.constexpr,
):
    """Update eight tensors, one block of one of them a program."""
    step = tl.load(rate)
    number = tl.program_id(0)
    number = _descend_one(number, p0, g0, m0, n0, step, decay, momentum, MOMENTUM, NESTEROV, BLOCK)
    number = _descend_one(number, p1, g1, m1, n1, step, decay, momentum, MOMENTUM, NESTEROV, BLOCK)
    number = _descend_one(number, p2, g2, m2, n2, step, decay, momentum, MOMENTUM, NESTEROV, BLOCK)
    number = _descend_one(number, p3, g3, m3, n3, step, decay, momentum, MOMENTUM, NESTEROV, BLOCK)
    number = _descend_one(number, p4, g4, m4, n4, step, decay, momentum, MOMENTUM, NESTEROV, BLOCK)
    number = _descend_one(number, p5, g5, m5, n5, step, decay, momentum, MOMENTUM, NESTEROV, BLOCK)
    number = _descend_one(number, p6, g6, m6, n6, step, decay, momentum, MOMENTUM, NESTEROV, BLOCK)
    number = _descend_one(number, p7, g7, m7, n7, step, decay, momentum, MOMENTUM, NESTEROV, BLOCK)


# fmt: on


def descend(
    parameters: Sequence[Tensor],
    gradients: Sequence[Tensor],
    momenta: Sequence[Tensor] | None,
    rate: Tensor,
    *,
    decay: float,
    momentum: float,
    nesterov: bool,
) -> None:
    """Make one update of stochastic gradient descent with a weight decay, as torch.optim.SGD does, in place.

    Gradients and momenta lie in memory as their parameters do. The rate is a number on the device.
    """
    for start in range(0, len(parameters), _SLOTS):
        slots: list[Any] = []
        blocks = 0
        for place in range(start, start + _SLOTS):
            at = min(place, len(parameters) - 1)
            size = parameters[at].numel() if place < len(parameters) else 0
            slots += [parameters[at], gradients[at], momenta[at] if momenta else None, size]
            blocks += cdiv(size, VALUES)
        _descend[(blocks,)](
            *slots, rate, decay, momentum, MOMENTUM=momenta is not None, NESTEROV=nesterov, BLOCK=VALUES
        )
