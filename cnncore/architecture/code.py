"""The same network as PyTorch code that runs by itself."""

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
    Residual,
)
from cnncore.architecture.network import Network, all_layers
from cnncore.architecture.sizes import Pair, Shape

_SUM = '''

class Residual(nn.Module):
    """The sum of two paths."""

    def __init__(self, body, shortcut):
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, x):
        return self.body(x) + self.shortcut(x)
'''


_CONCATENATION = '''

class Branches(nn.ModuleList):
    """The outputs of several paths, one after the other along the channels."""

    def forward(self, x):
        return torch.cat([path(x) for path in self], 1)
'''


def network_code(network: Network) -> str:
    """Return a script that builds the network as `model`, with the shape after each layer as a comment."""
    kinds = {layer.kind for layer in all_layers(network.layers)}
    classes = [text for kind, text in (("residual", _SUM), ("branches", _CONCATENATION)) if kind in kinds]
    lines = ["import torch", "from torch import nn", *(classes or [""]), "model = nn.Sequential("]
    shape = network.input
    for layer in network.layers:
        text = layer_code(layer, shape)
        shape = cost(layer, shape).output
        size = str(shape[0]) if shape[1:] == (1, 1) else "x".join(map(str, shape))
        lines.append(f"    {text},  # {size}")
    channels, height, width = network.input
    flat = any(isinstance(layer, Flatten) for layer in network.layers)
    result = (2, shape[0]) if flat else (2, *shape)
    lines += [")", f"assert model(torch.zeros(2, {channels}, {height}, {width})).shape == {result}", ""]
    return "\n".join(lines)


def layer_code(layer: Layer, shape: Shape) -> str:
    """Return the PyTorch expression of one layer on an input of `shape` (C, H, W); defaults are left out.

    >>> layer_code(Conv2d(32, 5, padding=2), (3, 32, 32))
    'nn.Conv2d(3, 32, 5, padding=2)'
    """
    match layer:
        case Conv2d() | ConvTranspose2d():
            kind = "Conv2d" if isinstance(layer, Conv2d) else "ConvTranspose2d"
            extra = [("output_padding", layer.output_padding)] if isinstance(layer, ConvTranspose2d) else []
            options = _options(
                ("stride", layer.stride), ("padding", layer.padding), *extra, ("dilation", layer.dilation)
            )
            options += f", groups={layer.groups}" if layer.groups > 1 else ""
            options += "" if layer.bias else ", bias=False"
            if isinstance(layer, Conv2d) and layer.padding_mode != "zeros":
                options += f', padding_mode="{layer.padding_mode}"'
            return f"nn.{kind}({shape[0]}, {layer.filters}, {_short(layer.kernel)}{options})"
        case MaxPool2d() | AvgPool2d():
            kind = "MaxPool2d" if isinstance(layer, MaxPool2d) else "AvgPool2d"
            stride = "" if layer.stride == layer.kernel else f", stride={_short(layer.stride)}"
            options = _options(("padding", layer.padding), ("dilation", layer.dilation))
            return f"nn.{kind}({_short(layer.kernel)}{stride}{options}{', ceil_mode=True' if layer.ceil_mode else ''})"
        case AdaptiveAvgPool2d():
            return f"nn.AdaptiveAvgPool2d({_short(layer.size)})"
        case Linear():
            return f"nn.Linear({shape[0]}, {layer.features}{'' if layer.bias else ', bias=False'})"
        case BatchNorm2d():
            return f"nn.BatchNorm2d({shape[0]}{'' if layer.eps == BatchNorm2d.eps else f', eps={layer.eps}'})"
        case Dropout():
            return f"nn.Dropout({layer.p})"
        case Flatten():
            return "nn.Flatten()"
        case Residual():
            return f"Residual({_path(layer.body, shape)}, {_path(layer.shortcut, shape)})"
        case Branches():
            return f"Branches([{', '.join(_path(path, shape) for path in layer.paths)}])"
        case LeakyReLU():
            return f"nn.LeakyReLU({layer.slope})"
        case _:  # activations have PyTorch's names
            return f"nn.{type(layer).__name__}()"


def _path(layers: tuple[Layer, ...], shape: Shape) -> str:
    parts = []
    for layer in layers:
        parts.append(layer_code(layer, shape))
        shape = cost(layer, shape).output
    return f"nn.Sequential({', '.join(parts)})"


def _short(pair: Pair) -> str:
    return str(pair[0]) if pair[0] == pair[1] else str(pair)


def _options(*options: tuple[str, Pair]) -> str:
    defaults = {"stride": (1, 1), "padding": (0, 0), "output_padding": (0, 0), "dilation": (1, 1)}
    return "".join(f", {name}={_short(value)}" for name, value in options if value != defaults[name])
