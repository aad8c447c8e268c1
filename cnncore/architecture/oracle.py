"""What PyTorch itself says of a layer: the third opinion beside the formula and the count. For the compute pool."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore.architecture.layers import AvgPool2d, Conv2d, ConvTranspose2d, MaxPool2d
from cnncore.architecture.sizes import Shape


@dataclass(frozen=True, eq=False)  # comparing arrays gives an array, not a truth value
class Opinion:
    """What the real module has and gives: its output's shape, its parameters, and `values` (H', W') of one channel."""

    output: Shape
    weights: int
    biases: int
    values: NDArray[np.float64]


def ask(
    layer: Conv2d | ConvTranspose2d | MaxPool2d | AvgPool2d,
    shape: Shape,
    image: list[list[int]],
    weights: list[list[int]],
) -> Opinion:
    """Return PyTorch's opinion of `layer` on (C, H, W), and what one filter of `weights` makes of `image` (H, W).

    The whole layer runs on PyTorch's meta device: shapes and parameters without any arithmetic.
    """
    import torch

    from cnncore.architecture.build import build_layer

    with torch.device("meta"):
        module = build_layer(layer, shape)
        output = module(torch.empty(1, *shape)).shape[1:]
    counts: dict[str, int] = {name: value.numel() for name, value in module.named_parameters()}
    alone = replace(layer, filters=1, groups=1) if isinstance(layer, (Conv2d, ConvTranspose2d)) else layer
    one: Any = build_layer(alone, (1, *shape[1:])).double()
    with torch.no_grad():
        if isinstance(layer, (Conv2d, ConvTranspose2d)):
            one.weight.copy_(torch.tensor(weights)[None, None])
            if layer.bias:
                one.bias.zero_()
        values = one(torch.tensor(image, dtype=torch.float64)[None, None])[0, 0]  # (H', W')
    return Opinion(tuple(output), counts.get("weight", 0), counts.get("bias", 0), values.numpy())
