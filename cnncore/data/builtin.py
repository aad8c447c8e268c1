"""The built-in data set: ten kinds of drawn objects, 32x32 in colour, made on the spot and the same everywhere.

CIFAR-10 in miniature, for a classroom without a network: 5,000 train and 1,000 test images, few enough that the
practical's network overfits on two CPU cores within a minute. Each object has its own proportions, place, size,
turn, light and colours (a colour says nothing about the class); behind it lie a background and clutter, and
sometimes something stands in front. Every class stays itself when mirrored or shifted.
"""

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from cnncore.data.drawing import Canvas, Colour, Dice, Mask, Values
from cnncore.data.images import ImageData

SIZE = 32
TRAIN_PER_CLASS = 500
TEST_PER_CLASS = 100
SHA256 = "5bbe8bf9569606b99fbdd372cd5376a6c470fdf662a3ba1827e1247bc14e8e91"
_PART = 20  # pictures drawn at a time: their pixels fit into a core's cache


def _boat(c: Canvas, d: Dice, main: Colour, second: Colour, third: Colour) -> None:
    mast, lean = d.uniform(-0.15, 0.15), d.uniform(0.5, 0.85)
    c.paint(c.box(mast - 0.05, -0.85, mast + 0.05, 0.4), third)
    c.paint(c.triangle((mast + 0.08, -0.85), (mast + lean, 0.25), (mast + 0.08, 0.25)), second, 0.2)
    c.paint(c.triangle((mast - 0.08, -0.6), (mast - 0.08, 0.25), (mast - lean, 0.25)), second, 0.2)
    deep = d.uniform(0.7, 0.9)
    c.paint(c.box(-0.6, 0.35, 0.6, deep), main, 0.2)
    c.paint(c.triangle((-0.95, 0.35), (-0.55, 0.35), (-0.55, deep)), main, 0.2)
    c.paint(c.triangle((0.55, 0.35), (0.95, 0.35), (0.55, deep)), main, 0.2)


def _butterfly(c: Canvas, d: Dice, main: Colour, second: Colour, third: Colour) -> None:
    spread, tall, low = d.uniform(0.4, 0.52), d.uniform(0.35, 0.5), d.uniform(0.22, 0.34)
    for side in (-1.0, 1.0):
        c.paint(c.ellipse(side * 0.47, -0.35, spread, tall), main, 0.2)
        c.paint(c.ellipse(side * 0.38, 0.42, low + 0.05, low + 0.08), main, 0.2)
        c.paint(c.ellipse(side * 0.5, -0.35, spread * 0.45, tall * 0.45), second)
        c.paint(c.ellipse(side * 0.38, 0.42, low * 0.5, low * 0.5), second)
        c.paint(c.triangle((side * 0.3 - 0.05, -0.95), (side * 0.3 + 0.05, -0.95), (0.0, -0.5)), third)
    c.paint(c.ellipse(0.0, 0.0, 0.1, 0.65), third)


def _car(c: Canvas, d: Dice, main: Colour, second: Colour, third: Colour) -> None:
    roof, left, right = d.uniform(-0.55, -0.3), d.uniform(-0.6, -0.35), d.uniform(0.2, 0.5)
    c.paint(c.box(left, roof, right, 0.1), main, 0.2)
    c.paint(c.triangle((right, roof), (right + 0.35, 0.1), (right, 0.1)), main, 0.2)
    c.paint(c.triangle((left, roof), (left, 0.1), (left - 0.2, 0.1)), main, 0.2)
    middle = (left + right) / 2
    c.paint(c.box(left + 0.05, roof + 0.1, middle - 0.04, 0.05), second)
    c.paint(c.box(middle + 0.04, roof + 0.1, right, 0.05), second)
    c.paint(c.box(-0.95, 0.05, 0.95, 0.45), main, 0.2)
    wheel = d.uniform(0.2, 0.27)
    for place in (-0.52, 0.52):
        c.paint(c.ellipse(place, 0.47, wheel, wheel), third * 0.3)
        c.paint(c.ellipse(place, 0.47, wheel * 0.45, wheel * 0.45), third * 0.3 + 130)


