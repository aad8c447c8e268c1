"""The operations of the policies on a batch: each image its own magnitude, those of one operation together.

torchvision's transforms give a whole batch one operation and one magnitude. Here the images that drew the same
operation are gathered, changed in one go, each by its own magnitude, and put back; the pixels are torchvision's.
Bytes in, bytes out: uint8 (N, C, H, W).
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor

from cnncore.data.policies import OPERATIONS, AutoAugment, RandAugment, TrivialAugment

Operation: TypeAlias = Callable[[Tensor, Tensor], Tensor]  # images uint8 (N, C, H, W), magnitudes (N,)


def chain(
    images: Tensor,
    augmentation: AutoAugment | RandAugment | TrivialAugment,  # noqa: ARG001 one signature for all
    draws: dict[str, Tensor],
) -> Tensor:
    """Return each image after its drawn operations, one after the other."""
    number = 1
    while f"operation{number}" in draws:
        operation, magnitude = draws[f"operation{number}"], draws[f"magnitude{number}"]
        result = images.clone()
        for code in sorted({int(drawn) for drawn in operation.tolist()}):
            rows = (operation == code).nonzero()[:, 0]
            result[rows] = APPLY[OPERATIONS[code]](images[rows], magnitude[rows])
        images = result
        number += 1
    return images


def _vision() -> Any:
    # Importing it takes as long as torch, and 160 MB more: only policies need it, and most processes never do.
    from torchvision.transforms.v2 import functional

    return functional


def _identity(images: Tensor, magnitude: Tensor) -> Tensor:  # noqa: ARG001 one signature for all
    return images


def moved(images: Tensor, matrix: list[Tensor | float]) -> Tensor:
    """Return the images under affine maps, nearest neighbour, black outside.

    `matrix` lists six numbers, or (N,) each, that map a place in the result, in pixels from the centre, to the place in
    the image whose pixel it gets: x' = m0 x + m1 y + m2, y' = m3 x + m4 y + m5.
    """
    count, _, height, width = images.shape
    y = torch.arange(height, device=images.device)[:, None] + (1 - height) * 0.5  # (H, 1)
    x = torch.arange(width, device=images.device) + (1 - width) * 0.5  # (W,)
    m = [torch.as_tensor(entry, device=images.device).expand(count)[:, None, None] for entry in matrix]  # (N, 1, 1)
    from_x, from_y = m[0] * x + m[1] * y + m[2], m[3] * x + m[4] * y + m[5]  # (N, H, W)
    grid = torch.stack([from_x / (0.5 * width), from_y / (0.5 * height)], dim=3)
    return F.grid_sample(images.float(), grid, mode="nearest", padding_mode="zeros", align_corners=False).byte()


def _shear_x(images: Tensor, magnitude: Tensor) -> Tensor:
    return moved(images, [1.0, magnitude, magnitude * (0.5 * images.shape[2]), 0.0, 1.0, 0.0])  # the top row stays


def _shear_y(images: Tensor, magnitude: Tensor) -> Tensor:
    return moved(images, [1.0, 0.0, 0.0, magnitude, 1.0, magnitude * (0.5 * images.shape[3])])  # the left column stays


def _translate_x(images: Tensor, magnitude: Tensor) -> Tensor:
    return moved(images, [1.0, 0.0, -magnitude, 0.0, 1.0, 0.0])


def _translate_y(images: Tensor, magnitude: Tensor) -> Tensor:
    return moved(images, [1.0, 0.0, 0.0, 0.0, 1.0, -magnitude])


def _rotate(images: Tensor, magnitude: Tensor) -> Tensor:
    angle = magnitude.deg2rad()  # counter-clockwise
    return moved(images, [angle.cos(), -angle.sin(), 0.0, angle.sin(), angle.cos(), 0.0])


def _blend(images: Tensor, other: Tensor | float, magnitude: Tensor) -> Tensor:
    """Return factor * image + (1 - factor) * other with the factor 1 + magnitude, cut to bytes."""
    factor = (1 + magnitude)[:, None, None, None]
    return (images * factor + other * (1 - factor)).clamp(0, 255).byte()


def _grey(images: Tensor) -> Tensor:
    """Return the brightness in whole grey levels, float (N, 1, H, W)."""
    return images.float() if images.shape[1] == 1 else _vision().rgb_to_grayscale(images.float()).floor()


def _brightness(images: Tensor, magnitude: Tensor) -> Tensor:
    return _blend(images, 0.0, magnitude)


def _color(images: Tensor, magnitude: Tensor) -> Tensor:
    return images if images.shape[1] == 1 else _blend(images, _grey(images), magnitude)


def _contrast(images: Tensor, magnitude: Tensor) -> Tensor:
    return _blend(images, _grey(images).mean(dim=(1, 2, 3), keepdim=True), magnitude)


def _sharpness(images: Tensor, magnitude: Tensor) -> Tensor:
    channels = images.shape[1]
    kernel = torch.full((channels, 1, 3, 3), 1 / 13, device=images.device)
    kernel[:, :, 1, 1] = 5 / 13
    smooth = images.float()  # the border stays as it is
    smooth[:, :, 1:-1, 1:-1] = F.conv2d(smooth, kernel, groups=channels).round()
    # Written as a step away from `smooth`, so that where nothing is smoothed nothing is rounded down either.
    return (images + magnitude[:, None, None, None] * (images - smooth)).clamp(0, 255).byte()


def _posterize(images: Tensor, magnitude: Tensor) -> Tensor:
    step = torch.exp2(8 - magnitude).int()[:, None, None, None]  # only the highest bits are kept
    return (images - images % step).byte()


def _solarize(images: Tensor, magnitude: Tensor) -> Tensor:
    return torch.where(images >= 255 * magnitude[:, None, None, None], 255 - images, images)


def _autocontrast(images: Tensor, magnitude: Tensor) -> Tensor:  # noqa: ARG001 one signature for all
    result: Tensor = _vision().autocontrast(images)
    return result


def _equalize(images: Tensor, magnitude: Tensor) -> Tensor:  # noqa: ARG001 one signature for all
    result: Tensor = _vision().equalize(images)
    return result


def _invert(images: Tensor, magnitude: Tensor) -> Tensor:  # noqa: ARG001 one signature for all
    return 255 - images


APPLY: dict[str, Operation] = {
    "Identity": _identity,
    "ShearX": _shear_x,
    "ShearY": _shear_y,
    "TranslateX": _translate_x,
    "TranslateY": _translate_y,
    "Rotate": _rotate,
    "Brightness": _brightness,
    "Color": _color,
    "Contrast": _contrast,
    "Sharpness": _sharpness,
    "Posterize": _posterize,
    "Solarize": _solarize,
    "AutoContrast": _autocontrast,
    "Equalize": _equalize,
    "Invert": _invert,
}
