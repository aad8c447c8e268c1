"""Edits of a network, each a function that returns another network: networks themselves never change.

A layer's place is (3,) in the network itself, and (3, 1, 0) for the first layer of the second path of the block that
is layer 3; blocks in blocks go on so. A `Residual` has the paths body (0) and shortcut (1).
"""

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, TypeAlias

from cnncore.architecture.layers import Block, Branches, Layer, Linear, Path, Residual
from cnncore.architecture.network import DEEPEST, MOST_LAYERS, Network
from cnncore.architecture.sizes import Shape
from cnncore.errors import InputError

Place: TypeAlias = tuple[int, ...]
_PREFIXES = {
    "conv": "conv",
    "conv-transpose": "up",
    "max-pool": "pool",
    "avg-pool": "pool",
    "adaptive-avg-pool": "pool",
    "linear": "fc",
    "residual": "block",
    "branches": "mixed",
}


def places(network: Network) -> Iterator[tuple[Place, Layer]]:
    """Yield every layer with its place, those inside of a block after it.

    >>> from cnncore.architecture import Conv2d
    >>> [place for place, _ in places(Network("x", (3, 8, 8), (Residual((Conv2d(3, 3, padding=1),)), Conv2d(1, 3))))]
    [(0,), (0, 0, 0), (1,)]
    """

    def inside(layers: Path, prefix: Place) -> Iterator[tuple[Place, Layer]]:
        for index, layer in enumerate(layers):
            yield (*prefix, index), layer
            if isinstance(layer, (Residual, Branches)):
                for number, path in enumerate(layer.paths):
                    yield from inside(path, (*prefix, index, number))

    yield from inside(network.layers, ())


def layer_at(network: Network, place: Place) -> Layer:
    """Return the layer at `place`; `InputError` if there is none."""
    path = path_at(network, place)
    if not 0 <= place[-1] < len(path):
        raise _no_layer(place)
    return path[place[-1]]


def path_at(network: Network, place: Place) -> Path:
    """Return the row of layers in which `place` lies: the network's, or that of one path of a block."""
    if len(place) % 2 == 0:
        raise _no_layer(place)
    layers = network.layers
    for index, number in zip(place[:-1:2], place[1::2], strict=True):
        if not 0 <= index < len(layers):
            raise _no_layer(place)
        layers = _paths(layers[index], number, place)[number]
    return layers


def added(network: Network, place: Place, layer: Layer) -> Network:
    """Return the network with `layer` at `place`; what stood there, and after it, moves on by one."""

    def insert(path: Path, index: int) -> Path:
        if not 0 <= index <= len(path):
            raise _no_layer(place)
        return (*path[:index], layer, *path[index:])

    return _changed(network, place, insert)


def removed(network: Network, place: Place) -> Network:
    """Return the network without the layer at `place`."""
    layer_at(network, place)
    return _changed(network, place, lambda path, index: (*path[:index], *path[index + 1 :]))


def replaced(network: Network, place: Place, layer: Layer) -> Network:
    """Return the network with `layer` in the place of another."""
    layer_at(network, place)
    return _changed(network, place, lambda path, index: (*path[:index], layer, *path[index + 1 :]))


def moved(network: Network, place: Place, step: int) -> tuple[Network, Place]:
    """Return the network with the layer one place earlier (`step` -1) or later (1), and where it is then.

    From the end of a path the layer leaves the block; at the network's own ends nothing happens.
    """
    layer = layer_at(network, place)
    index = place[-1] + step
    if 0 <= index < len(path_at(network, place)):
        target: Place = (*place[:-1], index)
    elif len(place) > 1:
        target = (*place[:-3], place[-3] + (step > 0))
    else:
        return network, place
    return added(removed(network, place), target, layer), target


def in_residual(network: Network, place: Place, count: int = 1) -> Network:
    """Return the network with `count` layers from `place` on as the body of a residual block."""
    return _wrapped(network, place, count, lambda body: Residual(body, name=fresh_name(network, "residual")))


def in_branches(network: Network, place: Place, count: int = 1) -> Network:
    """Return the network with `count` layers from `place` on as the first of two paths; the other one is empty."""
    return _wrapped(network, place, count, lambda path: Branches((path, ()), name=fresh_name(network, "branches")))


def unwrapped(network: Network, place: Place) -> Network:
    """Return the network with the first path of the block at `place` instead of the block."""
    layer = layer_at(network, place)
    path = _paths(layer, 0, place)[0]
    return _changed(network, place, lambda row, index: (*row[:index], *path, *row[index + 1 :]))


