"""A network layer by layer: shapes, parameters, multiply-adds, receptive fields; and errors that teach."""

import dataclasses
import stat
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from cnncore.architecture.counting import Cost, cost
from cnncore.architecture.layers import Activation, Dropout, Flatten, Layer, Linear, layer_name
from cnncore.architecture.network import Network
from cnncore.architecture.network import fully_convolutional as as_convolutions
from cnncore.architecture.receptive_field import Fields, layer_fields
from cnncore.architecture.sizes import Pair, Shape
from cnncore.errors import InputError

_MOST = 2**63 - 1  # what a table's column of whole numbers holds


@dataclass(frozen=True)
class Row:
    """One layer: what it puts out (C, H, W), what it costs, and what one of its units sees of the image.

    `fields` are its receptive fields along height and width, before clipping at the border; None where units have no
    window of one size, see `layer_fields`. `kernel` is the height and width of its window, None for layers without one.
    `activations` counts the values put out for one image, for a block also those of the layers inside it.
    """

    name: str
    kind: str
    output: Shape
    weights: int
    biases: int
    macs: int
    activations: int = 0
    fields: Fields | None = None
    kernel: Pair | None = None

    @property
    def receptive_field(self) -> int | None:
        """The size of its field along the height, in pixels."""
        return self.fields[0].size if self.fields else None

    @property
    def jump(self) -> int | None:
        """How far apart the fields of neighbouring units lie, along the height, in pixels."""
        return self.fields[0].jump if self.fields else None


@dataclass(frozen=True)
class Description:
    """All layers of a network; the totals are sums over the rows."""

    rows: tuple[Row, ...]

    @property
    def weights(self) -> int:
        """Weights of all layers."""
        return sum(row.weights for row in self.rows)

    @property
    def biases(self) -> int:
        """Biases of all layers."""
        return sum(row.biases for row in self.rows)

    @property
    def parameters(self) -> int:
        """Weights and biases of all layers."""
        return self.weights + self.biases

    @property
    def activations(self) -> int:
        """Values put out by all layers for one image; four bytes each in single precision."""
        return sum(row.activations for row in self.rows)

    @property
    def macs(self) -> int:
        """Multiply-adds for one image, without biases."""
        return sum(row.macs for row in self.rows)


def describe(network: Network, input: Shape | None = None, fully_convolutional: bool = False) -> Description:  # noqa: A002 the field's word
    """Return every layer of `network` on an image of shape `input` (C, H, W), by default the one it is made for.

    At another size a dense layer may not fit: the error names it, what it expects and receives, and which layer's
    output changed. With `fully_convolutional` dense layers are convolutions and every size from some minimum works.
    """
    network, shapes, costs = _native(network, fully_convolutional)
    if input is not None and len(input) != 3:
        raise InputError(f"`input` (={tuple(input)}) must be channels, height, width: give three whole numbers.")
    if input is not None and tuple(input) != network.input:
        if input[0] != network.input[0]:
            raise InputError(
                f"`input` (={'x'.join(map(str, input))}) must have {network.input[0]} channels for {network.name}: "
                f"the first convolution's kernels are {network.input[0]} deep."
            )
        native = shapes
        shapes, costs = _walk(network, (input[0], input[1], input[2]), native)
    seen = layer_fields(network.layers, shapes[0])
    rows, times = [], Counter[str]()
    for number, (layer, step, fields) in enumerate(zip(network.layers, costs, seen, strict=True), start=1):
        name = layer_name(layer, number)
        times[name] += 1
        if times[name] > 1:  # code that builds a block in a loop repeats its names; charts have one place for each
            name = f"{name} ({times[name]})"
        bill = (step.weights, step.biases, step.macs, step.activations)
        rows.append(Row(name, layer.kind, step.output, *bill, fields, getattr(layer, "kernel", None)))
    found = Description(tuple(rows))
    if max(found.macs, found.parameters, found.activations) > _MOST:
        raise InputError(
            f"`network` (={network.name}) does {found.macs:.3g} multiply-adds on an image, more than can be counted "
            f"here ({_MOST:.3g}): make its kernels, its padding or its layers smaller."
        )
    return found


def outputs(network: Network, images: Iterable[Shape], fully_convolutional: bool = False) -> list[Shape | None]:
    """Return what comes out (C, H, W) for each shape of image, None where `describe` would say what does not fit.

    Images whose shapes a layer has made equal are followed as one from there on, so that five hundred cost little more
    than one. An `InputError` if the network does not even take the image that it is made for.

    >>> from cnncore.architecture import named_network
    >>> outputs(named_network("practical"), [(3, 32, 32), (3, 39, 39), (3, 40, 40)])
    [(10, 1, 1), (10, 1, 1), None]
    """
    asked = list(images)
    network, native, _ = _native(network, fully_convolutional)
    became: dict[Shape, Shape | None] = {image: image if image[0] == network.input[0] else None for image in asked}
    for layer, made_for in zip(network.layers, native, strict=True):
        step = {shape: _output(layer, shape, made_for) for shape in set(became.values()) if shape is not None}
        became = {image: step[shape] if shape is not None else None for image, shape in became.items()}
    return [became[image] for image in asked]


def _output(layer: Layer, shape: Shape, made_for: Shape) -> Shape | None:
    if isinstance(layer, Linear) and shape != made_for:
        return None
    try:
        return cost(layer, shape).output
    except InputError:
        return None


