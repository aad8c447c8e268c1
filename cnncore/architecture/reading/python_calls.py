"""Python's own functions in pasted code: range, zip, isinstance, max and their like."""

import ast
from typing import Any

from cnncore.architecture.reading.calculation import CALCULATED, of_numbers
from cnncore.architecture.reading.meaning import (
    Chain,
    Class,
    Dotted,
    Function,
    Instance,
    Row,
    entries,
    not_read,
    tensors,
)
from cnncore.architecture.reading.pytorch_calls import ordered

_TYPES: dict[str, type | tuple[type, ...]] = {
    "int": int, "float": float, "str": str, "bool": bool, "list": list, "tuple": tuple, "dict": dict,
    "ModuleList": list, "ModuleDict": dict, "Sequential": Row, "Module": (Chain, Row, Instance),
}  # fmt: skip
_OTHERS = (
    "range", "len", "list", "tuple", "set", "dict", "str", "reversed", "sorted", "enumerate", "zip", "isinstance",
    "callable", "type", "print", "super", "getattr", "setattr", "hasattr",
)  # fmt: skip
BUILTINS = (*_OTHERS, *CALCULATED[: CALCULATED.index("floor")], "max", "min", "sum", "all", "any", "pow")


def builtin(name: str, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> Any:
    """Return what Python's own function `name` gives; arguments that it would refuse are an `InputError`."""
    try:
        match name:
            case "print":
                return None
            case "dict":
                return ordered(args, kwargs, node)
            case "isinstance" if len(args) == 2:
                kinds = args[1] if isinstance(args[1], tuple) else (args[1],)
                return any(_is(args[0], kind, node) for kind in kinds)
            case "type" if len(args) == 1 and isinstance(args[0], (Chain, Row, Instance)):
                return args[0].kind if isinstance(args[0], Instance) else Dotted(f"torch.nn.{_kind(args[0])}")
            case "callable":
                return isinstance(args[0], (Chain, Row, Instance, Class, Dotted, Function))
            case "range" if not tensors(*args):
                return range(*args, **kwargs)
            case "len":
                return len(*(entries(arg, node) for arg in args), **kwargs)
            case "str" if len(args) == 1 and isinstance(args[0], (str, int, float)):
                return str(args[0])
            case "list" | "tuple" | "set":
                values: list[Any] = list(*(entries(arg, node) for arg in args), **kwargs)
                return values if name == "list" else tuple(values if name == "tuple" else dict.fromkeys(values))
            case "reversed":
                return list(reversed(*(entries(arg, node) for arg in args), **kwargs))
            case "sorted" if not kwargs:
                return sorted(*(entries(arg, node) for arg in args))
            case "enumerate":
                return list(enumerate(entries(args[0], node), *args[1:], **kwargs))
            case "zip" if kwargs.keys() <= {"strict"}:
                return list(zip(*(entries(arg, node) for arg in args), strict=kwargs.get("strict", False)))
    except (TypeError, ValueError, IndexError, OverflowError):
        raise not_read(node) from None
    if name in CALCULATED and not kwargs:
        return of_numbers(name, args, node)
    raise not_read(node)


def _kind(module: Chain | Row) -> str:
    return module.kind if isinstance(module, Chain) else "Sequential"


def _is(value: Any, kind: Any, node: ast.AST) -> bool:
    """Return whether `value` is of a class of the text, of PyTorch or of Python; of what may be a base nobody knows."""
    if isinstance(kind, Class):
        return isinstance(value, Instance) and kind in value.kind.line
    if not isinstance(kind, Dotted):
        return False
    if isinstance(value, Chain):
        if kind.last.startswith("_") or (value.kind, kind.last) == ("ReLU6", "Hardtanh"):
            raise not_read(node)
        return kind.last in (value.kind, "Module")
    if isinstance(value, Instance):
        return kind in value.kind.line or kind.last == "Module"
    if kind.last in _TYPES:
        return isinstance(value, _TYPES[kind.last])
    if not kind.path.startswith("torch.nn.") or kind.last.startswith("_"):
        raise not_read(node)  # such as Iterable
    return False
