"""Augmentation: what each transform is called, its parameters, and its random draws.

Drawing is apart from applying. `draw` gives one row of numbers per image, from a numpy generator, so the same
seed gives the same views on every device, a table can be shown beside the pictures, and nothing random happens
on the accelerator. `cnncore.data.transform` applies the rows to a batch with torch. Sizes are in pixels, angles
in degrees, probabilities between 0 and 1.
"""

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cnncore.errors import InputError

Draws: TypeAlias = dict[str, NDArray[np.float32]]  # name of the sampled value -> (N,)


def _between(name: str, value: float, low: float, high: float, unit: str = "") -> None:
    if not low <= value <= high:
        raise InputError(
            f"`{name}` (={value}) must lie between {low:g} and {high:g}{unit}: choose a value in that range."
        )


def _flags(rng: np.random.Generator, count: int, p: float) -> NDArray[np.float32]:
    return (rng.random(count) < p).astype(np.float32)


@dataclass(frozen=True)
class RandomCrop:
    """A window of `size` x `size` at a random place; the test images get the centre one.

    From 32 to 28 pixels there are 5 x 5 windows. This is the practical's crop (its Q22).
    """

    kind: ClassVar[str] = "crop"
    title: ClassVar[str] = "Random crop"
    size: int = 28

    def __post_init__(self) -> None:
        _between("crop", self.size, 8, 512, " pixels")

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
        _between("padding", self.padding, 1, 64, " pixels")

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
        _between("p", self.p, 0, 1)

    def output_size(self, height: int, width: int) -> tuple[int, int]:
        """Return the size after the transform: it stays."""
        return height, width

    def draw(self, rng: np.random.Generator, count: int, height: int, width: int) -> Draws:  # noqa: ARG002 one signature for all
        """Return `flipped`, 1 or 0, (count,)."""
        return {"flipped": _flags(rng, count, self.p)}


@dataclass(frozen=True)
class Rotation:
    """A turn about the centre by up to `degrees` each way, bilinear, what comes in is black."""

    kind: ClassVar[str] = "rotate"
    title: ClassVar[str] = "Rotation"
    degrees: float = 15.0

    def __post_init__(self) -> None:
        _between("degrees", self.degrees, 0, 180)

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
            _between(name, getattr(self, name), 0, 1)

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
class RandomErasing:
    """With probability `p` a grey square covers `area` of the image (Cutout, DeVries & Taylor 2017)."""

    kind: ClassVar[str] = "erase"
    title: ClassVar[str] = "Random erasing"
    p: float = 0.5
    area: float = 0.15

    def __post_init__(self) -> None:
        _between("p", self.p, 0, 1)
        _between("area", self.area, 0.01, 0.9)

    def output_size(self, height: int, width: int) -> tuple[int, int]:
        """Return the size after the transform: it stays."""
        return height, width

    def draw(self, rng: np.random.Generator, count: int, height: int, width: int) -> Draws:
        """Return `erased` (1 or 0) and the square's `top`, `left` and `side` in pixels, each (count,)."""
        side = max(1, round((self.area * height * width) ** 0.5))
        side = min(side, height, width)
        return {
            "erased": _flags(rng, count, self.p),
            "top": rng.integers(0, height - side + 1, count).astype(np.float32),
            "left": rng.integers(0, width - side + 1, count).astype(np.float32),
            "side": np.full(count, side, np.float32),
        }


Augmentation: TypeAlias = RandomCrop | PadCrop | HorizontalFlip | Rotation | ColourJitter | RandomErasing
# In the order in which they are applied, whatever order they are named in: geometry first, then colour, then
# erasing, so that an erased square keeps its size and grey.
AUGMENTATIONS: dict[str, type[Augmentation]] = {
    kind.kind: kind for kind in (RandomCrop, PadCrop, HorizontalFlip, Rotation, ColourJitter, RandomErasing)
}


def in_order(augmentations: tuple[Augmentation, ...]) -> tuple[Augmentation, ...]:
    """Return the transforms in the order of application; naming one twice is an error."""
    kinds = [augmentation.kind for augmentation in augmentations]
    twice = sorted({kind for kind in kinds if kinds.count(kind) > 1})
    if twice:
        raise InputError(f"`augment` names {', '.join(twice)} twice: name each transform once.")
    return tuple(sorted(augmentations, key=lambda augmentation: list(AUGMENTATIONS).index(augmentation.kind)))


def parse_augmentations(text: str) -> tuple[Augmentation, ...]:
    """Return the transforms that a comma-separated list names, with their default parameters.

    >>> parse_augmentations("flip,crop")
    (RandomCrop(size=28), HorizontalFlip(p=0.5))
    """
    names = [name.strip() for name in text.split(",") if name.strip() not in ("", "none")]
    for name in names:
        if name not in AUGMENTATIONS:
            raise InputError(f"`augment` (={name!r}) must be among {', '.join(AUGMENTATIONS)}: correct the name.")
    return in_order(tuple(AUGMENTATIONS[name]() for name in names))


def to_dict(augmentation: Augmentation) -> dict[str, Any]:
    """Return the transform as a dictionary for JSON, its kind under `"kind"`."""
    return {"kind": augmentation.kind} | dataclasses.asdict(augmentation)


def from_dict(values: dict[str, Any]) -> Augmentation:
    """Return the transform that `to_dict` wrote; an unknown kind or parameter is an `InputError`."""
    kind = values.get("kind")
    if kind not in AUGMENTATIONS:
        raise InputError(f"`kind` (={kind!r}) must be among {', '.join(AUGMENTATIONS)}: correct the name.")
    parameters = {name: value for name, value in values.items() if name != "kind"}
    known = {spec.name for spec in dataclasses.fields(AUGMENTATIONS[kind])}
    if not parameters.keys() <= known:
        surplus = ", ".join(sorted(parameters.keys() - known))
        raise InputError(f"`{kind}` has no parameter {surplus}: it knows {', '.join(sorted(known))}.")
    return AUGMENTATIONS[kind](**parameters)


def output_size(augmentations: tuple[Augmentation, ...], height: int, width: int) -> tuple[int, int]:
    """Return the height and width that the network sees, after all transforms."""
    for augmentation in augmentations:
        height, width = augmentation.output_size(height, width)
    return height, width


def draw(
    augmentations: tuple[Augmentation, ...], rng: np.random.Generator, count: int, height: int, width: int
) -> list[Draws]:
    """Return the random values of every transform for `count` images of `height` x `width`, in order."""
    tables = []
    for augmentation in augmentations:
        tables.append(augmentation.draw(rng, count, height, width))
        height, width = augmentation.output_size(height, width)
    return tables
