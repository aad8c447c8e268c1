"""Totals of parameters as they come out with slips like those of lab reports: each is computed, none is typed in."""

from collections.abc import Callable
from enum import StrEnum

from cnncore.architecture import Branches, Conv2d, Linear, Network, Residual
from cnncore.architecture.diagnosis import Step, walk


class Slip(StrEnum):
    """What went wrong, in the order in which they are offered."""

    NONE = "Nothing: it is right"
    NO_BIASES = "Weights only, the biases are left out"
    CONVOLUTION_BIASES = "Biases of the convolutions only"
    NO_DEPTH = "Kernels counted as k × k: the input channels are forgotten"
    IMAGE_DEPTH = "The image's channels in every convolution, and no dense layer"
    NO_DENSE = "The dense layers are left out"
    MAPS_FORGOTTEN = "The first dense layer reads one map instead of all"
    ZERO_TOO_MANY = "A zero too many in the last convolution"


def totals(network: Network) -> dict[Slip, int]:
    """Return the total of parameters with each slip; slips that change nothing in this network are left out.

    >>> from cnncore.architecture import named_network
    >>> totals(named_network("practical"))[Slip.IMAGE_DEPTH]
    12000
    """
    steps = [
        step for step in walk(network) if step.cost is not None and not isinstance(step.layer, (Residual, Branches))
    ]
    last = next((step.place for step in reversed(steps) if isinstance(step.layer, Conv2d)), None)
    first = next((step.place for step in steps if isinstance(step.layer, Linear)), None)
    maps = next((step.output[0] for step in reversed(steps) if isinstance(step.layer, Conv2d)), 1)
    rules: dict[Slip, Callable[[Step], int]] = {
        Slip.NONE: lambda step: _weights(step) + _biases(step),
        Slip.NO_BIASES: _weights,
        Slip.CONVOLUTION_BIASES: lambda step: _weights(step) + (_biases(step) if _is_conv(step) else 0),
        Slip.NO_DEPTH: lambda step: (_flat(step, 1) if _is_conv(step) else _weights(step)) + _biases(step),
        Slip.IMAGE_DEPTH: lambda step: _flat(step, network.input[0]) if _is_conv(step) else 0,
        Slip.NO_DENSE: lambda step: _weights(step) + _biases(step) if _is_conv(step) else 0,
        Slip.MAPS_FORGOTTEN: lambda step: _weights(step) // (maps if step.place == first else 1) + _biases(step),
        Slip.ZERO_TOO_MANY: lambda step: _weights(step) * (10 if step.place == last else 1) + _biases(step),
    }
    found: dict[Slip, int] = {}
    for slip, rule in rules.items():
        total = sum(map(rule, steps))
        if total not in found.values():
            found[slip] = total
    return found


def _is_conv(step: Step) -> bool:
    return isinstance(step.layer, Conv2d)


def _weights(step: Step) -> int:
    return step.cost.weights if step.cost else 0


def _biases(step: Step) -> int:
    return step.cost.biases if step.cost else 0


def _flat(step: Step, channels: int) -> int:
    """Return the weights of a convolution with kernels that are `channels` deep."""
    layer = step.layer
    return layer.filters * channels * layer.kernel[0] * layer.kernel[1] if isinstance(layer, Conv2d) else 0
