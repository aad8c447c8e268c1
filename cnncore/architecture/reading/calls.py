"""What calls in pasted code give: of functions, classes and objects of the text, of Python and of PyTorch."""

import ast
from abc import abstractmethod
from typing import Any

from cnncore.architecture.reading.calculation import CALCULATED, of_numbers
from cnncore.architecture.reading.changes import ITSELF
from cnncore.architecture.reading.containers import METHODS, method
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
    Partial,
    Row,
    Super,
    Unknown,
    not_read,
)
from cnncore.architecture.reading.objects import MAKERS, Objects
from cnncore.architecture.reading.python_calls import builtin
from cnncore.architecture.reading.pytorch_calls import UNCHANGED, library, ordered, tensor_function
from cnncore.architecture.reading.pytorch_layers import bound
from cnncore.errors import InputError

# Functions of PyTorch that wrap a module.
_WRAPPERS = ("compile", "DataParallel", "DistributedDataParallel", "script", "prepare_model", "unwrap_model")
_WALKS = ("children", "named_children", "modules", "named_modules")
_WEIGHTS = ("parameters", "named_parameters", "buffers", "named_buffers", "state_dict")
_LOOKS = ("getattr", "setattr", "hasattr")


class Calls(Objects):
    """Calls; what a function's statements do is the interpreter's."""

    @abstractmethod
    def body(self, function: Function, names: Names) -> Any:
        """Return what the statements of a function return, `names` being its own."""

    def call(self, node: ast.Call, names: Names, name: str = "") -> Any:
        """Return what a call gives; a module that it makes is called `name`."""
        func = node.func
        if isinstance(func, ast.Name) and func.id == "super" and "super" not in names:
            return self.seen_from(node, names)
        if not isinstance(func, ast.Attribute):
            target = self.value(func, names)
            return self.of(target, [*self.starred(node.args, names)], self._keywords(node, names), node, name)
        owner, said = self.value(func.value, names), func.attr
        if isinstance(owner, Unknown):
            return owner  # weight.data.normal_(0, 0.01)
        if isinstance(owner, Flow) and said in UNCHANGED:
            return owner  # x.to(device), whatever the device is
        if isinstance(owner, MODULES) and said in ITSELF and not self._own(owner, said):
            return owner
        if isinstance(owner, MODULES) and said == "apply" and len(node.args) == 1 and not self._own(owner, said):
            return self.applied(owner, self.tried(node.args[0], names))
        args, kwargs = [*self.starred(node.args, names)], self._keywords(node, names)
        if isinstance(owner, Flow):
            return self._joins(owner, said, args, kwargs, node)
        if said == "__init__":
            return self.base(owner, args, kwargs, node)
        if isinstance(owner, (*MODULES, Super, ModuleList, ModuleDict)) and not self._own(owner, said):
            held: Any = owner.owner if isinstance(owner, Super) else owner
            if said in ("forward", "__call__") and isinstance(held, MODULES):
                return self.called(owner.owner.held if isinstance(owner, Super) else held, args, kwargs, node)
            if said in _WALKS or said in _WEIGHTS or said.startswith(("register_", "add_module")):
                return self.of_module(held, said, args, node)
            owner = held.held if isinstance(held, Instance) and held.held is not None else held
        if any(isinstance(owner, kind) and said in known for kind, known in METHODS.items()):
            return method(owner, said, args, kwargs, node)
        return self.of(self.attribute(owner, said, func), args, kwargs, node, name)

    def of(self, target: Any, args: list[Any], kwargs: dict[str, Any], node: ast.AST, name: str = "") -> Any:
        """Return what `target(*args, **kwargs)` gives; a module that it makes is called `name`."""
        self.count(node)
        match target:
            case Dotted() if isinstance(node, ast.Call):
                return self._library(target, args, kwargs, node, name)
            case Chain() | Row() | Instance():
                return self.called(target, args, kwargs, node)
            case Class():
                return self.instance(target, args, kwargs, node)
            case Function():
                return self.apply(target, args, kwargs)
            case Partial(inner, before, named):
                return self.of(inner, [*before, *args], {**named, **kwargs}, node, name)
            case _:
                raise not_read(node)

    def _own(self, owner: Any, name: str) -> bool:
        """Return whether the text itself defines the method `name` of an object."""
        if isinstance(owner, Super):
            return owner.owner.kind.find(name, owner.after) is not None
        return isinstance(owner, Instance) and (owner.kind.find(name) is not None or name in owner.attributes)

    def _keywords(self, node: ast.Call, names: Names) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for keyword in node.keywords:
            value = self.value(keyword.value, names)
            if keyword.arg is None and not isinstance(value, dict):
                raise not_read(node)
            found |= value if keyword.arg is None else {keyword.arg: value}
        return found

    def _library(self, target: Dotted, args: list[Any], kwargs: dict[str, Any], node: ast.Call, name: str) -> Any:
        last, first = target.last, target.path.split(".")[0]
        if first == "builtins" and last in _LOOKS:
            return self._look(last, args, node)
        if first == "builtins" and last == "len" and len(args) == 1 and isinstance(args[0], Flow):
            return tensor_function("size", [args[0], 0], {}, node)
        if first == "builtins":
            return builtin(last, args, kwargs, node)
        if first in ("math", "numpy") and last in CALCULATED and not kwargs:
            return of_numbers(last, args, node)
        if target.path in ("copy.deepcopy", "copy.copy") and len(args) == 1:
            return self.copied(args[0], last, node)
        if last == "partial" and args:
            return Partial(args[0], args[1:], kwargs)
        if last in _WRAPPERS and args and isinstance(args[0], MODULES):
            return args[0]
        if last == "is_tensor" and len(args) == 1:
            return isinstance(args[0], Flow)
        if last == "OrderedDict":
            return ordered(args, kwargs, node)
        if last in MAKERS:
            return MAKERS[last](args, node)
        return library(target, args, kwargs, node, name, self.junctions)

    def _joins(self, flow: Flow, name: str, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> Any:
        if name in ("add", "add_") and len(args) == 1 and isinstance(args[0], Flow) and not kwargs:
            total = self.junctions.add(flow, args[0], f"`{name}` (line {node.lineno})")
            return flow.become(total) if name == "add_" else total
        return tensor_function(name, [flow, *args], kwargs, node)

    def _look(self, name: str, args: list[Any], node: ast.Call) -> Any:
        """Return what getattr, hasattr and setattr give."""
        if len(args) < 2 or not isinstance(args[1], str):
            raise not_read(node)
        owner, attribute = args[:2]
        if name == "setattr":
            if len(args) != 3 or not isinstance(owner, Instance):
                raise not_read(node)
            self.set_attribute(owner, attribute, args[2])
            return None
        written = ast.copy_location(ast.Attribute(node.args[0], attribute), node)
        try:
            found = self.attribute(owner, attribute, written)
        except InputError:
            if name == "hasattr" or len(args) == 3:
                return False if name == "hasattr" else args[2]
            raise
        return True if name == "hasattr" else found

    def apply(self, function: Function, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Return what a function of the text returns."""
        signature = function.definition.args
        wanted = function.parameters
        if function.owner is not None:
            args = [function.owner, *args]
        names = (*wanted, *(argument.arg for argument in signature.kwonlyargs))
        label = f"`{function.name}` (line {function.definition.lineno})"
        more: dict[str, Any] = {}
        if signature.vararg is not None:
            more[signature.vararg.arg], args = tuple(args[len(wanted) :]), args[: len(wanted)]
        if signature.kwarg is not None:
            more[signature.kwarg.arg] = {key: value for key, value in kwargs.items() if key not in names}
            kwargs = {key: value for key, value in kwargs.items() if key in names}
        inner = function.defaults | bound(names, args, kwargs, label) | more
        missing = [argument for argument in names if argument not in inner]
        if missing:
            raise InputError(f"{label} needs {', '.join(f'`{m}`' for m in missing)}: give a value where it is called.")
        if function.kind is not None:
            inner |= {"__class__": function.kind, "__self__": function.owner}
        return self.body(function, function.scope.new_child(inner))
