"""The layer that is put in when somebody asks for one of a kind: sizes that fit where it lands, a name of its own."""

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
    ReLU,
    Residual,
)
from cnncore.architecture.network import Network
from cnncore.errors import InputError

WORDS = {
    "conv": "Convolution 3×3",
    "relu": "ReLU",
    "batch-norm": "Batch norm",
    "max-pool": "Max pool 2×2",
    "avg-pool": "Average pool 2×2",
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

    Everything but pools, transposed and dense layers keeps the shape, so that what comes after still fits.
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
            parts = _parts(channels)
            paths: list[tuple[Layer, ...]] = [
                (Conv2d(parts[0], 1),),
                (Conv2d(parts[1], 1), ReLU(), Conv2d(parts[1], 3, padding=1)),
                (Conv2d(parts[2], 1), ReLU(), Conv2d(parts[2], 5, padding=2)),
                (MaxPool2d(3, 1, 1), Conv2d(parts[3], 1)),
            ]
            return Branches(tuple(path for path, part in zip(paths, parts, strict=True) if part), name=name)
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


def _parts(channels: int) -> list[int]:
    """Return a half, a quarter and two eighths of the channels; what does not divide is with the first."""
    eighth = channels // 8
    return [channels - 4 * eighth, 2 * eighth, eighth, eighth]
