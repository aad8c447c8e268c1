"""What a network answers to several views of one image, as arrays that travel without torch."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)  # arrays do not compare to one truth value
class AnsweredView:
    """One view: its `weight` in the mean, whether it is `mirrored`, and by how many pixels it is moved down and right.

    `pixels` uint8 (C, H, W) are the part that the network looks at, `chances` (classes,) its probabilities.
    """

    weight: float
    mirrored: bool
    shift: int
    pixels: NDArray[np.uint8]
    chances: NDArray[np.float64]

    @property
    def words(self) -> str:
        """What was done to the image.

        >>> AnsweredView(0.125, True, -1, np.zeros((1, 2, 2), np.uint8), np.ones(1)).words
        'mirrored, up and left'
        """
        moved = {-1: "up and left", 0: "", 1: "down and right"}[self.shift]
        if self.mirrored:
            return f"mirrored, {moved}" if moved else "mirrored"
        return moved or "as it is"


@dataclass(frozen=True, eq=False)
class Looked:
    """All views of one image; the first is the image as it is."""

    classes: tuple[str, ...]
    views: tuple[AnsweredView, ...]

    @property
    def chances(self) -> NDArray[np.float64]:
        """The mean of the probabilities, by the views' weights: (classes,)."""
        return np.asarray(sum(view.weight * view.chances for view in self.views))

    def answer(self, chances: NDArray[np.float64]) -> tuple[str, float]:
        """Return the most likely class of probabilities (classes,) and its own."""
        label = int(np.argmax(chances))
        return self.classes[label], float(chances[label])
