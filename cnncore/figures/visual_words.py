"""A bag of visual words drawn: patches on an image, one descriptor, words, a histogram, the image as its words.

Colours: the window over the input is the input's blue; what k-means learned is orange, as kernels are; what the SVM
learned is light blue.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cnncore.baselines.config import CELLS, ORIENTATIONS, BagOfWordsConfig, Descriptor
from cnncore.baselines.descriptors import grid
from cnncore.baselines.outcome import Dictionary
from cnncore.figures.curves import Chart
from cnncore.figures.palette import GUESS, INPUT, KERNEL, SKY

DICTIONARY, CLASSIFIER = KERNEL, SKY
SIDE = 232  # pixels of a drawing, either way


def patch_grid(address: str, shape: tuple[int, int, int], config: BagOfWordsConfig, chosen: int) -> str:
    """Return SVG: the image at `address` (a data URL) with the centre of every patch, and the `chosen` one framed."""
    _, height, width = shape
    corners = grid(config, shape)
    half = config.patch / 2
    dots = "".join(
        f'<circle cx="{left + half:g}" cy="{top + half:g}" r="{width / 110:.2f}"/>' for top, left in corners.tolist()
    )
    top, left = corners[chosen].tolist()
    frame = f'<rect x="{left}" y="{top}" width="{config.patch}" height="{config.patch}" fill="none"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{SIDE:g}" '
        f'height="{SIDE * height / width:g}">'
        f'<image href="{address}" width="{width}" height="{height}" style="image-rendering:pixelated"/>'
        f'<g fill="#fff" stroke="#000" stroke-width="{width / 500:.2f}">{dots}</g>'
        f'{frame} stroke="#fff" stroke-width="{width / 60:.2f}"/>{frame} stroke="{INPUT}" '
        f'stroke-width="{width / 110:.2f}"/></svg>'
    )


def gradient_star(descriptor: NDArray[np.float32]) -> str:
    """Return SVG: a gradient descriptor (128,) as 4 x 4 stars, each ray as long as its orientation's share."""
    cells = descriptor.reshape(CELLS, CELLS, ORIENTATIONS)
    longest = max(float(cells.max()), 1e-6)
    size = SIDE / CELLS
    rays = []
    for row in range(CELLS):
        for column in range(CELLS):
            x, y = (column + 0.5) * size, (row + 0.5) * size
            for k, value in enumerate(cells[row, column].tolist()):
                length = 0.46 * size * value / longest
                angle = 2 * math.pi * k / ORIENTATIONS  # of the gradient, from dark to light; rows count downwards
                rays.append(f"M{x:.1f} {y:.1f}L{x + length * math.cos(angle):.1f} {y + length * math.sin(angle):.1f}")
    lines = "".join(f"M{at * size:g} 0V{SIDE:g}M0 {at * size:g}H{SIDE:g}" for at in range(CELLS + 1))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-1 -1 {SIDE + 2:g} {SIDE + 2:g}" width="{SIDE:g}" '
        'role="img" aria-label="Sixteen cells, each with eight orientations" style="max-width:100%">'
        f'<path d="{lines}" stroke="{GUESS}" stroke-opacity="0.5" fill="none"/>'
        f'<path d="{"".join(rays)}" stroke="{INPUT}" stroke-width="2.5" stroke-linecap="round" fill="none"/></svg>'
    )


def patch_picture(descriptor: NDArray[np.float32], config: BagOfWordsConfig, channels: int) -> NDArray[np.uint8]:
    """Return a pixel descriptor as the picture (C, P, P) that it stands for, zero as mid-grey, spread to full range."""
    pixels = descriptor.reshape(channels, config.patch, config.patch)
    return np.asarray(127.5 + 127.5 * pixels / max(float(np.abs(pixels).max()), 1e-6)).round().astype(np.uint8)


def descriptor_chart(descriptor: NDArray[np.float32], kind: Descriptor) -> Chart:
    """Return the numbers of one descriptor as bars."""
    axis = "cell, orientation" if kind is Descriptor.GRADIENTS else "colour, row, column"
    encoding = {
        "x": {"field": "number", "type": "quantitative", "title": axis, "scale": {"nice": False}},
        "y": {"field": "value", "type": "quantitative", "title": "value"},
    }
    spec = {"mark": {"type": "bar", "color": INPUT, "size": 2}, "encoding": encoding, "height": 205}
    return Chart(spec, {"number": list(range(len(descriptor))), "value": np.round(descriptor, 4).tolist()})


def histogram_chart(assigned: NDArray[np.intp], words: int) -> Chart:
    """Return how often each of `words` words (the zero word is 0) occurs among the patches `assigned` (L,)."""
    counts = np.bincount(assigned, minlength=words)
    encoding = {
        "x": {"field": "word", "type": "quantitative", "title": "word", "scale": {"domain": [0, words], "nice": False}},
        "y": {"field": "patches", "type": "quantitative", "axis": {"tickMinStep": 1, "title": "patches"}},
        "tooltip": [{"field": "word"}, {"field": "patches"}],
    }
    spec = {
        "mark": {"type": "bar", "color": DICTIONARY, "size": max(1, 400 // words)},
        "encoding": encoding,
        "height": 205,
    }
    present = np.flatnonzero(counts)
    return Chart(spec, {"word": present.tolist(), "patches": counts[present].tolist()})


def as_words(
    assigned: NDArray[np.intp], pictures: NDArray[np.uint8], config: BagOfWordsConfig, shape: tuple[int, int, int]
) -> NDArray[np.uint8]:
    """Return the image (C, H, W) when every patch shows its word's picture; where patches overlap, their mean.

    Pixels that no patch covers are mid-grey.
    """
    total = np.zeros(shape)
    count = np.zeros(shape[1:])
    side = config.patch
    for (top, left), word in zip(grid(config, shape), assigned, strict=True):
        total[:, top : top + side, left : left + side] += pictures[word]
        count[top : top + side, left : left + side] += 1
    return np.where(count > 0, total / np.maximum(count, 1), 128).round().astype(np.uint8)


def word_pictures(dictionary: Dictionary, descriptor: Descriptor) -> NDArray[np.uint8]:
    """Return the words' pictures (K + 1, C, P, P), grey for gradients: these words know nothing of colours."""
    pictures = dictionary.pictures
    if descriptor is Descriptor.PATCHES:
        return pictures
    return np.repeat(pictures.mean(axis=1, keepdims=True).round().astype(np.uint8), pictures.shape[1], axis=1)


def stretched(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a picture (C, H, W) with its values spread from black to white: the mean of many has little contrast.

    >>> stretched(np.array([[[100, 110]]], np.uint8)).tolist()
    [[[0, 255]]]
    """
    low, high = int(picture.min()), int(picture.max())
    return np.asarray((picture.astype(np.float64) - low) * (255 / max(1, high - low))).round().astype(np.uint8)


def sheet(pictures: Sequence[NDArray[np.uint8]] | NDArray[np.uint8], columns: int) -> NDArray[np.uint8]:
    """Return pictures (C, P, P) as one, (C, H, W), row by row with a grey line between them."""
    channels, side, _ = pictures[0].shape
    rows = -(-len(pictures) // columns)
    whole = np.full((channels, rows * (side + 1) - 1, columns * (side + 1) - 1), 128, np.uint8)
    for number, picture in enumerate(pictures):
        top, left = (side + 1) * (number // columns), (side + 1) * (number % columns)
        whole[:, top : top + side, left : left + side] = picture
    return whole
