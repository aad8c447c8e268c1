"""`owner.attribute = value` and `del owner.attribute` in pasted code, however they are written."""

import ast
from typing import Any

from cnncore.architecture.reading.attributes import CACHED, MODULE, Attributes
from cnncore.architecture.reading.changes import TABLES
from cnncore.architecture.reading.dotted import Dotted
from cnncore.architecture.reading.iteration import special
from cnncore.architecture.reading.layer_values import set_of_layer
from cnncore.architecture.reading.meaning import (
    HOLDERS,
    MODULES,
    Chain,
    Class,
    Function,
    Instance,
    ModuleDict,
    ModuleList,
    Row,
    Super,
    Unknown,
    spoil,
)
from cnncore.architecture.reading.pytorch_layers import SIGNATURES
from cnncore.architecture.reading.refusals import FinalError, RaisedError, not_read, quoted
from cnncore.architecture.reading.rows import put, rename, unregister

# What code sets in PyTorch to make it quick or quiet; anything else would make every network another one.
_HARMLESS = ("torch.backends", "torch.cuda", "torch.multiprocessing", "torch.distributed", "torch.utils", "torch._")


class Setters(Attributes):
    """Attributes that are given and taken away."""

    def set_attribute(self, owner: Any, name: str, value: Any, node: ast.expr) -> None:
        """Carry out `owner.name = value`; the text's own `__setattr__` says what that is."""
        own = owner.kind.find("__setattr__") if isinstance(owner, Instance) else None
        if isinstance(own, Function):
            self.apply(self.bound_to(own, owner), [name, value], {})
        else:
            self.set_plainly(owner, name, value, node)

    def set_plainly(self, owner: Any, name: str, value: Any, node: ast.expr) -> None:
        """Carry out `owner.name = value` as Python and nn.Module do it."""
        if name in (*TABLES, "__class__"):
            spoil(owner, not_read(node))
            raise not_read(node)
        match owner:
            case Unknown():  # self.conv.weight.data = ...
                return
            case Super(instance):
                self.set_plainly(instance, name, value, node)
            case Chain():
                set_of_layer(owner, name, value, node)
            case Row() if isinstance(value, MODULES):
                put(owner, name, value, node)
            case Row() if name not in owner.modules:
                owner.attributes[name] = value
            case ModuleList() if name.isdigit() and int(name) < len(owner) and isinstance(value, HOLDERS):
                owner[int(name)] = value
            case ModuleDict() if isinstance(value, HOLDERS):
                owner[name] = value
            case Class():
                owner.members[name] = value
            case Instance():
                self._set_of_instance(owner, name, value, node)
            case Dotted(path) if path.split(".")[0] in ("torch", "builtins") and not path.startswith(_HARMLESS):
                raise FinalError(
                    f"{quoted(node)} changes PyTorch for the whole code: write a class or function of your own."
                )
            case _:
                raise not_read(node)

    def _set_of_instance(self, owner: Instance, name: str, value: Any, node: ast.expr) -> None:
        member = owner.kind.find(name)
        base = owner.kind.foreign_base
        module = isinstance(value, HOLDERS) and base is not None
        if module and base == MODULE and not owner.begun:
            raise RaisedError(
                f"{quoted(node)} is set before `super().__init__()`, which PyTorch refuses: call that first."
            )
        if isinstance(member, Function) and member.way == "property" and not module:
            if member.setter is None:
                raise not_read(node, RaisedError)
            self.apply(self.bound_to(member.setter, owner), [value], {})
            return
        special(member, node, "__set__")
        match owner.held:
            case Chain(kind=kind) if name in (*SIGNATURES.get(kind, ()), "weight", "bias"):
                set_of_layer(owner.held, name, value, node)
            case Row() if isinstance(value, MODULES):
                put(owner.held, name, value, node)
            case ModuleDict() if module:
                self.set_plainly(owner.held, name, value, node)
            case ModuleList() if module:
                owner.reason = not_read(node)  # PyTorch counts it among the modules of the list
                raise owner.reason
            case _:
                kept = owner.attributes
                kept.pop(CACHED + name, None)
                if not isinstance(kept.get(name), HOLDERS):
                    kept.pop(name, None)  # a module's place is that of its first module: see `children`
                kept[name] = value

    def delete_attribute(self, owner: Any, name: str, node: ast.expr) -> None:
        """Carry out `del owner.name`."""
        special(owner, node, "__delattr__")
        match owner:
            case Instance(_, attributes) if name in attributes:
                del attributes[name]
            case Class(_, _, members) if name in members:
                del members[name]
            case Row(_, attributes) if name in attributes:
                del attributes[name]
            case Chain(attributes=attributes) if name in attributes:
                del attributes[name]
            case Row() | ModuleDict() | Instance():
                unregister(owner, name, node)
            case _:
                raise not_read(node)

    def add_module(self, owner: Any, name: str, held: Any, node: ast.expr) -> None:
        """Carry out `owner.add_module(name, held)`."""
        if not name.isdigit():
            rename(held, name)
        self.set_plainly(owner, name, held, node)
