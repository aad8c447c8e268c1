"""Real modules of PyTorch and torchvision as descriptions, without their weights. For the compute pool: torch.

    from_module(nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU()), (3, 32, 32)).layers  ->  (Conv2d(8, 3), ReLU())

A module's `forward` is traced symbolically (torch.fx): its operations are read as those of pasted code are.
"""

from typing import Any

import torch
from torch import fx, nn

from cnncore.architecture.description import describe
from cnncore.architecture.network import Network
from cnncore.architecture.reading.flow import Flow, Junctions, finished
from cnncore.architecture.reading.part import Part, check, path_of
from cnncore.architecture.reading.pytorch_calls import joined, through_function
from cnncore.architecture.reading.pytorch_layers import SIGNATURES, module_part, unknown
from cnncore.architecture.sizes import Shape
from cnncore.architecture.torchvision_names import TORCHVISION
from cnncore.errors import InputError


def from_module(module: nn.Module, input: Shape, name: str = "module") -> Network:  # noqa: A002 the field's word
    """Return the description of `module` in eval() for images of shape `input` (C, H, W), without its weights.

    An `InputError` names the first operation that no layer here is, or the layer that cannot take what it receives.
    """
    parts = _parts(module)
    check(parts, input)
    network = Network(name, input, path_of(parts))
    describe(network)
    return network


def torchvision_network(name: str, input: Shape | None = None) -> Network:  # noqa: A002 the field's word
    """Return the description of torchvision's model `name`, for 3x224x224 (Inception: 3x299x299) unless told otherwise.

    The model is made on PyTorch's meta device: nothing is downloaded, no weight is drawn. `TORCHVISION` has the names;
    another one, or an input that the model cannot take, is an `InputError`.
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
    result: Any = None
    read: dict[str, tuple[Part, ...]] = {}  # a module that is called twice is one part, in two places
    for node in graph.nodes:
        args = tuple(fx.map_arg(node.args, values.__getitem__))
        kwargs = dict(fx.map_arg(node.kwargs, values.__getitem__))
        if "input" in kwargs:  # relu(input=x)
            args = (kwargs.pop("input"), *args)
        other = next((str(given) for given in node.all_input_nodes if values[given] is None), None)
        if other is not None:
            raise InputError(f"the module reads a second input `{other}`: a description has one image, leave it out.")
        match node.op:
            case "placeholder":
                values[node] = None if values else Flow()
            case "call_module":
                target = str(node.target)
                read.setdefault(target, _module(module.get_submodule(target), target))
                if len(args) != 1 or kwargs or not isinstance(args[0], Flow):
                    raise InputError(f"`{target}` must be called with one tensor alone: leave the rest out.")
                values[node] = args[0].through(*read[target])
            case "call_function" | "call_method":
                values[node] = _operation(node, args, kwargs, junctions)
            case "output":
                result = args[0]
            case _:
                raise InputError(
                    f"`{node.target}` of the module is not a layer: only layers and sums can be described."
                )
    if not isinstance(result, Flow):
        raise InputError("the module must return one tensor: return the last layer's output.")
    return finished(result)


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
    return (module_part(kind, values, label, name),)


_NAMED = ("Conv2d", "ConvTranspose2d", "MaxPool2d", "AvgPool2d", "AdaptiveAvgPool2d", "Linear")


def _operation(node: fx.Node, args: tuple[Any, ...], kwargs: dict[str, Any], junctions: Junctions) -> Flow:
    name = node.target if isinstance(node.target, str) else node.target.__name__
    label = f"`{name}` in {_where(node) or 'forward'}"
    met = joined(name, args, kwargs, label, junctions, _where(node).replace(".", "-"))
    if met is not None:
        return met
    if not args or not isinstance(args[0], Flow):
        raise InputError(unknown(label, name))
    return through_function(args[0], name, args[1:], kwargs, label)


def _where(node: fx.Node) -> str:
    """Return the path of the submodule in whose `forward` the operation stands."""
    stack = node.meta.get("nn_module_stack", {})
    return str(list(stack)[-1]) if stack else ""
