"""Layers as data: frozen descriptions that are checked once, when they are made.

Sizes are in pixels and given as pairs (height, width); a single number stands for both. Nothing here computes:
see `cnncore.architecture.arithmetic` and `cnncore.architecture.counting`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, TypeAlias, get_args

from cnncore.errors import InputError

Pair: TypeAlias = tuple[int, int]
Shape: TypeAlias = tuple[int, int, int]  # (C, H, W)
PaddingMode: TypeAlias = Literal[
    "zeros", "reflect", "replicate", "circular"
]  # PyTorch's names for what it is filled with
PADDING_MODES: tuple[PaddingMode, ...] = get_args(PaddingMode)
LARGEST = 1_000_000  # no size, width or number of filters in a description is larger: nonsense is refused early


class Size:
    """A field of a layer that is given as one number or as (height, width) and kept as (height, width).

    A descriptor, so that a layer holds a pair whatever it was given: nothing downstream checks or normalises again.
    """

    def __init__(self, least: int, default: Pair | None = None) -> None:
        self._least = least
        self._default = default

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, layer: object | None, owner: type) -> Pair:
        if layer is not None:
            value: Pair = vars(layer)[self._name]
            return value
        if self._default is None:
            raise AttributeError(self._name)  # how dataclasses learn that there is no default
        return self._default

    def __set__(self, layer: object, value: int | Sequence[int]) -> None:
        values = tuple(value) if isinstance(value, Sequence) else (value, value)
        for entry in values:
            if isinstance(entry, bool) or not isinstance(entry, int) or not self._least <= entry <= LARGEST:
                raise InputError(
                    f"`{self._name}` (={value!r}) must be a whole number of at least {self._least}: change it."
                )
        if len(values) != 2:
            raise InputError(
                f"`{self._name}` (={value!r}) must be one number or a pair (height, width): give one of these."
            )
        vars(layer)[self._name] = values


def whole(name: str, value: Any, least: int = 1) -> int:
    """Return `value` if it is a whole number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= LARGEST:
        raise InputError(f"`{name}` (={value}) must be a whole number from {least} to {LARGEST}: change it.")
    return value


@dataclass(frozen=True)
class Conv2d:
    """A convolution: `filters` kernels of `kernel` pixels over all channels of their group, one bias each."""

    kind: ClassVar[str] = "conv"
    filters: int
    kernel: Size = Size(1)
    stride: Size = Size(1, (1, 1))
    padding: Size = Size(0, (0, 0))
    dilation: Size = Size(1, (1, 1))
    groups: int = 1
    bias: bool = True
    padding_mode: PaddingMode = "zeros"
    name: str = ""

    def __post_init__(self) -> None:
        whole("filters", self.filters)
        whole("groups", self.groups)
        if self.padding_mode not in PADDING_MODES:
            raise InputError(
                f"`padding_mode` (={self.padding_mode!r}) must be one of {', '.join(PADDING_MODES)}: choose one."
            )
        if self.filters % self.groups:
            raise InputError(
                f"`filters` (={self.filters}) must be divisible by `groups` (={self.groups}): each group makes the "
                f"same number of maps, try {self.groups * max(1, round(self.filters / self.groups))} filters."
            )


@dataclass(frozen=True)
class ConvTranspose2d:
    """A transposed convolution: the size rule of the convolution the other way round (the guide's relation 14)."""

    kind: ClassVar[str] = "conv-transpose"
    filters: int
    kernel: Size = Size(1)
    stride: Size = Size(1, (1, 1))
    padding: Size = Size(0, (0, 0))
    output_padding: Size = Size(0, (0, 0))
    dilation: Size = Size(1, (1, 1))
    groups: int = 1
    bias: bool = True
    name: str = ""

    def __post_init__(self) -> None:
        whole("filters", self.filters)
        whole("groups", self.groups)
        if self.filters % self.groups:
            raise InputError(f"`filters` (={self.filters}) must be divisible by `groups` (={self.groups}): change one.")
        for extra, stride, dilation in zip(self.output_padding, self.stride, self.dilation, strict=True):
            if extra >= max(stride, dilation):
                raise InputError(
                    f"`output_padding` (={extra}) must be smaller than the stride or the dilation (here "
                    f"{max(stride, dilation)}): it only chooses between sizes that the convolution maps to one."
                )


