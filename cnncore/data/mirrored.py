"""Pairs of an image and its mirror image: does the label stay? (Q23)

Signs (digits) and objects by turns, for a learner to judge. The truth is a property of the class: a mirrored car is a
car, a mirrored 7 is no digit.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from cnncore.data.images import ImageData

PAIRS = 20
SIZE = 32
# Digits that look like themselves in a mirror, as most people write them.
SYMMETRIC = ("0", "1", "8")
_OTHERS = {
    "2": "it now looks like an S or a 5",
    "5": "it now looks like a 2",
    "3": "it opens to the wrong side",
    "4": "its stem is on the wrong side",
}


@dataclass(frozen=True, eq=False)  # comparing arrays gives an array, not a truth value
class Pair:
    """An `image` uint8 (C, H, W), its `mirrored` one, the `label`, whether it `stays`, and why in half a sentence."""

    image: NDArray[np.uint8]
    label: str
    stays: bool
    why: str

    @property
    def mirrored(self) -> NDArray[np.uint8]:
        """The image with left and right exchanged."""
        return self.image[..., ::-1]


def drawn_digits(rng: np.random.Generator, count: int) -> tuple[NDArray[np.uint8], list[str]]:
    """Return `count` digits as images uint8 (count, 1, 32, 32) in white on black, and their labels.

    From the font that Pillow brings along, a little turned and shifted: for a machine without MNIST.
    """
    labels = [str(digit) for digit in rng.permutation(10).repeat(-(-count // 10))[:count]]
    font = ImageFont.load_default(26)
    images = []
    for label in labels:
        picture = Image.new("L", (SIZE, SIZE))
        centre = tuple(SIZE / 2 + rng.uniform(-2, 2, 2))
        # The font's 1 has a flag, which a mirror puts on the other side; people write a stroke.
        ImageDraw.Draw(picture).text(centre, "I" if label == "1" else label, fill=255, font=font, anchor="mm")
        images.append(np.asarray(picture.rotate(float(rng.uniform(-10, 10)), Image.Resampling.BILINEAR)))
    return np.stack(images)[:, None], labels


def _taken(data: ImageData, rng: np.random.Generator, count: int) -> tuple[NDArray[np.uint8], list[str]]:
    """Return test images whose classes take turns in a random order, and their labels."""
    order = rng.permutation(len(data.classes))
    rows: list[int] = []
    for turn in range(count):
        of_class = np.flatnonzero(data.test_labels == order[turn % len(order)])
        if len(of_class):
            rows.append(int(rng.choice(of_class)))
    return np.stack([data.test_images[row] for row in rows]), [data.classes[data.test_labels[row]] for row in rows]


def pairs(seed: int, objects: ImageData, digits: ImageData | None) -> list[Pair]:
    """Return `PAIRS` pairs, half of them digits, in a random order that follows from `seed`.

    `objects` must be a set whose classes survive a mirror, `digits` MNIST; without it digits are drawn.
    """
    rng = np.random.default_rng(seed)
    half = PAIRS // 2
    signs = _taken(digits, rng, half) if digits is not None else drawn_digits(rng, half)
    found = [_digit(image, label) for image, label in zip(*signs, strict=True)]
    found += [
        Pair(image, label, True, "it only faces the other way")
        for image, label in zip(*_taken(objects, rng, PAIRS - half), strict=True)
    ]
    return [found[place] for place in rng.permutation(len(found))]


def _digit(image: NDArray[np.uint8], label: str) -> Pair:
    if label in SYMMETRIC:
        return Pair(image, label, True, "mirrored it still reads as the same digit")
    return Pair(image, label, False, _OTHERS.get(label, "no digit looks like this"))
