"""What objects, classes, layers and tensors of pasted code have: `owner.attribute`."""

import ast
from abc import ABC, abstractmethod
from typing import Any

from cnncore.architecture.layers import Conv2d, ConvTranspose2d, Linear
from cnncore.architecture.reading.flow import Flow
from cnncore.architecture.reading.meaning import (
    MODULES,
    Chain,
    Class,
    Dotted,
    Function,
    Instance,
    Row,
    Super,
    Unknown,
    children,
    given,
)
from cnncore.architecture.reading.pytorch_calls import tensor_function
from cnncore.errors import InputError


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
            case Dotted(path):
                return Dotted(f"{path}.{attribute}")
            case Instance():
                return self._of_instance(owner, attribute, node)
            case Super(instance, after):
                member = instance.kind.find(attribute, after)
                if isinstance(member, Function):
                    return self.bound_to(member, instance)
            case Class() if attribute in ("__name__", "__qualname__"):
                return owner.name
            case Class():
                member = owner.find(attribute)
                if isinstance(member, Function) and member.way == "classmethod":
                    return self.bound_to(member, owner)
                if member is not None:
                    return given(member)
            case Chain():
                return _of_layer(owner, attribute, node)
            case Row() if attribute in dict(owner.modules):
                return given(dict(owner.modules)[attribute])
            case Flow() if attribute in ("shape", "ndim"):
                return tensor_function(attribute, [owner], {}, node)
            case Flow() if attribute == "data":
                return owner
            case Flow() | Unknown():
                return Unknown()  # x.device
        raise InputError(
            f"`{ast.unparse(node)[:60]}` (line {node.lineno}) is not set in what was pasted: paste its line."
        )

    def _of_instance(self, owner: Instance, attribute: str, node: ast.expr) -> Any:
        member = owner.kind.find(attribute)
        own = owner.attributes.get(attribute)
        if attribute in owner.attributes and (member is None or not isinstance(own, MODULES)):
            return given(own)  # a module does not hide what the class has under its name: PyTorch looks for it last
        if isinstance(member, Function):
            return self.bound_to(member, owner)
        if member is not None:
            return given(member)
        match attribute:
            case "training":
                return True  # a description is of the network as it trains: Dropout stays
            case "__class__":
                return owner.kind
            case "module":
                return owner  # what nn.DataParallel wraps
            case "_modules":
                return dict(children(owner))
        return self.attribute(owner.held, attribute, node)  # what PyTorch's class has, or the sentence

    def bound_to(self, member: Function, owner: Instance | Class) -> Any:
        """Return a method of an object; a property is what it returns."""
        if member.way == "staticmethod":
            return member
        whose = owner.kind if member.way == "classmethod" and isinstance(owner, Instance) else owner
        method = Function(member.definition, member.scope, member.defaults, whose, member.kind, member.way)
        return self.apply(method, [], {}) if member.way == "property" else method


def _of_layer(layer: Chain, attribute: str, node: ast.expr) -> Any:
    """Return what a layer of PyTorch says of itself, such as `fc.in_features`; a weight is not known."""
    given(layer.reason)
    if attribute in ("weight", "bias", "running_mean", "running_var"):
        has = attribute != "bias" or not layer.parts or getattr(layer.parts[0].layer, "bias", True)
        return Unknown() if has else None
    if layer.parts:
        part = layer.parts[0]
        known: dict[str, Any] = {
            attr: getattr(part.layer, held)
            for attr, held in (("kernel_size", "kernel"), ("stride", "stride"), ("padding", "padding"))
            if hasattr(part.layer, held)
        }
        if part.expects is not None:
            known |= {"in_features": part.expects, "in_channels": part.expects, "num_features": part.expects}
        if isinstance(part.layer, (Conv2d, ConvTranspose2d)):
            known["out_channels"] = part.layer.filters
        if isinstance(part.layer, Linear):
            known["out_features"] = part.layer.features
        if attribute in known:
            return known[attribute]
    raise InputError(
        f"`{ast.unparse(node)[:60]}` (line {getattr(node, 'lineno', 1)}) cannot be read without running it: write the "
        "number there."
    )
