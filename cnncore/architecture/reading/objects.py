"""Modules as objects of pasted code: how they are made, what they hold, what they make of a tensor."""

import ast
import contextlib
import copy
from abc import abstractmethod
from typing import Any

from cnncore.architecture.reading.changes import answers
from cnncore.architecture.reading.containers import (
    descendants,
    method,
    put,
    rename,
)
from cnncore.architecture.reading.expressions import Expressions
from cnncore.architecture.reading.flow import Flow
from cnncore.architecture.reading.meaning import (
    MODULES,
    Chain,
    Class,
    Dotted,
    Function,
    Instance,
    ModuleDict,
    ModuleList,
    Names,
    Row,
    Super,
    Unknown,
    children,
    entries,
    given,
    not_read,
    spoil,
)
from cnncore.architecture.reading.pytorch_calls import library, ordered, tensor_function
from cnncore.architecture.reading.pytorch_layers import SIGNATURES, bound
from cnncore.errors import InputError


class Objects(Expressions):
    """Objects of the text's classes, and modules of PyTorch."""

    @abstractmethod
    def of(self, target: Any, args: list[Any], kwargs: dict[str, Any], node: ast.AST, name: str = "") -> Any:
        """Return what `target(*args, **kwargs)` gives; a module that it makes is called `name`."""

    def instance(self, kind: Class, args: list[Any], kwargs: dict[str, Any], node: ast.AST) -> Instance:
        """Return an object of a class of the text."""
        made = Instance(kind)
        base = given(kind.foreign_base)
        if isinstance(base, Dotted) and base.last in MAKERS:
            made.held = MAKERS[base.last]([], node)
        init = kind.find("__init__")
        if isinstance(init, Function):
            self.apply(Function(init.definition, init.scope, init.defaults, made, init.kind), args, kwargs)
        elif kind.fields is not None:
            made.attributes |= bound(kind.fields, args, kwargs, f"`{kind.name}` (line {getattr(node, 'lineno', 1)})")
        else:
            self._from_library(made, args, kwargs, node)
        return made

    def base(self, owner: Any, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> None:
        """Carry out `super().__init__(...)`, or `Base.__init__(self, ...)`."""
        if isinstance(owner, Super):
            made, init = owner.owner, owner.owner.kind.find("__init__", owner.after)
        elif args and isinstance(args[0], Instance):
            made, args = args[0], args[1:]
            init = owner.find("__init__") if isinstance(owner, Class) else None
        else:
            raise not_read(node)
        if isinstance(init, Function):
            self.apply(Function(init.definition, init.scope, init.defaults, made, init.kind), args, kwargs)
        else:
            self._from_library(made, args, kwargs, node)

    def _from_library(self, made: Instance, args: list[Any], kwargs: dict[str, Any], node: ast.AST) -> None:
        """Let an object be what PyTorch's class makes of the arguments: a row, a list, a layer."""
        base = made.kind.foreign_base
        if not isinstance(base, Dotted):
            return
        if base.last in MAKERS:
            made.held = MAKERS[base.last](args, node)
        elif base.last in SIGNATURES or base.path.startswith("torchvision.models."):
            written = ast.copy_location(ast.Call(ast.Name(base.last), [], []), node)
            made.held = library(base, args, kwargs, written, "", self.junctions)

    def seen_from(self, node: ast.Call, names: Names) -> Super:
        """Return what `super()` is in a method."""
        kind = self.value(node.args[0], names) if node.args else names.get("__class__")
        owner = self.value(node.args[1], names) if len(node.args) > 1 else names.get("__self__")
        if not isinstance(kind, Class) or not isinstance(owner, Instance):
            raise not_read(node)
        return Super(owner, kind)

    def set_attribute(self, owner: Instance, name: str, value: Any) -> None:
        """Give an object an attribute."""
        if not isinstance(owner.attributes.get(name), MODULES):
            owner.attributes.pop(name, None)  # a module's place is that of its first module: see `children`
        owner.attributes[name] = value

    def of_module(self, owner: Any, name: str, args: list[Any], node: ast.Call) -> Any:
        """Return what the methods of every module give."""
        match name:
            case "children" | "named_children":
                pairs = [*children(owner)]
            case "modules" | "named_modules":
                pairs = descendants(owner)
            case "add_module" | "register_module" if isinstance(owner, Instance) and owner.held is None:
                if len(args) != 2 or not isinstance(args[0], str):
                    raise not_read(node)
                rename(args[1], args[0])
                self.set_attribute(owner, args[0], args[1])
                return None
            case "add_module" | "register_module":
                return method(owner.held if isinstance(owner, Instance) else owner, name, args, {}, node)
            case "register_forward_hook" | "register_forward_pre_hook":
                if args and isinstance(args[0], Function) and answers(args[0].body):
                    spoil(owner, not_read(node))  # what a hook returns takes the place of the output
                return Unknown()
            case "register_buffer" | "register_parameter":
                if args and isinstance(args[0], str) and isinstance(owner, Instance):
                    owner.attributes[args[0]] = not_read(node)
                return None
            case _:
                return Unknown()
        once: dict[int, tuple[str, Any]] = {}  # PyTorch shows each module once
        for label, held in pairs:
            once.setdefault(id(held), (label, held))
        return [pair if name.startswith("named") else pair[1] for pair in once.values()]

    def applied(self, module: Any, function: Any) -> Any:
        """Return the module after `module.apply(function)`, which usually draws its weights."""
        if isinstance(function, Function):
            for _, held in descendants(module):
                if isinstance(held, MODULES):
                    with contextlib.suppress(InputError):  # what it would have changed has the reason
                        self.apply(function, [held], {})
        return module

    def copied(self, value: Any, name: str, node: ast.Call) -> Any:
        """Return a copy; that of a module has weights of its own, if it is deep."""
        if name == "copy" and not isinstance(value, (list, dict)):
            raise not_read(node)
        for _ in descendants(value):
            self.count(node)
        return copy.deepcopy(value) if name == "deepcopy" else copy.copy(value)

    def called(self, owner: Any, args: list[Any], kwargs: dict[str, Any], node: ast.AST) -> Any:
        """Return what a module makes of a tensor: its `forward`, or one module after the other."""
        self.count(node)
        if isinstance(owner, Instance):
            given(owner.reason)
            if not isinstance(owner.attributes.get("forward"), (*MODULES, type(None))):  # self.forward = self.other
                return self.of(given(owner.attributes["forward"]), args, kwargs, node)
            for method_name in ("__call__", "forward"):
                member = owner.kind.find(method_name)
                if isinstance(member, Function):
                    return self.apply(self.bound_to(member, owner), args, kwargs)
                given(member)
            owner = owner.held
        if len(args) != 1 or kwargs.keys() - {"input"} or not isinstance(args[0], Flow):
            args = [kwargs["input"]] if "input" in kwargs and not args else args
            if len(args) != 1 or not isinstance(args[0], Flow):
                raise not_read(node)
        match owner:
            case Chain((), "LogSoftmax"):
                return tensor_function("log_softmax", args, {}, node)
            case Chain(parts):
                given(owner.reason)
                return args[0].through(*parts)
            case Row(modules):
                flow: Any = args[0]
                for _, held in modules:
                    flow = self.called(given(held), [flow], {}, node)
                return flow
            case _:
                raise not_read(node)


def _row(args: list[Any], node: ast.AST) -> Row:
    """Return an nn.Sequential; keys of a dictionary are the names of its layers."""
    row = Row()
    named = args[0].items() if len(args) == 1 and isinstance(args[0], dict) else [("", held) for held in args]
    for name, held in named:
        if name:
            put(row, len(row), held, node, str(name))
        else:
            put(row, len(row), held, node)
    return row


MAKERS: dict[str, Any] = {
    "Sequential": _row,
    "ModuleList": lambda args, node: ModuleList(entries(args[0], node) if args else []),
    "ModuleDict": lambda args, node: ModuleDict(ordered(args, {}, node)),
}
