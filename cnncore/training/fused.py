"""The same network for a CUDA device, with its layers' passes over memory taken together.

`Fused` holds the very modules, under the same names; only how they are computed in training differs:

- a convolution's bias, batch norm, max pool and ReLU behind it are the kernels of `cnncore.training.kernels`;
- a convolution whose bias a batch norm takes out again adds none: the running mean has it, its gradient is zero;
- the gradient of a weight, which no other gradient waits for, goes beside the backward pass, see
  `cnncore.training.side`;
- the first convolution may be a product of matrices: the patches under its kernel are laid out when the batch is
  fetched, beside the update before. For images of three channels cuDNN has slow ways only.

Numbers differ from the modules' own by rounding. In evaluation the modules compute as ever.
"""

import math
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd import Function

from cnncore.training import kernels
from cnncore.training.side import Inline, Side


@dataclass(frozen=True)
class _Block:
    """Layers that are computed together, by name; where none of them is set, `other` is a module as it is."""

    convolution: str = ""
    norm: str = ""
    pool: str = ""
    relu: bool = False
    dense: str = ""
    other: str = ""


@dataclass(frozen=True)
class Window:
    """The patches under a kernel: their `shape` (K, H', W') for an image with `padding` zeros around it."""

    kernel: int
    stride: int
    padding: int
    shape: tuple[int, int, int]


