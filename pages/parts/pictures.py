"""Small images as a page shows them: every pixel a square, a caption below, any number side by side.

The browser gets each image as the network does, pixel for pixel, and enlarges it with nearest neighbour: sharp on
every screen, a few kilobytes a picture, and "save image as" gives the true pixels.
"""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray
from PIL import Image


@dataclass(frozen=True, eq=False)  # comparing arrays gives an array, not a truth value
class Tile:
    """One picture of a row or grid: `image` uint8 (C, H, W), the `caption` below, `alt` for those who cannot see it.

    `frame` is a dashed window to draw over it: (top, left, height, width) in its pixels.
    """

    image: NDArray[np.uint8]
    caption: str = ""
    alt: str = ""
    frame: tuple[int, int, int, int] | None = None


def png(image: NDArray[np.uint8], scale: int = 1) -> bytes:
    """Return the uint8 image (1 or 3, H, W) as a PNG, each pixel a square of `scale` x `scale`."""
    pixels = image.repeat(scale, axis=1).repeat(scale, axis=2).transpose(1, 2, 0)  # (C, H, W) -> (H, W, C)
    file = io.BytesIO()
    Image.fromarray(pixels[..., 0] if image.shape[0] == 1 else np.ascontiguousarray(pixels)).save(file, "PNG")
    return file.getvalue()


def data_address(image: NDArray[np.uint8]) -> str:
    """Return the uint8 image (1 or 3, H, W) as an address that has the PNG in it."""
    return "data:image/png;base64," + base64.b64encode(png(image)).decode("ascii")


def _figure(tile: Tile, width: str) -> str:
    address = data_address(tile.image)
    _, height, across = tile.image.shape
    frame = ""
    if tile.frame is not None:
        top, left, tall, wide = tile.frame
        frame = (
            f'<span style="position:absolute;box-sizing:border-box;border:2px dashed #fff;outline:1px solid #0008;'
            f"top:{top / height:.4%};left:{left / across:.4%};height:{tall / height:.4%};width:{wide / across:.4%}"
            '"></span>'
        )
    caption = (
        f'<figcaption style="font-size:0.75rem;line-height:1.25;opacity:0.75;margin-top:0.2rem">'
        f"{escape(tile.caption)}</figcaption>"
        if tile.caption
        else ""
    )
    return (
        f'<figure style="margin:0;width:{width};max-width:100%"><div style="position:relative;line-height:0">'
        f'<img src="{address}" alt="{escape(tile.alt or tile.caption)}" '
        f'style="width:100%;image-rendering:pixelated">{frame}</div>{caption}</figure>'
    )


def grid(tiles: Sequence[Tile], width: int = 76, *, fill: bool = False) -> str:
    """Return HTML for `st.html`: the tiles in rows, as many a row as fit at `width` screen pixels or more each.

    A few that are to `fill` their place are enlarged where they would leave a part of the row empty.
    """
    spread = "auto-fit" if fill else "auto-fill"
    figures = "".join(_figure(tile, "100%") for tile in tiles)
    return (
        f'<div style="display:grid;grid-template-columns:repeat({spread},minmax({width}px,1fr));gap:0.5rem 0.6rem">'
        f"{figures}</div>"
    )


def row(tiles: Sequence[Tile], scale: float = 1, *, large: bool = False) -> str:
    """Return HTML for `st.html`: the tiles side by side, `scale` screen pixels for each of theirs.

    Where they may be `large`, more in a large window, see `pages.parts.header`.
    """
    widths = [f"{tile.image.shape[2] * scale:g}px" for tile in tiles]
    if large:
        widths = [f"calc({width} * var(--large, 1))" for width in widths]
    figures = "".join(_figure(tile, width) for tile, width in zip(tiles, widths, strict=True))
    return f'<div style="display:flex;flex-wrap:wrap;align-items:flex-end;gap:0.6rem">{figures}</div>'
