"""Arithmetic of numbers, lists and texts in pasted code, bounded: what a text asks for must be quick and small."""

import ast
import math
import operator
import re
from collections.abc import Callable
from functools import reduce
from typing import Any

from cnncore.architecture.reading.dotted import Dotted, certain
from cnncore.architecture.reading.flow import Flow, Size
from cnncore.architecture.reading.iteration import View, entries, sized, special, walked
from cnncore.architecture.reading.meaning import (
    MOST_ENTRIES,
    Instance,
    ModuleDict,
    ModuleList,
    Registry,
    Row,
    Unknown,
    tensors,
)
from cnncore.architecture.reading.refusals import RaisedError, not_read, quoted, refused_by_python, sound
from cnncore.architecture.reading.rows import joined_lists
from cnncore.errors import InputError

_LARGEST = 10**12
_LONGEST = 1000  # characters of a text that is put together: names of layers
_PLAIN = re.compile(r"[^{}%]|\{\{|\}\}|\{\w*(:[^{}]{0,8})?\}|%%|%[0-9.]{0,3}[sdifr]")  # what a name is formatted with
OPERATORS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: lambda left, right: _one(left, right),
    ast.IsNot: lambda left, right: not _one(left, right),
    ast.In: lambda entry, held: entry in held,
    ast.NotIn: lambda entry, held: entry not in held,
}


def _one(left: Any, right: Any) -> bool:
    """Return whether both are the same object; of a library's, whether both are called the same."""
    return left is right or (isinstance(left, Dotted) and left == right)


# Python's own functions and those of `math` and numpy that take numbers and give one.
NUMBERS: dict[str, Callable[..., Any]] = {
    "int": int, "float": float, "bool": bool, "abs": abs, "round": round,
    "floor": math.floor, "ceil": math.ceil, "sqrt": math.sqrt, "log2": math.log2, "log": math.log,
    "pow": lambda base, power: calculated(ast.Pow(), base, power, ast.Pass()),
    "gcd": math.gcd,
}  # fmt: skip
_OF_SEVERAL: dict[str, Callable[[list[Any]], Any]] = {
    "max": max, "min": min, "sum": sum, "all": all, "any": any,
    "prod": lambda values: reduce(lambda a, b: calculated(ast.Mult(), a, b, ast.Constant("prod")), values, 1),
}  # fmt: skip


def calculated(op: ast.AST, left: Any, right: Any, node: ast.AST) -> Any:
    """Return the value of `left op right` for numbers, lists and texts; comparisons take everything but tensors."""
    if isinstance(op, (ast.Is, ast.IsNot)) and (left is None or right is None) and certain(left) and certain(right):
        return OPERATORS[type(op)](left, right)  # a tensor is not None
    if isinstance(op, ast.cmpop) and any(isinstance(v, (list, tuple)) and tensors(*v) for v in (left, right)):
        raise not_read(node)  # x.shape != y.shape
    if tensors(left, right):
        product = _product(op, left, right)
        if product is None and not isinstance(op, ast.cmpop) and any(isinstance(v, Flow) for v in (left, right)):
            raise InputError(
                f"{quoted(node)} calculates with a tensor, where only the sum of two can be read: leave it out."
            )
        if product is None:
            raise not_read(node)
        return product
    if isinstance(op, ast.cmpop):
        held = isinstance(op, (ast.In, ast.NotIn))  # what is looked for is no container here
        left, right = _comparable(ast.Is() if held else op, left, node), _comparable(op, right, node)
    elif isinstance(op, ast.Add) and (isinstance(left, ModuleList) or isinstance(right, ModuleList)):
        return joined_lists(left, right, node)
    elif isinstance(left, (ModuleList, ModuleDict)):
        raise not_read(node, RaisedError)
    elif type(op) not in OPERATORS or not _bounded(op, left, right):
        raise not_read(node)
    with refused_by_python(node):
        return OPERATORS[type(op)](sound(left), sound(right))


def _comparable(op: ast.cmpop, value: Any, node: ast.AST) -> Any:
    """Return the value, of which it must be known what it is and what comparing it means."""
    if not certain(value):
        raise not_read(node)  # config.width == 8
    if isinstance(op, (ast.Is, ast.IsNot)):
        return value
    special(value, node, "__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__contains__")
    if _by_value(value):
        raise not_read(node)
    if isinstance(value, (View, Registry, Row, Instance)) and isinstance(op, (ast.In, ast.NotIn)):
        return entries(value, node)
    if isinstance(value, (View, Registry)):
        raise not_read(node)
    return sound(value)


