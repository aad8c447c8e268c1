"""One picture file, any format and size, as an array of the data set's shape."""

import functools
import io
import struct
import zlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from cnncore.data.archives import UnreadableFileError
from cnncore.data.images import Shape

MAX_PIXELS = 64_000_000  # 192 MB once decoded; a telephone's largest photographs have 50 to 60 million
# Formats whose reading starts another program (Ghostscript) or the system's own drawing.
_LEFT_OUT = {"EPS", "WMF"}
# What Pillow's readers raise on damaged files, besides their own errors.
_DAMAGED = (OSError, ValueError, SyntaxError, IndexError, KeyError, TypeError, OverflowError, NotImplementedError,
            EOFError, AssertionError, RuntimeError, AttributeError, struct.error, zlib.error)  # fmt: skip


@functools.cache
def formats() -> tuple[str, ...]:
    """Return the picture formats that are read, by Pillow's names, in the order in which they are tried."""
    Image.init()
    common = ("JPEG", "PNG")
    return common + tuple(sorted(set(Image.OPEN) - _LEFT_OUT - set(common)))


@functools.cache
def endings() -> frozenset[str]:
    """Return the file name endings of those formats, small letters with the dot."""
    readable = set(formats())
    return frozenset(ending for ending, kind in Image.registered_extensions().items() if kind in readable)


def decode(content: bytes, shape: Shape) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """Return the picture as uint8 (C, H, W) and its own (height, width).

    A picture of another size is cut to the centred part of the wanted proportions, then resized (bicubic over the
    area, so that fine patterns do not alias); one of the right size keeps its pixels. Transparent parts are white,
    a telephone's note on which way is up is obeyed, C is 3 (RGB) or 1 (grey). Raises `UnreadableFileError`.
    """
    channels, height, width = shape
    try:
        with Image.open(io.BytesIO(content), formats=formats()) as picture:
            size = picture.height, picture.width
            if picture.height * picture.width > MAX_PIXELS:
                raise UnreadableFileError(f"{size[0] * size[1] / 1e6:.0f} million pixels, at most 64 are read")
            # A JPEG can be decoded at a fraction of its size, which is all that a thumbnail needs.
            picture.draft("RGB", (4 * width, 4 * height))
            plain = _plain(ImageOps.exif_transpose(picture), "RGB" if channels == 3 else "L")
            if plain.size != (width, height):
                plain = _centre(plain, width, height).resize((width, height), Image.Resampling.BICUBIC)
            array = np.array(plain, dtype=np.uint8).reshape(height, width, channels)
    except UnidentifiedImageError:
        raise UnreadableFileError("not a picture") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise UnreadableFileError("far too many pixels") from None
    except _DAMAGED as error:
        raise UnreadableFileError(str(error) or type(error).__name__) from error
    return np.ascontiguousarray(array.transpose(2, 0, 1)), size  # (H, W, C) -> (C, H, W)


def _centre(picture: Image.Image, width: int, height: int) -> Image.Image:
    """Return the largest centred part with the proportions of `width` to `height`."""
    wide = min(picture.width, max(1, round(picture.height * width / height)))
    tall = min(picture.height, max(1, round(picture.width * height / width)))
    left, top = (picture.width - wide) // 2, (picture.height - tall) // 2
    return picture.crop((left, top, left + wide, top + tall))


def _plain(picture: Image.Image, mode: str) -> Image.Image:
    """Return the picture in `mode`, "RGB" or "L"."""
    if picture.mode == "F":
        raise UnreadableFileError("its pixels are floating-point numbers of unknown range")
    if picture.mode.startswith("I"):  # 16 bits a pixel: Pillow would cut off at 255 instead of scaling
        values = np.asarray(picture).astype(np.int64)
        picture = Image.fromarray((np.clip(values, 0, 65535) >> 8).astype(np.uint8))
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return picture.convert(mode)
