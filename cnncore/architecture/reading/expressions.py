"""What the expressions of pasted code stand for."""

import ast
import builtins
from abc import abstractmethod
from collections import ChainMap
from collections.abc import Callable, Iterator
from typing import Any

from cnncore.architecture.reading.calculation import calculated, formatted
from cnncore.architecture.reading.containers import item
from cnncore.architecture.reading.dotted import Dotted, certain
from cnncore.architecture.reading.flow import Flow, Junctions
from cnncore.architecture.reading.iteration import Walk, entries, special, walked
from cnncore.architecture.reading.meaning import (
    Class,
    Function,
    Instance,
    Names,
    Unknown,
    tensors,
)
from cnncore.architecture.reading.pytorch_calls import CONTAINERS
from cnncore.architecture.reading.pytorch_layers import SIGNATURES
from cnncore.architecture.reading.refusals import StoppedError, given, not_read, refused_by_python, sound
from cnncore.architecture.reading.setters import Setters
from cnncore.errors import InputError

MOST_STEPS = 200_000  # of a statement of the outermost level: a loop in the text must end
_ALL_STEPS = 5 * MOST_STEPS
KNOWN: dict[str, Any] = {
    "torch": Dotted("torch"),
    "nn": Dotted("torch.nn"),
    "F": Dotted("torch.nn.functional"),
    "functional": Dotted("torch.nn.functional"),
    "OrderedDict": Dotted("collections.OrderedDict"),
    "torchvision": Dotted("torchvision"),
    "math": Dotted("math"),
    "np": Dotted("numpy"),
    "__name__": "__main__",
}
# No names of Python's: what marks the names of a comprehension, which `:=` does not bind, and where a function keeps
# which of its names are not its own.
COMPREHENSION, OUTER = "for", "nonlocal"