def _by_value(value: Any) -> bool:
    """Return whether a value is, or holds, an object of a dataclass: these are equal where their fields are."""
    if isinstance(value, (list, tuple)):
        return any(_by_value(entry) for entry in value)
    return isinstance(value, Instance) and value.kind.all_fields is not None


def _product(op: ast.AST, left: Any, right: Any) -> Any:
    """Return what arithmetic with sizes of a batch gives: their product is known, the rest is some number."""
    if not all(isinstance(value, (Size, Unknown, int, float)) for value in (left, right)) or isinstance(op, ast.cmpop):
        return None
    if isinstance(op, ast.Mult):
        if isinstance(left, Size) and isinstance(right, Size):
            return left.times(right) or Unknown()
        if 1 in (left, right):
            return right if left == 1 else left
    return Unknown()


def _bounded(op: ast.AST, left: Any, right: Any) -> bool:
    """Return whether the arithmetic is such as code of networks has."""
    match left, right:
        case int() | float(), int() | float():
            if isinstance(op, ast.Pow):
                return abs(left) <= 10**6 and abs(right) <= 16
            if isinstance(op, ast.LShift):
                return abs(left) < _LARGEST and 0 <= right < 40
            return abs(left) < _LARGEST and abs(right) < _LARGEST
        case dict(), dict():
            return isinstance(op, ast.BitOr) and len(left) + len(right) <= MOST_ENTRIES
        case set(), set():
            return isinstance(op, (ast.BitOr, ast.BitAnd, ast.Sub))
        case (list(), list()) | (tuple(), tuple()):
            return isinstance(op, ast.Add) and len(left) + len(right) <= MOST_ENTRIES
        case (list() | tuple() as held, int() as times) | (int() as times, list() | tuple() as held):
            return isinstance(op, ast.Mult) and len(held) * times <= MOST_ENTRIES
        case str(), str() if isinstance(op, ast.Add):
            return len(left) + len(right) <= _LONGEST
        case str(), int() if isinstance(op, ast.Mult):
            return len(left) * right <= _LONGEST
        case str(), str() | int() | float() | tuple():
            return isinstance(op, ast.Mod) and _formats(left, right if isinstance(right, tuple) else (right,))
        case _:
            return False


def _formats(template: str, values: tuple[Any, ...]) -> bool:
    plain = all(isinstance(value, (str, int, float)) and len(str(value)) <= _LONGEST for value in values)
    return plain and len(template) <= _LONGEST and not _PLAIN.sub("", template)


def formatted(template: str, args: list[Any], kwargs: dict[str, Any], node: ast.AST) -> str:
    """Return `template.format(...)`, for plain values and short formats."""
    if not _formats(template, (*args, *kwargs.values())):
        raise not_read(node)
    with refused_by_python(node):
        return template.format(*args, **kwargs)


def of_numbers(name: str, args: list[Any], node: ast.AST) -> Any:
    """Return what the function `name` gives for numbers, or for a list of them."""
    if name in ("any", "all") and len(args) == 1:
        return _decided(name == "any", args[0], node)
    values = sized(args[0], node) if name in _OF_SEVERAL and len(args) == 1 else args
    if name == "int" and len(values) == 1 and isinstance(values[0], (Size, Unknown)):
        return values[0]
    if name == "prod":
        return _OF_SEVERAL[name](values)
    plain = (int, float, str) if name in ("int", "float", "max", "min") else (int, float)
    if not all(isinstance(value, plain) and len(str(value)) < _LONGEST for value in values):
        raise not_read(node)
    with refused_by_python(node):
        return _OF_SEVERAL[name](values) if name in _OF_SEVERAL else NUMBERS[name](*values)


def _decided(wanted: bool, value: Any, node: ast.AST) -> bool:
    """Return what `any` or `all` gives, which look no further than to the first that decides."""
    for entry in list(value) if isinstance(value, set) else walked(value, node):
        if not isinstance(entry, (int, float, str, type(None))):
            raise not_read(node)
        if bool(entry) == wanted:
            return wanted
    return not wanted


CALCULATED = (*NUMBERS, *_OF_SEVERAL)
