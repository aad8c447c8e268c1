"""The classic transforms, one image at a time: crop, shift, flip, rotation, colours, noise, erasing.

Each draws with numpy, one row of numbers per image; sizes are in pixels, angles in degrees.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cnncore.data.draws import Draws, between, flags, whole
from cnncore.errors import InputError


@dataclass(frozen=True)
class RandomCrop:
    """A window of `size` x `size` at a random place; the test images get the centre one.

    From 32 to 28 pixels there are 5 x 5 windows. This is the practical's crop (its Q22).
    """

    kind: ClassVar[str] = "crop"
    title: ClassVar[str] = "Random crop"
    size: int = 28

    def __post_init__(self) -> None:
        whole("crop", self.size, 8, 512, " pixels")

    def output_size(self, height: int, width: int) -> tuple[int, int]:
        """Return the size after the transform; the crop must fit into the image."""
        if self.size > min(height, width):
            raise InputError(
                f"`crop` (={self.size}) must not be larger than the image ({height}x{width}): choose at most "
                f"{min(height, width)}."
            )
        return self.size, self.size

    def draw(self, rng: np.random.Generator, count: int, height: int, width: int) -> Draws:
        """Return the window's `top` and `left` corner in pixels, each (count,)."""
        self.output_size(height, width)
        top = rng.integers(0, height - self.size + 1, count)
        left = rng.integers(0, width - self.size + 1, count)
        return {"top": top.astype(np.float32), "left": left.astype(np.float32)}


@dataclass(frozen=True)
class PadCrop:
    """A shift by up to `padding` pixels each way, what comes in is black; the size stays (He et al. 2015)."""

    kind: ClassVar[str] = "pad-crop"
    title: ClassVar[str] = "Pad, then crop"
    padding: int = 4

    def __post_init__(self) -> None:
        whole("padding", self.padding, 1, 64, " pixels")

    def output_size(self, height: int, width: int) -> tuple[int, int]:
        """Return the size after the transform: it stays."""
        return height, width

    def draw(self, rng: np.random.Generator, count: int, height: int, width: int) -> Draws:  # noqa: ARG002 one signature for all
        """Return the shift `down` and `right` in pixels, each (count,)."""
        down = rng.integers(-self.padding, self.padding + 1, count)
        right = rng.integers(-self.padding, self.padding + 1, count)
        return {"down": down.astype(np.float32), "right": right.astype(np.float32)}


@dataclass(frozen=True)
class HorizontalFlip:
    """Left and right change places with probability `p`. Not for digits, text or arrows (Q23)."""

    kind: ClassVar[str] = "flip"
    title: ClassVar[str] = "Horizontal flip"
    p: float = 0.5

    def __post_init__(self) -> None:
        between("p", self.p, 0, 1)

    def output_size(self, height: int, width: int) -> tuple[int, int]:
        """Return the size after the transform: it stays."""
        return height, width

    def draw(self, rng: np.random.Generator, count: int, height: int, width: int) -> Draws:  # noqa: ARG002 one signature for all
        """Return `flipped`, 1 or 0, (count,)."""
        return {"flipped": flags(rng, count, self.p)}


@dataclass(frozen=True)
class Rotation:
    """A turn about the centre by up to `degrees` each way, bilinear, what comes in is black."""

    kind: ClassVar[str] = "rotate"
    title: ClassVar[str] = "Rotation"
    degrees: float = 15.0

    def __post_init__(self) -> None:
        between("degrees", self.degrees, 0, 180)

    def output_size(self, height: int, width: int) -> tuple[int, int]:
        """Return the size after the transform: it stays."""
        return height, width

    def draw(self, rng: np.random.Generator, count: int, height: int, width: int) -> Draws:  # noqa: ARG002 one signature for all
        """Return the `angle` in degrees, counter-clockwise, (count,)."""
        return {"angle": rng.uniform(-self.degrees, self.degrees, count).astype(np.float32)}


@dataclass(frozen=True)
class ColourJitter:
    """Brightness, contrast and saturation, each times a factor from [1 - x, 1 + x], in this order."""

    kind: ClassVar[str] = "jitter"
    title: ClassVar[str] = "Colour jitter"
    brightness: float = 0.3
    contrast: float = 0.3
    saturation: float = 0.3

    def __post_init__(self) -> None:
        for name in ("brightness", "contrast", "saturation"):
            between(name, getattr(self, name), 0, 1)

    def output_size(self, height: int, width: int) -> tuple[int, int]:
        """Return the size after the transform: it stays."""
        return height, width

    def draw(self, rng: np.random.Generator, count: int, height: int, width: int) -> Draws:  # noqa: ARG002 one signature for all
        """Return the factors `brightness`, `contrast` and `saturation`, each (count,)."""
        names = ("brightness", "contrast", "saturation")
        return {
            name: rng.uniform(1 - getattr(self, name), 1 + getattr(self, name), count).astype(np.float32)
            for name in names
        }


@dataclass(frozen=True)
class GaussianNoise:
    """Each value plus a normal one whose standard deviation, drawn for each image, is at most `sigma` of [0, 1]."""

    kind: ClassVar[str] = "noise"
    title: ClassVar[str] = "Noise"
    sigma: float = 0.1

    def __post_init__(self) -> None:
        between("sigma", self.sigma, 0, 1)

    def output_size(self, height: int, width: int) -> tuple[int, int]:
        """Return the size after the transform: it stays."""
        return height, width

    def draw(self, rng: np.random.Generator, count: int, height: int, width: int) -> Draws:  # noqa: ARG002 one signature for all
        """Return the standard deviation `sigma` and the `seed` of the image's noise, each (count,)."""
        return {
            "sigma": rng.uniform(0, self.sigma, count).astype(np.float32),
            "seed": rng.integers(0, 2**24, count).astype(np.float32),  # so far float32 holds every whole number
        }


@dataclass(frozen=True)
class RandomErasing:
    """With probability `p` a grey square covers `area` of the image (Cutout, DeVries & Taylor 2017)."""

    kind: ClassVar[str] = "erase"
    title: ClassVar[str] = "Random erasing"
    p: float = 0.5
    area: float = 0.15

    def __post_init__(self) -> None:
        between("p", self.p, 0, 1)
        between("area", self.area, 0.01, 0.9)

    def output_size(self, height: int, width: int) -> tuple[int, int]:
        """Return the size after the transform: it stays."""
        return height, width

    def draw(self, rng: np.random.Generator, count: int, height: int, width: int) -> Draws:
        """Return `erased` (1 or 0) and the square's `top`, `left` and `side` in pixels, each (count,)."""
        side = max(1, round((self.area * height * width) ** 0.5))
        side = min(side, height, width)
        return {
            "erased": flags(rng, count, self.p),
            "top": rng.integers(0, height - side + 1, count).astype(np.float32),
            "left": rng.integers(0, width - side + 1, count).astype(np.float32),
            "side": np.full(count, side, np.float32),
        }