def _native(network: Network, fully_convolutional: bool) -> tuple[Network, list[Shape], list[Cost]]:
    """Return the network, its dense layers as convolutions if asked, with `_walk` over the image it is made for."""
    shapes, costs = _walk(network, network.input)
    if fully_convolutional:
        network = as_convolutions(network, shapes)
        shapes, costs = _walk(network, network.input)
    return network, shapes, costs


def _walk(network: Network, shape: Shape, native: list[Shape] | None = None) -> tuple[list[Shape], list[Cost]]:
    """Return the input shape and the cost of every layer; `native` are the input shapes the weights are made for."""
    shapes: list[Shape] = []
    costs: list[Cost] = []
    for position, layer in enumerate(network.layers):
        name = layer_name(layer, position + 1)
        if native and isinstance(layer, Linear) and shape != native[position]:
            seen = [*shapes, shape]
            flatten = next(n for n, before in enumerate(network.layers) if isinstance(before, Flatten))
            changes = ""
            if flatten > 0:  # else it is the image itself that is written as a column
                changed = next(n for n, (a, b) in enumerate(zip(native, seen, strict=False)) if n and a != b)
                first, last = network.layers[changed - 1], network.layers[flatten - 1]
                changes = f" changes every map from {first.name or first.kind} to {last.name or last.kind}"
            raise InputError(
                f"`{name}` of {network.name} expects {native[position][0]} inputs "
                f"({_text(native[flatten])}) and receives {shape[0]} ({_text(seen[flatten])}), because an "
                f"input of {_text(seen[0])} instead of {_text(native[0])}{changes or ' has another size'}: "
                f"use the size it was made for, or turn its dense layers into convolutions."
            )
        shapes.append(shape)
        _check_flat(name, network, position, shape)
        try:
            step = cost(layer, shape)
        except InputError as error:
            raise InputError(f"layer `{name}` of {network.name}, which receives {_text(shape)}: {error}") from None
        costs.append(step)
        shape = step.output
    return shapes, costs


def _check_flat(name: str, network: Network, position: int, shape: Shape) -> None:
    """Refuse what PyTorch would: a dense layer on a map (even of 1x1), a layer for maps on what is flat."""
    layer = network.layers[position]
    flat = any(isinstance(before, Flatten) for before in network.layers[:position])
    if isinstance(layer, Linear) and not flat:
        raise InputError(
            f"`{name}` of {network.name} needs a flat input and receives a map of {_text(shape)}: "
            "put a flatten before it."
        )
    if flat and not isinstance(layer, (Linear, Flatten, Dropout, *get_args(Activation))):
        raise InputError(f"`{name}` of {network.name} needs a map and stands after a flatten: put it before that.")


def _text(shape: Shape) -> str:
    return "x".join(map(str, shape))


def load_network(spec: str, input: Shape | None = None, classes: int | None = None) -> Network:  # noqa: A002 the field's word
    """Return the network that `spec` names: of the catalogue, JSON text, or the path of a .json or .py file.

    A .py file holds PyTorch code, which is read and not run. `input` (C, H, W) and `classes` fit the network to other
    images: the dense layers get as many inputs as there are then. An `InputError` if `spec` is none of these or cannot
    be read, or if the network cannot have so many classes.
    """
    from cnncore.architecture.catalogue import NETWORKS, named_network
    from cnncore.architecture.network import with_classes

    if spec in NETWORKS:
        return named_network(spec, input, classes)
    if spec.lstrip().startswith("{"):
        network = Network.from_json(spec)
    elif spec.endswith(".py"):
        from cnncore.architecture.pytorch_source import parse_pytorch  # much code, for few who name a file

        network = parse_pytorch(_text_of(spec), name=Path(spec).stem)
    elif spec.endswith(".json"):
        network = Network.from_json(_text_of(spec))
    else:
        raise InputError(
            f"`network` (={spec!r}) must be one of {', '.join(NETWORKS)}, or the path of a .json description or of a "
            ".py file with PyTorch code: choose one of them."
        )
    if input is not None:
        network = dataclasses.replace(network, input=input)
    return network if classes is None else with_classes(network, classes)


def _text_of(path: str) -> str:
    """Return the text of a regular file; an `InputError` for anything else, since reading a pipe could take for ever.

    No more is read than the longest text of a network can have, whatever size the file claims.
    """
    from cnncore.architecture.reading.paste import LONGEST  # a part of the reader, which few need

    most = 4 * LONGEST  # bytes; a character has at most four
    try:
        if not stat.S_ISREG(Path(path).stat().st_mode):
            raise InputError(f"`network` (={path}) is no file: give the path of a JSON description or of PyTorch code.")
        with Path(path).open("rb") as file:
            content = file.read(most + 1)
        if len(content) > most:
            raise InputError(
                f"`network` (={path}) must have at most {most:,} bytes: give a file with the network alone."
            )
        return content.decode("utf-8-sig")  # editors on Windows put a mark before the text
    except InputError:
        raise
    except (OSError, ValueError) as error:  # ValueError: not UTF-8, or a path with a null character
        raise InputError(
            f"`network` (={path}) cannot be read ({error}): give the path of a JSON description or of PyTorch code."
        ) from None
