"""What a layer in pasted code says of itself, such as `fc.in_features`, and what changes when that is set."""

import ast
from typing import Any

from cnncore.architecture.reading.dotted import Dotted
from cnncore.architecture.reading.meaning import (
    HOLDERS,
    Chain,
    Method,
    Unknown,
)
from cnncore.architecture.reading.pytorch_layers import SIGNATURES, module_part
from cnncore.architecture.reading.refusals import given, not_read, not_set

# What PyTorch's layers hold besides the arguments that they were given.
_DEFAULTS: dict[str, dict[str, Any]] = {
    "Conv2d": {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "padding_mode": "zeros"},
    "ConvTranspose2d": {"stride": 1, "padding": 0, "output_padding": 0, "dilation": 1, "groups": 1}
    | {"padding_mode": "zeros"},
    "MaxPool2d": {"stride": None, "padding": 0, "dilation": 1, "return_indices": False, "ceil_mode": False},
    "AvgPool2d": {"stride": None, "padding": 0, "ceil_mode": False, "count_include_pad": True}
    | {"divisor_override": None},
    "BatchNorm2d": {"eps": 1e-5, "momentum": 0.1, "affine": True, "track_running_stats": True},
    "Dropout": {"p": 0.5, "inplace": False},
    "Flatten": {"start_dim": 1, "end_dim": -1},
    "ReLU": {"inplace": False},
    "ReLU6": {"inplace": False},
    "SiLU": {"inplace": False},
    "GELU": {"approximate": "none"},
    "LeakyReLU": {"negative_slope": 0.01, "inplace": False},
}
_PAIRS = ("kernel_size", "stride", "padding", "dilation", "output_padding")  # of a convolution
# What a layer looks at when it is called: the rest was used when it was made.
_SETTABLE: dict[str, tuple[str, ...]] = {
    "Conv2d": ("stride", "padding", "dilation"),
    "ConvTranspose2d": ("stride", "padding", "dilation", "output_padding"),
    "MaxPool2d": ("kernel_size", "stride", "padding", "dilation", "ceil_mode"),
    "AvgPool2d": ("kernel_size", "stride", "padding", "ceil_mode"),
    "AdaptiveAvgPool2d": ("output_size",),
    **{kind: tuple(_DEFAULTS[kind]) for kind in ("Dropout", "Flatten", "ReLU", "ReLU6", "SiLU", "GELU", "LeakyReLU")},
    "BatchNorm2d": ("eps", "momentum"),
}
WEIGHTED = ("Conv2d", "ConvTranspose2d", "Linear", "BatchNorm2d")
_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
_MORE = ("transposed", "output_padding", "reset_parameters", "reset_running_stats", "min_val", "max_val", "dim")
# What every module of PyTorch has; what begins with an underscore is asked of nobody.
_NAMES = (
    "T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda double dump_patches "
    "eval extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half ipu load_state_dict "
    "modules mtia named_buffers named_children named_modules named_parameters parameters register_backward_hook "
    "register_buffer register_forward_hook register_forward_pre_hook register_full_backward_hook "
    "register_full_backward_pre_hook register_load_state_dict_post_hook register_load_state_dict_pre_hook "
    "register_module register_parameter register_state_dict_post_hook register_state_dict_pre_hook requires_grad_ "
    "set_extra_state set_submodule share_memory state_dict to to_empty train training type xpu zero_grad"
)
OF_MODULES = frozenset(_NAMES.split())


def of_layer(layer: Chain, attribute: str, node: ast.expr) -> Any:
    """Return what a layer says of itself; a weight is not known."""
    given(layer.reason)
    kind = layer.kind.removeprefix("Lazy")
    if attribute in layer.attributes:
        return given(layer.attributes[attribute])
    if attribute in ("weight", "bias") and kind in WEIGHTED:
        return Unknown() if attribute == "weight" or _has_bias(layer) else None
    if attribute in _STATISTICS and kind == "BatchNorm2d":
        return Unknown()
    if attribute in SIGNATURES.get(kind, ()):
        return _value(layer, kind, attribute, node)
    match attribute:
        case "__class__":
            return Dotted(f"torch.nn.{layer.kind}")
        case "training":
            return True
        case "forward" | "__call__":
            return Method(layer, attribute)
    if attribute in (*OF_MODULES, *_MORE) or attribute.startswith("_"):
        raise not_read(node)
    raise not_set(node)


def _has_bias(layer: Chain) -> bool:
    return bool(layer.values.get("bias", True))


def _value(layer: Chain, kind: str, attribute: str, node: ast.expr) -> Any:
    values = _DEFAULTS.get(kind, {}) | layer.values
    found = values.get(attribute)
    if attribute not in values:
        raise not_read(node)  # a lazy layer's number of inputs
    if kind in ("Conv2d", "ConvTranspose2d") and attribute in _PAIRS and isinstance(found, int):
        return (found, found)
    if attribute == "stride" and found in (None, []):
        return values["kernel_size"]
    return tuple(found) if isinstance(found, list) and attribute in _PAIRS else found


def set_of_layer(layer: Chain, name: str, value: Any, node: ast.expr) -> None:
    """Carry out `layer.name = value`: what the layer is made of is made anew, its weights cannot be another's."""
    kind = layer.kind.removeprefix("Lazy")
    if name in ("weight", "bias") and kind in WEIGHTED:
        raise not_read(node)
    if name in OF_MODULES and isinstance(value, HOLDERS):
        raise not_read(node)  # a module does not hide what PyTorch's class has under its name
    if name not in SIGNATURES.get(kind, ()):
        layer.attributes[name] = value
        return
    wrapped = layer.values.get("padding_mode", "zeros") != "zeros"  # its padding was worked out when it was made
    if name not in _SETTABLE.get(kind, ()) or not layer.parts or (wrapped and name == "padding"):
        raise not_read(node)
    values = {**layer.values, name: value}
    if name == "kernel_size":
        values["stride"] = _value(layer, kind, "stride", node)
    part = layer.parts[0]
    made = module_part(layer.kind, values, part.label, part.layer.name)
    layer.parts, layer.values = (made,), values
