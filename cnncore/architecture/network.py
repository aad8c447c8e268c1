"""A network as data: a name, the input it is made for, and its layers. JSON both ways."""

import dataclasses
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from cnncore.architecture.layers import (
    KINDS,
    AdaptiveAvgPool2d,
    AvgPool2d,
    BatchNorm2d,
    Branches,
    Conv2d,
    Dropout,
    Flatten,
    Layer,
    Linear,
    MaxPool2d,
    Path,
    Residual,
)
from cnncore.architecture.sizes import Shape, whole
from cnncore.errors import InputError

DEEPEST = 8  # blocks in blocks: a description is read by recursion
LONGEST_NAME = 80  # characters of a layer's name; torchvision's have up to 74
_NAME = re.compile(rf"[\w .,:+/()=#-]{{0,{LONGEST_NAME}}}")
MOST_LAYERS = 2000  # a description comes from a file: its size is bounded before anything is computed from it


@dataclass(frozen=True)
class Network:
    """Layers in a row for images of shape `input` (C, H, W).

    A dense layer's number of inputs follows from `input`; at another size it can fail to fit, as in PyTorch.
    """

    name: str
    input: Shape
    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        shape = tuple(self.input)
        if len(shape) != 3:
            raise InputError(f"`input` (={self.input}) must be channels, height, width: give three whole numbers.")
        for size in shape:
            whole("input", size)
        object.__setattr__(self, "input", shape)
        object.__setattr__(self, "layers", tuple(self.layers))
        if not self.layers:
            raise InputError(f"`layers` of {self.name!r} must not be empty: add a layer.")
        for layer in all_layers(self.layers):
            _check_name(layer.name)

    def to_dict(self) -> dict[str, Any]:
        """Return the description as plain values, ready for JSON; defaults are left out."""
        return {"name": self.name, "input": list(self.input), "layers": [layer_to_dict(layer) for layer in self.layers]}

    def to_json(self) -> str:
        """Return the description as JSON text."""
        return json.dumps(self.to_dict(), indent=1)

    @classmethod
    def from_json(cls, text: str) -> "Network":
        """Return the network that `to_json` wrote; anything else is an `InputError`."""
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:  # ValueError: no JSON, or a number of thousands of digits
            raise InputError(f"the description is not JSON ({error}): save it again from where it came.") from None
        if not isinstance(values, dict) or not {"name", "input", "layers"} <= values.keys():
            raise InputError(
                "the description must be an object with `name`, `input` and `layers`: add what is missing."
            )
        if not isinstance(values["layers"], list) or not 0 < len(values["layers"]) <= MOST_LAYERS:
            raise InputError(f"`layers` must be a list of 1 to {MOST_LAYERS} layers: change it.")
        if not isinstance(values["input"], list):
            raise InputError(f"`input` (={values['input']!r}) must be [channels, height, width]: give such a list.")
        layers = tuple(layer_from_dict(entry) for entry in values["layers"])
        if sum(1 for _ in all_layers(layers)) > MOST_LAYERS:
            raise InputError(f"`layers` must hold at most {MOST_LAYERS} layers with those of its blocks: use fewer.")
        name = str(values["name"])[:80].encode("utf-8", "replace").decode("utf-8")  # a lone surrogate is no text
        return cls(name, tuple(values["input"]), layers)


def _check_name(name: str) -> None:
    """Refuse a layer's name that could be taken for markup where it is shown: links and files bring names too."""
    if not _NAME.fullmatch(name):
        raise InputError(
            f"`name` (={name[:40]!r}{'...' * (len(name) > 40)}) of a layer must be at most {LONGEST_NAME} letters, "
            "digits, spaces and . , : _ - + / ( ) = #: rename the layer."
        )


def layer_to_dict(layer: Layer) -> dict[str, Any]:
    """Return the layer as plain values, its kind under `"kind"`, defaults left out."""
    values: dict[str, Any] = {"kind": layer.kind}
    for spec in dataclasses.fields(layer):
        value = getattr(layer, spec.name)
        if isinstance(layer, Residual) and spec.name in ("body", "shortcut"):
            values[spec.name] = [layer_to_dict(inner) for inner in value]
        elif isinstance(layer, Branches) and spec.name == "paths":
            values[spec.name] = [[layer_to_dict(inner) for inner in path] for path in value]
        elif spec.default is dataclasses.MISSING or value != spec.default:
            values[spec.name] = list(value) if isinstance(value, tuple) else value
    return values


def layer_from_dict(values: Any, depth: int = 0) -> Layer:
    """Return the layer that `layer_to_dict` wrote; an unknown kind or field is an `InputError`."""
    kind = values.get("kind") if isinstance(values, dict) else values
    if not isinstance(values, dict) or not isinstance(kind, str) or kind not in KINDS:
        raise InputError(f"`kind` (={kind!r}) must be one of {', '.join(KINDS)}: correct the layer's kind.")
    layer_type = KINDS[values["kind"]]
    given = {name: value for name, value in values.items() if name != "kind"}
    known = {spec.name for spec in dataclasses.fields(layer_type)}
    required = {spec.name for spec in dataclasses.fields(layer_type) if _is_required(spec)}
    if not required <= given.keys() <= known:
        raise InputError(
            f"a `{values['kind']}` layer has the fields {', '.join(sorted(known))} and needs "
            f"{', '.join(sorted(required)) or 'none'}, not {', '.join(sorted(map(str, given)))}: correct them."
        )
    if not isinstance(given.get("name", ""), str):
        raise InputError(f"`name` (={given['name']!r}) of a layer must be text: put it in quotes.")
    if layer_type in (Residual, Branches) and depth > DEEPEST:
        raise InputError(f"blocks may lie at most {DEEPEST} deep in each other: flatten the description.")
    if layer_type is Residual:
        for path in ("body", "shortcut"):
            given[path] = _path_from_list(path, given.get(path, []), depth)
    if layer_type is Branches:
        if not isinstance(given["paths"], list):
            raise InputError("`paths` of branches must be a list of lists of layers: change it.")
        given["paths"] = tuple(_path_from_list("paths", path, depth) for path in given["paths"])
    for spec in dataclasses.fields(layer_type):
        if spec.type is bool and not isinstance(given.get(spec.name, True), bool):
            raise InputError(f"`{spec.name}` (={given[spec.name]!r}) must be true or false: change it.")
    return layer_type(**{name: tuple(v) if isinstance(v, list) else v for name, v in given.items()})  # type: ignore[no-any-return]  # KINDS maps to the members of Layer


