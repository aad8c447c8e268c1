"""What the expressions of pasted code stand for."""

import ast
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

from cnncore.architecture.reading.flow import Flow, Junctions
from cnncore.architecture.reading.meaning import (
    BUILTINS,
    OPERATORS,
    Chain,
    Class,
    Dotted,
    Function,
    Instance,
    Names,
    Unknown,
    builtin,
    calculated,
    entries,
    not_read,
)
from cnncore.architecture.reading.pytorch_calls import CONTAINERS, library, ordered, renamed, tensor_function
from cnncore.architecture.reading.pytorch_layers import SIGNATURES
from cnncore.errors import InputError

MOST_STEPS = 200_000  # a loop in the text must end
KNOWN: Names = {
    "torch": Dotted("torch"),
    "nn": Dotted("torch.nn"),
    "F": Dotted("torch.nn.functional"),
    "OrderedDict": Dotted("collections.OrderedDict"),
    "torchvision": Dotted("torchvision"),
}


class Expressions(ABC):
    """Expressions; `names` are those of the text's outermost level. What calls carry out is the interpreter's."""

    def __init__(self) -> None:
        self.names: Names = dict(KNOWN)
        self.junctions = Junctions()
        self._steps = 0

    @abstractmethod
    def assign(self, target: ast.expr, value: Any, names: Names) -> None:
        """Give `value` to what stands on the left of an assignment."""

    @abstractmethod
    def instance(self, kind: Class, args: list[Any], kwargs: Names, node: ast.AST) -> Instance:
        """Return an object of a class of the text."""

    @abstractmethod
    def called(self, owner: Instance, args: list[Any], kwargs: Names, node: ast.AST) -> Any:
        """Return what an object makes of a tensor: its `forward`, or one item after the other."""

    @abstractmethod
    def apply(self, function: Function, args: list[Any], kwargs: Names) -> Any:
        """Return what a function of the text returns."""

    def value(self, node: ast.expr, names: Names, name: str = "") -> Any:
        """Return what an expression stands for; `name` is what a module that it makes will be called."""
        self.count(node)
        match node:
            case ast.Constant(value):
                return value
            case ast.Name(identifier):
                return self._named(identifier, node, names)
            case ast.Tuple(elements) | ast.List(elements):
                values = [*self.starred(elements, names)]
                return tuple(values) if isinstance(node, ast.Tuple) else values
            case ast.Dict(keys, held):
                pairs = zip(keys, held, strict=True)
                named = [(self.value(key, names), entry) for key, entry in pairs if key is not None]
                return {key: self.value(entry, names, str(key)) for key, entry in named}
            case ast.UnaryOp(ast.USub(), operand):
                return calculated(ast.Sub(), 0, self.value(operand, names), node)
            case ast.UnaryOp(ast.Not(), operand):
                return not self.truth(operand, names)
            case ast.BinOp(left, op, right):
                return self._binary(op, self.value(left, names), self.value(right, names), node)
            case ast.Compare(left, [op], [right]) if type(op) in OPERATORS:
                return calculated(op, self.value(left, names), self.value(right, names), node)
            case ast.BoolOp(op, values):
                found: Any = None
                for operand in values:
                    found = self._certain(self.value(operand, names, name), operand)
                    if bool(found) == isinstance(op, ast.Or):  # the rest is not looked at
                        break
                return found
            case ast.IfExp(test, body, orelse):
                return self.value(body if self.truth(test, names) else orelse, names, name)
            case ast.Attribute(owner, attribute):
                return self._attribute(self.value(owner, names), attribute, node)
            case ast.Subscript(owner, index):
                return self._item(self.value(owner, names), self.value(index, names), node)
            case ast.ListComp(element, [generator]) | ast.GeneratorExp(element, [generator]) if not generator.ifs:
                inner = dict(names)
                values = []
                for entry in self.entries_of(generator.iter, inner):
                    self.assign(generator.target, entry, inner)
                    values.append(self.value(element, inner))
                return values
            case ast.Call():
                return self._call(node, names, name)
            case _:
                raise not_read(node)

    def _named(self, identifier: str, node: ast.expr, names: Names) -> Any:
        for scope in (names, self.names):
            if identifier in scope:
                return _given(scope[identifier])
        if identifier in (*SIGNATURES, *CONTAINERS):
            return Dotted(f"torch.nn.{identifier}")
        if identifier in BUILTINS:
            return Dotted(f"builtins.{identifier}")
        raise InputError(
            f"`{identifier[:60]}` (line {node.lineno}) is not defined in what was pasted: paste its line too."
        )

    def _attribute(self, owner: Any, attribute: str, node: ast.expr) -> Any:
        match owner:
            case Dotted(path):
                return Dotted(f"{path}.{attribute}")
            case Instance() if attribute in owner.attributes:
                return _given(owner.attributes[attribute])
            case Instance() if attribute in owner.kind.methods:
                return Function(owner.kind.methods[attribute], owner)
            case Instance() if attribute == "training":
                return False
            case Flow() | Unknown():
                return Unknown()  # x.shape
            case _:
                raise InputError(
                    f"`{ast.unparse(node)[:60]}` (line {node.lineno}) is not set in what was pasted: paste its line."
                )

    def _item(self, owner: Any, index: Any, node: ast.expr) -> Any:
        if isinstance(owner, Unknown):
            return owner
        items = owner.items if isinstance(owner, Instance) else owner
        try:
            return items[index]
        except (TypeError, IndexError, KeyError):
            raise not_read(node) from None

    def _binary(self, op: ast.operator, left: Any, right: Any, node: ast.expr) -> Any:
        if isinstance(left, Flow) and isinstance(right, Flow) and isinstance(op, ast.Add):
            return self.junctions.add(left, right, f"`+` (line {node.lineno})")
        if isinstance(left, Unknown) or isinstance(right, Unknown):
            return Unknown()
        return calculated(op, left, right, node)

    def truth(self, node: ast.expr, names: Names) -> bool:
        """Return whether a condition holds; one that asks a tensor has no answer here."""
        return bool(self._certain(self.value(node, names), node))

    def _certain(self, value: Any, node: ast.expr) -> Any:
        if isinstance(value, (Flow, Unknown)):
            raise not_read(node)
        return value

    def entries_of(self, node: ast.expr, names: Names) -> list[Any]:
        """Return what a loop over the expression goes through."""
        return entries(self.value(node, names), node)

    def starred(self, elements: list[ast.expr], names: Names) -> Iterator[Any]:
        """Yield the values of elements or arguments; `*several` are taken apart."""
        for entry in elements:
            if isinstance(entry, ast.Starred):
                yield from self.entries_of(entry.value, names)
            else:
                yield self.value(entry, names)

    def _call(self, node: ast.Call, names: Names, name: str) -> Any:
        if isinstance(node.func, ast.Attribute):
            method = node.func.attr
            owner = self.value(node.func.value, names)
            if isinstance(owner, (Flow, Unknown)):
                return tensor_function(
                    method, [owner, *self.starred(node.args, names)], self._keywords(node, names), node
                )
            if isinstance(owner, (Chain, Instance)) and method in ("to", "cuda", "cpu", "eval", "train", "float"):
                return owner
            if isinstance(owner, dict) and method in ("values", "items"):
                return list(owner.values() if method == "values" else owner.items())
            target = self._attribute(owner, method, node.func)
        else:
            target = self.value(node.func, names)
        args, kwargs = [*self.starred(node.args, names)], self._keywords(node, names)
        match target:
            case Dotted():
                return self._library(target, args, kwargs, node, name)
            case Chain(parts) if len(args) == 1 and isinstance(args[0], Flow):
                return args[0].through(*parts)
            case Instance():
                return self.called(target, args, kwargs, node)
            case Class():
                return self.instance(target, args, kwargs, node)
            case Function():
                return self.apply(target, args, kwargs)
            case _:
                raise not_read(node)

    def _keywords(self, node: ast.Call, names: Names) -> Names:
        found: Names = {}
        for keyword in node.keywords:
            value = self.value(keyword.value, names)
            if keyword.arg is None and not isinstance(value, dict):
                raise not_read(node)
            found |= value if keyword.arg is None else {keyword.arg: value}
        return found

    def _library(self, target: Dotted, args: list[Any], kwargs: Names, node: ast.Call, name: str) -> Any:
        if target.path.startswith("builtins."):
            return builtin(target.last, args, kwargs, node)
        if target.last == "OrderedDict":
            return ordered(args, kwargs, node)
        if target.last == "Sequential":
            given = args[0] if len(args) == 1 and isinstance(args[0], dict) else dict(enumerate(args))
            return self.sequential(given, node)
        return library(target, args, kwargs, node, name, self.junctions)

    def sequential(self, given: dict[Any, Any], node: ast.AST) -> Chain:
        """Return modules in a row; a key that is text is a layer's name."""
        flow = Flow()
        for key, entry in given.items():
            match entry:
                case Chain((part,)) if isinstance(key, str):
                    flow = flow.through(renamed(part, key))
                case Chain(parts):
                    flow = flow.through(*parts)
                case Instance():
                    flow = self.called(entry, [flow], {}, node)
                case Class() | Dotted():
                    line = getattr(node, "lineno", 1)
                    raise InputError(f"`nn.Sequential` (line {line}) holds a class where a layer must be: add ().")
                case _:
                    raise not_read(node)
            if not isinstance(flow, Flow):
                raise not_read(node)
        return Chain(flow.parts)

    def count(self, node: ast.AST) -> None:
        """Count a step; too many are an `InputError`."""
        self._steps += 1
        if self._steps > MOST_STEPS:
            line = getattr(node, "lineno", 1)
            raise InputError(f"the code (line {line}) goes round too often to be read: write the layers out.")


def _given(value: Any) -> Any:
    """Return the value of a name; one that could not be read stands for its reason, which is raised here."""
    if isinstance(value, InputError):
        raise value
    return value
