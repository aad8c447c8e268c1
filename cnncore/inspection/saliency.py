"""Which pixels matter for a class: the gradient, SmoothGrad, and a patch that covers them. For the compute pool.

Importing this imports torch. All three speak of the pixels in [0, 1] of the part that the network looks at, through
the standardization: that is the image as it is shown, whatever the run standardizes with.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cnncore.architecture import describe
from cnncore.data.transform import as_float
from cnncore.errors import InputError
from cnncore.inspection.forward import seen_part
from cnncore.inspection.heats import COPIES, PATCH, SIGMA, Gradients, Occlusion
from cnncore.inspection.moment import Moment
from cnncore.inspection.trained import Trained, chosen
from cnncore.training.config import RunConfig

GREY = 128
_PART = 32  # images at a time
_PATIENCE = 5e9  # multiply-adds: about a second of one slow core


def gradients(
    run_id: str | None,
    moment: Moment | int,
    config: RunConfig,
    image: NDArray[np.uint8],
    label: int,
    sigma: float = SIGMA,
    copies: int = COPIES,
    seed: int = 0,
) -> Gradients:
    """Return the plain and the smoothed gradient of the score (before softmax) of the class number `label`.

    `image` is uint8 (C, H, W), `sigma` the noise's standard deviation as a share of the image's range of values. Fewer
    than `copies` are taken where the network is so large that they would take long; at least four.
    """
    if not 0 <= sigma <= 1:
        raise InputError(f"`sigma` (={sigma:g}) must be a share of the image's range, from 0 to 1: try {SIGMA:g}.")
    if not 1 <= copies <= 256:
        raise InputError(f"`copies` (={copies}) must be from 1 to 256: try {COPIES}.")
    found = chosen(run_id, moment, config)
    pixels = as_float(seen_part(found, image))[None]  # (1, C, H, W)
    _check_label(found, label)
    # Forward and backward: about three times a forward pass.
    copies = min(copies, max(4, int(_PATIENCE / (3 * max(1, describe(found.network).macs)))))
    spread = sigma * float(pixels.max() - pixels.min())
    noise = torch.randn(copies, *pixels.shape[1:], generator=torch.Generator().manual_seed(seed))
    plain = _gradient(found, pixels, label)
    parts = [_gradient(found, part, label).sum(0) for part in torch.split(pixels + spread * noise, _PART)]
    smooth = torch.stack(parts).sum(0) / copies  # (C, H, W)
    return Gradients(label, _heat(plain[0]), _heat(smooth), spread, copies)


def _gradient(found: Trained, pixels: Tensor, label: int) -> Tensor:
    """Return the gradient (N, C, H, W) of each image's own score."""
    pixels = pixels.clone().requires_grad_()
    scores = found.model(found.standardize(pixels)).flatten(1)[:, label]
    return torch.autograd.grad(scores.sum(), pixels)[0]


def _heat(gradient: Tensor) -> NDArray[np.float32]:
    """(C, H, W) -> (H, W)."""
    return np.asarray(gradient.abs().amax(0).numpy())


def occlusion(
    run_id: str | None,
    moment: Moment | int,
    config: RunConfig,
    image: NDArray[np.uint8],
    label: int,
    patch: int = PATCH,
) -> Occlusion:
    """Return what a grey square of `patch` pixels does to the probability of the class number `label`.

    It is slid over `image`, uint8 (C, H, W), by one pixel, or by more where the network is so large that it would take
    long. What is covered gets the byte 128, before standardization.
    """
    found = chosen(run_id, moment, config)
    pixels = seen_part(found, image)  # (C, H, W)
    _check_label(found, label)
    height, width = pixels.shape[1:]
    if not 1 <= patch <= min(height, width):
        raise InputError(f"`patch` (={patch}) must be from 1 to {min(height, width)} pixels: choose one of these.")
    stride = _stride(found, height, width, patch)
    corners = [(top, left) for top in _places(height, patch, stride) for left in _places(width, patch, stride)]
    chances = torch.cat([_covered(found, pixels, corners[at : at + _PART], patch, label) for at in
                         range(0, len(corners), _PART)])  # fmt: skip
    with torch.inference_mode():
        chance = float(_chances(found, pixels[None])[0, label])
    total, count = np.zeros((height, width)), np.zeros((height, width))
    for (top, left), with_patch in zip(corners, chances.tolist(), strict=True):
        window = np.s_[top : top + patch, left : left + patch]
        total[window] += chance - with_patch
        count[window] += 1
    least = int(chances.argmin())
    drop = (total / count).astype(np.float32)
    return Occlusion(label, drop, patch, stride, len(corners), chance, float(chances[least]), corners[least])


def _stride(found: Trained, height: int, width: int, patch: int) -> int:
    """Return by how many pixels the patch moves: a quick answer from few places, yet every pixel is covered."""
    macs = max(1, describe(found.network).macs)
    for stride in range(1, patch):
        places = len(_places(height, patch, stride)) * len(_places(width, patch, stride))
        if places * macs <= _PATIENCE:
            return stride
    return patch


def _places(size: int, patch: int, stride: int) -> list[int]:
    """Return where the patch begins along one axis; the last place touches the end."""
    return sorted({*range(0, size - patch + 1, stride), size - patch})


def _covered(found: Trained, pixels: Tensor, corners: list[tuple[int, int]], patch: int, label: int) -> Tensor:
    """Return the probability of the class with the patch at each of `corners`: (len(corners),)."""
    images = pixels.repeat(len(corners), 1, 1, 1)
    for image, (top, left) in zip(images, corners, strict=True):
        image[:, top : top + patch, left : left + patch] = GREY
    with torch.inference_mode():
        return _chances(found, images)[:, label]


def _chances(found: Trained, images: Tensor) -> Tensor:
    """Return the probabilities (N, classes) of uint8 images that are cut to the network's size already."""
    scores: Tensor = found.model(found.standardize(as_float(images))).flatten(1)
    return scores.double().softmax(1)


def _check_label(found: Trained, label: int) -> None:
    if not 0 <= label < len(found.data.classes):
        raise InputError(f"`label` (={label}) must be from 0 to {len(found.data.classes) - 1}: choose a class.")
