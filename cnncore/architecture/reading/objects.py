"""Modules as objects of pasted code: how they are made, what they hold, what they make of a tensor."""

import ast
import copy
from abc import abstractmethod
from typing import Any

from cnncore.architecture.reading.containers import method
from cnncore.architecture.reading.dotted import Dotted
from cnncore.architecture.reading.expressions import Expressions
from cnncore.architecture.reading.flow import Flow
from cnncore.architecture.reading.hooks import interferes
from cnncore.architecture.reading.iteration import Walk, descendants, inside, shown
from cnncore.architecture.reading.layer_values import WEIGHTED
from cnncore.architecture.reading.meaning import (
    HOLDERS,
    MODULES,
    Chain,
    Class,
    Function,
    Instance,
    Method,
    Names,
    Row,
    Super,
    Unknown,
    spoil,
)
from cnncore.architecture.reading.part import check
from cnncore.architecture.reading.pytorch_calls import library, tensor_function
from cnncore.architecture.reading.pytorch_layers import SIGNATURES, bound
from cnncore.architecture.reading.refusals import RaisedError, StoppedError, given, not_read
from cnncore.architecture.reading.rows import MAKERS
from cnncore.errors import InputError

_HOOKS = ("register_forward_hook", "register_forward_pre_hook")


class Objects(Expressions):
    """Objects of the text's classes, and modules of PyTorch."""

    @abstractmethod
    def of(self, target: Any, args: list[Any], kwargs: dict[str, Any], node: ast.AST, name: str = "") -> Any:
        """Return what `target(*args, **kwargs)` gives; a module that it makes is called `name`."""

    @abstractmethod
    def failed(self, function: Any, args: list[Any], reason: InputError) -> None:
        """Put the reason into what a function of the text would have changed; another's is not known."""

    def instance(self, kind: Class, args: list[Any], kwargs: dict[str, Any], node: ast.AST) -> Instance:
        """Return an object of a class of the text."""
        made = Instance(kind)
        base = given(kind.foreign_base)
        if kind.find("__new__") is not None:
            raise not_read(node)
        if isinstance(base, Dotted) and base.last in MAKERS:
            made.held = MAKERS[base.last]([], node)
        init = kind.find("__init__")
        fields = kind.all_fields
        if isinstance(init, Function):
            self.apply(self.bound_to(init, made), args, kwargs)
        elif fields is not None:
            self._fill(made, fields, args, kwargs, node)
        elif (args or kwargs) and base in (None, Dotted("torch.nn.Module")):
            raise not_read(node)  # Python: it takes no arguments
        else:
            self._from_library(made, args, kwargs, node)
        return made

    def _fill(
        self, made: Instance, fields: tuple[str, ...], args: list[Any], kwargs: dict[str, Any], node: ast.AST
    ) -> None:
        """Give an object of a dataclass its fields."""
        label = f"`{made.kind.name}` (line {getattr(node, 'lineno', 1)})"
        made.attributes |= bound(fields, args, kwargs, label)
        for kind in reversed([held for held in made.kind.line if isinstance(held, Class)]):
            for name, factory in kind.factories.items():
                if name not in made.attributes:
                    made.attributes[name] = self.of(factory, [], {}, node)
        after = made.kind.find("__post_init__")
        if isinstance(after, Function):
            self.apply(self.bound_to(after, made), [], {})

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
            self.apply(self.bound_to(init, made), args, kwargs)
        else:
            self._from_library(made, args, kwargs, node)

    def _from_library(self, made: Instance, args: list[Any], kwargs: dict[str, Any], node: ast.AST) -> None:
        """Let an object be what PyTorch's class makes of the arguments: a row, a list, a layer."""
        base = made.kind.foreign_base
        for value in (*args, *kwargs.values()):
            given(value)
        if not isinstance(base, Dotted):
            return
        if made.begun:  # it begins anew, without modules
            made.attributes = {key: value for key, value in made.attributes.items() if not isinstance(value, HOLDERS)}
        made.begun = True
        if base.last in MAKERS:
            made.held = MAKERS[base.last](args, node)
        elif base.last in SIGNATURES or base.path.startswith("torchvision.models."):
            written = ast.copy_location(ast.Call(ast.Name(base.last), [], []), node)
            made.held = self.from_library(base, args, kwargs, written)

    def from_library(
        self, target: Dotted, args: list[Any], kwargs: dict[str, Any], node: ast.Call, name: str = ""
    ) -> Any:
        """Return what a call of PyTorch gives; a layer that `forward` makes is another one at each call."""
        made = library(target, args, kwargs, node, name, self.junctions)
        kind = made.kind.removeprefix("Lazy") if self.running and isinstance(made, Chain) else ""
        if kind in (*WEIGHTED, "Dropout"):
            what = "which drops in eval() too" if kind == "Dropout" else "with weights that nobody trains"
            raise InputError(
                f"`{ast.unparse(node.func)[:60]}` (line {node.lineno}) is made anew whenever `forward` is called, "
                f"{what}: make it in `__init__`."
            )
        return made

    def seen_from(self, node: ast.Call, names: Names) -> Super:
        """Return what `super()` is in a method."""
        kind = self.value(node.args[0], names) if node.args else names.get("__class__")
        owner = self.value(node.args[1], names) if len(node.args) > 1 else names.get("__self__")
        if not isinstance(kind, Class) or not isinstance(owner, Instance):
            raise not_read(node)
        return Super(owner, kind)

    def of_module(self, owner: Any, name: str, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> Any:
        """Return what the methods of every module give."""
        if name in ("add_module", "register_module"):
            args, kwargs = [*bound(("name", "module"), args, kwargs, f"`{name}`").values()], {}
        match name:
            case "children" | "named_children" | "modules" | "named_modules":
                if args or kwargs:
                    raise not_read(node)
                pairs = shown(inside(owner, node) if name.endswith("children") else descendants(owner, node))
                return Walk(pair if name.startswith("named") else given(pair[1]) for pair in pairs)
            case "add_module" | "register_module":
                if len(args) != 2 or not isinstance(args[0], str):
                    raise not_read(node)
                return self.add_module(owner, args[0], args[1], node)
            case _ if name in _HOOKS:
                if not args or interferes(args[0]):
                    spoil(owner, not_read(node))  # what a hook returns takes the place of the output
                return Unknown()
            case "register_buffer" | "register_parameter":
                if args and isinstance(args[0], str) and isinstance(owner, Instance) and owner.held is None:
                    owner.attributes[args[0]] = None if args[1:] == [None] else not_read(node)
                elif isinstance(owner, (Chain, Instance)) and name == "register_parameter":
                    spoil(owner, not_read(node))  # its weights are others now
                return None
            case _:
                return Unknown()

    def applied(self, module: Any, function: Any, node: ast.AST) -> Any:
        """Return the module after `module.apply(function)`, which usually draws its weights; its parts come first."""
        for _, held in inside(module, node):
            self.applied(held, function, node)
        if isinstance(module, MODULES):
            try:
                self.of(function, [module], {}, node)
            except StoppedError:
                raise
            except InputError as error:
                self.failed(function, [module], error)
        return module

    def copied(self, value: Any, name: str, node: ast.AST) -> Any:
        """Return a copy; that of a module has weights of its own, if it is deep."""
        if isinstance(value, (Flow, Walk)) or (name == "copy" and not isinstance(value, (list, dict, set))):
            raise not_read(node)
        for _ in descendants(value, node):
            self.count(node)
        return copy.deepcopy(value) if name == "deepcopy" else copy.copy(value)

    def called(self, owner: Any, args: list[Any], kwargs: dict[str, Any], node: ast.AST) -> Any:
        """Return what a module makes of a tensor: its `forward`, or one module after the other."""
        found = self._called(owner, args, kwargs, node)
        if self.guards and isinstance(found, Flow) and found.source is not None:
            try:
                found.known()
                check(found.parts, found.source.image)
            except InputError as error:  # PyTorch's error, which a `try` waits for
                raise RaisedError(str(error)) from None
        return found

    def _called(self, owner: Any, args: list[Any], kwargs: dict[str, Any], node: ast.AST) -> Any:
        self.count(node)
        if isinstance(owner, Instance):
            given(owner.reason)
            own = owner.attributes.get("forward")
            members = [owner.kind.find(method_name) for method_name in ("__call__", "forward")]
            if members[0] is None and not isinstance(own, (*MODULES, type(None))):  # self.forward = self.other
                return self.of(given(own), args, kwargs, node)
            for member in members:
                if isinstance(member, Function):
                    return self.apply(self.bound_to(member, owner), args, kwargs)
                given(member)
            owner = owner.held
        elif isinstance(owner, (Chain, Row)) and "forward" in owner.attributes:
            given(getattr(owner, "reason", None))
            return self.of(given(owner.attributes["forward"]), args, kwargs, node)
        return self.plainly_called(owner, args, kwargs, node)

    def plainly_called(self, owner: Any, args: list[Any], kwargs: dict[str, Any], node: ast.AST) -> Any:
        """Return what PyTorch's own `forward` of a layer or nn.Sequential makes of a tensor."""
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
                for held in modules.values():
                    flow = self.called(given(held), [flow], {}, node)
                return flow
            case _:
                raise not_read(node)

    def method_called(self, target: Method, args: list[Any], kwargs: dict[str, Any], node: ast.AST) -> Any:
        """Return what a method gives that was taken before it is called."""
        if target.name in ("forward", "__call__"):
            return self.plainly_called(target.owner, args, kwargs, node)
        return method(target.owner, target.name, args, kwargs, node)
