"""What is wrong with a network, all of it and not only the first: which layer fails, what it expects and receives.

Where a layer fails, the walk goes on as if it had kept its input (a dense layer: as if it fitted), so that every later
problem is one of its own. How to mend them: `cnncore.architecture.repair`.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import get_args

from cnncore.architecture.counting import Cost, cost
from cnncore.architecture.editing import Place, with_inputs
from cnncore.architecture.layers import (
    Activation,
    AdaptiveAvgPool2d,
    AvgPool2d,
    Branches,
    Conv2d,
    ConvTranspose2d,
    Dropout,
    Flatten,
    Layer,
    Linear,
    MaxPool2d,
    Path,
    Residual,
    layer_name,
)
from cnncore.architecture.network import Network
from cnncore.architecture.sizes import Shape
from cnncore.errors import InputError
from cnncore.wording import dimensions


class Trouble(StrEnum):
    """What kind of thing is wrong."""

    NOT_FLAT = "a dense layer on a map"
    FLAT = "a layer for maps on what is flat"
    INPUTS = "a dense layer with another number of inputs"
    GROUPS = "groups that do not divide the channels"
    PATHS = "paths that do not end alike"
    SIZE = "a kernel or padding that does not fit the map"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where, and a `sentence` of what the layer expects, what it receives, and who made it."""

    trouble: Trouble
    place: Place
    name: str
    sentence: str


@dataclass(frozen=True)
class Step:
    """One layer of a walk: what goes in and comes out (C, H, W); `cost` is None where it fails."""

    place: Place
    layer: Layer
    name: str
    input: Shape
    output: Shape
    cost: Cost | None
    problem: Problem | None


def at_size(network: Network, shape: Shape) -> Network:
    """Return the network as it is trained, for images of another `shape`: its dense layers keep their inputs."""
    inputs = {step.place: step.input[0] for step in walk(network) if isinstance(step.layer, Linear)}
    return replace(with_inputs(network, inputs), input=shape)


def problems(network: Network) -> list[Problem]:
    """Return everything that is wrong with the network on the images that it is made for, in the layers' order.

    >>> from cnncore.architecture import named_network
    >>> [problem.name for problem in problems(at_size(named_network("vgg16"), (3, 256, 256)))]
    ['fc6']
    """
    return [step.problem for step in walk(network) if step.problem is not None]


def walk(network: Network) -> list[Step]:
    """Return every layer with what goes in and out, those inside of a block before it."""
    steps: list[Step] = []
    shape, flat = network.input, False
    for index, layer in enumerate(network.layers):
        step = _step((index,), layer, layer_name(layer, index + 1), shape, flat, steps)
        steps.append(step)
        shape, flat = step.output, flat or isinstance(layer, (Flatten, Linear))
    return steps


def _step(place: Place, layer: Layer, name: str, shape: Shape, flat: bool, before: list[Step]) -> Step:
    output = shape  # what the walk goes on with where the layer fails
    wrong: tuple[Trouble, str] | None = None
    if isinstance(layer, Linear):
        output = (layer.features, 1, 1)
        if not flat:
            wrong = (Trouble.NOT_FLAT, f"`{name}` expects a flat input and receives a map of {dimensions(shape)}.")
        elif layer.inputs not in (None, shape[0]):
            wrong = (Trouble.INPUTS, f"`{name}` {_inputs(layer, before)}.")
    elif flat and not isinstance(layer, (Flatten, Dropout, *get_args(Activation))):
        wrong = (Trouble.FLAT, f"`{name}` expects a map and receives {shape[0]:,} values in a row.")
        before.extend(_inside(place, layer, name, shape))
    elif isinstance(layer, (Conv2d, ConvTranspose2d)):
        output = (layer.filters, *shape[1:])
    elif isinstance(layer, (Residual, Branches)):
        own = len(before)
        ends = [_path((*place, number), path, name, shape, before) for number, path in enumerate(layer.paths)]
        output = (sum(end[0] for end in ends), *ends[0][1:]) if isinstance(layer, Branches) else ends[0]
        if any(step.problem for step in before[own:]):
            return Step(place, layer, name, shape, output, None, None)
    if wrong is None:
        try:
            found = cost(layer, shape)
            return Step(place, layer, name, shape, found.output, found, None)
        except InputError as error:
            wrong = _unfit(layer, name, shape, str(error), before)
    return Step(place, layer, name, shape, output, None, Problem(wrong[0], place, name, wrong[1]))


def _inside(place: Place, layer: Layer, name: str, shape: Shape) -> Iterator[Step]:
    """Yield a step for each layer inside of a block that is not walked through: the block's problem is theirs."""
    for number, path in enumerate(layer.paths if isinstance(layer, (Residual, Branches)) else ()):
        for index, inner in enumerate(path):
            where, called = (*place, number, index), inner.name or f"{layer_name(inner, index + 1)} of {name}"
            yield from _inside(where, inner, called, shape)
            yield Step(where, inner, called, shape, shape, None, None)