def _cat(c: Canvas, d: Dice, main: Colour, second: Colour, third: Colour) -> None:
    wide, tip = d.uniform(0.68, 0.85), d.uniform(-1.0, -0.8)
    for side in (-1.0, 1.0):
        ear = ((side * 0.72, tip), (side * 0.72, 0.0), (side * 0.1, -0.4))
        inner = ((side * 0.62, tip * 0.85), (side * 0.6, -0.1), (side * 0.25, -0.4))
        for corners, colour in ((ear, main), (inner, second)):
            c.paint(c.triangle(*(corners if side > 0 else corners[::-1])), colour)
    c.paint(c.ellipse(0.0, 0.15, wide, 0.66), main, 0.15)
    eye = d.uniform(0.12, 0.18)
    for side in (-1.0, 1.0):
        c.paint(c.ellipse(side * 0.32, 0.0, eye, eye * 1.1), third * 0.2 + 190)
        c.paint(c.ellipse(side * 0.32, 0.0, 0.06, eye), third * 0.1)
        c.paint(c.box(side * 0.6 - 0.28, 0.36, side * 0.6 + 0.28, 0.41), third * 0.2)
    c.paint(c.triangle((-0.12, 0.27), (0.12, 0.27), (0.0, 0.42)), second * 0.5)


def _fish(c: Canvas, d: Dice, main: Colour, second: Colour, third: Colour) -> None:
    tall, tail = d.uniform(0.32, 0.55), d.uniform(0.35, 0.6)
    c.paint(c.triangle((0.4, 0.0), (1.0, -tail), (1.0, tail)), second, 0.2)
    c.paint(c.triangle((-0.2, -tall * 0.7), (0.25, -tall - 0.35), (0.35, -tall * 0.5)), second, 0.2)
    c.paint(c.ellipse(-0.15, 0.0, 0.75, tall), main, 0.3)
    stripe = d.uniform(-0.2, 0.2)
    c.paint(c.ellipse(-0.15, 0.0, 0.75, tall) & c.box(stripe, -1.0, stripe + 0.15, 1.0), second)
    c.paint(c.ellipse(-0.58, -0.1, 0.13, 0.13), third * 0.1 + 225)
    c.paint(c.ellipse(-0.6, -0.1, 0.06, 0.06), third * 0.1)


def _flower(c: Canvas, d: Dice, main: Colour, second: Colour, third: Colour) -> None:
    bend = d.uniform(-0.15, 0.15)
    c.paint(c.box(bend - 0.06, 0.0, bend + 0.06, 1.0), third, 0.2)
    c.paint(c.ellipse(bend + 0.3, 0.65, 0.3, 0.13), third)
    petal, reach = d.uniform(0.24, 0.31), d.uniform(0.38, 0.48)
    # Six petals: the points of a hexagon, with cos 60 = 0.5 and sin 60 = 0.866.
    for x, y in ((1.0, 0.0), (0.5, 0.866), (-0.5, 0.866), (-1.0, 0.0), (-0.5, -0.866), (0.5, -0.866)):
        c.paint(c.ellipse(bend + x * reach, -0.3 + y * reach, petal, petal), main)
    c.paint(c.ellipse(bend, -0.3, 0.25, 0.25), second)


def _house(c: Canvas, d: Dice, main: Colour, second: Colour, third: Colour) -> None:
    wide, eaves, ridge = d.uniform(0.6, 0.78), d.uniform(-0.25, 0.0), d.uniform(-0.95, -0.7)
    c.paint(c.box(0.25, ridge + 0.05, 0.45, eaves), third)
    c.paint(c.box(-wide, eaves, wide, 0.85), main, 0.2)
    c.paint(c.triangle((0.0, ridge), (wide + 0.2, eaves), (-wide - 0.2, eaves)), second, 0.2)
    door = d.uniform(-0.35, 0.1)
    c.paint(c.box(door - 0.14, 0.35, door + 0.14, 0.85), third)
    c.paint(c.box(door + 0.25, 0.2, door + 0.5, 0.48), third * 0.3 + 170)


def _mushroom(c: Canvas, d: Dice, main: Colour, second: Colour, third: Colour) -> None:
    stem, wide, tall = d.uniform(0.16, 0.3), d.uniform(0.7, 0.95), d.uniform(0.65, 0.9)
    c.paint(c.ellipse(0.0, 0.5, stem, 0.5) | c.box(-stem, 0.1, stem, 0.6), third * 0.3 + 165, 0.2)
    c.paint(c.ellipse(0.0, 0.1, wide, tall) & (c.v <= 0.1), main, 0.3)
    c.paint(c.ellipse(0.0, 0.1, wide, 0.13), main * 0.7)
    dot = d.uniform(0.1, 0.16)
    for x, y in ((-0.4, -0.15), (0.1, -0.38), (0.45, -0.08)):
        c.paint(c.ellipse(x, y, dot, dot * 0.9), second)