class Expressions(Setters):
    """Expressions; `names` are those of the text's outermost level. What calls give is `Calls`'."""

    def __init__(self) -> None:
        self.names: Names = ChainMap({}, dict(KNOWN))
        self.junctions = Junctions()
        self.guards = 0  # how many `try` with handlers are being carried out
        self.running = False  # whether the network is given its image, all of it being made
        self._steps = self._before = 0

    @abstractmethod
    def assign(self, target: ast.expr, value: Any, names: Names) -> None:
        """Give `value` to what stands on the left of an assignment."""

    @abstractmethod
    def call(self, node: ast.Call, names: Names, name: str) -> Any:
        """Return what a call gives; a module that it makes is called `name`."""

    def value(self, node: ast.expr, names: Names, name: str = "") -> Any:
        """Return what an expression stands for; `name` is what a module that it makes will be called."""
        self.count(node)
        match node:
            case ast.Constant(value):
                return value
            case ast.Name(identifier):
                return self._named(identifier, node, names)
            case ast.Tuple(elements) | ast.List(elements) | ast.Set(elements):
                values = [*self.starred(elements, names, self.value)]
                kind = {ast.Tuple: tuple, ast.List: list, ast.Set: set}[type(node)]
                return kind(values)
            case ast.Dict():
                return self._dictionary(node, names)
            case ast.UnaryOp(op, operand):
                return self._unary(op, operand, node, names)
            case ast.BinOp(left, op, right):
                return self._binary(op, self.value(left, names), self.value(right, names), node)
            case ast.Compare(left, ops, rights):
                return self._compared(left, ops, rights, names, node)
            case ast.BoolOp(op, values):
                found: Any = None
                for operand in values:
                    found = self.value(operand, names, name)
                    if operand is values[-1] or bool(self._certain(found, operand)) == isinstance(op, ast.Or):
                        break  # the rest is not looked at
                return found
            case ast.IfExp(test, body, orelse):
                return self.value(body if self.truth(test, names) else orelse, names, name)
            case ast.NamedExpr(target, value):
                inside = names
                while COMPREHENSION in names.maps[0]:
                    names = names.parents
                self.assign(target, found := self.value(value, inside), names)
                return found
            case ast.Attribute(owner, attribute):
                return self.attribute(self.value(owner, names), self.mangled(attribute, names), node)
            case ast.Subscript(owner, index):
                return self._item(self.value(owner, names), self.value(index, names), node)
            case ast.Slice(lower, upper, step):
                return slice(*(None if end is None else self.value(end, names) for end in (lower, upper, step)))
            case ast.ListComp(element, generators):
                return [self.value(element, inner) for inner in self._rounds(generators, names)]
            case ast.GeneratorExp(element, generators):  # what it goes through is looked up at once, the rest is not
                first = self.value(generators[0].iter, names)
                return Walk(self.value(element, inner) for inner in self._rounds(generators, names, first))
            case ast.SetComp(element, generators):
                return {self.value(element, inner) for inner in self._rounds(generators, names)}
            case ast.DictComp(key, entry, generators):
                return {
                    (named := self.value(key, inner)): self.value(entry, inner, str(named))
                    for inner in self._rounds(generators, names)
                }
            case ast.Lambda(arguments):
                return Function(node, names, self.defaults(arguments, names))
            case ast.JoinedStr(pieces):
                return "".join(self._piece(piece, names) for piece in pieces)
            case ast.Call():
                return self.call(node, names, name)
            case _:
                raise not_read(node)

    def defaults(self, arguments: ast.arguments, names: Names) -> dict[str, Any]:
        """Return the values that a function's arguments have where none are given; a reason for one not read."""
        placed = [*arguments.posonlyargs, *arguments.args]
        pairs = [
            *zip(placed[len(placed) - len(arguments.defaults) :], arguments.defaults, strict=True),
            *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
        ]
        return {argument.arg: self.tried(default, names) for argument, default in pairs if default is not None}

    def tried(self, node: ast.expr, names: Names) -> Any:
        """Return what an expression stands for, or why it cannot be read."""
        try:
            with refused_by_python(node):
                return self.value(node, names)
        except StoppedError:
            raise
        except InputError as error:
            return error

    def _named(self, identifier: str, node: ast.expr, names: Names) -> Any:
        if identifier in names:
            return given(names[identifier])
        if identifier in (*SIGNATURES, *CONTAINERS):
            return Dotted(f"torch.nn.{identifier}")
        if callable(getattr(builtins, identifier, None)):
            return Dotted(f"builtins.{identifier}")
        raise InputError(
            f"`{identifier[:60]}` (line {node.lineno}) is not defined in what was pasted: paste its line too."
        )

    def _item(self, owner: Any, index: Any, node: ast.expr) -> Any:
        return owner if isinstance(owner, Unknown) else item(owner, index, node)

    def mangled(self, attribute: str, names: Names) -> str:
        """Return what Python calls an attribute in a class: `__width` of a class Net is `_Net__width`."""
        kind = names.get("__class__")
        private = attribute.startswith("__") and not attribute.endswith("__")
        return f"_{kind.name.lstrip('_')}{attribute}" if private and isinstance(kind, Class) else attribute

    def _dictionary(self, node: ast.Dict, names: Names) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for key, entry in zip(node.keys, node.values, strict=True):
            if key is None:
                more = self.value(entry, names)
                found |= more if isinstance(more, dict) else {}
                if not isinstance(more, dict):
                    raise not_read(node)
            else:
                named = self.value(key, names)
                found[named] = self.value(entry, names, named if isinstance(named, str) else "")
        return found

    def _unary(self, op: ast.unaryop, operand: ast.expr, node: ast.expr, names: Names) -> Any:
        if isinstance(op, ast.Not):
            return not self.truth(operand, names)
        if not isinstance(op, (ast.USub, ast.UAdd)):
            raise not_read(node)
        return calculated(ast.Sub() if isinstance(op, ast.USub) else ast.Add(), 0, self.value(operand, names), node)

    def _binary(self, op: ast.operator, left: Any, right: Any, node: ast.AST) -> Any:
        if isinstance(left, Flow) and isinstance(right, Flow) and isinstance(op, ast.Add):
            return self.junctions.add(left, right, f"`+` (line {getattr(node, 'lineno', 1)})")
        if isinstance(op, ast.Add) and type(left) is int and left == 0 and isinstance(right, Flow):
            return right.copied()  # how a sum begins
        return calculated(op, left, right, node)

    def _compared(
        self, left: ast.expr, ops: list[ast.cmpop], rights: list[ast.expr], names: Names, node: ast.expr
    ) -> bool:
        first = self.value(left, names)
        for op, right in zip(ops, rights, strict=True):
            second = self.value(right, names)
            if not calculated(op, first, second, node):
                return False
            first = second
        return True

    def _rounds(self, generators: list[ast.comprehension], names: Names, through: Any = None) -> Iterator[Names]:
        """Yield the names of each round of a comprehension; `through` is what its first `for` goes through."""
        if not generators:
            yield names
            return
        first, rest = generators[0], generators[1:]
        inner = names.new_child({COMPREHENSION: True})
        for entry in walked(self.value(first.iter, names) if through is None else through, first.iter):
            self.assign(first.target, entry, inner)
            if all(self.truth(test, inner) for test in first.ifs):
                yield from self._rounds(rest, inner)

    def _piece(self, piece: ast.expr, names: Names) -> str:
        """Return a piece of an f-string."""
        match piece:
            case ast.Constant(str() as text):
                return text
            case ast.FormattedValue(value, -1, form):
                style = "" if form is None else self.value(form, names)
                return formatted(f"{{:{style}}}" if style else "{}", [self.value(value, names)], {}, value)
            case _:
                raise not_read(piece)

    def truth(self, node: ast.expr, names: Names) -> bool:
        """Return whether a condition holds; one that asks a tensor has no answer here."""
        return bool(self._certain(self.value(node, names), node))

    def _certain(self, value: Any, node: ast.expr) -> Any:
        special(value, node, "__bool__", "__len__")
        base = value.kind.foreign_base if isinstance(value, Instance) else None
        of_python = isinstance(base, Dotted) and base.path.startswith("builtins.")  # a dict of its own may be empty
        if tensors(value) or not certain(value) or of_python:
            raise not_read(node)
        return sound(value)

    def starred(self, elements: list[ast.expr], names: Names, read: Callable[..., Any]) -> Iterator[Any]:
        """Yield what `read` makes of elements or arguments; `*several` are taken apart."""
        for entry in elements:
            if isinstance(entry, ast.Starred):
                yield from entries(self.value(entry.value, names), entry.value)
            else:
                yield read(entry, names)

    def count(self, node: ast.AST) -> None:
        """Count a step; too many are an `InputError`."""
        self._steps += 1
        if self._steps > MOST_STEPS or self._steps + self._before > _ALL_STEPS:
            line = getattr(node, "lineno", 1)
            raise StoppedError(f"the code (line {line}) goes round too often to be read: write the layers out.")

    def begin(self) -> None:
        """Count anew: the next statement of the outermost level has steps of its own."""
        self._before += self._steps
        self._steps = 0