class Fused(nn.Sequential):
    """A sequence of modules that is trained block by block; `side` is where work may go beside the rest."""

    side: Side | Inline

    def __init__(self, layers: "OrderedDict[str, nn.Module]", with_kernels: bool = True) -> None:
        super().__init__(layers)
        self.side = Inline()
        self.with_kernels = with_kernels
        self._blocks = list(_blocks(list(layers.items()), with_kernels))
        self._places: dict[tuple[Any, ...], Tensor] = {}
        self._filled: set[str] = set()

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, classes); in training the images may be patches, see `takes`."""
        if not self.training and (torch.is_grad_enabled() or not self.with_kernels):
            return super().forward(images)  # type: ignore[no-any-return]  # nn.Module calls are untyped
        if not self.training:
            for block in self._blocks:
                images = self._evaluated(block, images)
            return images
        self._filled.clear()
        like = torch.empty(0, dtype=_kind(images), device=images.device)
        with self.side.beside(early=True):
            for block in self._blocks[1:]:
                self._weights(block, like)
        wait = self.side.mark()
        for block in self._blocks:
            images = self._forward(block, images)
            if block is self._blocks[0]:
                wait()
        return images

    def takes(self, images: Tensor) -> tuple[torch.dtype, "Window | None"]:
        """Return of which type batches like `images` (N, C, H, W) are best, and of which patches, if of such at all.

        The type is that of the current autocast.
        """
        first = self._blocks[0]
        if not first.convolution:
            return images.dtype, None
        layer = self._module(first.convolution)
        return _kind(images), _window_of(layer, images) if self.with_kernels else None

    def _module(self, name: str) -> Any:
        return self._modules[name]

    def _zeros(self, *shape: int, like: Tensor, use: str) -> Tensor:
        """Return zeros of the type and device of `like`, for this use always in the same place."""
        key = use, shape, like.dtype, like.device
        if key not in self._places:
            place = torch.zeros(shape, dtype=like.dtype, device=like.device)
            self._places[key] = place.contiguous(memory_format=torch.channels_last) if len(shape) == 4 else place
        return self._places[key]

    def _weights(self, block: _Block, like: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """Return weight and bias of a convolution or dense layer as it computes with them: in the type of `like`.

        They are copied once in an update. The last dense layer has more outputs, of zeros, if its own are an odd number.
        """
        if not (block.convolution or block.dense):
            return None, None
        layer = self._module(block.convolution or block.dense)
        last = block is self._blocks[-1]  # of a part of a result, nothing may be changed in place: no other is behind it
        rows = _rounded(len(layer.weight)) if block.dense and last and self.with_kernels else len(layer.weight)
        found = []
        for name, own in (("weight", layer.weight), ("bias", None if block.pool else layer.bias)):
            if own is None or (own.dtype == like.dtype and rows == len(own)):
                found.append(own)
                continue
            use = f"{block.convolution or block.dense}.{name}"
            place = self._zeros(rows, *own.shape[1:], like=like, use=use)
            if use not in self._filled:
                place[: len(own)].copy_(own.detach())
                self._filled.add(use)
            found.append(place)
        return found[0], found[1]

    def _forward(self, block: _Block, images: Tensor) -> Tensor:
        if block.other or (block.dense and images.dim() != 2):
            return self._module(block.other or block.dense)(images)  # type: ignore[no-any-return]
        if block.dense:
            dense, images = self._module(block.dense), images.to(_kind(images))
            matrix, shift = self._weights(block, images)
            gradient = None
            if matrix is not None and len(matrix) != dense.out_features:
                gradient = self._zeros(len(images), len(matrix), like=images, use=block.dense)
            return _Dense.apply(images, dense.weight, dense.bias, matrix, shift, gradient, self.side)  # type: ignore[no-any-return, no-untyped-call]
        bias = None  # of the convolution, where the pool's kernel adds it
        if block.convolution:
            layer, images = self._module(block.convolution), images.to(_kind(images))
            bias, added = (layer.bias, None) if block.pool else (None, layer.bias)
            if images.shape[1] == layer.in_channels:
                filters, shift = self._weights(block, images)
                images = _Convolution.apply(images, layer.weight, added, filters, shift, _geometry(layer), self.side)  # type: ignore[no-untyped-call]
            else:
                matrix = self._zeros(layer.out_channels, images.shape[1], like=images, use=block.convolution)
                images = _Product.apply(images, layer.weight, added, matrix)  # type: ignore[no-untyped-call]
        if block.norm:
            if bias is not None and bias.requires_grad:
                bias.grad = self._zeros(*bias.shape, like=bias, use=block.convolution)
            norm, pool = self._module(block.norm), self._module(block.pool)
            return _NormPool.apply(images, norm.weight, norm.bias, bias, norm, pool, block.relu)  # type: ignore[no-any-return, no-untyped-call]
        if block.pool:
            return _Pool.apply(images, bias, self._module(block.pool), block.relu, self.side)  # type: ignore[no-any-return, no-untyped-call]
        return images

    def _evaluated(self, block: _Block, images: Tensor) -> Tensor:
        if not block.pool:
            return self._module(block.convolution or block.dense or block.other)(images)  # type: ignore[no-any-return]
        bias = None
        if block.convolution:
            convolution = self._module(block.convolution)
            bias = convolution.bias
            images = torch.conv2d(images, convolution.weight, None, *_geometry(convolution))
        images = images.contiguous(memory_format=torch.channels_last)
        pool = self._module(block.pool)
        window = _window(pool) | {"relu": block.relu, "ceil_mode": pool.ceil_mode}
        if not block.norm:
            return kernels.pool(images, bias, **window)[0]
        norm = self._module(block.norm)
        mean = norm.running_mean if bias is None else norm.running_mean - bias
        return kernels.norm_pool(images, mean, (norm.running_var + norm.eps).rsqrt(), norm.weight, norm.bias, **window)[0]


def fused(model: nn.Sequential, device: torch.device) -> nn.Sequential:
    """Return `model` (the very modules) as `Fused` for a CUDA device, and itself for any other."""
    if device.type != "cuda":
        return model
    return Fused(OrderedDict(model.named_children()), with_kernels=not kernels.why_not(device))


@contextmanager
def beside(model: nn.Module, side: Side | Inline) -> Iterator[None]:
    """Let a `Fused` model put work on the `side` within this context; any other has none to put there."""
    if isinstance(model, Fused):
        model.side = side
    try:
        yield
    finally:
        if isinstance(model, Fused):
            model.side = Inline()


def _blocks(layers: list[tuple[str, nn.Module]], with_kernels: bool) -> Iterator[_Block]:
    place = 0
    while place < len(layers):
        name, layer = layers[place]
        place += 1
        if isinstance(layer, nn.Linear):
            yield _Block(dense=name)
            continue
        convolution = norm = pool = ""
        if isinstance(layer, nn.Conv2d) and layer.padding_mode == "zeros" and not isinstance(layer.padding, str):
            convolution = name
        elif not (with_kernels and _can_pool(layer)):
            yield _Block(other=name)
            continue
        if with_kernels:
            behind = place if convolution else place - 1
            if convolution and behind + 1 < len(layers) and _can_norm(layers[behind][1]):
                norm, behind = (layers[behind][0], behind + 1) if _can_pool(layers[behind + 1][1]) else ("", behind)
            if behind < len(layers) and _can_pool(layers[behind][1]):
                pool, place = layers[behind][0], behind + 1
        relu = bool(pool) and place < len(layers) and isinstance(layers[place][1], nn.ReLU)
        place += relu
        yield _Block(convolution, norm, pool, relu)


def _can_pool(layer: nn.Module) -> bool:
    """Return whether the kernels pool as `layer` does: square windows beside each other, none over another."""
    if not isinstance(layer, nn.MaxPool2d) or layer.return_indices:
        return False
    kernel, stride, padding, dilation = map(_square, (layer.kernel_size, layer.stride, layer.padding, layer.dilation))
    return kernel in (2, 3) and stride == kernel and padding is not None and dilation == 1


def _square(size: int | tuple[int, ...]) -> int | None:
    """Return the one number that a size is on both axes, None where it is two."""
    if isinstance(size, int):
        return size
    return size[0] if len(set(size)) == 1 else None


def _can_norm(layer: nn.Module) -> bool:
    return (
        isinstance(layer, nn.BatchNorm2d)
        and layer.affine
        and layer.track_running_stats
        and layer.momentum is not None
    )


_PATCH, _PLACE = 128, 2**28  # values of a patch, and bytes of a batch of them, at most
_EIGHT = 8  # numbers that tensor cores take at a time: for others products are slow


def _rounded(size: int) -> int:
    return -(-size // _EIGHT) * _EIGHT


def _window_of(layer: nn.Conv2d, images: Tensor) -> Window | None:
    """Return the patches under a layer's kernel, None where a product is no way for it.

    For few channels cuDNN has slow ways only; with many of them the patches would be too large. Their number of values
    is rounded up.
    """
    sizes = (layer.kernel_size, layer.stride, layer.padding, layer.dilation)
    square = all(_square(size) is not None for size in sizes)
    values = layer.in_channels * layer.kernel_size[0] * layer.kernel_size[1]
    if layer.groups != 1 or not square or layer.dilation != (1, 1) or layer.kernel_size == (1, 1) or values > _PATCH:
        return None
    one = torch.empty(1, *images.shape[1:], device="meta")
    high, wide = F.conv2d(one, torch.empty(layer.weight.shape, device="meta"), None, *_geometry(layer)).shape[2:]
    shape = _rounded(values), high, wide
    small = len(images) * math.prod(shape) * 4 <= _PLACE
    return Window(layer.kernel_size[0], layer.stride[0], int(layer.padding[0]), shape) if small else None


def _kind(images: Tensor) -> torch.dtype:
    """Return the type in which a convolution or dense layer computes here: autocast's, else that of its input."""
    device = images.device.type
    return torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else images.dtype


