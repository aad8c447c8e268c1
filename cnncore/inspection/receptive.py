"""What one unit responds to: the gradient of its value with respect to the image, on real images with real weights.

For the compute pool: importing this imports torch. Everything runs in eval() mode, so that an image's gradient
depends on no other image.
"""

from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cnncore.architecture import Network
from cnncore.architecture.build import build
from cnncore.data.transform import as_float
from cnncore.errors import InputError
from cnncore.inspection.subject import Look, Subject, check_cost
from cnncore.inspection.trained import Moment, Trained, trained


def look(
    subject: Subject, image: NDArray[np.uint8], layer: int, unit: tuple[int, int], channel: int | None = None
) -> Look:
    """Return what the `unit` (row, column) of layer number `layer` (from 0) responds to in a uint8 image (C, H, W).

    Without a `channel` it is the one with the largest value at this place. A dense layer is a map of 1 x 1. An
    `InputError` if there is no such unit, or if it would take too long.
    """
    model, inputs = _ready(subject, layer, image[None])
    output = _maps(model(inputs.requires_grad_()))  # (1, C, rows, columns)
    row, column = _place(output, unit)
    values = output[0, :, row, column]
    if channel is None:
        channel = int(values.argmax())
    if not 0 <= channel < len(values):
        raise InputError(f"`channel` (={channel}) must be from 0 to {len(values) - 1} in this layer: choose one.")
    values[channel].backward()  # type: ignore[no-untyped-call]  # torch's own
    heat = _heat(inputs)[0]
    return Look(channel, len(values), float(values[channel].detach()), output[0, channel].detach().numpy(), heat)


def average(
    subject: Subject, images: NDArray[np.uint8], layer: int, unit: tuple[int, int]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the mean map (rows, columns) and the mean heat (H, W) of a unit over uint8 `images` (N, C, H, W).

    The map is the mean absolute value over images and channels. For the heat the channels take turns, one for each
    image, so that the mean is about the layer and not about one filter. Images on which the unit is silent (its ReLU
    is 0, and so is the gradient) count with their zeros.
    """
    model, inputs = _ready(subject, layer, images)
    output = _maps(model(inputs.requires_grad_()))  # (N, C, rows, columns)
    row, column = _place(output, unit)
    turns = torch.arange(len(output)) * max(1, output.shape[1] // len(output)) % output.shape[1]
    output[torch.arange(len(output)), turns, row, column].sum().backward()  # type: ignore[no-untyped-call]  # torch's own
    return output.detach().abs().mean((0, 1)).numpy(), np.asarray(_heat(inputs).mean(0))


def _ready(subject: Subject, layer: int, images: NDArray[np.uint8]) -> tuple[nn.Sequential, Tensor]:
    """Return the layers up to `layer` in eval() mode, and what they receive of the images, (N, C, H', W')."""
    network = subject.until(layer)
    check_cost(network)
    if not subject.run_id:
        inputs = as_float(torch.from_numpy(np.array(images)))
        model = _fresh(network, subject.seed)
    else:
        found = trained(subject.run_id, Moment.LAST if subject.trained else Moment.BEFORE)
        inputs = found.inputs(images)
        model = _loaded(network, found)
    if tuple(inputs.shape[1:]) != network.input:
        raise InputError(
            f"`image` (={'x'.join(map(str, inputs.shape[1:]))}) must be {'x'.join(map(str, network.input))} for "
            f"{network.name}: choose an image of its data set."
        )
    return model, inputs


@lru_cache(maxsize=3)
def _fresh(network: Network, seed: int) -> nn.Sequential:
    torch.manual_seed(seed)
    return build(network).eval().requires_grad_(False)


def _loaded(network: Network, found: Trained) -> nn.Sequential:
    """Return the layers of `network` with the run's weights, which have the same names there."""
    model = build(network).eval().requires_grad_(False)
    weights = found.model.state_dict()
    wanted = model.state_dict()
    for name, value in wanted.items():
        if name not in weights or weights[name].shape != value.shape:
            raise InputError(
                f"`layer` (={name.rsplit('.', 1)[0]}) has no weights of this shape in the run: choose an earlier layer."
            )
    model.load_state_dict({name: weights[name] for name in wanted})
    return model


def _maps(output: Tensor) -> Tensor:
    return output if output.dim() == 4 else output[:, :, None, None]


def _place(output: Tensor, unit: tuple[int, int]) -> tuple[int, int]:
    rows, columns = output.shape[2:]
    if not (0 <= unit[0] < rows and 0 <= unit[1] < columns):
        raise InputError(f"`unit` (={unit}) must lie in the map of {rows}x{columns} cells: choose another.")
    return unit


def _heat(inputs: Tensor) -> NDArray[np.float32]:
    """Return the absolute gradients summed over channels: (N, C, H, W) -> (N, H, W)."""
    assert inputs.grad is not None
    return np.asarray(inputs.grad.abs().sum(1).numpy())
