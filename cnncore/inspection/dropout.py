"""Dropout in a real network: what its last hidden layer puts out for an image, and predictions with masks.

For the compute pool: importing this imports torch.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cnncore.architecture.layers import check_drop
from cnncore.errors import InputError
from cnncore.inspection.forward import check_image
from cnncore.inspection.masks import Hidden
from cnncore.inspection.trained import Trained, chosen
from cnncore.training.config import RunConfig

PASSES = 20


def hidden(run_id: str | None, moment: str, config: RunConfig, image: NDArray[np.uint8]) -> Hidden:
    """Return the last hidden layer for `image` (C, H, W); see `cnncore.inspection.trained.chosen` for the network."""
    found = chosen(run_id, moment, config)
    body, head, name = _parted(found)
    with torch.inference_mode():
        activations = body(_input(found, image))[0].double().numpy()
    weights, bias = head.weight.detach().double().numpy(), head.bias
    biases = np.zeros(len(weights)) if bias is None else bias.detach().double().numpy()
    return Hidden(activations, weights, biases, name, found.data.classes, found.epoch)


def passes(
    run_id: str | None,
    moment: str,
    config: RunConfig,
    image: NDArray[np.uint8],
    p: float,
    training: bool,
    seed: int = 0,
    count: int = PASSES,
) -> NDArray[np.float64]:
    """Return the probabilities (count, classes) of `count` forward passes of one image, dropout `p` before the head.

    With `training` the dropout is in train() mode, else in eval(). Every other layer stays in eval(), so that what
    moves is dropout's doing; the network's own dropout before its head, if any, is replaced by this one.
    """
    check_drop(p)
    found = chosen(run_id, moment, config)
    body, head, _ = _parted(found)
    network = nn.Sequential(body, nn.Dropout(p), head).eval()
    network[1].train(training)
    inputs = _input(found, image)
    with torch.random.fork_rng(devices=[]), torch.inference_mode():
        torch.manual_seed(seed)
        outputs = [network(inputs)[0].softmax(0) for _ in range(count)]
    return torch.stack(outputs).double().numpy()


def _parted(found: Trained) -> tuple[nn.Sequential, nn.Linear, str]:
    """Return the network up to its last dense layer, without a dropout right before it, that layer and its name."""
    layers = list(found.model.named_children())
    name, head = layers[-1]
    if not isinstance(head, nn.Linear):
        raise InputError(f"`network` (={found.network.name}) does not end with a dense layer: choose another run.")
    modules = [module for _, module in layers[:-1]]
    while modules and isinstance(modules[-1], nn.Dropout):
        modules.pop()
    return nn.Sequential(*modules), head, name


def _input(found: Trained, image: NDArray[np.uint8]) -> Tensor:
    check_image(found, image)
    return found.inputs(image[None])