def _as_forward(gradient: Tensor, filters: Tensor, stride: Any, padding: Any, dilation: Any, groups: int) -> bool:
    """Return whether the gradient of the images is computed as a convolution with the filters turned around.

    It is the same sum. In TF32 cuDNN's choice for it is the faster one where there are as many channels as filters, and
    else as a rule the slower one (measured on an H200: 39 against 55 microseconds, and 65 against 37).
    """
    same = filters.shape[0] == filters.shape[1] and groups == 1 and {*stride, *dilation} == {1}
    within = all(edge < size for size, edge in zip(filters.shape[2:], padding, strict=True))
    return same and within and gradient.is_cuda and gradient.dtype == torch.float32 and torch.backends.cudnn.allow_tf32


def _geometry(layer: nn.Conv2d) -> tuple[Any, ...]:
    return layer.stride, layer.padding, layer.dilation, layer.groups


def _give(parameter: Tensor, gradient: Tensor) -> None:
    """Set a parameter's gradient, of its type and laid out as it is.

    Autograd would do it on the queue of the forward pass, and wait there for what runs beside.
    """
    if gradient.stride() != parameter.stride() or gradient.dtype != parameter.dtype:
        gradient = torch.empty_like(parameter).copy_(gradient)
    parameter.grad = gradient


