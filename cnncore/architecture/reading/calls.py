"""What calls in pasted code give: of functions, classes and objects of the text, of Python and of PyTorch."""

import ast
from abc import abstractmethod
from typing import Any

from cnncore.architecture.reading.calculation import CALCULATED, of_numbers
from cnncore.architecture.reading.changes import ITSELF, WRAPPERS
from cnncore.architecture.reading.containers import has_method, method
from cnncore.architecture.reading.dotted import NAMED_TUPLE, Dotted
from cnncore.architecture.reading.flow import Flow
from cnncore.architecture.reading.functions import CALLING, Functions
from cnncore.architecture.reading.iteration import entries
from cnncore.architecture.reading.looking import LOOKS
from cnncore.architecture.reading.meaning import (
    HOLDERS,
    MODULES,
    Chain,
    Class,
    Function,
    Instance,
    Method,
    Names,
    Partial,
    Registry,
    Row,
    Super,
    Unknown,
)
from cnncore.architecture.reading.python_calls import ITERTOOLS, builtin, through
from cnncore.architecture.reading.pytorch_calls import COPIES, UNCHANGED, ordered, tensor_function
from cnncore.architecture.reading.refusals import RaisedError, not_read
from cnncore.architecture.reading.rows import MAKERS

_WALKS = ("children", "named_children", "modules", "named_modules")
_WEIGHTS = ("parameters", "named_parameters", "buffers", "named_buffers", "state_dict")


