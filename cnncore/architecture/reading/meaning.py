"""What an expression in pasted code can mean: layers, tensors, functions, classes and objects of the text.

Numbers, texts, lists, tuples and dictionaries are Python's own. Where something could not be read, the `InputError`
that says why stands in its place (as a name's value, in a list, in a row): it is raised by who needs it.
"""

import ast
import copy
from collections import ChainMap
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from cnncore.architecture.reading.dotted import NAMED_TUPLE, PLAIN
from cnncore.architecture.reading.flow import Flow, Size
from cnncore.architecture.reading.part import Part
from cnncore.architecture.reading.refusals import DerivedError
from cnncore.errors import InputError

MOST_ENTRIES = 10_000  # of a list: a paste is somebody's text, and what it asks for is bounded
ABSENT = object()  # what a class has not, unlike a None that it has
Names: TypeAlias = ChainMap[str, Any]  # a function's own before those of where it is defined


@dataclass(eq=False)
class Chain:
    """A layer of `torch.nn`, called `kind` there, made with `values`; nn.Identity has no part.

    `attributes` are what the text sets besides, a `forward` of its own among them. `reason`: why it is not known.
    """

    parts: tuple[Part, ...]
    kind: str
    values: dict[str, Any] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    reason: InputError | None = None


@dataclass(eq=False)
class Row:
    """An `nn.Sequential`: its modules under their names, "0", "1" where they were given none."""

    modules: dict[str, Any] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.modules)


class ModuleList(list[Any]):
    """An `nn.ModuleList`: unlike in a list, its modules are those of the object that holds it."""


class ModuleDict(dict[Any, Any]):
    """An `nn.ModuleDict`, likewise."""


@dataclass(frozen=True, eq=False)
class Function:
    """A function of the text, where it is defined, and the object and the class whose method it is."""

    definition: ast.FunctionDef | ast.Lambda
    scope: Names
    defaults: dict[str, Any] = field(default_factory=dict)
    owner: "Instance | Class | None" = None
    kind: "Class | None" = None
    way: str = ""  # what its decorators make of it: "staticmethod", "property", "cached"
    setter: "Function | None" = None  # of a property

    def __deepcopy__(self, memo: dict[int, Any]) -> "Function":
        owner = copy.deepcopy(self.owner, memo) if isinstance(self.owner, Instance) else self.owner
        return replace(self, owner=owner)

    @property
    def name(self) -> str:
        """What it is called in a sentence."""
        return getattr(self.definition, "name", "lambda")

    @property
    def body(self) -> list[ast.stmt]:
        """Its statements."""
        if isinstance(self.definition, ast.Lambda):
            return [ast.copy_location(ast.Return(self.definition.body), self.definition)]
        return self.definition.body

    @property
    def parameters(self) -> list[str]:
        """The names of its arguments that have a place, its object among them."""
        return [argument.arg for argument in (*self.definition.args.posonlyargs, *self.definition.args.args)]


@dataclass(frozen=True, eq=False)
class Partial:
    """A function or module class with some arguments given: functools.partial."""

    target: Any
    args: list[Any]
    kwargs: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Method:
    """A method of a list, dictionary, text or module of PyTorch, taken without being called: `add = layers.append`."""

    owner: Any
    name: str


@dataclass(eq=False)
class Class:
    """A class of the text: `bases` are classes of the text or of a library, `fields` those of a dataclass.

    `factories` make the fields that have no default of their own: dataclasses.field(default_factory=list).
    """

    name: str
    bases: tuple[Any, ...] = ()
    members: dict[str, Any] = field(default_factory=dict)
    fields: tuple[str, ...] | None = None
    factories: dict[str, Any] = field(default_factory=dict)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Class":
        return self

    @property
    def line(self) -> list[Any]:
        """Itself and what it inherits from, in the order in which Python looks at them."""
        found: list[Any] = [self]
        for base in self.bases:
            found += base.line if isinstance(base, Class) else [base]
        return [kind for number, kind in enumerate(found) if kind not in found[number + 1 :]]

    @property
    def all_fields(self) -> tuple[str, ...] | None:
        """The fields that its objects are made of, inherited or its own; None if it is no dataclass."""
        return next((kind.fields for kind in self.line if isinstance(kind, Class) and kind.fields is not None), None)

    @property
    def foreign_base(self) -> Any:
        """What of a library it inherits from, a `Dotted`; None if nothing."""
        foreign = [kind for kind in self.line if not isinstance(kind, Class) and kind not in PLAIN]
        return foreign[0] if foreign else None

    def find(self, name: str, after: "Class | None" = None, otherwise: Any = None) -> Any:
        """Return the member `name`, inherited or its own; `after` is the class behind which `super()` looks."""
        line = self.line
        for kind in line[line.index(after) + 1 :] if after in line else line:
            if isinstance(kind, Class) and name in kind.members:
                return kind.members[name]
        return otherwise


