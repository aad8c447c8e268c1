"""What calls of PyTorch in pasted code mean: modules are made, tensors go through functions."""

import ast
import re
from collections.abc import Sequence
from typing import Any

from cnncore.architecture.reading.dotted import Dotted
from cnncore.architecture.reading.flow import Flow, Junctions, Size, Source
from cnncore.architecture.reading.iteration import entries
from cnncore.architecture.reading.meaning import (
    Chain,
    Registry,
    Unknown,
)
from cnncore.architecture.reading.part import Only, Part
from cnncore.architecture.reading.pytorch_layers import FUNCTIONS, SIGNATURES, bound, module_part, unknown
from cnncore.architecture.reading.refusals import not_read
from cnncore.architecture.reading.reshaping import RESHAPING
from cnncore.errors import InputError

CONTAINERS = ("Sequential", "Identity", "ModuleList", "ModuleDict", "Module", "LogSoftmax")
UNCHANGED = ("contiguous", "float", "to", "cuda", "cpu", "detach", "requires_grad_")
COPIES = ("clone", "half", "double", "type")
_OF_TENSORS = re.compile(r"(torch(\.nn\.functional|\.Tensor|\._C\._nn)?|operator)\.\w+")  # whose functions these are
_MADE = ("zeros", "ones", "rand", "randn", "empty")  # tensors that a text makes to look at sizes
_OF_IMAGES = ("shape", "size", "dim", "ndim", "numel")


def library(target: Dotted, args: list[Any], kwargs: dict[str, Any], node: ast.Call, name: str, met: Junctions) -> Any:
    """Return what a call of PyTorch gives; a module that it makes is called `name`. `met` is where tensors meet."""
    last = target.last
    line = f"(line {node.lineno})"
    called = ast.unparse(node.func)[:60]
    if target.path.startswith("torchvision.models."):
        raise InputError(
            f"`{target.path}` {line} is torchvision's own code: choose {last} among its models instead of pasting it."
        )
    if not target.path.startswith(("torch", "operator.")):
        raise InputError(f"`{called}` {line} {_foreign(target)}.")
    if "input" in kwargs and last in (*FUNCTIONS, "log_softmax", "mean", "squeeze"):  # relu(input=x)
        args, kwargs = [kwargs["input"], *args], {key: kwargs[key] for key in kwargs if key != "input"}
    if _OF_TENSORS.fullmatch(target.path):
        flow = joined(last, args, kwargs, f"`{last}` {line}", met)
        if flow is not None:
            return flow
        if args and isinstance(args[0], (Flow, Unknown)):
            return tensor_function(last, args, kwargs, node)
    if last in _MADE and target.path == f"torch.{last}":
        return _made(args, node)
    label = f"`{name}` {line}" if name else f"`{called if '.' in called else 'nn.' + called}` {line}"
    if last == "Identity":
        return Chain((), last)
    if last == "LogSoftmax":
        if bound(("dim",), args, kwargs, label).get("dim", 1) not in (None, 1, -1):
            raise InputError(unknown(label, last))
        return Chain((), last)
    if target.path != f"torch.nn.{last}" or last not in SIGNATURES:
        raise InputError(unknown(f"`{called}` {line}", last))
    values = bound(SIGNATURES[last], args, kwargs, label)
    if any(isinstance(value, Flow) for value in values.values()):
        raise InputError(
            f"{label} is the class nn.{last}, which is given a tensor: make a layer of it in `__init__`, as "
            f"nn.{last}(...), and call that."
        )
    return Chain((module_part(last, values, label, name),), last, values)


def _foreign(target: Dotted) -> str:
    """Return the rest of the sentence about something that is not PyTorch's."""
    match target.path.split(".")[0]:
        case "argparse":
            return "takes values from the command line, which nobody knows here: write the numbers into the network"
        case "tensorflow" | "keras" | "jax" | "flax":
            return "is of another library than PyTorch: paste the network in PyTorch"
        case _:
            return "cannot be read without running it: write down what it gives"


def _made(args: list[Any], node: ast.AST) -> Flow:
    """Return the tensor of images that the text makes itself: torch.zeros(1, 3, 32, 32)."""
    sizes = args[0] if len(args) == 1 and isinstance(args[0], (tuple, list)) else args
    if len(sizes) != 4 or not all(isinstance(size, int) and 0 < size < 10**5 for size in sizes):
        raise not_read(node)
    batch, channels, height, width = sizes
    return Flow((), Source(batch, (channels, height, width)))


