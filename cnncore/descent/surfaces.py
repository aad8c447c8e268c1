"""Surfaces over two weights: a loss, its gradient, where the picture begins and ends, and what it shows."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnncore.errors import InputError

Array = NDArray[np.float64]

# The standard deviation of one image's gradient about the mean gradient, in each weight: chosen so that batches of
# 8 to 128 images make noise that can be seen on these surfaces.
NOISE = 4.0


@dataclass(frozen=True)
class Surface:
    """A loss over points (..., 2) and its gradient.

    `box` is what is drawn: left, right, bottom, top. `curvatures` are the eigenvalues of the Hessian where these are
    the same everywhere (a quadratic with its axes along the weights), else empty. `minima` are the lowest points.
    """

    name: str
    about: str
    value: Callable[[Array], Array]
    gradient: Callable[[Array], Array]
    box: tuple[float, float, float, float]
    start: tuple[float, float]
    minima: tuple[tuple[float, float], ...] = ((0.0, 0.0),)
    curvatures: tuple[float, ...] = ()

    def grid(self, columns: int, rows: int) -> Array:
        """Return the loss on a regular grid over the box, (rows, columns), the first row at the top."""
        left, right, bottom, top = self.box
        x, y = np.meshgrid(np.linspace(left, right, columns), np.linspace(top, bottom, rows))
        return self.value(np.stack([x, y], axis=-1))

    def distance(self, points: Array) -> Array:
        """Return how far each point (..., 2) is from the nearest minimum, (...)."""
        gaps = points[..., None, :] - np.array(self.minima)
        return np.asarray(np.sqrt((gaps**2).sum(-1)).min(-1))

    @property
    def lowest(self) -> float:
        """The loss at the minima."""
        return float(self.value(np.array(self.minima[0])))


def _quadratic(name: str, about: str, curvatures: tuple[float, float], start: tuple[float, float]) -> Surface:
    scale = np.array(curvatures)
    return Surface(
        name,
        about,
        lambda w: np.asarray(0.5 * (scale * w**2).sum(-1)),
        lambda w: np.asarray(scale * w),
        box=(-6, 6, -3, 3),
        start=start,
        curvatures=curvatures,
    )


def _bend_value(w: Array) -> Array:
    x, y = w[..., 0], w[..., 1]
    return np.asarray(((1 - x) ** 2 + 10 * (y - x**2) ** 2) / 10)


def _bend_gradient(w: Array) -> Array:
    x, y = w[..., 0], w[..., 1]
    across = y - x**2
    return np.stack([(-2 * (1 - x) - 40 * x * across) / 10, 20 * across / 10], axis=-1)


def _saddle_value(w: Array) -> Array:
    x, y = w[..., 0], w[..., 1]
    return np.asarray(x**4 / 16 - x**2 / 2 + 1.5 * y**2)


def _saddle_gradient(w: Array) -> Array:
    x, y = w[..., 0], w[..., 1]
    return np.stack([x**3 / 4 - x, 3 * y], axis=-1)


SURFACES: dict[str, Surface] = {
    surface.name: surface
    for surface in (
        _quadratic(
            "Valley",
            "forty times steeper across than along: what is badly conditioned looks like this",
            (0.2, 8.0),
            (-5.2, 2.2),
        ),
        _quadratic(
            "Round bowl", "equally steep on all sides: what is left to see is the noise", (1.0, 1.0), (-5.0, 2.0)
        ),
        Surface(
            "Bend",
            "Rosenbrock's valley, its floor bent: the way down turns",
            _bend_value,
            _bend_gradient,
            box=(-2.6, 2.6, -0.7, 1.9),
            start=(-1.3, 1.5),
            minima=((1.0, 1.0),),
        ),
        Surface(
            "Saddle",
            "a pass between two minima: on its ridge the gradient leads to the pass and no further",
            _saddle_value,
            _saddle_gradient,
            box=(-4, 4, -2, 2),
            start=(0.0, 1.7),
            minima=((-2.0, 0.0), (2.0, 0.0)),
        ),
    )
}


def surface(name: str) -> Surface:
    """Return the surface called `name`."""
    if name not in SURFACES:
        raise InputError(f"`surface` (={name!r}) must be one of {', '.join(SURFACES)}: choose one of them.")
    return SURFACES[name]


def largest_rate(curvature: float, momentum: float = 0.0, nesterov: bool = False) -> float:
    """Return the learning rate above which (momentum) SGD diverges on a quadratic: 2 (1 + m) / curvature.

    Each step multiplies the distance by 1 - lr * curvature, which must stay above -1; momentum allows (1 + m) times
    as much (Polyak 1964). Nesterov's looks ahead, and bears 2 (1 + m) / ((1 + 2 m) curvature): with x - lr g the
    roots of z^2 - (1 + m) (1 - lr c) z + m (1 - lr c) must stay above -1.

    >>> largest_rate(8.0), round(largest_rate(8.0, 0.9, nesterov=True), 3)
    (0.25, 0.17)
    """
    return 2 * (1 + momentum) / (curvature * (1 + 2 * momentum if nesterov else 1))