def with_path(network: Network, place: Place, path: Path = ()) -> Network:
    """Return the network with one more path in the branches at `place`; `InputError` if there are none."""
    layer = layer_at(network, place)
    if not isinstance(layer, Branches):
        raise InputError(f"`place` (={list(place)}) must be branches to get another path: a `{layer.kind}` has none.")
    return replaced(network, place, layer.with_paths((*layer.paths, path)))


def without_path(network: Network, place: Place, number: int) -> Network:
    """Return the network without path `number` of the branches at `place`.

    An `InputError` if there are no branches or no such path, and for the last path, which cannot go.
    """
    layer = layer_at(network, place)
    if not isinstance(layer, Branches):
        raise InputError(f"`place` (={list(place)}) must be branches to lose a path: a `{layer.kind}` keeps its own.")
    _paths(layer, number, place)
    return replaced(network, place, layer.with_paths((*layer.paths[:number], *layer.paths[number + 1 :])))


def renamed(network: Network, name: str) -> Network:
    """Return the network under another name; `InputError` unless it has 1 to 80 characters."""
    if not name.strip() or len(name) > 80:
        raise InputError(f"`name` (={name[:60]!r}) must have 1 to 80 characters: type one.")
    return replace(network, name=name.strip())


def with_input(network: Network, shape: Shape) -> Network:
    """Return the network for images of another shape (C, H, W)."""
    return replace(network, input=shape)


def with_inputs(network: Network, inputs: dict[Place, int] | None = None) -> Network:
    """Return the network with the `inputs` of its dense layers set by their places; the others take what arrives."""
    layers = tuple(
        replace(layer, inputs=(inputs or {}).get((index,))) if isinstance(layer, Linear) else layer
        for index, layer in enumerate(network.layers)
    )
    return replace(network, layers=layers)


def fresh_name(network: Network, kind: str) -> str:
    """Return a name for another layer of `kind` that no layer has yet: "conv4" after conv3; "" for activations."""
    if kind not in _PREFIXES:
        return ""
    taken = {layer.name for _, layer in places(network)}
    numbers = (f"{_PREFIXES[kind]}{number}" for number in range(1, len(taken) + 2))
    return next(name for name in numbers if name not in taken)


def changed_fields(layer: Any, **values: Any) -> Layer:
    """Return the layer with other values; those that its kind has not are left out."""
    known = {spec.name for spec in dataclasses.fields(layer)}
    changed: Layer = replace(layer, **{name: value for name, value in values.items() if name in known})
    return changed


def _wrapped(network: Network, place: Place, count: int, block: Callable[[Path], Block]) -> Network:
    path = path_at(network, place)
    if not 1 <= count <= len(path) - place[-1]:
        raise InputError(f"`count` (={count}) must be from 1 to {len(path) - place[-1]}: choose fewer layers.")
    return _changed(
        network,
        place,
        lambda row, index: (*row[:index], block(row[index : index + count]), *row[index + count :]),
    )


def _changed(network: Network, place: Place, change: Callable[[Path, int], Path]) -> Network:
    """Return the network with the row in which `place` lies put through `change`."""

    def inside(layers: Path, at: Place) -> Path:
        if len(at) == 1:
            return change(layers, at[0])
        index, number, *rest = at
        block = layers[index]
        paths = list(_paths(block, number, place))
        paths[number] = inside(paths[number], tuple(rest))
        assert isinstance(block, (Residual, Branches))
        return (*layers[:index], block.with_paths(paths), *layers[index + 1 :])

    path_at(network, place)
    return _bounded(replace(network, layers=inside(network.layers, place)))


def _bounded(network: Network) -> Network:
    """Return the network if it could be saved and loaded again."""
    found = list(places(network))
    if len(found) > MOST_LAYERS:
        raise InputError(f"`layers` must be at most {MOST_LAYERS} with those of blocks: remove some first.")
    if any(len(place) > 2 * DEEPEST + 1 and isinstance(layer, (Residual, Branches)) for place, layer in found):
        raise InputError(f"blocks may lie at most {DEEPEST} deep in each other: put this one outside.")
    return network


def _paths(layer: Layer, number: int, place: Place) -> tuple[Path, ...]:
    if not isinstance(layer, (Residual, Branches)) or not 0 <= number < len(layer.paths):
        raise _no_layer(place)
    return layer.paths


def _no_layer(place: Place) -> InputError:
    return InputError(f"`place` (={list(place)}) is not the place of a layer here: choose one that the network has.")
