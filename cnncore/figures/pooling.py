"""Pooling of a picture that is shifted: the maps before and after, what changed, and what stayed after moving it back.

The picture is a window of `size` x `size` pixels on a larger *scene*: a shift moves the window, so what enters at the
border is real and nothing is made up. Values are whole numbers; only averages are fractions.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore.architecture import (
    AvgPool2d,
    Conv2d,
    MaxPool2d,
    Network,
    Shape,
    cost,
    describe,
    reads,
)
from cnncore.architecture.counting import unread_cells
from cnncore.errors import InputError
from cnncore.figures.convolution import kernels, picture
from cnncore.figures.filtering import grey
from cnncore.figures.sliding import lines, slide

RIGHT, DOWN = 6, 4  # the largest shifts, in pixels
LARGEST = 24  # more cells along an axis would be too small to point at
SMALLEST = 6
IMAGE = "The image itself"
# What comes before the pool: the practical's networks have a convolution and a ReLU there.
MAPS = {
    IMAGE: "",
    "Edges, left to right": "left to right",
    "Edges, top to bottom": "top to bottom",
    "Outline": "outline",
}
_EDGE = 3  # the edge kernels are 3 x 3, so the scene has one pixel more on each side than is shown
Pool = MaxPool2d | AvgPool2d
Values = NDArray[np.int64]


def drawn_scene(size: int, dot: bool = False) -> Values:
    """Return a ball (or one bright pixel) on black, values 0 to 9, in a scene (size + DOWN + 2, size + RIGHT + 2).

    Unshifted the ball begins at the left of the view and is half as large, so that from 12 pixels on it stays inside.

    >>> drawn_scene(12).shape
    (18, 20)
    """
    if not SMALLEST <= size <= LARGEST:
        raise InputError(f"`size` (={size}) must be from {SMALLEST} to {LARGEST} pixels: choose one of these.")
    scene = np.zeros((size + DOWN + 2, size + RIGHT + 2), dtype=np.int64)
    ball = np.array([[9]]) if dot else picture(max(5, size // 2), max(5, size // 2))
    top = 2 * (max(0, size - len(ball) - DOWN) // 4)  # even, so that the dot fills the corner of a 2 x 2 window
    left = RIGHT + 1
    scene[DOWN + 1 + top :, left:][: len(ball), : len(ball)] = ball
    return scene


def photo_scene(image: NDArray[np.uint8]) -> Values:
    """Return the uint8 `image` (1 or 3, H, W) in grey, 0 to 255, cut to a scene for the largest square view in it."""
    _, height, width = image.shape
    size = min(height - DOWN - 2, width - RIGHT - 2, LARGEST)
    if size < SMALLEST:
        raise InputError(
            f"`image` (={height}x{width}) must be at least {SMALLEST + DOWN + 2}x{SMALLEST + RIGHT + 2} so that it can "
            "be shifted: choose a larger one."
        )
    shades = grey(image)[0].astype(np.int64)
    top, left = (height - size - DOWN - 2) // 2, (width - size - RIGHT - 2) // 2
    return np.asarray(shades[top : top + size + DOWN + 2, left : left + size + RIGHT + 2])


def map_scene(scene: Values, name: str) -> Values:
    """Return the map before pooling for every shift at once: (H, W) -> (H - 2, W - 2), one of `MAPS`.

    An edge kernel is followed by a ReLU, as in a network: what is negative becomes 0.
    """
    if name not in MAPS:
        raise InputError(f"`map` (={name!r}) must be one of {', '.join(MAPS)}: choose one.")
    if name == IMAGE:
        return scene[1:-1, 1:-1]
    layer, shape = Conv2d(1, _EDGE), (1, *scene.shape)
    edges = slide(layer, *lines(layer, shape), scene, kernels(_EDGE, _EDGE)[MAPS[name]])
    return np.maximum(edges, 0).astype(np.int64)


def view(scene: Values, right: int, down: int) -> Values:
    """Return what is seen of a map's scene (size + DOWN, size + RIGHT) after its content moved: (size, size).

    >>> int(view(map_scene(drawn_scene(12, dot=True), IMAGE), 3, 1)[3, 3])
    9
    """
    size = len(scene) - DOWN
    return scene[DOWN - down : DOWN - down + size, RIGHT - right : RIGHT - right + size]


@dataclass(frozen=True)
class Change:
    """Two maps compared cell by cell: `changed` of `cells` values differ, `lit` of them are not 0 in both.

    `mean` is the mean absolute difference over all cells, None if there is none to compare; before comparing, the
    second map was moved back by `right` and `down` whole cells, and only where both exist is compared. `size` is the
    mean absolute value of what the first map has there: what `mean` is small or large against.
    """

    changed: int
    cells: int
    lit: int
    mean: float | None
    right: int = 0
    down: int = 0
    size: float = 0.0


def change(first: NDArray[Any], second: NDArray[Any], right: int = 0, down: int = 0) -> Change:
    """Return what differs between `first` and `second` (H, W), moved back by `right` and `down` cells."""
    rows, columns = first.shape
    now = second[down:, right:]
    old = first[: max(0, rows - down), : max(0, columns - right)]
    apart = np.abs(now - old)
    lit = int(np.count_nonzero((now != 0) | (old != 0)))
    mean = float(apart.mean()) if apart.size else None
    return Change(
        int(np.count_nonzero(apart)), apart.size, lit, mean, right, down, float(np.abs(old).mean() if old.size else 0)
    )


def best_change(first: NDArray[Any], second: NDArray[Any], right: int, down: int, stride: tuple[int, int]) -> Change:
    """Return the comparison with fewest changes after moving the map back by whole cells.

    A shift of `right` pixels is `right / stride` cells of the map: its two whole neighbours are tried, per axis.
    """
    candidates = [
        change(first, second, across, along)
        for along in _neighbours(down, stride[0])
        for across in _neighbours(right, stride[1])
    ]
    there = [found for found in candidates if found.cells]
    if not there:
        return candidates[0]
    return min(there, key=lambda found: (found.changed / found.cells, found.mean or 0))


def _neighbours(shift: int, stride: int) -> tuple[int, ...]:
    return tuple(sorted({shift // stride, -(-shift // stride)}))


@dataclass(frozen=True)
class Study:
    """A map that is shifted and pooled. `changes[name][right, down]` are two comparisons: in place, and moved back.

    Names: "before" (the map without a pool), "max", "average", "global" (global average pooling: one value).
    """

    data: dict[str, Any]
    changes: dict[str, dict[tuple[int, int], tuple[Change, Change]]]


def study(scene: Values, name: str, pools: tuple[MaxPool2d, AvgPool2d]) -> Study:
    """Return what `pages/parts/pool` draws, as JSON, and the comparisons in it, for each shift of the `scene`.

    `pools` are the max and the average pool of one setting. Raises `InputError` where they do not fit.
    """
    before = map_scene(scene, name)
    size = len(before) - DOWN
    shape: Shape = (1, size, size)
    widths: dict[str, Pool] = {"max": pools[0], "average": pools[1]}
    shifts = [(right, down) for down in range(DOWN + 1) for right in range(RIGHT + 1)]
    views = {shift: view(before, *shift) for shift in shifts}
    maps: dict[str, dict[tuple[int, int], NDArray[Any]]] = {"before": views}
    maps |= {key: _pooled_views(pool, views, shape) for key, pool in widths.items()}
    # One window over the whole map. Whole numbers are added up exactly: equal sums stay equal.
    maps["global"] = {shift: np.array([[seen.sum() / seen.size]]) for shift, seen in views.items()}
    strides = {"before": (1, 1), "max": pools[0].stride, "average": pools[1].stride, "global": (size, size)}
    changes = {
        key: {
            shift: (
                change(found[0, 0], found[shift]),
                best_change(found[0, 0], found[shift], *shift, strides[key]),
            )
            for shift in shifts
        }
        for key, found in maps.items()
    }
    data = {
        "size": size,
        "map": name,
        "shifts": {"right": RIGHT, "down": DOWN},
        "input": None if name == IMAGE else scene[1:-1, 1:-1].tolist(),
        "scene": before.tolist(),
        "pools": [
            {
                "name": key,
                "rows": int(maps[key][0, 0].shape[0]),
                "columns": int(maps[key][0, 0].shape[1]),
                "values": _plain(np.array([maps[key][shift].ravel() for shift in shifts])),
            }
            for key in widths
        ],
        "global": _plain(np.array([maps["global"][shift][0, 0] for shift in shifts])),
        "reads": [_reads(pools[0], shape, axis) for axis in (0, 1)],
        "unread": [_unread(pools[0], shape, axis) for axis in (0, 1)],
        "changes": {
            key: [[_row(comparison) for comparison in found[shift]] for shift in shifts]
            for key, found in changes.items()
        },
    }
    return Study(data, changes)


def _pooled_views(
    pool: Pool, views: dict[tuple[int, int], Values], shape: Shape
) -> dict[tuple[int, int], NDArray[np.float64]]:
    rows, columns = lines(pool, shape)  # the same for every shift
    ones = np.ones(pool.kernel, dtype=np.int64)
    return {shift: slide(pool, rows, columns, seen, ones) for shift, seen in views.items()}


def _plain(values: NDArray[np.float64]) -> list[Any]:
    """Return `values` with three decimals: enough to tell apart fractions of up to 16 cells. Whole ones as integers."""
    whole = np.rint(values)
    plain: list[Any] = (whole.astype(np.int64) if np.array_equal(whole, values) else np.round(values, 3)).tolist()
    return plain


def _row(found: Change) -> list[Any]:
    mean = None if found.mean is None else round(found.mean, 4)
    share = found.mean / found.size if found.mean is not None and found.size else None
    return [
        *(found.changed, found.cells, found.lit, mean, found.right, found.down),
        None if share is None else round(share, 4),
    ]


def _axis(pool: Pool, shape: Shape, axis: int) -> tuple[int, int, int, int]:
    return shape[1 + axis], pool.kernel[axis], pool.stride[axis], pool.padding[axis]


def _reads(pool: Pool, shape: Shape, axis: int) -> list[list[int]]:
    size = cost(pool, shape).output[1 + axis]
    return [list(reads(cell, *_axis(pool, shape, axis))) for cell in range(size)]


def _unread(pool: Pool, shape: Shape, axis: int) -> list[int]:
    return list(unread_cells(pool, axis, shape[1 + axis], cost(pool, shape).output[1 + axis]))


@dataclass(frozen=True)
class Bill:
    """What a network costs with its first `pools` pools. `map` (C, H, W) is what the first dense layer receives.

    Multiply-adds are those of one image without biases; `field` is the receptive field of that map, in pixels.
    """

    pools: int
    map: Shape
    dense_weights: int
    parameters: int
    macs: int
    field: int | None


def bills(network: Network) -> list[Bill]:
    """Return the network's bill with all its max-pools, with all but the last, ... and with none."""
    places = [place for place, layer in enumerate(network.layers) if isinstance(layer, MaxPool2d)]
    found = []
    for kept in range(len(places), -1, -1):
        gone = places[kept:]
        layers = tuple(layer for place, layer in enumerate(network.layers) if place not in gone)
        description = describe(replace(network, layers=layers))
        dense = next(place for place, row in enumerate(description.rows) if row.kind == "linear")
        last = max(place for place in range(dense) if description.rows[place].kind != "flatten")
        row = description.rows[last]
        weights = description.rows[dense].weights
        found.append(Bill(kept, row.output, weights, description.parameters, description.macs, row.receptive_field))
    return found
