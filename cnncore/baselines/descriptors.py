"""Patches of an image as vectors by a fixed rule, for many images at once. Only numpy; nothing is learned.

Patches lie on a regular grid over the image ("dense": no search for interest points). A patch without any contrast
gets the zero vector, whatever its brightness: it belongs to the dictionary's fixed zero word.
"""

import numpy as np
from numpy.typing import NDArray

from cnncore.baselines.config import CELLS, ORIENTATIONS, BagOfWordsConfig, Descriptor
from cnncore.data.images import Shape
from cnncore.errors import InputError

FLAT = 0.01  # of the range from black to white: less contrast than this is noise of the encoding, not structure
CLIP = 0.2  # no orientation counts more than this in a unit vector: one strong edge must not drown the rest (Lowe 2004)
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # how bright red, green and blue are to the eye (ITU-R BT.601)


def places(length: int, patch: int, stride: int) -> NDArray[np.intp]:
    """Return where patches begin along an axis of `length` pixels, as far from one border as from the other.

    floor((length - patch) / stride) + 1 of them, as outputs of a convolution without padding.

    >>> places(32, 12, 4).tolist()
    [0, 4, 8, 12, 16, 20]
    """
    if patch > length:
        raise InputError(f"`patch` (={patch}) must not exceed the image's {length} pixels: choose a smaller patch.")
    return np.arange((length - patch) % stride // 2, length - patch + 1, stride)


def grid(config: BagOfWordsConfig, shape: Shape) -> NDArray[np.intp]:
    """Return top and left of every patch, (L, 2), row by row."""
    tops, lefts = (places(length, config.patch, config.stride) for length in shape[1:])
    return np.stack(np.meshgrid(tops, lefts, indexing="ij"), axis=-1).reshape(-1, 2)


def patches(images: NDArray[np.uint8], config: BagOfWordsConfig) -> NDArray[np.uint8]:
    """Return the pixels of every patch of images (N, C, H, W): uint8 (N, L, C, P, P)."""
    count, channels, height, width = images.shape
    tops, lefts = (places(length, config.patch, config.stride) for length in (height, width))
    windows = np.lib.stride_tricks.sliding_window_view(images, (config.patch, config.patch), axis=(2, 3))
    chosen = windows[:, :, tops][:, :, :, lefts]  # (N, C, rows, columns, P, P)
    side = config.patch
    return chosen.transpose(0, 2, 3, 1, 4, 5).reshape(count, len(tops) * len(lefts), channels, side, side)


def describe(images: NDArray[np.uint8], config: BagOfWordsConfig) -> NDArray[np.float32]:
    """Return the descriptors of every patch of images (N, C, H, W): float32 (N, L, D), of length 1 or all zero."""
    if config.descriptor is Descriptor.PATCHES:
        return _pixels(patches(images, config))
    return _gradients(images, config)


def _pixels(windows: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return patches (N, L, C, P, P) as vectors: the mean of all pixels subtracted, divided by the length."""
    vectors = windows.reshape(*windows.shape[:2], -1).astype(np.float32) / 255
    vectors -= vectors.mean(axis=-1, keepdims=True)
    spread = vectors.std(axis=-1, keepdims=True)
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.where(spread < FLAT, 0, vectors / np.maximum(length, 1e-12)).astype(np.float32)


def orientations(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the gradient of images (N, C, H, W) by orientation: (N, 8, H, W), bin k at 45 k degrees.

    Grey values between 0 and 1, central differences, the border repeated. Each pixel's gradient length is shared
    between the two bins nearest to its direction.
    """
    channels = images.shape[1]
    weights = _LUMA if channels == 3 else np.full(channels, 1 / channels, np.float32)
    grey = np.einsum("nchw,c->nhw", images.astype(np.float32), weights) / 255
    padded = np.pad(grey, ((0, 0), (1, 1), (1, 1)), mode="edge")
    down = (padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]) / 2
    right = (padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]) / 2
    length = np.hypot(down, right)
    angle = np.arctan2(down, right) * (ORIENTATIONS / (2 * np.pi)) % ORIENTATIONS
    away = np.abs(angle[:, None] - np.arange(ORIENTATIONS, dtype=np.float32)[:, None, None])
    share = np.maximum(0, 1 - np.minimum(away, ORIENTATIONS - away))
    return np.asarray(share * length[:, None], np.float32)


def _shares(patch: int) -> NDArray[np.float32]:
    """Return how much each of a patch's pixels along one axis counts in each cell, (4, P).

    Shared between the two cells whose centres are nearest, and less towards the patch's ends: a Gaussian with a
    standard deviation of half the patch.
    """
    at = np.arange(patch) + 0.5
    cell = at / (patch / CELLS) - 0.5
    share = np.maximum(0, 1 - np.abs(cell - np.arange(CELLS)[:, None]))
    return np.asarray(share * np.exp(-((at - patch / 2) ** 2) / (2 * (patch / 2) ** 2)), np.float32)


def _gradients(images: NDArray[np.uint8], config: BagOfWordsConfig) -> NDArray[np.float32]:
    """Return SIFT-like descriptors: 4 x 4 cells of 8 orientations, to length 1, clipped at 0.2, to length 1 again.

    The shares of rows and of columns are independent, so all patches of an image come from two matrix products.
    """
    maps = orientations(images)
    share = _shares(config.patch)
    tables = []
    for length in images.shape[2:]:
        starts = places(length, config.patch, config.stride)
        table = np.zeros((len(starts), CELLS, length), np.float32)
        for number, first in enumerate(starts):
            table[number, :, first : first + config.patch] = share
        tables.append(table.reshape(-1, length))  # (places * 4, H or W)
    sums = tables[0] @ maps @ tables[1].T  # (N, 8, rows * 4, columns * 4)
    count, rows, columns = len(images), len(tables[0]) // CELLS, len(tables[1]) // CELLS
    vectors = sums.reshape(count, ORIENTATIONS, rows, CELLS, columns, CELLS).transpose(0, 2, 4, 3, 5, 1)
    vectors = vectors.reshape(count, rows * columns, CELLS * CELLS * ORIENTATIONS)
    strength = vectors.sum(axis=-1, keepdims=True) / share.sum() ** 2  # the mean gradient, in the range a pixel
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
    unit = np.minimum(unit, CLIP)
    unit /= np.maximum(np.linalg.norm(unit, axis=-1, keepdims=True), 1e-12)
    return np.where(strength < FLAT, 0, unit).astype(np.float32)
