"""Drawing many small pictures at once, with the same bytes on every machine.

Only elementwise +, -, *, /, square roots and comparisons in float64 are used, each of which IEEE 754 fixes to the last
bit, and integers; no sines, no sums of floats, no library that draws. Every quantity has one value per picture, shape
(N, 1, 1), and is combined with the pixels' coordinates (N, S, S), in which an object fills about -1 to 1.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Values: TypeAlias = NDArray[np.float64]  # (N, 1, 1), or (N, S, S) for coordinates
Mask: TypeAlias = NDArray[np.bool_]  # (N, S, S)
Colour: TypeAlias = NDArray[np.float64]  # (N, 3, 1, 1), 0 to 255
SUPERSAMPLING = 2  # pixels drawn for each pixel kept, along each axis


class Dice:
    """Random values, one per picture, from a stream of integers that numpy promises never to change."""

    def __init__(self, seed: int, count: int) -> None:
        self._state = np.random.RandomState(seed)
        self.count = count

    def uniform(self, low: float, high: float) -> Values:
        """Return values between `low` and `high`, (N, 1, 1)."""
        steps = self._state.randint(0, 1 << 16, (self.count, 1, 1), dtype=np.int64)
        return np.asarray(low + steps * ((high - low) / (1 << 16)), np.float64)

    def chance(self, p: float) -> Mask:
        """Return true with probability `p`, (N, 1, 1)."""
        return self.uniform(0, 1) < p

    def choice(self, options: int) -> NDArray[np.int64]:
        """Return whole numbers from 0 to `options` - 1, (N, 1, 1)."""
        return self._state.randint(0, options, (self.count, 1, 1), dtype=np.int64)

    def colour(self, low: int = 20, high: int = 236) -> Colour:
        """Return colours, (N, 3, 1, 1)."""
        return self._state.randint(low, high, (self.count, 3, 1, 1), dtype=np.int64).astype(np.float64)

    def noise(self, size: int) -> Values:
        """Return a value from -1 to 1 for every channel of every pixel, about bell-shaped, (N, 3, S, S)."""
        shape = (self.count, 3, size, size)
        total = sum(self._state.randint(0, 256, shape, dtype=np.int64) for _ in range(3))
        return (np.asarray(total) - 382) / 383.0


class Canvas:
    """Pictures that are drawn into, and the coordinates in which the next shapes are given.

    `pixels` (N, 3, S, S) are 0 to 255. `u` runs to the right and `v` downwards, both (N, S, S). `place` moves, scales,
    turns and shears the frame.
    """

    def __init__(self, pixels: NDArray[np.float64]) -> None:
        self.pixels = pixels
        count, _, size, _ = pixels.shape
        axis = (2 * np.arange(size) + 1) / size - 1.0  # -1 to 1
        full = (count, size, size)
        self.x: Values = np.broadcast_to(axis[None, None, :], full)
        self.y: Values = np.broadcast_to(axis[None, :, None], full)
        self.u, self.v = self.x, self.y

    @classmethod
    def blank(cls, count: int, size: int) -> "Canvas":
        """Return `count` black pictures that will have `size` pixels."""
        return cls(np.zeros((count, 3, size * SUPERSAMPLING, size * SUPERSAMPLING)))

    def place(self, x: Values, y: Values, scale: Values, half_turn: Values, shear: Values, mirrored: Mask) -> None:
        """Put the frame's origin at (x, y); `half_turn` is the tangent of half the angle."""
        # The rational form of a rotation: no sine, whose last bit differs between machines.
        denominator = 1 + half_turn * half_turn
        cosine, sine = (1 - half_turn * half_turn) / denominator, 2 * half_turn / denominator
        # What depends on the column or on the row alone is computed once for all of them.
        right, down = (self.x[:, :1] - x) / scale, (self.y[:, :, :1] - y) / scale  # (N, 1, S), (N, S, 1)
        self.v = down * cosine - right * sine
        self.u = right * cosine + down * sine
        self.u += shear * self.v
        self.u *= np.where(mirrored, -1.0, 1.0)

    def ellipse(self, x: Values | float, y: Values | float, rx: Values | float, ry: Values | float) -> Mask:
        """Return the pixels of an ellipse about (x, y)."""
        across, down = (self.u - x) / rx, (self.v - y) / ry
        return np.asarray(across * across + down * down <= 1)

    def box(self, left: Values | float, top: Values | float, right: Values | float, bottom: Values | float) -> Mask:
        """Return the pixels of an upright rectangle."""
        return np.asarray((self.u >= left) & (self.u <= right) & (self.v >= top) & (self.v <= bottom))

    def triangle(self, *corners: tuple[Values | float, Values | float]) -> Mask:
        """Return the pixels of a triangle, its corners given clockwise as seen (v runs downwards)."""
        inside: Mask = np.ones(self.u.shape, bool)
        for (x0, y0), (x1, y1) in zip(corners, (*corners[1:], corners[0]), strict=True):
            inside &= (x1 - x0) * (self.v - y0) - (y1 - y0) * (self.u - x0) >= 0
        return inside

    def paint(self, mask: Mask, colour: Colour, shade: float = 0.0) -> None:
        """Colour the pixels of `mask`; with `shade` lighter at the object's top and darker below."""
        if shade:
            colour = colour * (1 - shade * self.v)[:, None]  # (N, 3, S, S)
        np.copyto(self.pixels, colour, where=mask[:, None])

    def finished(self, noise: Values, strength: Values) -> NDArray[np.uint8]:
        """Return the pictures at their size, noise added: uint8 (N, 3, size, size)."""
        s = SUPERSAMPLING
        fine = self.pixels.clip(0, 255).astype(np.int16)  # the sums below stay under 32,768
        size = fine.shape[2] // s
        small = sum(fine[:, :, row::s, column::s] for row in range(s) for column in range(s))
        mean = np.asarray(small).reshape(-1, 3, size, size) / (s * s)
        return (mean + noise * strength[:, None]).clip(0, 255).astype(np.uint8)
