"""From a description to a PyTorch module. For the compute pool and training: importing this imports torch."""

from collections import OrderedDict

import torch
from torch import Tensor, nn

from cnncore.architecture.counting import cost
from cnncore.architecture.layers import (
    AdaptiveAvgPool2d,
    AvgPool2d,
    BatchNorm2d,
    Branches,
    Conv2d,
    ConvTranspose2d,
    Dropout,
    Flatten,
    Layer,
    LeakyReLU,
    Linear,
    MaxPool2d,
    ReLU,
    Residual,
    layer_name,
)
from cnncore.architecture.network import Network
from cnncore.architecture.sizes import Shape

# The outputs of these are new tensors that their own backward pass does not need: a ReLU after them may work in place.
# Elsewhere it could overwrite what another path of a block, or the gradient of a tanh, still reads.
_FRESH = (Conv2d, ConvTranspose2d, Linear, BatchNorm2d, Residual, Branches)
_EMPTY = nn.Sequential()


def build(network: Network) -> nn.Sequential:
    """Return the module: float images (N, C, H, W) -> logits (N, classes), with PyTorch's default initialisation.

    Weights are drawn layer by layer from torch's generator; batch norm and dropout draw nothing, so with one seed
    the same convolutions and dense layers begin with the same weights whether or not these stand between them.
    """
    return _sequence(network.layers, network.input)


def build_layer(layer: Layer, shape: Shape) -> nn.Module:
    """Return the module of one layer whose input is (N, C, H, W), or (N, C) after a flatten, of `shape` (C, H, W)."""
    channels = shape[0]
    match layer:
        case Conv2d():
            return nn.Conv2d(
                channels,
                layer.filters,
                layer.kernel,
                layer.stride,
                layer.padding,
                layer.dilation,
                layer.groups,
                layer.bias,
                layer.padding_mode,
            )
        case ConvTranspose2d():
            return nn.ConvTranspose2d(
                channels,
                layer.filters,
                layer.kernel,
                layer.stride,
                layer.padding,
                layer.output_padding,
                layer.groups,
                layer.bias,
                layer.dilation,
            )
        case MaxPool2d():
            return nn.MaxPool2d(layer.kernel, layer.stride, layer.padding, layer.dilation, ceil_mode=layer.ceil_mode)
        case AvgPool2d():
            return nn.AvgPool2d(layer.kernel, layer.stride, layer.padding, ceil_mode=layer.ceil_mode)
        case AdaptiveAvgPool2d():
            return nn.AdaptiveAvgPool2d(layer.size)
        case Linear():
            return nn.Linear(channels, layer.features, layer.bias)
        case BatchNorm2d():
            return nn.BatchNorm2d(channels, layer.eps)
        case Dropout():
            return nn.Dropout(layer.p)
        case Flatten():
            return nn.Flatten()
        case Residual():
            return _Residual(_sequence(layer.body, shape), _sequence(layer.shortcut, shape))
        case Branches():
            return _Branches(_sequence(path, shape) for path in layer.paths)
        case LeakyReLU():
            return nn.LeakyReLU(layer.slope)
        case _:  # activations have PyTorch's names
            module: nn.Module = getattr(nn, type(layer).__name__)()
            return module


class _Residual(nn.Module):
    """The sum of two paths."""

    def __init__(self, body: nn.Sequential, shortcut: nn.Sequential) -> None:
        super().__init__()
        self.body = body
        self.shortcut = shortcut

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C', H', W')."""
        return self.body(images) + self.shortcut(images)  # type: ignore[no-any-return]  # nn.Module calls are untyped


class _Branches(nn.ModuleList):
    """The outputs of several paths, one after the other along the channels."""

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C1 + C2 + ..., H', W')."""
        return torch.cat([path(images) for path in self], 1)


def _sequence(layers: tuple[Layer, ...], shape: Shape) -> nn.Sequential:
    modules: OrderedDict[str, nn.Module] = OrderedDict()
    for number, layer in enumerate(layers, start=1):
        name = layer_name(layer, number).replace(".", "-")
        while name in modules or hasattr(_EMPTY, name):  # a layer may be called `forward`: never hide a method
            name = f"{name}-{number}"
        owned = number > 1 and isinstance(layers[number - 2], _FRESH)
        modules[name] = nn.ReLU(inplace=True) if owned and isinstance(layer, ReLU) else build_layer(layer, shape)
        shape = cost(layer, shape).output
    return nn.Sequential(modules)