def _tree(c: Canvas, d: Dice, main: Colour, second: Colour, third: Colour) -> None:
    trunk, wide = d.uniform(0.09, 0.17), d.uniform(0.6, 0.85)
    c.paint(c.box(-trunk, 0.3, trunk, 1.0), third * 0.6, 0.2)
    fir = np.broadcast_to(d.chance(0.5), c.u.shape)
    tiers = (
        c.triangle((0.0, -1.0), (wide * 0.6, -0.3), (-wide * 0.6, -0.3))
        | c.triangle((0.0, -0.7), (wide * 0.8, 0.1), (-wide * 0.8, 0.1))
        | c.triangle((0.0, -0.35), (wide, 0.5), (-wide, 0.5))
    )
    crown = c.ellipse(0.0, -0.35, wide * 0.8, 0.6) | c.ellipse(-0.4, -0.05, 0.4, 0.4) | c.ellipse(0.4, -0.05, 0.4, 0.4)
    c.paint(np.where(fir, tiers, crown), main, 0.3)
    spots = c.ellipse(-0.3, -0.1, 0.12, 0.12) | c.ellipse(0.2, -0.4, 0.12, 0.12) | c.ellipse(0.35, 0.1, 0.12, 0.12)
    c.paint(spots & ~fir, second)


def _umbrella(c: Canvas, d: Dice, main: Colour, second: Colour, third: Colour) -> None:
    wide, tall = d.uniform(0.75, 0.98), d.uniform(0.65, 0.85)
    c.paint(c.box(-0.05, -0.95, 0.05, 0.8), third)
    c.paint((c.ellipse(0.16, 0.75, 0.21, 0.22) & (c.v >= 0.75)) & ~c.ellipse(0.16, 0.75, 0.11, 0.12), third)
    canopy = c.ellipse(0.0, 0.0, wide, tall) & (c.v <= 0.0)
    for place in (-0.66, 0.0, 0.66):  # the scalloped edge
        canopy &= ~c.ellipse(wide * place, 0.02, wide * 0.33, 0.14)
    c.paint(canopy, main, 0.3)
    c.paint(canopy & c.ellipse(0.0, 0.0, wide * 0.35, tall), second, 0.3)


_OBJECTS: dict[str, Callable[[Canvas, Dice, Colour, Colour, Colour], None]] = {
    "boat": _boat,
    "butterfly": _butterfly,
    "car": _car,
    "cat": _cat,
    "fish": _fish,
    "flower": _flower,
    "house": _house,
    "mushroom": _mushroom,
    "tree": _tree,
    "umbrella": _umbrella,
}
CLASSES = tuple(_OBJECTS)


def _luminance(colour: Colour) -> Colour:
    return 0.3 * colour[:, :1] + 0.59 * colour[:, 1:2] + 0.11 * colour[:, 2:]


def _away_from(colour: Colour, other: Colour, distance: float) -> Colour:
    """Return `colour` made lighter or darker where it would not stand out from `other`."""
    gap = _luminance(colour) - _luminance(other)
    lighter = _luminance(other) < 128
    push = np.where(lighter, distance - gap, -distance - gap)
    return np.where(np.abs(gap) < distance, (colour + push).clip(0, 255), colour)


def _odd(along: Values, width: Values) -> Mask:
    """Return every other stripe of a `width`."""
    number = np.floor(along / width)
    return np.asarray(number - 2 * np.floor(number / 2) == 1)


def _background(c: Canvas, d: Dice) -> Colour:
    """Paint one of five backgrounds and return its main colour."""
    first, second = d.colour(), d.colour()
    second = first * 0.55 + second * 0.45
    kind = d.choice(5)
    c.place(
        d.uniform(-0.3, 0.3),
        d.uniform(-0.3, 0.3),
        d.uniform(0.8, 1.3),
        d.uniform(-1, 1),
        0 * d.uniform(0, 1),
        d.chance(0.5),
    )
    width, horizon = d.uniform(0.35, 0.8), d.uniform(-0.1, 0.6)
    blend = np.zeros(c.u.shape)  # how much of the second colour; the fifth kind has none
    ramp, ground, stripes, checks = (np.flatnonzero(kind == number) for number in range(4))
    blend[ramp] = ((c.u[ramp] + 1) / 2).clip(0, 1)
    blend[ground] = c.y[ground] > horizon[ground]
    blend[stripes] = _odd(c.u[stripes], width[stripes])
    blend[checks] = _odd(c.u[checks], width[checks]) != _odd(c.v[checks], width[checks])
    c.pixels = first + (second - first) * blend[:, None]
    return first * 0.7 + second * 0.3


