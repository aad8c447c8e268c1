"""What an expression in pasted code can mean: numbers, layers, tensors, functions and classes of the text."""

import ast
import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from cnncore.architecture.reading.flow import Flow
from cnncore.architecture.reading.part import Part
from cnncore.errors import InputError

MOST_ENTRIES = 10_000  # of a list: a paste is somebody's text, and what it asks for is bounded
_LARGEST = 10**12
GROWING = ("append", "extend", "add_module", "register_module")  # the methods that add to a list or a module
OPERATORS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}


@dataclass(frozen=True, eq=False)
class Chain:
    """A module of `torch.nn`, or several in a row."""

    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Dotted:
    """A name from a library: `torch.nn.Conv2d`."""

    path: str

    @property
    def last(self) -> str:
        """The name without what it comes from."""
        return self.path.rsplit(".", 1)[-1]


@dataclass(frozen=True, eq=False)
class Function:
    """A function of the text, and the object whose method it is."""

    definition: ast.FunctionDef
    owner: "Instance | None" = None


@dataclass(frozen=True, eq=False)
class Class:
    """A class of the text."""

    name: str
    bases: tuple[str, ...]
    methods: dict[str, ast.FunctionDef]

    @classmethod
    def of(cls, definition: ast.ClassDef) -> "Class":
        """Return the class that `definition` defines."""
        methods = {part.name: part for part in definition.body if isinstance(part, ast.FunctionDef)}
        bases = tuple(ast.unparse(base).rsplit(".", 1)[-1] for base in definition.bases)
        return cls(definition.name, bases, methods)


@dataclass(eq=False)
class Instance:
    """An object of a class of the text; `items` are those of a module list or of a sequence."""

    kind: Class
    attributes: dict[str, Any] = field(default_factory=dict)
    items: list[Any] = field(default_factory=list)


class Unknown:
    """A number that only a real batch has, such as its size."""


Names: TypeAlias = dict[str, Any]


def not_read(node: ast.AST) -> InputError:
    """Return the error for something that has no meaning here; it quotes the code and its line."""
    text = ast.unparse(node).split("\n")[0][:60]
    return InputError(
        f"`{text}` (line {getattr(node, 'lineno', 1)}) cannot be read without running it: write the layers out as an "
        "nn.Sequential."
    )


def grown(node: ast.AST) -> set[str]:
    """Return what the statements in `node` add to, as it is written: `layers`, `self.layers`."""
    calls = [part.func for part in ast.walk(node) if isinstance(part, ast.Call)]
    return {ast.unparse(call.value) for call in calls if isinstance(call, ast.Attribute) and call.attr in GROWING}


def changed(node: ast.AST) -> set[str]:
    """Return what the statements in `node` add to or give a value, as it is written."""
    targets: list[ast.expr] = []
    for part in ast.walk(node):
        match part:
            case ast.Assign(found):
                targets += found
            case ast.AugAssign(target) | ast.AnnAssign(target) | ast.For(target):
                targets.append(target)
    rows = [target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target] for target in targets]
    return grown(node) | {ast.unparse(target) for row in rows for target in row}


def entries(value: Any, node: ast.AST) -> list[Any]:
    """Return what a loop over `value` goes through."""
    if isinstance(value, Instance):
        value = value.items
    if isinstance(value, Chain):
        return [Chain((part,)) for part in value.parts]
    if not isinstance(value, (list, tuple, range, dict)) or len(value) > MOST_ENTRIES:
        raise not_read(node)
    return list(value)


def calculated(op: ast.AST, left: Any, right: Any, node: ast.AST) -> Any:
    """Return the value of `left op right` for numbers and lists; comparisons take everything but tensors."""
    compare = isinstance(op, ast.cmpop)
    numbers = all(isinstance(value, (int, float)) and abs(value) < _LARGEST for value in (left, right))
    lists = all(isinstance(value, (list, tuple)) for value in (left, right))
    if lists and len(left) + len(right) > MOST_ENTRIES:
        raise not_read(node)
    tensors = any(isinstance(value, (Flow, Unknown)) for value in (left, right))
    if type(op) not in OPERATORS or tensors or not (compare or numbers or (lists and isinstance(op, ast.Add))):
        raise not_read(node)
    try:
        return OPERATORS[type(op)](left, right)
    except (TypeError, ZeroDivisionError):
        raise not_read(node) from None


def builtin(name: str, args: list[Any], kwargs: Names, node: ast.AST) -> Any:
    """Return what Python's own function `name` gives; arguments that it would refuse are an `InputError`."""
    try:
        match name:
            case "range":
                return range(*args, **kwargs)
            case "len":
                return len(*(entries(arg, node) for arg in args), **kwargs)
            case "int":
                return int(*args, **kwargs)
            case "list" | "tuple":
                return list(*(entries(arg, node) for arg in args), **kwargs)
            case "reversed":
                return list(reversed(*(entries(arg, node) for arg in args), **kwargs))
            case "enumerate":
                return list(enumerate(entries(args[0], node), *args[1:], **kwargs))
            case "zip" if kwargs.keys() <= {"strict"}:
                return list(zip(*(entries(arg, node) for arg in args), strict=kwargs.get("strict", False)))
    except (TypeError, ValueError, IndexError):
        raise not_read(node) from None
    raise not_read(node)


BUILTINS = ("range", "len", "int", "list", "tuple", "reversed", "enumerate", "zip")
