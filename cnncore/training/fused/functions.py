"""Layers whose backward passes are our own: torch.autograd's functions."""

from contextlib import nullcontext
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd import Function

from cnncore.training import kernels
from cnncore.training.fused.blocks import window_of
from cnncore.training.side import Inline, Side


class Loss(Function):
    """A loss () whose gradient with respect to the logits (N, classes) is known already: backward() passes that on.

    Instead of `logits.backward(gradient)`: where a gradient is given, autograd first imports sympy, which takes most of
    a second.
    """

    @staticmethod
    def forward(ctx: Any, _logits: Tensor, loss: Tensor, gradient: Tensor) -> Tensor:
        ctx.save_for_backward(gradient)
        return loss.view_as(loss)

    @staticmethod
    def backward(ctx: Any, _: Tensor) -> tuple[Tensor | None, ...]:
        return *ctx.saved_tensors, None, None


class Convolution(Function):
    """conv2d whose weight's gradient goes beside; where no other gradient follows, there is nothing to go beside.

    `filters` and `shift` are weight and bias as it computes with them, in the images' type.
    """

    @staticmethod
    def forward(
        ctx: Any,
        images: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        filters: Tensor,
        shift: Tensor | None,
        geometry: Any,
        side: Side | Inline,
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


class Product(Function):
    """A convolution of patches (N, K, H', W'), see `Fused.takes`, -> (N, F, H', W'): nothing is behind the images.

    `matrix` is a place for the filters, (F, K), with zeros for what is behind their own values.
    """

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
            _, channels, *size = ctx.weight.shape
            own = (gradient.t() @ rows)[:, : ctx.weight[0].numel()]
            _give(ctx.weight, own.unflatten(1, (*size, channels)).permute(0, 3, 1, 2))
        if ctx.bias is not None and ctx.bias.requires_grad:
            _give(ctx.bias, gradient.sum(0))
        return None, None, None, None


class Dense(Function):
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
        side: Side | Inline,
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


class Pool(Function):
    """A max pool of images + bias, with a ReLU behind it or not."""

    @staticmethod
    def forward(
        ctx: Any, images: Tensor, bias: Tensor | None, pool: nn.MaxPool2d, relu: bool, side: Side | Inline
    ) -> Tensor:
        images = images.contiguous(memory_format=torch.channels_last)
        pooled, chosen = kernels.pool(images, bias, relu=relu, ceil_mode=pool.ceil_mode, **window_of(pool))
        ctx.save_for_backward(pooled if relu else None, chosen)
        ctx.shape, ctx.bias, ctx.pool, ctx.side = images.shape, bias, pool, side
        return pooled

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        pooled, chosen = ctx.saved_tensors
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        needed = ctx.bias is not None and ctx.bias.requires_grad
        images, parts = kernels.pool_backward(gradient, pooled, chosen, ctx.shape, bias=needed, **window_of(ctx.pool))
        if parts is not None:
            with ctx.side.beside(parts):
                _give(ctx.bias, kernels.added(parts))
        return images, None, None, None, None


class NormPool(Function):
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
        settings: dict[str, Any] = {"momentum": norm.momentum, "eps": norm.eps}
        mean, scale = kernels.statistics(images, shift, *running, **settings)  # type: ignore[arg-type]  # not None here
        window = window_of(pool) | {"relu": relu, "ceil_mode": pool.ceil_mode}
        pooled, chosen, peaks = kernels.norm_pool(images, mean, scale, weight, bias, **window)
        ctx.save_for_backward(images, mean, scale, pooled if relu else None, chosen, peaks)
        ctx.weight, ctx.bias, ctx.pool = weight, bias, pool
        return pooled

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        images, mean, scale, pooled, chosen, peaks = ctx.saved_tensors
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        onward, sums = kernels.norm_pool_backward(
            gradient, pooled, chosen, peaks, images, mean, scale, ctx.weight, **window_of(ctx.pool)
        )
        for parameter, own in ((ctx.bias, sums[0]), (ctx.weight, sums[1])):
            if parameter.requires_grad:
                _give(parameter, own)
        return onward, None, None, None, None, None, None


def _give(parameter: Tensor, gradient: Tensor) -> None:
    """Set a parameter's gradient, of its type and laid out as it is.

    Autograd would do it on the queue of the forward pass, and wait there for what runs beside.
    """
    if gradient.stride() != parameter.stride() or gradient.dtype != parameter.dtype:
        gradient = torch.empty_like(parameter).copy_(gradient)
    parameter.grad = gradient


def _as_forward(gradient: Tensor, filters: Tensor, stride: Any, padding: Any, dilation: Any, groups: int) -> bool:
    """Return whether the gradient of the images is computed as a convolution with the filters turned around.

    It is the same sum. In TF32 cuDNN's choice for it is the faster one where there are as many channels as filters, and
    else as a rule the slower one (on an H200 39 microseconds against 55, and 65 against 37: `benchmarks.convolutions`).
    """
    same = filters.shape[0] == filters.shape[1] and groups == 1 and {*stride, *dilation} == {1}
    within = all(edge < size for size, edge in zip(filters.shape[2:], padding, strict=True))
    return same and within and gradient.is_cuda and gradient.dtype == torch.float32 and torch.backends.cudnn.allow_tf32