# Pieces of other things: discs, bars and wedges.
_PIECES: tuple[Callable[[Canvas, Values], Mask], ...] = (
    lambda c, long: c.ellipse(0.0, 0.0, 1.0, long),
    lambda c, long: c.box(-1.2, -long * 0.5, 1.2, long * 0.5),
    lambda c, _: c.triangle((0.0, -1.0), (1.0, 0.8), (-1.0, 0.8)),
)


def _clutter(c: Canvas, d: Dice, count: int, p: float, near: Colour) -> None:
    """Paint up to `count` pieces of other things."""
    for _ in range(count):
        shown = d.chance(p)
        where = (d.uniform(-1, 1), d.uniform(-1, 1))
        frame, mirrored = (*where, d.uniform(0.15, 0.4), d.uniform(-1, 1), d.uniform(-0.3, 0.3)), d.chance(0.5)
        kind, long = d.choice(len(_PIECES)), d.uniform(0.3, 1.0)
        colour = near * 0.4 + d.colour() * 0.6
        for number, piece in enumerate(_PIECES):
            # Most pictures get no such piece: nothing is computed for them.
            chosen = np.flatnonzero(shown & (kind == number))
            some = Canvas(c.pixels[chosen])
            x, y, scale, half_turn, shear = (values[chosen] for values in frame)
            some.place(x, y, scale, half_turn, shear, mirrored[chosen])
            some.paint(piece(some, long[chosen]), colour[chosen])
            c.pixels[chosen] = some.pixels


def _draw(name: str, seed: int, count: int) -> NDArray[np.uint8]:
    """Return `count` pictures of the class `name`, uint8 (count, 3, SIZE, SIZE)."""
    c, d = Canvas.blank(count, SIZE), Dice(seed, count)
    background = _background(c, d)
    _clutter(c, d, 5, 0.7, background)
    c.place(
        d.uniform(-0.25, 0.25),
        d.uniform(-0.25, 0.25),
        d.uniform(0.45, 0.82),
        d.uniform(-0.28, 0.28),  # up to 31 degrees
        d.uniform(-0.3, 0.3),
        d.chance(0.5),
    )
    main = _away_from(d.colour(), background, 42)
    second, third = _away_from(d.colour(), main, 40), _away_from(d.colour(), background, 42)
    _OBJECTS[name](c, d, main, second, third)
    _clutter(c, d, 3, 0.45, background)
    _light(c, d)
    return c.finished(d.noise(SIZE), d.uniform(10, 52))


def _light(c: Canvas, d: Dice) -> None:
    """Light the whole scene: brightness, contrast, and a side that it comes from."""
    across, down = d.uniform(-0.25, 0.25), d.uniform(-0.25, 0.25)
    light: Values = d.uniform(0.75, 1.15) * (1 + across * c.x + down * c.y)
    c.pixels *= light[:, None]
    c.pixels -= 128
    c.pixels *= d.uniform(0.5, 1.0)[:, None]
    c.pixels += 128


def _split(per_class: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return images (10 * per_class, 3, SIZE, SIZE) and labels in a mixed order."""
    jobs = [
        (name, seed + 100 * number + part) for number, name in enumerate(CLASSES) for part in range(per_class // _PART)
    ]
    # numpy lets go of the interpreter while it computes: two cores draw twice as fast, in the same order.
    with ThreadPoolExecutor() as pool:
        images = np.concatenate(list(pool.map(lambda job: _draw(job[0], job[1], _PART), jobs)))
    labels = np.repeat(np.arange(len(CLASSES), dtype=np.int64), per_class)
    order = np.random.RandomState(seed).permutation(len(labels))
    return images[order], labels[order]


def generate() -> ImageData:
    """Return the data set, the same bytes on every machine (`SHA256` over its arrays, see `digest`)."""
    train_images, train_labels = _split(TRAIN_PER_CLASS, 10_000)
    test_images, test_labels = _split(TEST_PER_CLASS, 20_000)
    return ImageData(
        name="builtin",
        title="Built-in objects",
        classes=CLASSES,
        train_images=train_images,
        train_labels=train_labels,
        test_images=test_images,
        test_labels=test_labels,
        notes=("Drawn by the program itself: ten kinds of objects, the same images on every machine.",),
    )


def digest(data: ImageData) -> str:
    """Return the SHA-256 of the data set's four arrays, little-endian, as hexadecimal digits."""
    arrays = (data.train_images, data.train_labels.astype("<i8"), data.test_images, data.test_labels.astype("<i8"))
    result = hashlib.sha256()
    for array in arrays:
        result.update(np.ascontiguousarray(array).tobytes())
    return result.hexdigest()
