"""Which network is looked into, and what is found: without torch, as pages and the compute pool exchange them."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cnncore.architecture import Flatten, Network, describe
from cnncore.errors import InputError

# What one look may cost on a classroom laptop: VGG16's convolutions (15 G multiply-adds, 15 M weights) just fit.
MOST_MACS = 20e9
MOST_WEIGHTS = 50e6
MOST_VALUES = 100e6  # activations, kept for the backward pass: 400 MB
_AVERAGED = 10e9  # multiply-adds that an average over images may take
MOST_IMAGES = 64


@dataclass(frozen=True)
class Subject:
    """A network and its weights.

    With a `run_id` the weights are the run's: where `trained`, those of its last checkpoint, else those it began with.
    Without one they are drawn from `seed`, as PyTorch initialises them. `network` may be the run's own, or one whose
    layers have the same names and weights (as with its pools switched off).
    """

    network: Network
    run_id: str = ""
    trained: bool = True
    seed: int = 0

    def until(self, layer: int) -> Network:
        """Return the network up to and including layer number `layer`, from 0; an `InputError` if there is none."""
        if not 0 <= layer < len(self.network.layers):
            raise InputError(f"`layer` (={layer}) must be from 0 to {len(self.network.layers) - 1}: choose another.")
        return replace(self.network, layers=self.network.layers[: layer + 1])


@dataclass(frozen=True, eq=False)  # holds arrays
class Look:
    """One unit on one image: `value` is what it puts out in map number `channel` of `channels`, from 0.

    `map` (rows, columns) is that map; `heat` (H, W) the absolute gradient of the value with respect to the pixels as
    the network receives them (standardized, if it trains so), summed over the image's channels.
    """

    channel: int
    channels: int
    value: float
    map: NDArray[np.float32]
    heat: NDArray[np.float32]


def check_cost(network: Network) -> None:
    """Raise an `InputError` that says why, if a gradient through `network` takes too long while somebody waits."""
    found = describe(network)
    for amount, most, what in (
        (found.macs, MOST_MACS, "multiply-adds"),
        (found.parameters, MOST_WEIGHTS, "parameters"),
        (found.activations, MOST_VALUES, "activations"),
    ):
        if amount > most:
            raise InputError(
                f"`layer` (={found.rows[-1].name} of {network.name}) needs {amount / 1e6:,.0f} million {what}, more "
                f"than the {most / 1e6:,.0f} million that are computed while you wait: choose an earlier layer, or a "
                "smaller network."
            )


def images_for(network: Network) -> int:
    """Return over how many images an average through `network` takes about a second: at most 64, at least 4."""
    return max(4, min(MOST_IMAGES, math.floor(_AVERAGED / max(1, describe(network).macs))))


def map_layers(network: Network) -> list[int]:
    """Return the numbers, from 0, of the layers that put out a map or a dense layer's units and shape what is seen.

    Activations, batch norm and dropout are left out: their units see what those of the layer before see.
    """
    kinds = ("conv", "pool", "residual", "branches", "linear")
    return [number for number, layer in enumerate(network.layers) if any(kind in layer.kind for kind in kinds)]


def numbers_by_name(layers: Iterable[tuple[int, str]]) -> dict[str, int]:
    """Return layers' numbers, from 0, by their names, made different where two are the same.

    >>> numbers_by_name([(0, "conv"), (1, "relu"), (2, "conv")])
    {'conv': 0, 'relu': 1, 'conv (3)': 2}
    """
    names: dict[str, int] = {}
    for number, name in layers:
        names[name if name not in names else f"{name} ({number + 1})"] = number
    return names


def is_dense(network: Network, layer: int) -> bool:
    """Return whether the layer stands after a flatten: its units have no place in the image."""
    return any(isinstance(before, Flatten) for before in network.layers[:layer])
