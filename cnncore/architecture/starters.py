"""The layer that is put in when somebody asks for one of a kind: sizes that fit where it lands, a name of its own."""

from collections.abc import Iterator
from typing import Any

from cnncore.architecture.diagnosis import walk
from cnncore.architecture.editing import Place, changed_fields, fresh_name
from cnncore.architecture.layers import (
    KINDS,
    AdaptiveAvgPool2d,
    BatchNorm2d,
    Branches,
    Conv2d,
    ConvTranspose2d,
    Layer,
    Linear,
    MaxPool2d,
    Path,
    ReLU,
    Residual,
)
from cnncore.architecture.network import Network
from cnncore.errors import InputError

WORDS = {
    "conv": "Convolution 3 × 3",
    "relu": "ReLU",
    "batch-norm": "Batch norm",
    "max-pool": "Max pool 2 × 2",
    "avg-pool": "Average pool 2 × 2",
    "adaptive-avg-pool": "Average to one cell",
    "flatten": "Flatten",
    "linear": "Dense",
    "dropout": "Dropout",
    "residual": "Residual block",
    "branches": "Branches (inception)",
    "conv-transpose": "Transposed convolution",
}


def starter(network: Network, place: Place, kind: str) -> Layer:
    """Return a layer of `kind` to stand at `place`: its channels are those that arrive there.

    Everything but pools, flattening, transposed and dense layers keeps the shape, so that what comes after still fits.
    """
    if kind not in KINDS:
        raise InputError(f"`kind` (={kind!r}) must be one of {', '.join(KINDS)}: choose one.")
    channels = _arriving(network, place)
    name = fresh_name(network, kind)
    match kind:
        case "conv":
            return Conv2d(channels, 3, padding=1, name=name)
        case "conv-transpose":
            return ConvTranspose2d(channels, 2, 2, name=name)
        case "linear":
            return Linear(100, name=name)
        case "adaptive-avg-pool":
            return AdaptiveAvgPool2d(1, name=name)
        case "residual":
            body: tuple[Layer, ...] = (Conv2d(channels, 3, padding=1, bias=False), BatchNorm2d(), ReLU())
            return Residual((*body, *body[:2]), name=name)
        case "branches":
            return Branches(tuple(_inception(channels)), name=name)
        case "max-pool" | "avg-pool":
            pool: Layer = KINDS[kind](2, name=name)
            return pool
        case _:
            layer: Any = KINDS[kind]()
            return changed_fields(layer, name=name)


def _arriving(network: Network, place: Place) -> int:
    """Return the channels of what a layer at `place` receives."""
    steps = {step.place: step for step in walk(network)}
    if place[-1] > 0:
        return steps[(*place[:-1], place[-1] - 1)].output[0]
    return steps[place[:-2]].input[0] if len(place) > 1 else network.input[0]


def _inception(channels: int) -> Iterator[Path]:
    """Yield the paths of an inception block that puts out as many channels as come in.

    Its paths have about a half, a quarter and two eighths of them; few channels have fewer paths.
    """
    eighth = channels // 8
    one, three, five, pooled = (
        (channels - 4 * eighth, 2 * eighth, eighth, eighth)
        if eighth
        else (channels - channels // 2, channels // 2, 0, 0)
    )
    yield (Conv2d(one, 1),)
    if three:
        yield (Conv2d(three, 1), ReLU(), Conv2d(three, 3, padding=1))
    if five:
        yield (Conv2d(five, 1), ReLU(), Conv2d(five, 5, padding=2))
        yield (MaxPool2d(3, 1, 1), Conv2d(pooled, 1))
