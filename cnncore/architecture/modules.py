"""Real modules of PyTorch and torchvision as descriptions, with their weights if wanted. For the compute pool: torch.

    from_module(nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU()), (3, 32, 32)).layers  ->  (Conv2d(8, 3), ReLU())

A module's `forward` is traced symbolically (torch.fx): its operations are read as those of pasted code are.
"""

from typing import Any

import torch
from torch import fx, nn

from cnncore.architecture.build import build
from cnncore.architecture.description import describe
from cnncore.architecture.network import Network
from cnncore.architecture.reading.flow import Flow, Junctions, finished
from cnncore.architecture.reading.part import Part, all_parts, check, path_of
from cnncore.architecture.reading.pytorch_calls import through_function
from cnncore.architecture.reading.pytorch_layers import SIGNATURES, module_part, unknown
from cnncore.architecture.sizes import Shape
from cnncore.architecture.torchvision_names import TORCHVISION
from cnncore.errors import InputError


def from_module(module: nn.Module, input: Shape, name: str = "module") -> Network:  # noqa: A002 the field's word
    """Return the description of `module` in eval() for images of shape `input` (C, H, W), without its weights.

    An `InputError` names the first operation that no layer here is, or the layer that cannot take what it receives.
    """
    return _network(_parts(module), input, name)


def with_weights(module: nn.Module, input: Shape, name: str = "module") -> tuple[Network, nn.Sequential]:  # noqa: A002 the field's word
    """Return the description of `module`, and what `build` makes of it with the module's weights copied in, in eval().

    Both give the same output for the same images (N, C, H, W).
    """
    parts = _parts(module)
    network = _network(parts, input, name)
    model = build(network).eval()
    sources = [part.origin for part in all_parts(parts) if part.origin is not None]
    targets = [leaf for leaf in model.modules() if not any(leaf.children()) and leaf.state_dict()]
    for source, target in zip(sources, targets, strict=True):
        target.load_state_dict(source.state_dict())
    return network, model


def torchvision_network(name: str, input: Shape | None = None) -> Network:  # noqa: A002 the field's word
    """Return the description of torchvision's model `name`, for 3x224x224 (Inception: 3x299x299) unless told otherwise.

    The model is made on PyTorch's meta device: nothing is downloaded, no weight is drawn. `TORCHVISION` has the names.
    """
    from torchvision import models

    if name not in TORCHVISION:
        known = name in models.list_models(module=models)
        reason = "which layers here cannot express" if known else "which torchvision does not have"
        raise InputError(f"`torchvision` (={name!r}, {reason}) must be one of {', '.join(TORCHVISION)}: choose one.")
    # The auxiliary classifiers are for training alone, and drawing weights on the meta device draws nothing.
    options = {"aux_logits": False, "init_weights": False} if name in ("googlenet", "inception_v3") else {}
    with torch.device("meta"):
        module = models.get_model(name, weights=None, **options)
    return from_module(module, input or ((3, 299, 299) if name == "inception_v3" else (3, 224, 224)), name)


def _network(parts: tuple[Part, ...], shape: Shape, name: str) -> Network:
    check(parts, shape)
    network = Network(name, shape, path_of(parts))
    describe(network)
    return network


def _parts(module: nn.Module) -> tuple[Part, ...]:
    """Return what `module` does to its input, operation by operation."""
    training = module.training
    try:
        graph = fx.Tracer().trace(module.eval())
    except (fx.proxy.TraceError, TypeError, NotImplementedError, RuntimeError, IndexError) as error:
        raise InputError(
            f"`module` (={type(module).__name__}) decides by its input's values what it does ({error}): write its "
            "layers as an nn.Sequential."
        ) from None
    finally:
        module.train(training)
    junctions = Junctions()
    values: dict[fx.Node, Any] = {}
    read: dict[str, tuple[Part, ...]] = {}  # a module that is called twice is one part, in two places
    for node in graph.nodes:
        args = fx.map_arg(node.args, values.__getitem__)
        kwargs = fx.map_arg(node.kwargs, values.__getitem__)
        match node.op:
            case "placeholder":
                values[node] = None if values else Flow()
            case "call_module":
                target = str(node.target)
                read.setdefault(target, _module(module.get_submodule(target), target))
                values[node] = args[0].through(*read[target])
            case "call_function" | "call_method":
                values[node] = _operation(node, args, kwargs, junctions)
            case "output" if isinstance(args[0], Flow):
                return finished(args[0])
            case _:
                raise InputError(
                    f"`{node.target}` of the module is not a layer: only layers and sums can be described."
                )
    raise InputError("the module must return one tensor: return the last layer's output.")


def _module(module: nn.Module, target: str) -> tuple[Part, ...]:
    kind = type(module).__name__
    if isinstance(module, nn.Identity):
        return ()
    label = f"`{target}` ({kind})"
    if kind not in SIGNATURES:
        raise InputError(unknown(label, kind))
    values = {name: getattr(module, name) for name in SIGNATURES[kind]}
    if "bias" in values:
        values["bias"] = values["bias"] is not None
    own = target.replace(".", "-")
    # Names are for what has weights or changes the size; a number alone says no more than the position.
    name = "" if own.isdigit() or kind not in _NAMED else own
    return (module_part(kind, values, label, name, module if module.state_dict() else None),)


_NAMED = ("Conv2d", "ConvTranspose2d", "MaxPool2d", "AvgPool2d", "AdaptiveAvgPool2d", "Linear")


def _operation(node: fx.Node, args: tuple[Any, ...], kwargs: dict[str, Any], junctions: Junctions) -> Flow:
    name = node.target if isinstance(node.target, str) else node.target.__name__
    label = f"`{name}` in {_where(node) or 'forward'}"
    if name in ("add", "iadd", "add_") and len(args) == 2 and all(isinstance(arg, Flow) for arg in args):
        return junctions.add(args[0], args[1], label, _where(node).replace(".", "-"))
    if name == "cat" and args and all(isinstance(arg, Flow) for arg in args[0]):
        along = args[1] if len(args) > 1 else kwargs.get("dim", 0)
        if along not in (1, -3):
            raise InputError(f"{label} must join maps along their channels, `dim` 1: change it.")
        return junctions.concatenate(tuple(args[0]), label, _where(node).replace(".", "-"))
    if not args or not isinstance(args[0], Flow):
        raise InputError(unknown(label, name))
    return through_function(args[0], name, args[1:], kwargs, label)


def _where(node: fx.Node) -> str:
    """Return the path of the submodule in whose `forward` the operation stands."""
    stack = node.meta.get("nn_module_stack", {})
    return str(list(stack)[-1]) if stack else ""
