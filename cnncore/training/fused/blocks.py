"""Which layers of a network are computed together."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from cnncore.architecture.arithmetic import conv_output_size

_PATCH, _PLACE = 128, 2**28  # values of a patch, and bytes of a batch of them, at most
_EIGHT = 8  # numbers that tensor cores take at a time: products of other sizes are slow


@dataclass(frozen=True)
class Block:
    """Layers that are computed together, by name; where none is set, `other` is a module computed as usual."""

    convolution: str = ""
    norm: str = ""
    pool: str = ""
    relu: bool = False
    dense: str = ""
    other: str = ""


@dataclass(frozen=True)
class Patches:
    """The patches under a kernel: their `shape` (K, H', W') for an image with `padding` zeros around it."""

    kernel: int
    stride: int
    padding: int
    shape: tuple[int, int, int]


def blocks_of(layers: list[tuple[str, nn.Module]], with_kernels: bool) -> Iterator[Block]:
    """Yield the blocks of a sequence of named layers; `with_kernels` a pool is computed with its neighbours."""
    place = 0
    while place < len(layers):
        name, layer = layers[place]
        place += 1
        if isinstance(layer, nn.Linear):
            yield Block(dense=name)
            continue
        convolution = norm = pool = ""
        if isinstance(layer, nn.Conv2d) and layer.padding_mode == "zeros" and not isinstance(layer.padding, str):
            convolution = name
        elif not (with_kernels and _can_pool(layer)):
            yield Block(other=name)
            continue
        if with_kernels:
            behind = place if convolution else place - 1
            if convolution and behind + 1 < len(layers) and _can_norm(layers[behind][1]):
                norm, behind = (layers[behind][0], behind + 1) if _can_pool(layers[behind + 1][1]) else ("", behind)
            if behind < len(layers) and _can_pool(layers[behind][1]):
                pool, place = layers[behind][0], behind + 1
        relu = bool(pool) and place < len(layers) and isinstance(layers[place][1], nn.ReLU)
        place += relu
        yield Block(convolution, norm, pool, relu)


def _can_pool(layer: nn.Module) -> bool:
    """Return whether the kernels pool as `layer` does: square windows side by side that do not overlap."""
    if not isinstance(layer, nn.MaxPool2d) or layer.return_indices:
        return False
    kernel, stride, padding, dilation = map(square, (layer.kernel_size, layer.stride, layer.padding, layer.dilation))
    return kernel in (2, 3) and stride == kernel and padding is not None and dilation == 1


def _can_norm(layer: nn.Module) -> bool:
    """Return whether the kernels normalize as `layer` does: weight, bias and running statistics, of fixed momentum."""
    usual = isinstance(layer, nn.BatchNorm2d) and layer.affine and layer.track_running_stats
    return usual and layer.momentum is not None


def patches_under(layer: nn.Conv2d, images: Tensor) -> Patches | None:
    """Return the patches under a layer's kernel on images (N, C, H, W); None where it is not to be a product.

    For few channels cuDNN only has slow algorithms; for many the patches would be too large. Their number of values is
    rounded up. A kernel of our own that gathers them from the images while it multiplies was tried: an epoch of
    figure-9 took a tenth longer on an H200 than with cuBLAS and patches laid out before.
    """
    (kernel, across), (stride, padding) = layer.kernel_size, map(square, (layer.stride, layer.padding))
    values = layer.in_channels * kernel * across
    if layer.groups != 1 or layer.dilation != (1, 1) or kernel != across or kernel == 1 or values > _PATCH:
        return None
    if stride is None or padding is None:
        return None
    high, wide = (conv_output_size(size, kernel, stride, padding) for size in images.shape[2:])
    shape = rounded(values), high, wide
    small = len(images) * math.prod(shape) * 4 <= _PLACE
    return Patches(kernel, stride, padding, shape) if small else None


def rounded(size: int) -> int:
    """Return the size, rounded up to what products are fast for."""
    return -(-size // _EIGHT) * _EIGHT


def square(size: str | int | tuple[int, ...]) -> int | None:
    """Return the number that a size is on both axes; None where they differ, or for a word like `same`."""
    if isinstance(size, str | int):
        return size if isinstance(size, int) else None
    return size[0] if len(set(size)) == 1 else None


def geometry(layer: nn.Conv2d) -> tuple[Any, ...]:
    """Return stride, padding, dilation and groups, as torch.conv2d takes them."""
    return layer.stride, layer.padding, layer.dilation, layer.groups


def window_of(pool: nn.MaxPool2d) -> dict[str, Any]:
    """Return kernel and padding, as `cnncore.training.kernels` take them."""
    return {"kernel": square(pool.kernel_size), "padding": square(pool.padding)}
