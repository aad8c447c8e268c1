"""PyTorch's modules and functions by name: what their arguments are called, and which layer they are here.

One table for pasted code, for real modules (their attributes bear the names of the arguments) and for the functions
that a `forward` calls.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cnncore.architecture.arithmetic import half_padding
from cnncore.architecture.layers import (
    GELU,
    AdaptiveAvgPool2d,
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    ConvTranspose2d,
    Dropout,
    Flatten,
    Layer,
    LeakyReLU,
    Linear,
    MaxPool2d,
    ReLU,
    ReLU6,
    Sigmoid,
    SiLU,
    Tanh,
)
from cnncore.architecture.reading import substitutes
from cnncore.architecture.reading.part import Part
from cnncore.architecture.reading.refusals import RaisedError
from cnncore.architecture.sizes import whole
from cnncore.errors import InputError

Values = Mapping[str, Any]

# The arguments of each module in PyTorch's order; a lazy one has all but the first.
_ARGUMENTS: dict[str, str] = {
    "Conv2d": "in_channels out_channels kernel_size stride padding dilation groups bias padding_mode",
    "ConvTranspose2d": (
        "in_channels out_channels kernel_size stride padding output_padding groups bias dilation padding_mode"
    ),
    "MaxPool2d": "kernel_size stride padding dilation return_indices ceil_mode",
    "AvgPool2d": "kernel_size stride padding ceil_mode count_include_pad divisor_override",
    "AdaptiveAvgPool2d": "output_size",
    "Linear": "in_features out_features bias",
    "BatchNorm2d": "num_features eps momentum affine track_running_stats",
    "Dropout": "p inplace",
    "Flatten": "start_dim end_dim",
    "ReLU": "inplace",
    "Tanh": "",
    "Sigmoid": "",
    "ReLU6": "inplace",
    "SiLU": "inplace",
    "GELU": "approximate",
    "LeakyReLU": "negative_slope inplace",
}
SIGNATURES: dict[str, tuple[str, ...]] = {name: tuple(words.split()) for name, words in _ARGUMENTS.items()}
for _name in ("Conv2d", "ConvTranspose2d", "Linear", "BatchNorm2d"):
    SIGNATURES[f"Lazy{_name}"] = SIGNATURES[_name][1:]

# What a `forward` calls: the module that does the same, and the arguments after the tensor.
FUNCTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "max_pool2d": ("MaxPool2d", ("kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices")),
    "avg_pool2d": ("AvgPool2d", SIGNATURES["AvgPool2d"]),
    "adaptive_avg_pool2d": ("AdaptiveAvgPool2d", ("output_size",)),
    "dropout": ("Dropout", ("p", "training", "inplace")),
    "flatten": ("Flatten", ("start_dim", "end_dim")),
    "relu": ("ReLU", ("inplace",)),
    "relu_": ("ReLU", ()),
    "tanh_": ("Tanh", ()),
    "sigmoid_": ("Sigmoid", ()),
    "leaky_relu_": ("LeakyReLU", ("negative_slope",)),
    "tanh": ("Tanh", ()),
    "sigmoid": ("Sigmoid", ()),
    "relu6": ("ReLU6", ("inplace",)),
    "silu": ("SiLU", ("inplace",)),
    "gelu": ("GELU", ("approximate",)),
    "leaky_relu": ("LeakyReLU", ("negative_slope", "inplace")),
}
# Options that a layer here has not: the value that they must have. What changes no number in eval() is left out.
_FIXED: dict[str, dict[str, Any]] = {
    "ConvTranspose2d": {"padding_mode": "zeros"},
    "MaxPool2d": {"return_indices": False},
    "AvgPool2d": {"count_include_pad": True, "divisor_override": None},
    "BatchNorm2d": {"affine": True, "track_running_stats": True},
    "GELU": {"approximate": "none"},
}
_STATED = ("in_channels", "in_features", "num_features")  # the numbers of inputs that a description works out
_NEEDED = {
    "Conv2d": ("out_channels", "kernel_size"),
    "ConvTranspose2d": ("out_channels", "kernel_size"),
    "MaxPool2d": ("kernel_size",),
    "AvgPool2d": ("kernel_size",),
    "AdaptiveAvgPool2d": ("output_size",),
    "Linear": ("out_features",),
}


def bound(names: tuple[str, ...], args: Sequence[Any], kwargs: Values, label: str) -> dict[str, Any]:
    """Return the arguments by name."""
    if len(args) > len(names):
        raise RaisedError(f"{label} takes at most {len(names)} arguments and is given {len(args)}: leave some out.")
    values = dict(zip(names, args, strict=False))
    for name, value in kwargs.items():
        if name not in names or name in values:
            problem = "twice" if name in values else f"but knows {', '.join(names) or 'none'}"
            raise RaisedError(f"{label} is given `{name}` {problem}: correct it.")
        values[name] = value
    return values


def module_part(name: str, values: Values, label: str, given_name: str = "") -> Part:
    """Return the part that the module `nn.NAME` is, with its arguments `values` by name.

    >>> module_part("Conv2d", {"in_channels": 3, "out_channels": 8, "kernel_size": 5}, "conv1").layer.kernel
    (5, 5)
    """
    kind = name.removeprefix("Lazy")
    if kind not in _MAKERS:
        raise InputError(unknown(label if f"{name}`" in label else f"{label}, nn.{name},", name))
    needed = _NEEDED.get(kind, ())
    if kind == name and SIGNATURES[name] and SIGNATURES[name][0] in _STATED:
        needed = (SIGNATURES[name][0], *needed)
    for argument, value in values.items():
        if not _plain(value):  # a function, a tensor's size, a list of thousands
            raise InputError(f"{label} has no plain number as `{argument}`: write the number there.")
    missing = [f"`{argument}`" for argument in needed if argument not in values]
    if missing:
        raise RaisedError(f"{label} needs {' and '.join(missing)}: give what is missing.")
    for option, must in _FIXED.get(kind, {}).items():
        harmless = option == "count_include_pad" and values.get("padding", 0) in (0, (0, 0))  # no zeros to count
        if values.get(option, must) != must and not harmless:
            raise InputError(
                f"{label} has `{option}` (={values[option]!r}), which a description has not: it must be {must!r}."
            )
    for option, alike in (("bias", (0, 1, None)), ("ceil_mode", (0, 1))):
        if option in values and values[option] in alike:  # PyTorch asks whether it is true, and no more
            values = {**values, option: bool(values[option])}
        if not isinstance(values.get(option, True), bool):
            raise InputError(f"{label} has `{option}` (={values[option]!r}), which must be True or False: change it.")
    expects = (
        values.get(SIGNATURES[kind][0]) if kind == name and needed and needed[0].startswith(("in_", "num")) else None
    )
    try:
        if expects is not None:
            whole(needed[0], expects)
        layer = _MAKERS[kind](values, given_name)
    except InputError as error:
        raise InputError(f"{label}: {error}") from None
    return Part(layer, label, expects, inplace=bool(values.get("inplace")) and "inplace" in SIGNATURES[kind])


def unknown(what: str, name: str) -> str:
    """Return the sentence for a module or function that no layer here is."""
    return substitutes.unknown(what, name, tuple(known for known in SIGNATURES if not known.startswith("Lazy")))


def _plain(value: Any) -> bool:
    """Return whether a value can stand in a sentence: a number, a short text, or a few of these."""
    if isinstance(value, (tuple, list)):
        return len(value) <= 10 and all(_plain(entry) and not isinstance(entry, (tuple, list)) for entry in value)
    return value is None or (isinstance(value, (bool, int, float, str)) and len(str(value)) <= 60)


def _conv(values: Values, name: str) -> Layer:
    return Conv2d(
        values["out_channels"],
        values["kernel_size"],
        values.get("stride", 1),
        _padding(values),
        values.get("dilation", 1),
        values.get("groups", 1),
        values.get("bias", True),
        values.get("padding_mode", "zeros"),
        name,
    )


def _padding(values: Values) -> Any:
    padding = values.get("padding", 0)
    if padding == "valid":
        return 0
    if padding != "same":
        return padding
    plain = Conv2d(1, values["kernel_size"], values.get("stride", 1), 0, values.get("dilation", 1))
    if plain.stride != (1, 1):
        raise InputError(f"`padding` (='same') needs a stride of 1 (not {plain.stride}): give the padding as a number.")
    sides = [half_padding(k, d) for k, d in zip(plain.kernel, plain.dilation, strict=True)]
    if any(before != after for before, after in sides):
        raise InputError(
            f"`padding` (='same') of an even `kernel_size` (={values['kernel_size']}) would pad one side more than the "
            "other, which a description cannot: use an odd kernel."
        )
    return tuple(before for before, _ in sides)


def _conv_transpose(values: Values, name: str) -> Layer:
    return ConvTranspose2d(
        values["out_channels"],
        values["kernel_size"],
        values.get("stride", 1),
        values.get("padding", 0),
        values.get("output_padding", 0),
        values.get("dilation", 1),
        values.get("groups", 1),
        values.get("bias", True),
        name,
    )


def _pool_stride(values: Values) -> Any:
    stride = values.get("stride")
    return None if stride == [] else stride  # functional.max_pool2d says [] where modules say None


def _max_pool(values: Values, name: str) -> Layer:
    rest = (values.get("padding", 0), values.get("dilation", 1), values.get("ceil_mode", False))
    return MaxPool2d(values["kernel_size"], _pool_stride(values), *rest, name)


def _avg_pool(values: Values, name: str) -> Layer:
    rest = (values.get("padding", 0), values.get("ceil_mode", False))
    return AvgPool2d(values["kernel_size"], _pool_stride(values), *rest, name)


def _flatten(values: Values, name: str) -> Layer:
    if (values.get("start_dim", 1), values.get("end_dim", -1)) not in ((1, -1), (1, 3)):
        raise InputError("a flatten must keep the images apart and join the rest: `start_dim` 1 and `end_dim` -1.")
    return Flatten(name)


_MAKERS: dict[str, Callable[[Values, str], Layer]] = {
    "Conv2d": _conv,
    "ConvTranspose2d": _conv_transpose,
    "MaxPool2d": _max_pool,
    "AvgPool2d": _avg_pool,
    "AdaptiveAvgPool2d": lambda values, name: AdaptiveAvgPool2d(values["output_size"], name),
    "Linear": lambda values, name: Linear(values["out_features"], values.get("bias", True), name),
    "BatchNorm2d": lambda values, name: BatchNorm2d(values.get("eps", 1e-5), name),
    "Dropout": lambda values, name: Dropout(values.get("p", 0.5), name),
    "Flatten": _flatten,
    "ReLU": lambda _, name: ReLU(name),
    "Tanh": lambda _, name: Tanh(name),
    "Sigmoid": lambda _, name: Sigmoid(name),
    "ReLU6": lambda _, name: ReLU6(name),
    "SiLU": lambda _, name: SiLU(name),
    "GELU": lambda _, name: GELU(name),
    "LeakyReLU": lambda values, name: LeakyReLU(values.get("negative_slope", 0.01), name),
}
