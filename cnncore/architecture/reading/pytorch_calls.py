"""What calls of PyTorch in pasted code mean: modules are made, tensors go through functions."""

import ast
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from cnncore.architecture.layers import Flatten
from cnncore.architecture.reading.flow import Flow, Junctions
from cnncore.architecture.reading.meaning import Chain, Dotted, Names, Unknown, entries, not_read
from cnncore.architecture.reading.part import Part
from cnncore.architecture.reading.pytorch_layers import FUNCTIONS, SIGNATURES, bound, module_part, unknown
from cnncore.errors import InputError

CONTAINERS = ("Sequential", "Identity", "ModuleList")


def library(target: Dotted, args: list[Any], kwargs: Names, node: ast.Call, name: str, junctions: Junctions) -> Any:
    """Return what a call of PyTorch gives; a module that it makes is called `name`.

    `nn.Sequential` and `OrderedDict` are not among them: see `sequential` and `ordered`.
    """
    last = target.last
    line = f"(line {node.lineno})"
    if target.path.startswith("torchvision.models."):
        raise InputError(
            f"`{target.path}` {line} is torchvision's own code: choose {last} among its models instead of pasting it."
        )
    if last == "ModuleList":
        return entries(args[0], node) if args else []
    if last == "Identity":
        return Chain(())
    met = joined(last, args, kwargs, f"`{last}` {line}", junctions)
    if met is not None:
        return met
    if args and isinstance(args[0], (Flow, Unknown)):
        return tensor_function(last, args, kwargs, node)
    called = ast.unparse(node.func)[:60]
    label = f"`{name}` {line}" if name else f"`{called if '.' in called else 'nn.' + called}` {line}"
    if last not in SIGNATURES:
        raise InputError(unknown(f"`{called}` {line}", last))
    return Chain((module_part(last, bound(SIGNATURES[last], args, kwargs, label), label, name),))


def joined(
    name: str, args: Sequence[Any], kwargs: Names, label: str, junctions: Junctions, block: str = ""
) -> Flow | None:
    """Return the block `block` that a sum or a concatenation of tensors is; None if the function `name` is neither."""
    if name in ("add", "iadd", "add_") and not kwargs and [type(arg) for arg in args] == [Flow, Flow]:
        return junctions.add(args[0], args[1], label, block)
    if name not in ("cat", "concat", "concatenate"):
        return None
    values = bound(("tensors", "dim"), args, {"dim" if key == "axis" else key: kwargs[key] for key in kwargs}, label)
    maps = values.get("tensors")
    listed = isinstance(maps, (list, tuple)) and maps and all(isinstance(entry, Flow) for entry in maps)
    if not listed or values.get("dim") not in (1, -3):
        raise InputError(f"{label} must join maps along their channels, `dim` 1: change it.")
    return junctions.concatenate(tuple(values["tensors"]), label, block)


def ordered(args: list[Any], kwargs: Names, node: ast.Call) -> dict[str, Any]:
    """Return the entries of an `OrderedDict`."""
    pairs = args[0] if args else kwargs
    if isinstance(pairs, dict):
        return pairs
    found: dict[str, Any] = {}
    for pair in entries(pairs, node):
        if not isinstance(pair, (tuple, list)) or len(pair) != 2 or not isinstance(pair[0], str):
            raise not_read(node)
        found[pair[0]] = pair[1]
    return found


def renamed(part: Part, name: str) -> Part:
    """Return the part under the name that an `OrderedDict` gives it."""
    return replace(part, layer=replace(part.layer, name=name), label=f"`{name}` {part.label[part.label.rfind('(') :]}")


def tensor_function(name: str, args: Sequence[Any], kwargs: Names, node: ast.AST) -> Any:
    """Return what the function or method `name` makes of a tensor, its first argument."""
    flow, rest = args[0], args[1:]
    if isinstance(flow, Unknown) or name in ("size", "dim", "numel"):
        return Unknown()
    if name in ("contiguous", "clone", "float"):
        return flow
    label = f"`{name}` (line {getattr(node, 'lineno', 1)})"
    return through_function(flow, name, rest, kwargs, label)


def through_function(flow: Flow, name: str, args: Sequence[Any], kwargs: Names, label: str) -> Flow:
    """Return the flow after the function `name` of PyTorch, whose arguments follow the tensor."""
    if name in ("view", "reshape"):
        sizes = args[0] if len(args) == 1 and isinstance(args[0], (tuple, list)) else args
        if len(sizes) != 2:
            raise InputError(f"{label} must keep the images apart and join the rest: write torch.flatten(x, 1).")
        stated = sizes[1] if isinstance(sizes[1], int) and sizes[1] > 0 else None
        return flow.through(Part(Flatten(), label, stated))
    if name == "mean":
        over = args[0] if args else kwargs.get("dim")
        if not isinstance(over, (list, tuple)) or sorted(over) not in ([2, 3], [-2, -1]) or kwargs.get("keepdim"):
            raise InputError(f"{label} must be over height and width, [2, 3]: change it.")
        pooled = module_part("AdaptiveAvgPool2d", {"output_size": 1}, label)
        return flow.through(pooled, Part(Flatten(), label))
    if name not in FUNCTIONS:
        raise InputError(unknown(label, name))
    kind, signature = FUNCTIONS[name]
    values = bound(signature, args, kwargs, label)
    if kind == "Flatten" and "start_dim" not in values:
        values["start_dim"] = 0  # unlike nn.Flatten, torch.flatten begins with the batch
    return flow.through(module_part(kind, values, label))