@dataclass(frozen=True)
class MaxPool2d:
    """The largest value of each window; padding never wins (it counts as minus infinity)."""

    kind: ClassVar[str] = "max-pool"
    kernel: Size = Size(1)
    stride: Size = Size(0, (0, 0))  # left out: the kernel, so that windows do not overlap
    padding: Size = Size(0, (0, 0))
    dilation: Size = Size(1, (1, 1))
    ceil_mode: bool = False
    name: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "stride", _pool_stride(self.kernel, self.stride, self.padding))


@dataclass(frozen=True)
class AvgPool2d:
    """The mean of each window; zeros of the padding count (PyTorch's default, which has no dilation)."""

    kind: ClassVar[str] = "avg-pool"
    dilation: ClassVar[Pair] = (1, 1)
    kernel: Size = Size(1)
    stride: Size = Size(0, (0, 0))  # left out: the kernel
    padding: Size = Size(0, (0, 0))
    ceil_mode: bool = False
    name: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "stride", _pool_stride(self.kernel, self.stride, self.padding))


def _pool_stride(kernel: Pair, stride: Pair, padding: Pair) -> Pair:
    for span, border in zip(kernel, padding, strict=True):
        if 2 * border > span:
            raise InputError(
                f"`padding` (={border}) of a pool must be at most half its kernel (={span}): otherwise a window "
                f"could lie in the padding alone, use at most {span // 2}."
            )
    stride = kernel if stride == (0, 0) else stride
    if 0 in stride:
        raise InputError(f"`stride` (={stride}) must be at least 1: change it, or leave it out.")
    return stride


@dataclass(frozen=True)
class AdaptiveAvgPool2d:
    """Means over as many windows as needed for an output of `size`, whatever the input."""

    kind: ClassVar[str] = "adaptive-avg-pool"
    size: Size = Size(1, (1, 1))
    name: str = ""


@dataclass(frozen=True)
class Linear:
    """A dense layer with `features` outputs, each connected to every input."""

    kind: ClassVar[str] = "linear"
    features: int
    bias: bool = True
    name: str = ""

    def __post_init__(self) -> None:
        whole("features", self.features)


@dataclass(frozen=True)
class Flatten:
    """The map written as one column: (C, H, W) -> (C*H*W, 1, 1)."""

    kind: ClassVar[str] = "flatten"
    name: str = ""


@dataclass(frozen=True)
class BatchNorm2d:
    """Batch norm: a scale (counted as weight) and a shift (counted as bias) for each channel."""

    kind: ClassVar[str] = "batch-norm"
    name: str = ""


@dataclass(frozen=True)
class Dropout:
    """Each unit dropped with probability `p` in training; nothing in eval()."""

    kind: ClassVar[str] = "dropout"
    p: float = 0.5
    name: str = ""

    def __post_init__(self) -> None:
        if (
            isinstance(self.p, bool)
            or not isinstance(self.p, (int, float))
            or not math.isfinite(self.p)
            or not 0 <= self.p < 1
        ):
            raise InputError(f"`p` (={self.p}) must be a probability from 0 to below 1: PyTorch's p drops, try 0.5.")


@dataclass(frozen=True)
class ReLU:
    """max(0, x)."""

    kind: ClassVar[str] = "relu"
    name: str = ""


@dataclass(frozen=True)
class Tanh:
    """The hyperbolic tangent."""

    kind: ClassVar[str] = "tanh"
    name: str = ""


@dataclass(frozen=True)
class Residual:
    """Two paths from one input whose outputs are added (He et al. 2015); an empty shortcut is the identity."""

    kind: ClassVar[str] = "residual"
    body: tuple["Layer", ...]
    shortcut: tuple["Layer", ...] = field(default=())
    name: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "body", tuple(self.body))
        object.__setattr__(self, "shortcut", tuple(self.shortcut))


Layer: TypeAlias = (
    Conv2d
    | ConvTranspose2d
    | MaxPool2d
    | AvgPool2d
    | AdaptiveAvgPool2d
    | Linear
    | Flatten
    | BatchNorm2d
    | Dropout
    | ReLU
    | Tanh
    | Residual
)
KINDS: dict[str, type[Any]] = {
    layer.kind: layer
    for layer in (
        Conv2d,
        ConvTranspose2d,
        MaxPool2d,
        AvgPool2d,
        AdaptiveAvgPool2d,
        Linear,
        Flatten,
        BatchNorm2d,
        Dropout,
        ReLU,
        Tanh,
        Residual,
    )
}
