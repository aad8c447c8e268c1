"""One image through a network, layer by layer. For the compute pool: importing this imports torch."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cnncore.architecture import Dropout, Flatten, describe
from cnncore.data.transform import centre_window
from cnncore.errors import InputError
from cnncore.inspection.activations import LEVELS, Forward, LayerMaps
from cnncore.inspection.moment import Moment
from cnncore.inspection.subject import is_dense
from cnncore.inspection.trained import Trained, chosen
from cnncore.training.config import RunConfig

NO_FILTERS = (0, 0, 0, 0)


def forward(run_id: str | None, moment: Moment | int, config: RunConfig, image: NDArray[np.uint8]) -> Forward:
    """Return what each layer makes of a uint8 `image` (C, H, W) of the data's shape, and the classes' probabilities.

    See `cnncore.inspection.trained.chosen` for the network. An `InputError` if the image has another shape, or if
    training has left numbers that are not finite.
    """
    found = chosen(run_id, moment, config)
    pixels = seen_part(found, image)
    rows = describe(found.network).rows
    layers = []
    with torch.inference_mode():
        inputs = values = found.inputs(image[None])
        for number, (layer, module) in enumerate(zip(found.network.layers, found.model, strict=True)):
            values = module(values)
            if not isinstance(layer, (Flatten, Dropout)):
                # Before the next layer runs: a ReLU behind a convolution overwrites the convolution's values.
                row = rows[number]
                layers.append(_in_bytes(number, row.name, row.kind, is_dense(found.network, number), values[0]))
    if not torch.isfinite(values).all():
        raise InputError(
            f"`epoch` (={found.epoch}) has weights that give numbers which are not finite: choose an earlier one."
        )
    return Forward(
        found.network,
        found.epoch,
        found.data.classes,
        pixels.numpy(),
        inputs[0].numpy(),
        values[0].flatten().double().softmax(0).numpy(),
        tuple(layers),
        _filters(found.model),
    )


def check_image(found: Trained, image: NDArray[np.uint8]) -> None:
    """Raise an `InputError` unless `image` (C, H, W) has the shape of the network's data."""
    if image.shape != found.data.shape:
        shape, wanted = ("x".join(map(str, of)) for of in (image.shape, found.data.shape))
        raise InputError(f"`image` (={shape}) must be {wanted}, as the network's data are: choose one of those.")


def seen_part(found: Trained, image: NDArray[np.uint8]) -> Tensor:
    """Return the part (C, H', W') of a uint8 `image` that the network looks at; an `InputError` for another shape."""
    check_image(found, image)
    return centre_window(torch.from_numpy(np.array(image))[None], found.config.augment)[0].contiguous()


def _in_bytes(number: int, name: str, kind: str, dense: bool, values: Tensor) -> LayerMaps:
    """Return the output (C, H, W), or (C,) of a dense layer, in bytes."""
    maps = values.reshape(values.shape[0], *(values.shape[1:] or (1, 1))).float()
    flat = maps.flatten(1)  # (C, H*W)
    low, high = flat.amin(1), flat.amax(1)
    span = torch.where(high > low, high - low, 1)[:, None]
    levels = ((flat - low[:, None]) / span * LEVELS).round().nan_to_num(0).to(torch.uint8)
    peaks = np.stack(np.divmod(flat.argmax(1).numpy(), maps.shape[2]), axis=1)
    zeros = (flat == 0).float().mean(1)
    in_bytes = levels.view(maps.shape).numpy()
    return LayerMaps(number, name, kind, dense, in_bytes, low.numpy(), high.numpy(), zeros.numpy(), peaks)


def _filters(model: nn.Sequential) -> NDArray[np.float32]:
    first = model[0]
    if not isinstance(first, nn.Conv2d):
        return np.zeros(NO_FILTERS, np.float32)
    return first.weight.detach().numpy().astype(np.float32)
