"""A trained classifier as convolutions alone (Q5), run on a larger picture in one pass (Q6). For the compute pool."""

import time
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from cnncore.architecture import AvgPool2d, Conv2d, MaxPool2d, Network, describe
from cnncore.architecture.build import build
from cnncore.architecture.counting import path_costs
from cnncore.architecture.layers import Layer
from cnncore.architecture.network import all_layers, fully_convolutional
from cnncore.data.standardize import Standardize
from cnncore.data.transform import as_float
from cnncore.errors import InputError
from cnncore.inspection.collage import ClassMap, collage
from cnncore.inspection.trained import Moment, Trained, trained

_BATCH = 64  # windows at a time


def as_convolutions(network: Network, model: nn.Sequential) -> tuple[Network, nn.Sequential]:
    """Return description and module of the same function without dense layers, with the weights of `model`.

    A dense layer's weights (n_out, C*H*W) become n_out filters (n_out, C, H, W), the bias stays as it is: the numbers
    are the same, in the same order. The module takes (N, C, S, S') of every size from the network's own.
    """
    shapes = [network.input, *(step.output for step in path_costs(network.layers[:-1], network.input))]
    described = fully_convolutional(network, shapes)
    result = build(described).eval().requires_grad_(False)
    # Names may differ, since flattens are dropped and unnamed layers numbered; the order is the same.
    given, wanted = model.state_dict(), result.state_dict()
    pairs = zip(given.values(), wanted.items(), strict=True)
    result.load_state_dict({name: value.reshape(target.shape) for value, (name, target) in pairs})
    return described, result


def class_map(run_id: str, side: int = 128, seed: int = 0, after: bool = True) -> ClassMap:
    """Return the classes that a stored run's network finds in a collage of its data set's test images.

    The collage is standardized as a whole, with the run's own constants, and both the one pass and the single windows
    get these values. An `InputError` if the network or its standardization is made for one size only.
    """
    found = trained(run_id, Moment.LAST if after else Moment.BEFORE)
    image, pieces = collage(found.data, side, seed)
    inputs = _standardize(found)(as_float(torch.from_numpy(image))[None])  # (1, C, S, S)
    network, model = as_convolutions(found.network, found.model)
    fields = describe(network).rows[-1].fields
    if fields is None:
        raise InputError(
            f"`network` (={network.name}) has a transposed convolution or an uneven pool, so its cells have no window: "
            "choose another run."
        )
    jump, window = (fields[0].jump, fields[1].jump), found.network.input[1:]
    with torch.no_grad():
        start = time.perf_counter()
        chances = model(inputs)[0].softmax(0).permute(1, 2, 0)  # (rows, columns, classes)
        passed = time.perf_counter()
        windows = _windows(found.model, inputs, window, jump, (chances.shape[0], chances.shape[1]))
        ended = time.perf_counter()
    return ClassMap(
        found.data.classes,
        image,
        pieces,
        np.ascontiguousarray(chances.numpy()),
        windows.numpy(),
        window,
        jump,
        (fields[0].start, fields[1].start),
        any(_pads(layer) for layer in all_layers(network.layers)),
        (passed - start, ended - passed),
    )


def _pads(layer: Layer) -> bool:
    """Return whether a layer may read beyond the border, which a window cut out has and the whole picture has not."""
    if isinstance(layer, (MaxPool2d, AvgPool2d)):
        return layer.padding != (0, 0) or layer.ceil_mode
    return isinstance(layer, Conv2d) and layer.padding != (0, 0)


def _standardize(found: Trained) -> Standardize:
    """Return the run's standardization for pictures of another size: a mean image is replaced by its mean colour."""
    fitted = found.standardize
    if fitted.whitening is not None:
        raise InputError(
            f"`standardize` (={found.config.standardize}) whitens images of one size only: choose a run with another "
            "standardization."
        )
    mean = fitted.mean if fitted.mean is None else fitted.mean.mean((2, 3), keepdim=True)
    return replace(fitted, mean=mean)


def _windows(
    model: nn.Sequential, inputs: Tensor, size: tuple[int, int], jump: tuple[int, int], cells: tuple[int, int]
) -> Tensor:
    """Return what the classifier says of each window cut out: (rows, columns, classes)."""
    rows, columns = cells
    cuts = inputs[0].unfold(1, size[0], jump[0]).unfold(2, size[1], jump[1])[:, :rows, :columns]
    cuts = cuts.permute(1, 2, 0, 3, 4).reshape(-1, len(inputs[0]), *size)  # (rows * columns, C, H, W)
    chances = torch.cat([model(part).softmax(1) for part in torch.split(cuts, _BATCH)])
    return chances.view(rows, columns, -1)
