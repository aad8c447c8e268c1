"""What objects, classes, layers and tensors of pasted code have: `owner.attribute`."""

import ast
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any

from cnncore.architecture.reading.containers import has_method
from cnncore.architecture.reading.dotted import Dotted
from cnncore.architecture.reading.flow import Flow
from cnncore.architecture.reading.iteration import special
from cnncore.architecture.reading.layer_values import OF_MODULES, of_layer
from cnncore.architecture.reading.meaning import (
    ABSENT,
    HOLDERS,
    Chain,
    Class,
    Function,
    Instance,
    Method,
    ModuleDict,
    ModuleList,
    Registry,
    Row,
    Super,
    Unknown,
    child,
)
from cnncore.architecture.reading.pytorch_calls import tensor_function
from cnncore.architecture.reading.refusals import given, not_read, not_set

CACHED = "cached "  # before the name under which an object keeps a cached property: no name of Python's
MODULE = Dotted("torch.nn.Module")


class Attributes(ABC):
    """Attributes and methods."""

    @abstractmethod
    def apply(self, function: Function, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Return what a function of the text returns."""

    def attribute(self, owner: Any, attribute: str, node: ast.expr) -> Any:
        """Return `owner.attribute`."""
        match owner:
            case Dotted("math") | Dotted("numpy") if attribute in ("pi", "e"):
                return {"pi": 3.141592653589793, "e": 2.718281828459045}[attribute]
            case Dotted() if attribute in ("__name__", "__qualname__") and owner.certain:
                return owner.last
            case Dotted(path):
                return Dotted(f"{path}.{attribute}")
            case Instance():
                return self._of_instance(owner, attribute, node)
            case Super(instance, after):
                member = instance.kind.find(attribute, after, ABSENT)
                if member is not ABSENT:
                    return self._member(member, instance, attribute, node)
            case Class() if attribute in ("__name__", "__qualname__"):
                return owner.name
            case Class():
                return self._of_class(owner, attribute, node)
            case Chain():
                return of_layer(owner, attribute, node)
            case Row() | ModuleList() | ModuleDict():
                return self._of_holder(owner, attribute, node)
            case Flow() if attribute in ("shape", "ndim"):
                return tensor_function(attribute, [owner], {}, node)
            case Flow() if attribute == "data":
                return owner
            case Flow() | Unknown():
                return Unknown()  # x.device
            case Function() if attribute in ("__name__", "__qualname__"):
                return owner.name
            case _ if has_method(owner, attribute):
                return Method(owner, attribute)
            case str() | list() | tuple() | dict() | set() | int() | float() if hasattr(owner, attribute):
                raise not_read(node)  # Python's own
        raise not_set(node)

    def _of_holder(self, owner: Any, attribute: str, node: ast.expr) -> Any:
        found = child(owner, attribute)
        if found is ABSENT and isinstance(owner, Row):
            found = owner.attributes.get(attribute, ABSENT)
        if found is not ABSENT:
            return given(found)
        match attribute:
            case "_modules":
                return Registry(owner)
            case "training":
                return True
            case "__class__":
                return Dotted(f"torch.nn.{'Sequential' if isinstance(owner, Row) else type(owner).__name__}")
            case "forward" | "__call__":
                return Method(owner, attribute)
        if has_method(owner, attribute):
            return Method(owner, attribute)
        raise not_read(node) if attribute in OF_MODULES or attribute.startswith("_") else not_set(node)

    def _of_class(self, owner: Class, attribute: str, node: ast.expr) -> Any:
        base = owner.foreign_base
        member = owner.find(attribute, None, ABSENT)
        if isinstance(base, Dotted) and base.last.endswith(("Enum", "Flag")):
            raise not_read(node)  # its members are objects, not what stands behind them
        if isinstance(member, Function) and member.way == "classmethod":
            return self.bound_to(member, owner)
        if member is not ABSENT:
            special(member, node, "__get__")
            return given(member)
        raise not_read(node) if base is not None else not_set(node)

    def _of_instance(self, owner: Instance, attribute: str, node: ast.expr) -> Any:
        given(owner.reason)
        special(owner, node, "__getattribute__")
        member = owner.kind.find(attribute, None, ABSENT)
        own = owner.attributes.get(attribute)
        first = isinstance(member, Function) and member.way == "property"  # it is looked at before the object's own
        if attribute in owner.attributes and not first and (member is ABSENT or not isinstance(own, HOLDERS)):
            if isinstance(own, HOLDERS):  # which PyTorch keeps where Python does not look
                special(owner, node, "__getattr__")
            return given(own)  # a module does not hide what the class has under its name: PyTorch looks for it last
        if member is not ABSENT:
            return self._member(member, owner, attribute, node)
        base = owner.kind.foreign_base
        match attribute:
            case "training" if base is not None:
                return True  # a description is of the network as it trains: Dropout stays
            case "__class__":
                return owner.kind
            case "module":
                return owner  # what nn.DataParallel wraps
            case "_modules" if base is not None:
                return Registry(owner)
            case "__dict__" if base is None:
                return owner.attributes
        special(owner, node, "__getattr__")
        if owner.held is not None:
            return self.attribute(owner.held, attribute, node)  # what PyTorch's class has, or the sentence
        if base not in (None, MODULE) or attribute.startswith("__") or (base and attribute in OF_MODULES):
            raise not_read(node)
        raise not_set(node)

    def _member(self, member: Any, owner: Instance, attribute: str, node: ast.expr) -> Any:
        """Return what a class has, as its object sees it."""
        if isinstance(member, Function):
            if member.way == "cached property":
                kept = owner.attributes
                if CACHED + attribute not in kept:
                    kept[CACHED + attribute] = (self.bound_to(replace(member, way="property"), owner),)
                return kept[CACHED + attribute][0]
            return self.bound_to(member, owner)
        if isinstance(member, Dotted) and member.path.startswith("torch.nn.functional."):
            raise not_read(node)  # it would be a method: its first tensor is the object
        special(member, node, "__get__")
        return given(member)

    def bound_to(self, member: Function, owner: Instance | Class) -> Any:
        """Return a method of an object; a property is what it returns."""
        if member.way == "staticmethod":
            return member
        whose = owner.kind if member.way == "classmethod" and isinstance(owner, Instance) else owner
        method = replace(member, owner=whose)
        return self.apply(method, [], {}) if member.way == "property" else method