class _Convolution(Function):
    """conv2d whose weight's gradient goes beside; where no other gradient follows, there is nothing to go beside."""

    @staticmethod
    def forward(
        ctx: Any,
        images: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        filters: Tensor,
        shift: Tensor | None,
        geometry: Any,
        side: Side,
    ) -> Tensor:
        ctx.save_for_backward(images, filters)
        ctx.weight, ctx.bias, ctx.geometry, ctx.side = weight, bias, geometry, side
        return torch.conv2d(images, filters, shift, *geometry)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        images, filters = ctx.saved_tensors
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        stride, padding, dilation, groups = ctx.geometry
        rest = images, filters, None, stride, padding, dilation, False, (0, 0), groups
        follows = ctx.needs_input_grad[0]
        with ctx.side.beside(gradient, images, filters) if follows else nullcontext():
            if ctx.weight.requires_grad:
                _give(ctx.weight, torch.ops.aten.convolution_backward(gradient, *rest, (False, True, False))[1])
            if ctx.bias is not None and ctx.bias.requires_grad:
                _give(ctx.bias, gradient.sum((0, 2, 3)))
        if not follows:
            return (None,) * 7
        if _as_forward(gradient, filters, *ctx.geometry):
            turned = filters.flip(2, 3).transpose(0, 1).contiguous(memory_format=torch.channels_last)
            around = [size - 1 - edge for size, edge in zip(filters.shape[2:], padding, strict=True)]
            return torch.conv2d(gradient, turned, None, 1, around), *(None,) * 6
        onward = torch.ops.aten.convolution_backward(gradient, *rest, (True, False, False))[0]
        return onward, *(None,) * 6


class _Product(Function):
    """A convolution of patches (N, K, H', W'), see `Fused.takes`, -> (N, F, H', W'): nothing is behind the images."""

    @staticmethod
    def forward(ctx: Any, patches: Tensor, weight: Tensor, bias: Tensor | None, matrix: Tensor) -> Tensor:
        count, columns, high, wide = patches.shape
        rows = patches.permute(0, 2, 3, 1).reshape(-1, columns)
        matrix[:, : weight[0].numel()].copy_(weight.permute(0, 2, 3, 1).flatten(1))
        ctx.save_for_backward(rows)
        ctx.weight, ctx.bias = weight, bias
        shape = count, len(weight), high, wide
        result = torch.empty(shape, dtype=patches.dtype, device=patches.device, memory_format=torch.channels_last)
        flat = result.permute(0, 2, 3, 1).view(len(rows), -1)
        if bias is None:
            torch.mm(rows, matrix.t(), out=flat)
        else:
            torch.addmm(bias.to(patches.dtype), rows, matrix.t(), out=flat)
        return result

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (rows,) = ctx.saved_tensors
        gradient = gradient.permute(0, 2, 3, 1).reshape(len(rows), -1)
        if ctx.weight.requires_grad:
            filters, channels, *size = ctx.weight.shape
            own = (gradient.t() @ rows)[:, : ctx.weight[0].numel()]
            _give(ctx.weight, own.unflatten(1, (*size, channels)).permute(0, 3, 1, 2))
        if ctx.bias is not None and ctx.bias.requires_grad:
            _give(ctx.bias, gradient.sum(0))
        return None, None, None, None