def _path(prefix: Place, path: Path, block: str, shape: Shape, before: list[Step]) -> Shape:
    for index, layer in enumerate(path):
        name = layer.name or f"{layer_name(layer, index + 1)} of {block}"
        step = _step((*prefix, index), layer, name, shape, False, before)
        before.append(step)
        shape = step.output
    return shape


def _unfit(layer: Layer, name: str, shape: Shape, error: str, before: list[Step]) -> tuple[Trouble, str]:
    """Return what is wrong with a layer that fits its place but not its input."""
    if isinstance(layer, (Residual, Branches)):
        return Trouble.PATHS, f"`{name}`: {error}"
    if isinstance(layer, (Conv2d, ConvTranspose2d)) and shape[0] % layer.groups:
        return Trouble.GROUPS, f"`{name}`: {error}"
    return Trouble.SIZE, f"`{name}` receives {dimensions(shape)}{_size_made(before)}. {error[:1].upper()}{error[1:]}"


def _inputs(layer: Linear, before: list[Step]) -> str:
    """Return what a dense layer expects and receives, with the maps that they are where those are known, and why."""
    source = source_of(before)
    expected, received = f"{layer.inputs:,} inputs", f"{before[-1].output[0]:,}"
    if source is not None and isinstance(source.layer, Flatten):
        received += f" ({dimensions(source.input)})"
        side = expected_side(layer, source.input[0])
        filters = fitting_filters(layer, source)
        if side is not None:
            expected += f" ({dimensions((source.input[0], side, side))})"
        elif filters is not None:
            expected += f" ({dimensions((filters, *source.input[1:]))})"
    return f"expects {expected} and receives {received}{_inputs_made(layer, before)}"


def source_of(before: list[Step]) -> Step | None:
    """Return the flatten or the dense layer that a dense layer after the steps `before` reads from."""
    return next((step for step in reversed(before) if isinstance(step.layer, (Flatten, Linear))), None)


def fitting_filters(layer: Linear, source: Step) -> int | None:
    """Return how many maps of the size that arrives would give the inputs expected; None if no whole number does."""
    filters, rest = divmod(layer.inputs or 0, source.input[1] * source.input[2])
    return filters if filters and not rest and isinstance(source.layer, Flatten) else None


def expected_side(layer: Linear, channels: int) -> int | None:
    """Return the side of the square map of so many channels that a dense layer is made for; None if there is none."""
    area, rest = divmod(layer.inputs or 0, channels)
    side = math.isqrt(area)
    return side if side and not rest and side * side == area else None


def _inputs_made(layer: Linear, before: list[Step]) -> str:
    """Return which layer gave a dense layer as many inputs as arrive, in words; empty where none did."""
    source = source_of(before)
    if source is not None and isinstance(source.layer, Linear):
        return f": {source.name} has {source.layer.features:,} units"
    if source is not None and expected_side(layer, source.input[0]) is None and fitting_filters(layer, source):
        last = next((step for step in reversed(before) if _makes(step, source.input[0])), None)
        return f": {last.name} makes {last.output[0]} maps" if last else ""
    return _size_made(before)


def _size_made(before: list[Step]) -> str:
    """Return which layer gave the map its size, in words; empty where none did."""
    changer = _changer(before)
    return f": {changer.name} makes {_side(changer.output)} of {_side(changer.input)}" if changer else ""


def _changer(before: list[Step]) -> Step | None:
    """Return the layer to look at first where a map has an unwanted size.

    That is the last convolution of stride 1 that does not keep the size, which most are meant to; else the last pool
    that rounds a row away; else whatever changed the size last.
    """
    fixed = next((n for n, step in reversed([*enumerate(before)]) if isinstance(step.layer, AdaptiveAvgPool2d)), 0)
    changers = [step for step in before[fixed:] if step.cost and _changes(step)]  # what came before it is of no matter
    for step in reversed(changers):
        if isinstance(step.layer, Conv2d) and step.layer.stride == (1, 1):
            return step
    for step in reversed(changers):
        if rounds_away(step):
            return step
    return changers[-1] if changers else None


def _makes(step: Step, maps: int) -> bool:
    """Return whether a layer chose how many maps there are: of a block's own layers none has made all of them."""
    kinds = (Conv2d, ConvTranspose2d, Residual, Branches)
    return isinstance(step.layer, kinds) and step.cost is not None and step.output[0] == maps


def _changes(step: Step) -> bool:
    maps = not isinstance(step.layer, (Flatten, Linear, Residual, Branches))
    return maps and step.input[1:] != step.output[1:]


def rounds_away(step: Step) -> bool:
    """Return whether a pool leaves rows or columns of its input over that one more window would have read."""
    if not isinstance(step.layer, (MaxPool2d, AvgPool2d)) or step.layer.ceil_mode or step.cost is None:
        return False
    return cost(replace(step.layer, ceil_mode=True), step.input).output != step.output


def _side(shape: Shape) -> str:
    return dimensions(shape[1:])
