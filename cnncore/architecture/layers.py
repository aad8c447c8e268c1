"""Layers as data: frozen descriptions that are checked once, when they are made.

Sizes are in pixels and given as pairs (height, width); a single number stands for both. Nothing here computes:
see `cnncore.architecture.arithmetic` and `cnncore.architecture.counting`. One file for all kinds: they are read side by
side, and the union `Layer` at the end names each of them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal, TypeAlias, get_args

from cnncore.architecture.sizes import Pair, Size, whole
from cnncore.errors import InputError

PaddingMode: TypeAlias = Literal[
    "zeros", "reflect", "replicate", "circular"
]  # PyTorch's names for what it is filled with
PADDING_MODES: tuple[PaddingMode, ...] = get_args(PaddingMode)


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
    stride: Size = Size(1, like="kernel")  # so that windows do not overlap
    padding: Size = Size(0, (0, 0))
    dilation: Size = Size(1, (1, 1))
    ceil_mode: bool = False
    name: str = ""

    def __post_init__(self) -> None:
        _check_pool(self.kernel, self.padding)


@dataclass(frozen=True)
class AvgPool2d:
    """The mean of each window; zeros of the padding count (PyTorch's default, which has no dilation)."""

    kind: ClassVar[str] = "avg-pool"
    dilation: ClassVar[Pair] = (1, 1)
    kernel: Size = Size(1)
    stride: Size = Size(1, like="kernel")
    padding: Size = Size(0, (0, 0))
    ceil_mode: bool = False
    name: str = ""

    def __post_init__(self) -> None:
        _check_pool(self.kernel, self.padding)


def _check_pool(kernel: Pair, padding: Pair) -> None:
    for span, border in zip(kernel, padding, strict=True):
        if 2 * border > span:
            raise InputError(
                f"`padding` (={border}) of a pool must be at most half its kernel (={span}): otherwise a window "
                f"could lie in the padding alone, use at most {span // 2}."
            )


@dataclass(frozen=True)
class AdaptiveAvgPool2d:
    """Means over as many windows as needed for an output of `size`, whatever the input."""

    kind: ClassVar[str] = "adaptive-avg-pool"
    size: Size = Size(1, (1, 1))
    name: str = ""


@dataclass(frozen=True)
class Linear:
    """A dense layer with `features` outputs, each connected to every input.

    `inputs` is how many its weights are made for, as PyTorch wants it said; None: as many as arrive.
    """

    kind: ClassVar[str] = "linear"
    features: int
    bias: bool = True
    name: str = ""
    inputs: int | None = None

    def __post_init__(self) -> None:
        whole("features", self.features)
        if self.inputs is not None:
            whole("inputs", self.inputs)


@dataclass(frozen=True)
class Flatten:
    """The map written as one column: (C, H, W) -> (C*H*W, 1, 1)."""

    kind: ClassVar[str] = "flatten"
    name: str = ""


@dataclass(frozen=True)
class BatchNorm2d:
    """Batch norm: a scale (counted as weight) and a shift (counted as bias) for each channel.

    `eps` is added to the variance; torchvision's networks of Google's line use 0.001.
    """

    kind: ClassVar[str] = "batch-norm"
    eps: float = 1e-5
    name: str = ""

    def __post_init__(self) -> None:
        _check_real("eps", self.eps, 0.0)


@dataclass(frozen=True)
class Dropout:
    """Each unit dropped with probability `p` in training; nothing in eval()."""

    kind: ClassVar[str] = "dropout"
    p: float = 0.5
    name: str = ""

    def __post_init__(self) -> None:
        check_drop(self.p)


def check_drop(p: float) -> None:
    """Raise an `InputError` unless `p` is a probability with which a unit can be dropped."""
    if not _is_real(p) or not 0 <= p < 1:
        raise InputError(f"`p` (={p}) must be a probability from 0 to below 1: PyTorch's p drops, try 0.5.")


def _is_real(value: Any) -> bool:
    # An integer of four hundred digits is too large for math.isfinite.
    return not isinstance(value, bool) and isinstance(value, (int, float)) and -math.inf < value < math.inf


def _check_real(name: str, value: Any, least: float) -> None:
    if not _is_real(value) or not least <= value <= 1:
        raise InputError(f"`{name}` (={value}) must be a number from {least:g} to 1: change it.")


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
class Sigmoid:
    """1 / (1 + exp(-x)): between 0 and 1."""

    kind: ClassVar[str] = "sigmoid"
    name: str = ""


@dataclass(frozen=True)
class ReLU6:
    """min(6, max(0, x)) (MobileNet)."""

    kind: ClassVar[str] = "relu6"
    name: str = ""


@dataclass(frozen=True)
class SiLU:
    """x times its sigmoid, also called swish."""

    kind: ClassVar[str] = "silu"
    name: str = ""


@dataclass(frozen=True)
class GELU:
    """x times the normal distribution's share below x (Hendrycks & Gimpel 2016)."""

    kind: ClassVar[str] = "gelu"
    name: str = ""


@dataclass(frozen=True)
class LeakyReLU:
    """x where it is positive, `slope` times x where it is not (Maas et al. 2013)."""

    kind: ClassVar[str] = "leaky-relu"
    slope: float = 0.01
    name: str = ""

    def __post_init__(self) -> None:
        _check_real("slope", self.slope, -1.0)


Activation: TypeAlias = ReLU | Tanh | Sigmoid | ReLU6 | SiLU | GELU | LeakyReLU
Path: TypeAlias = tuple["Layer", ...]


@dataclass(frozen=True)
class Residual:
    """Two paths from one input whose outputs are added (He et al. 2015); an empty shortcut is the identity."""

    kind: ClassVar[str] = "residual"
    body: Path
    shortcut: Path = field(default=())
    name: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "body", tuple(self.body))
        object.__setattr__(self, "shortcut", tuple(self.shortcut))
        _check_paths(self)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The body and the shortcut."""
        return self.body, self.shortcut

    def with_paths(self, paths: Sequence[Path]) -> "Residual":
        """Return the block with another body and shortcut."""
        return replace(self, body=paths[0], shortcut=paths[1])


@dataclass(frozen=True)
class Branches:
    """Paths from one input whose channels are put one after the other (Szegedy et al. 2014's inception block).

    An empty path is the identity: it hands on the input's own channels.
    """

    kind: ClassVar[str] = "branches"
    paths: tuple[Path, ...]
    name: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "paths", tuple(tuple(path) for path in self.paths))
        if not self.paths:
            raise InputError("`paths` of branches must not be empty: give at least one path.")
        _check_paths(self)

    def with_paths(self, paths: Sequence[Path]) -> "Branches":
        """Return the block with other paths."""
        return replace(self, paths=tuple(paths))


def _check_paths(block: "Residual | Branches") -> None:
    for path in block.paths:
        for layer in path:
            if isinstance(layer, (Flatten, Linear)):
                raise InputError(
                    f"a `{block.kind}` block must hold layers on maps and has a `{layer.kind}` in a path: put it after "
                    "the block."
                )


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
    | Activation
    | Residual
    | Branches
)
Block: TypeAlias = Residual | Branches
KINDS: dict[str, type[Any]] = {layer.kind: layer for layer in get_args(Layer)}


def layer_name(layer: Layer, number: int) -> str:
    """Return what a layer is called: its own name, else its kind and its `number` in the row, from 1.

    >>> layer_name(ReLU(), 2)
    'relu2'
    """
    return layer.name or f"{layer.kind}{number}"