class _Dense(Function):
    """A dense layer, (N, in) -> (N, out), the gradients of whose weight and bias go beside.

    `matrix` and `shift` are what it computes with: weight and bias, or with more outputs, of zeros. Then `place` are
    zeros for a gradient of as many, and what is behind its own outputs stays zero.
    """

    @staticmethod
    def forward(
        ctx: Any,
        inputs: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        matrix: Tensor,
        shift: Tensor | None,
        place: Tensor | None,
        side: Side,
    ) -> Tensor:
        ctx.save_for_backward(inputs, matrix)
        ctx.weight, ctx.bias, ctx.place, ctx.side = weight, bias, place, side
        result = F.linear(inputs, matrix, shift)
        return result if place is None else result[:, : len(weight)]

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        inputs, matrix = ctx.saved_tensors
        outputs = gradient.shape[1]
        if ctx.place is not None:
            ctx.place[:, :outputs].copy_(gradient)
            gradient = ctx.place
        with ctx.side.beside(gradient, inputs):
            if ctx.weight.requires_grad:
                _give(ctx.weight, (gradient.t() @ inputs)[:outputs])
            if ctx.bias is not None and ctx.bias.requires_grad:
                _give(ctx.bias, gradient.sum(0)[:outputs])
        onward = gradient @ matrix if ctx.needs_input_grad[0] else None
        return onward, *(None,) * 6


class _Pool(Function):
    """A max pool of images + bias, with a ReLU behind it or not."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, bias: Tensor | None, pool: nn.MaxPool2d, relu: bool, side: Side) -> Tensor:
        images = images.contiguous(memory_format=torch.channels_last)
        pooled, chosen = kernels.pool(images, bias, relu=relu, ceil_mode=pool.ceil_mode, **_window(pool))
        ctx.save_for_backward(pooled if relu else None, chosen)
        ctx.shape, ctx.bias, ctx.pool, ctx.side = images.shape, bias, pool, side
        return pooled

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        pooled, chosen = ctx.saved_tensors
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        needed = ctx.bias is not None and ctx.bias.requires_grad
        images, parts = kernels.pool_backward(gradient, pooled, chosen, ctx.shape, bias=needed, **_window(ctx.pool))
        if parts is not None:
            with ctx.side.beside(parts):
                _give(ctx.bias, kernels.added(parts))
        return images, None, None, None, None


class _NormPool(Function):
    """Batch norm, max pool, and a ReLU behind it or not; the bias of the convolution before moves the mean alone."""

    @staticmethod
    def forward(
        ctx: Any,
        images: Tensor,
        weight: Tensor,
        bias: Tensor,
        shift: Tensor | None,
        norm: nn.BatchNorm2d,
        pool: nn.MaxPool2d,
        relu: bool,
    ) -> Tensor:
        images = images.contiguous(memory_format=torch.channels_last)
        running = norm.running_mean, norm.running_var, norm.num_batches_tracked
        mean, scale = kernels.statistics(images, shift, *running, momentum=norm.momentum, eps=norm.eps)  # type: ignore[arg-type]
        window = _window(pool) | {"relu": relu, "ceil_mode": pool.ceil_mode}
        pooled, chosen, peaks = kernels.norm_pool(images, mean, scale, weight, bias, **window)
        ctx.save_for_backward(images, mean, scale, pooled if relu else None, chosen, peaks)
        ctx.weight, ctx.bias, ctx.pool = weight, bias, pool
        return pooled

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        images, mean, scale, pooled, chosen, peaks = ctx.saved_tensors
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        onward, sums = kernels.norm_pool_backward(
            gradient, pooled, chosen, peaks, images, mean, scale, ctx.weight, **_window(ctx.pool)
        )
        for parameter, own in ((ctx.bias, sums[0]), (ctx.weight, sums[1])):
            if parameter.requires_grad:
                _give(parameter, own)
        return onward, None, None, None, None, None, None


def _window(pool: nn.MaxPool2d) -> dict[str, Any]:
    return {"kernel": _square(pool.kernel_size), "padding": _square(pool.padding)}
