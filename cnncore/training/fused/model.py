"""The module that computes block by block."""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from cnncore.training import kernels
from cnncore.training.fused.blocks import Block, Patches, blocks_of, geometry, patches_under, rounded, window_of
from cnncore.training.fused.functions import Convolution, Dense, NormPool, Pool, Product
from cnncore.training.side import Inline, Side


class Fused(nn.Sequential):
    """A sequence of modules that is trained block by block; `side` is where work may go beside the rest.

    It gives parameters their gradients itself, as a backward pass goes by: `backward` sets them, and
    torch.autograd.grad finds none.
    """

    side: Side | Inline

    def __init__(self, layers: "OrderedDict[str, nn.Module]", with_kernels: bool = True) -> None:
        super().__init__(layers)
        self.side = Inline()
        self.with_kernels = with_kernels
        self._blocks = list(blocks_of(list(layers.items()), with_kernels))
        self._places: dict[tuple[Any, ...], Tensor] = {}
        self._filled: set[str] = set()

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, classes); in training the images may be patches, see `takes`."""
        if not self.training and (torch.is_grad_enabled() or not self.with_kernels):
            result: Tensor = super().forward(images)  # type: ignore[no-untyped-call]  # torch's own
            return result
        if not self.training:
            for block in self._blocks:
                images = self._evaluated(block, images)
            return images
        self._filled.clear()
        like = torch.empty(0, dtype=kind_of(images), device=images.device)
        with self.side.beside(early=True):
            for block in self._blocks[1:]:
                self._weights(block, like)
        wait = self.side.mark()
        for block in self._blocks:
            images = self._forward(block, images)
            if block is self._blocks[0]:
                wait()
        return images

    def takes(self, images: Tensor) -> tuple[torch.dtype, "Patches | None"]:
        """Return of which type batches like `images` (N, C, H, W) are best, and of which patches, if of such at all.

        The type is that of the current autocast.
        """
        first = self._blocks[0]
        if not first.convolution:
            return images.dtype, None
        layer = self._module(first.convolution)
        return kind_of(images), patches_under(layer, images) if self.with_kernels else None

    def _module(self, name: str) -> Any:
        return self._modules[name]

    def _zeros(self, *shape: int, like: Tensor, use: str) -> Tensor:
        """Return zeros of the type and device of `like`, for this use always in the same place."""
        key = use, shape, like.dtype, like.device
        if key not in self._places:
            place = torch.zeros(shape, dtype=like.dtype, device=like.device)
            self._places[key] = place.contiguous(memory_format=torch.channels_last) if len(shape) == 4 else place
        return self._places[key]

    def _weights(self, block: Block, like: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """Return weight and bias of a convolution or dense layer as it computes with them: in the type of `like`.

        They are copied once in an update. The last dense layer has more outputs, of zeros, if its own are too odd a
        number.
        """
        if not (block.convolution or block.dense):
            return None, None
        layer = self._module(block.convolution or block.dense)
        last = block is self._blocks[-1]  # of a part of a result nothing may be changed in place: none is behind it
        rows = rounded(len(layer.weight)) if block.dense and last and self.with_kernels else len(layer.weight)
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

    def _forward(self, block: Block, images: Tensor) -> Tensor:
        if block.other or (block.dense and images.dim() != 2):
            result: Tensor = self._module(block.other or block.dense)(images)
            return result
        if block.dense:
            return self._dense(block, images.to(kind_of(images)))
        bias = None  # of the convolution, where the pool's kernel adds it
        if block.convolution:
            images = self._convolution(block, images.to(kind_of(images)))
            bias = self._module(block.convolution).bias if block.pool else None
        if block.norm:
            if bias is not None and bias.requires_grad:
                bias.grad = self._zeros(*bias.shape, like=bias, use=block.convolution)
            norm, pool = self._module(block.norm), self._module(block.pool)
            images = NormPool.apply(images, norm.weight, norm.bias, bias, norm, pool, block.relu)
        elif block.pool:
            images = Pool.apply(images, bias, self._module(block.pool), block.relu, self.side)
        return images

    def _convolution(self, block: Block, images: Tensor) -> Tensor:
        layer = self._module(block.convolution)
        added = None if block.pool else layer.bias
        if images.shape[1] == layer.in_channels:
            filters, shift = self._weights(block, images)
            result: Tensor = Convolution.apply(images, layer.weight, added, filters, shift, geometry(layer), self.side)
        else:
            matrix = self._zeros(layer.out_channels, images.shape[1], like=images, use=block.convolution)
            result = Product.apply(images, layer.weight, added, matrix)
        return result

    def _dense(self, block: Block, inputs: Tensor) -> Tensor:
        layer = self._module(block.dense)
        matrix, shift = self._weights(block, inputs)
        place = None
        if matrix is not None and len(matrix) != layer.out_features:
            place = self._zeros(len(inputs), len(matrix), like=inputs, use=block.dense)
        result: Tensor = Dense.apply(inputs, layer.weight, layer.bias, matrix, shift, place, self.side)
        return result

    def _evaluated(self, block: Block, images: Tensor) -> Tensor:
        if not block.pool:
            result: Tensor = self._module(block.convolution or block.dense or block.other)(images)
            return result
        bias = None
        if block.convolution:
            convolution = self._module(block.convolution)
            bias = convolution.bias
            images = torch.conv2d(images, convolution.weight, None, *geometry(convolution))
        images = images.contiguous(memory_format=torch.channels_last)
        pool = self._module(block.pool)
        window = window_of(pool) | {"relu": block.relu, "ceil_mode": pool.ceil_mode}
        if not block.norm:
            return kernels.pool(images, bias, **window)[0]
        norm = self._module(block.norm)
        mean = norm.running_mean if bias is None else norm.running_mean - bias
        scale = (norm.running_var + norm.eps).rsqrt()
        return kernels.norm_pool(images, mean, scale, norm.weight, norm.bias, **window)[0]


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


def kind_of(images: Tensor) -> torch.dtype:
    """Return the type in which a convolution or dense layer computes here: autocast's, else that of its input."""
    device = images.device.type
    return torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else images.dtype