@dataclass(eq=False)
class Instance:
    """An object of a class of the text; `held` is what it is by a class of PyTorch: a layer, a row, a list.

    `reason` is why it is not known any more what it has; `begun`, whether PyTorch's `__init__` was called.
    """

    kind: Class
    attributes: dict[str, Any] = field(default_factory=dict)
    held: Any = None
    reason: InputError | None = None
    begun: bool = False

    def __deepcopy__(self, memo: dict[int, Any]) -> "Instance":
        made = memo[id(self)] = Instance(self.kind, reason=self.reason, begun=self.begun)
        made.attributes, made.held = copy.deepcopy((self.attributes, self.held), memo)
        return made

    def __bool__(self) -> bool:
        return self.held is None or isinstance(self.held, Chain) or bool(self.held)

    @property
    def as_tuple(self) -> tuple[Any, ...] | None:
        """What an object of a named tuple is besides; None of another class."""
        if NAMED_TUPLE not in self.kind.bases:
            return None
        return tuple(self.attributes.get(name, self.kind.find(name)) for name in self.kind.fields or ())


MODULES = (Chain, Row, Instance)
HOLDERS = (*MODULES, ModuleList, ModuleDict)  # all that PyTorch counts among the modules of an object


@dataclass(frozen=True, eq=False)
class Registry:
    """`module._modules`: the modules of `owner`; what is changed here is changed there."""

    owner: Any

    def __len__(self) -> int:
        return len(self.now())

    def now(self) -> dict[str, Any]:
        """Return them as they are at present."""
        return dict(children(self.owner))


@dataclass(frozen=True, eq=False)
class Super:
    """`super()`: an object seen from behind one of its classes."""

    owner: Instance
    after: Class


class Unknown:
    """A number that only a real batch or a real weight has."""


def children(module: Any) -> Iterator[tuple[str, Any]]:
    """Yield the modules that a module holds, with their names."""
    match module:
        case Row(modules):
            yield from modules.items()
        case list() | tuple():
            yield from ((str(number), held) for number, held in enumerate(module))
        case dict():
            yield from ((str(name), held) for name, held in module.items())
        case Instance(_, attributes, held):
            for name, value in attributes.items():
                if isinstance(value, HOLDERS):
                    yield name, value
            yield from children(held)


def child(holder: Row | ModuleList | ModuleDict, name: str) -> Any:
    """Return the module that a row, list or dictionary holds under a name, `ABSENT` if there is none."""
    match holder:
        case Row(modules):
            return modules.get(name, ABSENT)
        case ModuleDict():
            return holder.get(name, ABSENT)
        case ModuleList() if name.isdigit() and int(name) < len(holder):
            return holder[int(name)]
    return ABSENT


def spoil(value: Any, reason: InputError) -> None:
    """Put a reason into what something unreadable may have changed: who needs it is told."""
    match value:
        case Registry(owner) | Super(owner):
            spoil(owner, reason)
        case list():
            if not (value and isinstance(value[0], InputError)):  # the first reason stands, where `sound` looks
                value.insert(0, reason)
        case dict():
            value[""] = reason
        case Row(modules):
            modules[""] = reason
        case Flow():
            value.spoil(reason)
        case Chain() | Instance():
            value.reason = reason
        case DerivedError():
            for flow in value.flows:
                flow.spoil(reason)


def tensors(*values: Any) -> bool:
    """Return whether one of the values is only known when the network runs."""
    return any(isinstance(value, (Flow, Size, Unknown)) for value in values)