def joined(
    name: str, args: Sequence[Any], kwargs: dict[str, Any], label: str, junctions: Junctions, block: str = ""
) -> Flow | None:
    """Return the block `block` that a sum or a concatenation of tensors is; None if the function `name` is neither."""
    if name in ("add", "iadd", "add_") and not kwargs and [type(arg) for arg in args] == [Flow, Flow]:
        total = junctions.add(args[0], args[1], label, block)
        return total if name == "add" else args[0].become(total)
    if name not in ("cat", "concat", "concatenate"):
        return None
    values = bound(("tensors", "dim"), args, {"dim" if key == "axis" else key: kwargs[key] for key in kwargs}, label)
    maps = values.get("tensors")
    listed = isinstance(maps, (list, tuple)) and maps and all(isinstance(entry, Flow) for entry in maps)
    if not listed or values.get("dim") not in (1, -3):
        raise InputError(f"{label} must join maps along their channels, `dim` 1: change it.")
    return junctions.concatenate(tuple(values["tensors"]), label, block)


def ordered(args: list[Any], kwargs: dict[str, Any], node: ast.AST) -> dict[Any, Any]:
    """Return the entries of an `OrderedDict`, or of a `dict`."""
    pairs = args[0] if args else {}
    pairs = pairs.now() if isinstance(pairs, Registry) else pairs
    found: dict[Any, Any] = dict(pairs) if isinstance(pairs, dict) else {}
    for pair in [] if isinstance(pairs, dict) else entries(pairs, node):
        if not isinstance(pair, (tuple, list)) or len(pair) != 2 or not isinstance(pair[0], (str, int)):
            raise not_read(node)
        found[pair[0]] = pair[1]
    return found | kwargs


def tensor_function(name: str, args: Sequence[Any], kwargs: dict[str, Any], node: ast.AST) -> Any:
    """Return what the function or method `name` makes of a tensor, its first argument."""
    flow, rest = args[0], args[1:]
    if isinstance(flow, Unknown):
        return Unknown()
    if name in _OF_IMAGES:
        return _measured(flow, name, rest, kwargs, node)
    label = f"`{name}` (line {getattr(node, 'lineno', 1)})"
    return through_function(flow, name, rest, kwargs, label)


def _measured(flow: Flow, name: str, rest: Sequence[Any], kwargs: dict[str, Any], node: ast.AST) -> Any:
    sizes = flow.sizes
    axis = rest[0] if rest else kwargs.get("dim")
    if name in ("shape", "size"):
        if axis is None:
            return sizes
        if not isinstance(axis, int) or not -len(sizes) <= axis < len(sizes):
            raise not_read(node)
        return sizes[axis]
    if name in ("dim", "ndim"):
        return len(sizes)
    total: Any = 1
    for size in sizes:
        total = Size(flow.parts, tuple(range(len(sizes)))) if isinstance(size, Size) else total * size
    return total


def through_function(flow: Flow, name: str, args: Sequence[Any], kwargs: dict[str, Any], label: str) -> Flow:
    """Return the flow after the function `name` of PyTorch, whose arguments follow the tensor."""
    if name in UNCHANGED:
        return flow
    if name in COPIES:
        return flow.copied()
    if name == "dropout":
        training = bound(FUNCTIONS[name][1], args, kwargs, label).get("training")
        if training is None:
            raise InputError(f"{label} drops in eval() too: write F.dropout(x, p, self.training).")
        if training is False:
            return flow
    if name in RESHAPING:
        return RESHAPING[name](flow, args, kwargs, label)
    if name not in FUNCTIONS:
        raise InputError(unknown(label, name))
    kind, signature = FUNCTIONS[name]
    values = bound(signature, args, kwargs, label)
    if kind == "Flatten" and "start_dim" not in values:
        values["start_dim"] = 0  # unlike nn.Flatten, torch.flatten begins with the batch
    if kind == "AvgPool2d" and not flow.flat:
        whole = _whole_map(flow, values, label)
        if whole is not None:
            return whole
    part = module_part(kind, values, label)
    if name.endswith("_"):
        return flow.become(flow.through(part))
    return flow.through(part)


def _whole_map(flow: Flow, values: dict[str, Any], label: str) -> Flow | None:
    """Return the average over the whole map that F.avg_pool2d(x, x.size()[2:]) is; None for another pool."""
    kernel = values.get("kernel_size")
    sides = kernel if isinstance(kernel, (tuple, list)) else (kernel, kernel)
    axes = [side.axes for side in sides if isinstance(side, Size) and side.parts == flow.parts]
    if len(axes) != 2 or not {*axes} <= {(2,), (3,)} or set(values) != {"kernel_size"}:
        return None
    only = Only.ANY if axes == [(2,), (3,)] else Only.SQUARE
    pooled = module_part("AdaptiveAvgPool2d", {"output_size": 1}, label)
    return flow.through(Part(pooled.layer, label, only=only))