def _path_from_list(name: str, values: Any, depth: int) -> Path:
    if not isinstance(values, list):
        raise InputError(f"`{name}` of a block must be a list of layers: change it.")
    return tuple(layer_from_dict(entry, depth + 1) for entry in values)


def all_layers(layers: Path) -> Iterator[Layer]:
    """Yield every layer; those inside a block come right after it."""
    for layer in layers:
        yield layer
        if isinstance(layer, (Residual, Branches)):
            for path in layer.paths:
                yield from all_layers(path)


def _is_required(spec: "dataclasses.Field[Any]") -> bool:
    return spec.default is dataclasses.MISSING and spec.default_factory is dataclasses.MISSING


def with_batch_norm(network: Network) -> Network:
    """Return the network with a batch norm right after each convolution (the practical's last step)."""

    def normed(layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
        result: list[Layer] = []
        for position, layer in enumerate(layers):
            following = layers[position + 1] if position + 1 < len(layers) else None
            if isinstance(layer, (Residual, Branches)):
                layer = layer.with_paths([normed(path) for path in layer.paths])
            result.append(layer)
            if isinstance(layer, Conv2d) and not isinstance(following, BatchNorm2d):
                result.append(BatchNorm2d(name=f"bn-{layer.name}"[:LONGEST_NAME] if layer.name else ""))
        return tuple(result)

    return replace(network, layers=normed(network.layers))


def without_pools(network: Network) -> Network:
    """Return the network with its pools switched off: windows of 1 x 1 that move by one pixel, and change nothing.

    The layers keep their names and numbers, so that weights of the one network fit the other's convolutions. Adaptive
    pools stay. Where one path of a block pooled with a stride, the paths no longer fit, and `describe` says so.

    >>> from cnncore.architecture import describe, named_network
    >>> rows = describe(without_pools(named_network("practical"))).rows
    >>> [row.receptive_field for row in rows if row.kind == "conv"]
    [5, 9, 13]
    """

    def plain(path: Path) -> Path:
        result: list[Layer] = []
        for layer in path:
            if isinstance(layer, (MaxPool2d, AvgPool2d)):
                layer = type(layer)(1, name=layer.name)
            elif isinstance(layer, (Residual, Branches)):
                layer = layer.with_paths([plain(inner) for inner in layer.paths])
            result.append(layer)
        return tuple(result)

    return replace(network, layers=plain(network.layers))


def with_dropout(network: Network, p: float) -> Network:
    """Return the network with a dropout right before its last dense layer, after that layer's activation."""
    last, _ = _last_linear(network)
    layers = (*network.layers[:last], Dropout(p, name="dropout"), *network.layers[last:])
    return replace(network, layers=layers)


def with_classes(network: Network, classes: int) -> Network:
    """Return the network with `classes` outputs of its last dense layer."""
    last, layer = _last_linear(network)
    changed = replace(layer, features=classes)
    return replace(network, layers=(*network.layers[:last], changed, *network.layers[last + 1 :]))


def _last_linear(network: Network) -> tuple[int, Linear]:
    for position in range(len(network.layers) - 1, -1, -1):
        layer = network.layers[position]
        if isinstance(layer, Linear):
            return position, layer
    raise InputError(f"`network` (={network.name}) has no dense layer at its end: add one for the classes.")


def fully_convolutional(network: Network, shapes: list[Shape]) -> Network:
    """Return the same function as convolutions alone: dense layers become convolutions (Q5), and flattening is dropped.

    The first dense layer after a map (C, H, W) gets a kernel of H x W, every later one 1 x 1. `shapes` are the
    inputs of the layers at the network's own input size. Adaptive pools that change nothing at that size are dropped
    too, since they would hide any other size; any other is an `InputError`.
    """
    result: list[Layer] = []
    spread: Shape | None = None  # the map that the next dense layer covers
    for layer, shape in zip(network.layers, shapes, strict=True):
        if isinstance(layer, Flatten):
            spread = spread or shape
        elif isinstance(layer, AdaptiveAvgPool2d):
            if layer.size != shape[1:]:
                raise InputError(
                    f"`network` (={network.name}) pools any map to {layer.size[0]}x{layer.size[1]} before its dense "
                    "layers: it takes every size as it is, describe it without --fully-convolutional."
                )
        elif isinstance(layer, Linear):
            kernel = (spread or shape)[1:]
            result.append(Conv2d(layer.features, kernel, bias=layer.bias, name=layer.name))
            spread = (layer.features, 1, 1)
        else:
            result.append(layer)
    return replace(network, layers=tuple(result))