class Calls(Functions):
    """Calls; what a function's statements do is the interpreter's."""

    @abstractmethod
    def argument(self, node: ast.expr, names: Names) -> Any:
        """Return what an argument stands for, or why it cannot be read."""

    def call(self, node: ast.Call, names: Names, name: str = "") -> Any:
        """Return what a call gives; a module that it makes is called `name`."""
        func = node.func
        if isinstance(func, ast.Name) and func.id == "super" and "super" not in names:
            return self.seen_from(node, names)
        if not isinstance(func, ast.Attribute):
            target = self.value(func, names)
            args, kwargs = self._arguments(node, names, own=isinstance(target, (Function, Class)))
            if isinstance(target, Dotted) and target.path.startswith("builtins.") and target.last in LOOKS:
                return self.look(target.last, args, node, names)
            return self.of(target, args, kwargs, node, name)
        owner, said = self.value(func.value, names), self.mangled(func.attr, names)
        if isinstance(owner, Unknown):
            return owner  # weight.data.normal_(0, 0.01)
        if isinstance(owner, Flow) and said in UNCHANGED:
            return owner  # x.to(device), whatever the device is
        if isinstance(owner, Flow) and said in COPIES:
            return owner.copied()
        if isinstance(owner, (*HOLDERS, Super)) and not self._own(owner, said):
            whole = owner.owner if isinstance(owner, Super) else owner
            if said in ITSELF:
                return whole
            if said == "apply" and len(node.args) == 1:
                return self.applied(whole, self.tried(node.args[0], names), node)
        kind = owner.kind if isinstance(owner, Instance) else owner
        own = isinstance(kind, Class) and isinstance(kind.find(said), Function)
        args, kwargs = self._arguments(node, names, own=own or said == "__init__")
        if isinstance(owner, Flow):
            return self._joins(owner, said, args, kwargs, node)
        if said == "__init__":
            return self.base(owner, args, kwargs, node)
        if said == "__setattr__" and not self._own(owner, said):
            return self._set(owner, args, node)
        return self._method(owner, said, args, kwargs, node, name)

    def _method(self, owner: Any, said: str, args: list[Any], kwargs: dict[str, Any], node: ast.Call, name: str) -> Any:
        """Return what `owner.said(*args, **kwargs)` gives."""
        func = node.func if isinstance(node.func, ast.expr) else node
        if isinstance(owner, (*HOLDERS, Super)) and not self._own(owner, said):
            held: Any = owner.owner if isinstance(owner, Super) else owner
            if said == "__call__" and isinstance(owner, MODULES):
                return self.called(owner, args, kwargs, node)
            if said == "__call__" and isinstance(held, Instance):  # nn.Module's calls the object's own `forward`
                return self.of(self.attribute(held, "forward", func), args, kwargs, node)
            if said in _WALKS or said in _WEIGHTS or said.startswith(("register_", "add_module")):
                return self.of_module(held, said, args, kwargs, node)
            if isinstance(held, Instance) and held.held is not None:
                owner = held.held
            elif isinstance(owner, Super):
                raise not_read(node)  # of PyTorch's class: the object's own is another
        if has_method(owner, said):
            return method(owner, said, args, kwargs, node)
        return self.of(self.attribute(owner, said, func), args, kwargs, node, name)

    def _set(self, owner: Any, args: list[Any], node: ast.Call) -> None:
        """Carry out `super().__setattr__(name, value)`, `object.__setattr__(self, name, value)` and their like."""
        match owner, args:
            case Dotted("torch.nn.Module"), [Instance() as made, str() as name, value]:
                self.set_plainly(made, name, value, node)
            case Dotted("builtins.object"), [Instance(), str(), value] if isinstance(value, HOLDERS):
                raise not_read(node)  # PyTorch would not count it among the modules
            case Dotted("builtins.object"), [Instance() as made, str() as name, value]:
                self.set_plainly(made, name, value, node)
            case ((Super() | Chain() | Row() | Instance() | Class()), [str() as name, value]):
                self.set_plainly(owner, name, value, node)
            case _:
                raise not_read(node)

    def of(self, target: Any, args: list[Any], kwargs: dict[str, Any], node: ast.AST, name: str = "") -> Any:
        """Return what `target(*args, **kwargs)` gives; a module that it makes is called `name`."""
        self.count(node)
        match target:
            case Dotted() if isinstance(node, ast.Call):
                return self._library(target, args, kwargs, node, name)
            case Dotted():
                written = ast.copy_location(ast.Call(ast.Name(target.last), [], []), node)
                return self._library(target, args, kwargs, written, name)
            case Chain() | Row() | Instance():
                return self.called(target, args, kwargs, node)
            case Class():
                return self.instance(target, args, kwargs, node)
            case Function():
                return self.apply(target, args, kwargs)
            case Method():
                return self.method_called(target, args, kwargs, node)
            case Partial(inner, before, named):
                return self.of(inner, [*before, *args], {**named, **kwargs}, node, name)
            case _:
                raise not_read(node)

    def _own(self, owner: Any, name: str) -> bool:
        """Return whether the text itself gives an object the method `name`."""
        if isinstance(owner, Super):
            return owner.owner.kind.find(name, owner.after) is not None
        own = isinstance(owner, Instance) and owner.kind.find(name) is not None
        return own or name in getattr(owner, "attributes", {})

    def _arguments(self, node: ast.Call, names: Names, *, own: bool) -> tuple[list[Any], dict[str, Any]]:
        """Return the arguments of a call; a function of the text's `own` is told of one that cannot be read if need be.

        So a device that nobody knows here can be handed on.
        """
        read = self.argument if own else self.value
        named: dict[str, Any] = {}
        args = [*self.starred(node.args, names, read)]
        for keyword in node.keywords:
            if keyword.arg is None:
                value = self.value(keyword.value, names)
                more = value.now() if isinstance(value, Registry) else value
            else:
                more = {keyword.arg: read(keyword.value, names)}
            if not isinstance(more, dict):
                raise not_read(node)
            if named.keys() & more.keys():
                raise not_read(node, RaisedError)
            named |= more
        return args, named

    def _library(self, target: Dotted, args: list[Any], kwargs: dict[str, Any], node: ast.Call, name: str) -> Any:
        """Return what a function or class of a library gives."""
        match target.path, args:
            case "builtins.len", [Flow() as flow]:
                return tensor_function("size", [flow, 0], {}, node)
            case "copy.deepcopy" | "copy.copy", [held]:
                return self.copied(held, target.last, node)
            case "typing.cast", [_, held]:
                return held
            case "torch.autograd.Variable", [Flow() as flow, *_]:
                return flow
            case "types.SimpleNamespace" | "argparse.Namespace", []:
                return Instance(Class(target.last, fields=()), kwargs)
            case "collections.namedtuple", [str() as called, words] if not kwargs:
                fields = words.replace(",", " ").split() if isinstance(words, str) else entries(words, node)
                return Class(called, (NAMED_TUPLE,), fields=tuple(fields))
            case "torch.jit.is_scripting" | "torch.jit.is_tracing", _:
                return False
            case path, _ if path in CALLING:
                return self.calling(path, args, kwargs, node)
            case path, _ if path in (*ITERTOOLS, "itertools.chain.from_iterable") and not kwargs:
                return through(path, args, node)
        return self._by_name(target, args, kwargs, node, name)

    def _by_name(self, target: Dotted, args: list[Any], kwargs: dict[str, Any], node: ast.Call, name: str) -> Any:
        """Return what a function or class gives that several libraries have under its name."""
        last, first = target.last, target.path.split(".")[0]
        if first in ("math", "numpy") and last in CALCULATED and not kwargs:
            found = of_numbers(last, args, node)
            exact = target.path in ("math.pow", "numpy.floor", "numpy.ceil")  # which give no whole number's type
            return float(found) if exact else found
        if last in WRAPPERS and args and isinstance(args[0], MODULES):
            return args[0]
        if last == "is_tensor" and len(args) == 1:
            return isinstance(args[0], Flow)
        if last == "OrderedDict":
            return ordered(args, kwargs, node)
        if last in MAKERS and first == "torch":
            return MAKERS[last](args, node)
        if first == "builtins":
            return builtin(last, args, kwargs, node)
        if last in ("forward", "__call__") and args and isinstance(args[0], MODULES):  # nn.Conv2d.forward(self, x)
            inner = args[0].held if isinstance(args[0], Instance) else args[0]
            return self.plainly_called(inner, args[1:], kwargs, node)
        return self.from_library(target, args, kwargs, node, name)

    def _joins(self, flow: Flow, name: str, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> Any:
        if name in ("add", "add_") and len(args) == 1 and isinstance(args[0], Flow) and not kwargs:
            total = self.junctions.add(flow, args[0], f"`{name}` (line {node.lineno})")
            return flow.become(total) if name == "add_" else total
        return tensor_function(name, [flow, *args], kwargs, node)
