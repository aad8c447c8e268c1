"""Python's own functions in pasted code: range, zip, isinstance, max and their like."""

import ast
import itertools
from collections.abc import Callable
from typing import Any

from cnncore.architecture.reading.calculation import CALCULATED, calculated, of_numbers
from cnncore.architecture.reading.dotted import Dotted, certain
from cnncore.architecture.reading.flow import Flow
from cnncore.architecture.reading.iteration import View, Walk, entries, sized, special, walked
from cnncore.architecture.reading.meaning import (
    MODULES,
    Chain,
    Class,
    Function,
    Instance,
    Method,
    ModuleDict,
    ModuleList,
    Partial,
    Registry,
    Row,
    tensors,
)
from cnncore.architecture.reading.pytorch_calls import ordered
from cnncore.architecture.reading.refusals import RaisedError, not_read, refused_by_python

_TYPES: dict[str, type | tuple[type, ...]] = {
    "int": int, "float": float, "str": str, "bool": bool, "list": list, "tuple": tuple, "dict": dict, "set": set,
}  # fmt: skip
_MODULES: dict[str, type | tuple[type, ...]] = {
    "ModuleList": ModuleList, "ModuleDict": ModuleDict, "Sequential": Row,
    "Module": (*MODULES, ModuleList, ModuleDict),
}  # fmt: skip
# Functions of `itertools`, each of what its arguments go through.
ITERTOOLS: dict[str, Callable[..., Any]] = {
    "itertools.chain": itertools.chain,
    "itertools.pairwise": itertools.pairwise,
    "itertools.product": itertools.product,
}


def builtin(name: str, args: list[Any], kwargs: dict[str, Any], node: ast.AST) -> Any:
    """Return what Python's own function `name` gives; arguments that it would refuse are an `InputError`."""
    with refused_by_python(node):
        match name:
            case "print":
                return None
            case "dict":
                return ordered(args, kwargs, node)
            case "isinstance" if len(args) == 2:
                kinds = args[1] if isinstance(args[1], tuple) else (args[1],)
                return any(_is(args[0], kind, node) for kind in kinds)
            case "type" if len(args) == 1 and isinstance(args[0], (*MODULES, ModuleList, ModuleDict)):
                return args[0].kind if isinstance(args[0], Instance) else Dotted(f"torch.nn.{_kind(args[0])}")
            case "type" if len(args) == 1 and type(args[0]) in _TYPES.values():
                return Dotted(f"builtins.{type(args[0]).__name__}")
            case "callable":
                return isinstance(args[0], (*MODULES, Class, Dotted, Function, Partial, Method))
            case "range" if not tensors(*args):
                return range(*args, **kwargs)
            case "len" if len(args) == 1 and not isinstance(args[0], Walk):
                special(args[0], node, "__len__")
                return len(sized(args[0], node))
            case "str" if len(args) == 1 and isinstance(args[0], (str, int, float)):
                return str(args[0])
            case "divmod" if len(args) == 2:
                return tuple(calculated(op, args[0], args[1], node) for op in (ast.FloorDiv(), ast.Mod()))
            case "next" if args and isinstance(args[0], Walk):
                return next(*args)
            case _:
                return _of_entries(name, args, kwargs, node)


def _of_entries(name: str, args: list[Any], kwargs: dict[str, Any], node: ast.AST) -> Any:
    """Return what functions of lists and of what can be gone through give."""
    match name:
        case "list":
            return list(*(entries(arg, node) for arg in args), **kwargs)
        case "tuple":
            return tuple(*(entries(arg, node) for arg in args), **kwargs)
        case "set" | "frozenset" if not kwargs:
            return set(*(sized(arg, node) for arg in args))
        case "sorted" if kwargs.keys() <= {"reverse"}:
            return sorted(*(sized(arg, node) for arg in args), **kwargs)
        case "iter" if len(args) == 1:
            return Walk(walked(args[0], node))
        case "reversed":
            return Walk(_backwards(*args, **kwargs, node=node))
        case "enumerate":
            return Walk(enumerate(walked(args[0], node), *args[1:], **kwargs))
        case "zip" if kwargs.keys() <= {"strict"}:
            return Walk(_zipped([walked(arg, node) for arg in args], kwargs.get("strict", False), node))
    if name in CALCULATED and not kwargs:
        return of_numbers(name, args, node)
    raise not_read(node)


def _backwards(held: Any, *, node: ast.AST) -> Any:
    if isinstance(held, (Walk, set)):
        raise not_read(node, RaisedError)
    if not isinstance(held, list) or isinstance(held, ModuleList):
        return reversed(entries(held, node))
    return _live_backwards(held)


def _live_backwards(held: list[Any]) -> Any:
    for place in range(len(held) - 1, -1, -1):
        if place < len(held):
            yield held[place]


def _zipped(several: list[Any], strict: Any, node: ast.AST) -> Any:
    with refused_by_python(node):
        yield from zip(*several, strict=bool(strict))


def through(path: str, args: list[Any], node: ast.AST) -> Walk:
    """Return what a function of `itertools` goes through."""
    if path == "itertools.chain.from_iterable":
        return Walk(entry for held in walked(args[0], node) for entry in walked(held, node))
    return Walk(iter(ITERTOOLS[path](*(walked(arg, node) for arg in args))))


def _kind(module: Any) -> str:
    if isinstance(module, Chain):
        return module.kind
    return "Sequential" if isinstance(module, Row) else type(module).__name__


def _is(value: Any, kind: Any, node: ast.AST) -> bool:
    """Return whether `value` is of a class of the text, of PyTorch or of Python; of what may be a base nobody knows."""
    if isinstance(kind, Class):
        return isinstance(value, Instance) and kind in value.kind.line
    if not isinstance(kind, Dotted) or not certain(value) or isinstance(value, (Registry, View, Walk)):
        raise not_read(node)
    if kind.path == "torch.Tensor":
        return isinstance(value, Flow)
    if kind.path.startswith("builtins."):
        if isinstance(value, Instance):
            return kind in value.kind.line or (kind.last == "tuple" and value.as_tuple is not None)
        if kind.last not in _TYPES or tensors(value):
            raise not_read(node)
        found = isinstance(value, _TYPES[kind.last])
        return found and not isinstance(value, (ModuleList, ModuleDict))
    if kind.path != f"torch.nn.{kind.last}" or kind.last.startswith("_"):
        raise not_read(node)  # such as Iterable
    if isinstance(value, Instance):
        inner = value.held is not None and _is(value.held, kind, node)
        return inner or kind in value.kind.line or (kind.last == "Module" and value.kind.foreign_base is not None)
    if isinstance(value, Chain):
        if (value.kind, kind.last) == ("ReLU6", "Hardtanh"):
            return True
        return kind.last in (value.kind, value.kind.removeprefix("Lazy"), "Module")
    return isinstance(value, _MODULES[kind.last]) if kind.last in _MODULES else False
