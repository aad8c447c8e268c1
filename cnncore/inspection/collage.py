"""A large picture made of test images, and what a network that slides over it found. No torch: the server draws it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnncore.architecture.receptive_field import Box
from cnncore.data.images import ImageData
from cnncore.errors import InputError

LARGEST = 256  # pixels: every cell's window is also run by itself, and these are hundreds
ACROSS = 3  # images along each side


@dataclass(frozen=True)
class Piece:
    """One test image in the collage: its class, and its pixels there."""

    label: int
    box: Box


@dataclass(frozen=True, eq=False)  # holds arrays
class ClassMap:
    """The classes of all windows of a collage at once, and the same windows one by one.

    `image` uint8 (C, S, S); `chances` (rows, columns, classes) the softmax of the network as convolutions;
    `windows` (rows, columns, classes) that of the classifier on each window cut out. Cell (i, j) stands for the window
    of `window` pixels (height, width) at (`jump` i, `jump` j); the middle of what cell (0, 0) sees lies at `middle`,
    in pixels from the corner. `seconds` are those of the one pass and of all windows.
    `padded` says that the convolutions pad with zeros: at the border of a window cut out, where the collage goes on.
    """

    classes: tuple[str, ...]
    image: NDArray[np.uint8]
    pieces: tuple[Piece, ...]
    chances: NDArray[np.float32]
    windows: NDArray[np.float32]
    window: tuple[int, int]
    jump: tuple[int, int]
    middle: tuple[float, float]
    padded: bool
    seconds: tuple[float, float]

    @property
    def agreement(self) -> float:
        """The share of the cells whose class is that of their window by itself."""
        return float((self.chances.argmax(2) == self.windows.argmax(2)).mean())

    @property
    def difference(self) -> float:
        """The largest difference of a probability between a cell and its window by itself."""
        return float(np.abs(self.chances - self.windows).max())

    def cell_of(self, piece: Piece) -> tuple[int, int]:
        """Return the cell whose window lies best over the piece: their middles are closest."""
        axes = zip(piece.box.centre, self.middle, self.jump, self.chances.shape[:2], strict=True)
        row, column = (min(max(round((centre - first) / jump), 0), cells - 1) for centre, first, jump, cells in axes)
        return row, column

    def named(self, chances: NDArray[np.float32]) -> list[bool]:
        """Return for each piece whether its own class wins in the cell over it, of `chances` or of `windows`."""
        return [int(chances[self.cell_of(piece)].argmax()) == piece.label for piece in self.pieces]


def collage(data: ImageData, side: int, seed: int) -> tuple[NDArray[np.uint8], tuple[Piece, ...]]:
    """Return a picture of `side` x `side` pixels with 3 x 3 test images on their mean colour, uint8 (C, side, side).

    Which images, and where each lies in its ninth of the picture, is drawn from `seed`; no class comes twice while
    there are others. An `InputError` if `side` is too small for nine of them, or larger than 256.
    """
    channels, height, width = data.shape
    least = ACROSS * max(height, width)
    if not least <= side <= max(LARGEST, least):
        raise InputError(f"`side` (={side}) must be from {least} to {max(LARGEST, least)} pixels: choose one of these.")
    draws = np.random.default_rng(seed)
    labels = np.asarray(data.test_labels)
    present = np.unique(labels)
    order = np.concatenate([draws.permutation(present) for _ in range(-(-(ACROSS**2) // len(present)))])[: ACROSS**2]
    mean = np.rint(data.test_images.mean((0, 2, 3))).astype(np.uint8)
    image = np.broadcast_to(mean[:, None, None], (channels, side, side)).copy()
    pieces = []
    for place, label in enumerate(order.tolist()):
        number = int(draws.choice(np.flatnonzero(labels == label)))
        top, left = (
            side * at // ACROSS + int(draws.integers(0, side * (at + 1) // ACROSS - side * at // ACROSS - size + 1))
            for at, size in zip(divmod(place, ACROSS), (height, width), strict=True)
        )
        image[:, top : top + height, left : left + width] = data.test_images[number]
        pieces.append(Piece(label, Box(top, left, top + height, left + width)))
    return image, tuple(pieces)
