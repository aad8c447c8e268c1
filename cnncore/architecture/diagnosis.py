"""What is wrong with a network, all of it and not only the first: which layer fails, what it expects and receives.

Where a layer fails, the walk goes on as if it had kept its input (a dense layer: as if it fitted), so that every later
problem is one of its own. How to mend them: `cnncore.architecture.repair`.
"""

import math
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
)
from cnncore.architecture.network import Network
from cnncore.architecture.sizes import Shape
from cnncore.errors import InputError


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
    """One thing that is wrong: where, what the layer expects, what it receives, and who made that so.

    `changed_by` names the layer before that gave the map its size, "" where none did.
    """

    trouble: Trouble
    place: Place
    name: str
    expected: str
    received: str
    changed_by: str
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
    inputs = {step.name: step.input[0] for step in walk(network) if isinstance(step.layer, Linear)}
    return replace(with_inputs(network, dict(inputs)), input=shape)


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
        step = _step((index,), layer, layer.name or f"{layer.kind}{index + 1}", shape, flat, steps)
        steps.append(step)
        shape, flat = step.output, flat or isinstance(layer, (Flatten, Linear))
    return steps


def _step(place: Place, layer: Layer, name: str, shape: Shape, flat: bool, before: list[Step]) -> Step:
    trouble: tuple[Trouble, str, str, str] | None = None
    output, found = shape, None
    if isinstance(layer, Linear):
        arriving = shape if flat else (math.prod(shape), 1, 1)  # as if it were flat
        output = (layer.features, 1, 1)
        if not flat:
            trouble = (Trouble.NOT_FLAT, "a flat input", f"a map of {text(shape)}", "")
        elif layer.inputs not in (None, arriving[0]):
            trouble = (Trouble.INPUTS, *_inputs(layer, before), "")
    elif flat and not isinstance(layer, (Flatten, Dropout, *get_args(Activation))):
        trouble = (Trouble.FLAT, "a map", f"{shape[0]:,} values in a row", "")
    elif isinstance(layer, (Residual, Branches)):
        ends = []
        own = len(before)
        for number, path in enumerate(layer.paths):
            ends.append(_path((*place, number), path, name, shape, before))
        if any(step.problem for step in before[own:]):
            output = (sum(end[0] for end in ends), *ends[0][1:]) if isinstance(layer, Branches) else ends[0]
            return Step(place, layer, name, shape, output, None, None)
    if trouble is None:
        try:
            found = cost(layer, shape)
            return Step(place, layer, name, shape, found.output, found, None)
        except InputError as error:
            trouble, output = _failed(layer, shape, str(error))
    problem = _problem(*trouble, place=place, name=name, because=_because(layer, trouble[0], before))
    return Step(place, layer, name, shape, output, None, problem)


def _path(prefix: Place, path: Path, block: str, shape: Shape, before: list[Step]) -> Shape:
    for index, layer in enumerate(path):
        name = layer.name or f"{layer.kind}{index + 1} of {block}"
        step = _step((*prefix, index), layer, name, shape, False, before)
        before.append(step)
        shape = step.output
    return shape


def _failed(layer: Layer, shape: Shape, error: str) -> tuple[tuple[Trouble, str, str, str], Shape]:
    """Return what is wrong with a layer that fits its place but not its input, and what to go on with."""
    received = text(shape)
    if isinstance(layer, (Residual, Branches)):
        ends = [_end(path, shape) for path in layer.paths]
        expected = "paths that end alike" if isinstance(layer, Residual) else "paths with maps of one size"
        output = ends[0] if isinstance(layer, Residual) else (sum(end[0] for end in ends), *ends[0][1:])
        return (Trouble.PATHS, expected, " and ".join(map(text, ends)), error), output
    if isinstance(layer, (Conv2d, ConvTranspose2d)):
        output = (layer.filters, *shape[1:])
        if shape[0] % layer.groups:
            expected = f"channels that its {layer.groups} groups divide"
            return (Trouble.GROUPS, expected, f"{shape[0]} channels", error), output
        return (Trouble.SIZE, f"at least its kernel of {'x'.join(map(str, layer.kernel))}", received, error), output
    return (Trouble.SIZE, "at least its window", received, error), shape


def _end(path: Path, shape: Shape) -> Shape:
    for layer in path:
        shape = cost(layer, shape).output
    return shape


def _inputs(layer: Linear, before: list[Step]) -> tuple[str, str]:
    """Return what a dense layer expects and receives, with the maps that they are where those are known."""
    source = source_of(before)
    expected, received = f"{layer.inputs:,} inputs", f"{before[-1].output[0]:,}"
    if source is not None and isinstance(source.layer, Flatten):
        received += f" ({text(source.input)})"
        side = expected_side(layer, source.input[0])
        filters = fitting_filters(layer, source)
        if side is not None:
            expected += f" ({text((source.input[0], side, side))})"
        elif filters is not None:
            expected += f" ({text((filters, *source.input[1:]))})"
    return expected, received


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


def _problem(
    trouble: Trouble, expected: str, received: str, error: str, *, place: Place, name: str, because: tuple[str, str]
) -> Problem:
    changed_by, words = because
    match trouble:
        case Trouble.PATHS | Trouble.GROUPS:
            sentence = f"`{name}`: {error}"
        case Trouble.SIZE:
            sentence = f"`{name}` receives {received}{words}. {error[:1].upper()}{error[1:]}"
        case _:
            sentence = f"`{name}` expects {expected} and receives {received}{words}."
    return Problem(trouble, place, name, expected, received, changed_by, sentence)


def _because(layer: Layer, trouble: Trouble, before: list[Step]) -> tuple[str, str]:
    """Return the name of the layer that made the input what it is, and the same in words; empty where none did."""
    if trouble not in (Trouble.INPUTS, Trouble.SIZE):
        return "", ""
    source = source_of(before)
    if isinstance(layer, Linear) and source is not None:
        if isinstance(source.layer, Linear):
            return source.name, f": {source.name} has {source.layer.features:,} units"
        if expected_side(layer, source.input[0]) is None and fitting_filters(layer, source):
            last = next((step for step in reversed(before) if _makes(step, source.input[0])), None)
            return (last.name, f": {last.name} makes {last.output[0]} maps") if last else ("", "")
    changer = _changer(before)
    if changer is None:
        return "", ""
    return changer.name, f": {changer.name} makes {_side(changer.output)} of {_side(changer.input)}"


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


def text(shape: Shape) -> str:
    """Return (C, H, W) in words: "64 × 7 × 7"."""
    return " × ".join(map(str, shape))


def _side(shape: Shape) -> str:
    return f"{shape[1]} × {shape[2]}"
