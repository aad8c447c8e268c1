"""Arrays as pictures inside of a page: PNG in a data address, one pixel a value; the browser enlarges them."""

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def tinted(strength: NDArray[np.float64], colour: str) -> str:
    """Return (H, W) values from 0 to 1 as a picture in one colour, clear where they are 0."""
    pixels = np.empty((*strength.shape, 4), dtype=np.uint8)
    pixels[..., :3] = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    pixels[..., 3] = np.rint(255 * strength)
    return _address(Image.fromarray(pixels))


def photo(image: NDArray[np.uint8]) -> str:
    """Return the uint8 image (1 or 3, H, W), pixel for pixel."""
    pixels = np.ascontiguousarray(image.transpose(1, 2, 0))  # (C, H, W) -> (H, W, C)
    return _address(Image.fromarray(pixels[..., 0] if len(image) == 1 else pixels[..., :3]))


def _address(picture: Image.Image) -> str:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode("ascii")
