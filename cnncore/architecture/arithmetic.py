"""Convolution arithmetic along one axis; every layer applies it to height and width in turn.

i input size, k kernel, s stride, p padding on each side, d dilation, all in pixels. The relationships are those of
Dumoulin & Visin, "A guide to convolution arithmetic for deep learning" (2016); where PyTorch differs, PyTorch holds.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnncore.errors import InputError


def effective_kernel(k: int, d: int) -> int:
    """Return how many pixels a dilated kernel spans: d(k-1)+1.

    >>> effective_kernel(3, 2)
    5
    """
    return d * (k - 1) + 1


def half_padding(k: int, d: int = 1) -> tuple[int, int]:
    """Return the zeros before and after that keep the size at stride 1: d(k-1), half of them on each side.

    The guide's half, or same, padding. They differ by one where d(k-1) is odd, and no `padding` of both sides is it.

    >>> half_padding(5), half_padding(4)
    ((2, 2), (1, 2))
    """
    zeros = effective_kernel(k, d) - 1
    return zeros // 2, zeros - zeros // 2


def conv_output_size(i: int, k: int, s: int = 1, p: int = 0, d: int = 1) -> int:
    """Return floor((i + 2p - d(k-1) - 1) / s) + 1 (relationship 15; 6 without dilation).

    An `InputError` if the kernel spans more than the padded input.

    >>> conv_output_size(32, 5, 1, 2)
    32
    >>> conv_output_size(6, 3, 2)
    2
    """
    span = effective_kernel(k, d)
    if span > i + 2 * p:
        dilated = f", which spans {span} pixels with dilation {d}," if d > 1 else ""
        raise InputError(
            f"`kernel` (={k}){dilated} must not be larger than the padded input ({i} + 2*{p} = {i + 2 * p}): "
            f"use a smaller kernel or a padding of at least {-(-(span - i) // 2)}."
        )
    return (i + 2 * p - span) // s + 1


def transposed_output_size(i: int, k: int, s: int = 1, p: int = 0, d: int = 1, output_padding: int = 0) -> int:
    """Return (i-1)s - 2p + d(k-1) + output_padding + 1 (relationship 14, with PyTorch's dilation).

    An `InputError` if the padding leaves no pixel.

    >>> transposed_output_size(2, 3, 2)
    5
    """
    size = (i - 1) * s - 2 * p + d * (k - 1) + output_padding + 1
    if size < 1:
        raise InputError(
            f"`padding` (={p}) takes {2 * p} pixels from an output of {size + 2 * p} and must leave at least one: "
            f"use at most {max(0, (size + 2 * p - 1) // 2)}."
        )
    return size


def pool_output_size(i: int, k: int, s: int, p: int = 0, d: int = 1, ceil_mode: bool = False) -> int:
    """Return the convolution's size; with `ceil_mode` rounded up, but the last window begins inside the input.

    An `InputError` if not one window fits.

    >>> pool_output_size(7, 2, 2), pool_output_size(7, 2, 2, ceil_mode=True)
    (3, 4)
    """
    up = -(-(i + 2 * p - effective_kernel(k, d)) // s) + 1
    # Rounding up lets a window reach beyond the padded input, as long as less than one stride is missing.
    if not ceil_mode or up < 1:
        return conv_output_size(i, k, s, p, d)
    # PyTorch's rule: a window that would begin in the padding on the right (or beyond) is left out.
    return up - 1 if (up - 1) * s >= i + p else up


def reads(o: int, i: int, k: int, s: int = 1, p: int = 0, d: int = 1) -> tuple[int, ...]:
    """Return which input cells the output cell `o` reads, from 0; cells of the padding are left out.

    >>> reads(0, 5, 3, 1, 1)
    (0, 1)
    """
    cells = (o * s - p + d * tap for tap in range(k))
    return tuple(cell for cell in cells if 0 <= cell < i)


def copied(places: NDArray[np.int64], size: int, mode: str) -> NDArray[np.int64]:
    """Return which of `size` input cells lies at each place, or is copied there by the padding; -1 where none is.

    Places count from the first input cell, those before it are negative; `mode` is one of PyTorch's padding modes.

    >>> copied(np.arange(-2, 6), 4, "reflect").tolist()
    [2, 1, 0, 1, 2, 3, 2, 1]
    """
    if mode == "reflect":  # the border is the mirror and is not repeated
        return np.asarray(size - 1 - np.abs(size - 1 - np.abs(places)))
    if mode == "replicate":
        return np.clip(places, 0, size - 1)
    if mode == "circular":
        return np.asarray(places % size)
    return np.where((places >= 0) & (places < size), places, -1)


def unread(i: int, o: int, k: int, s: int = 1, p: int = 0, d: int = 1, mode: str = "zeros") -> tuple[int, ...]:
    """Return which of the `i` input cells none of the `o` output cells reads, itself or through a copy in the padding.

    >>> unread(6, 2, 3, 2), unread(6, 2, 3, 3, 1), unread(6, 2, 3, 3, 1, mode="circular")
    ((5,), (5,), ())
    """
    if mode == "zeros":
        return _cells(~_covered(np.arange(i) + p, o, k, s, d))
    places = np.arange(i + 2 * p)
    read = np.zeros(i, dtype=bool)
    read[copied(places[_covered(places, o, k, s, d)] - p, i, mode)] = True
    return _cells(~read)


def _covered(places: NDArray[np.int64], o: int, k: int, s: int, d: int) -> NDArray[np.bool_]:
    """Return which places of the padded input lie under a tap: place = output * s + tap * d has a solution.

    The taps that solve it lie s / gcd(s, d) apart, so the smallest that is allowed decides: there is no loop over
    windows.
    """
    common = math.gcd(s, d)
    every = s // common
    # tap = place / d modulo s, after dividing all three by gcd(s, d).
    first = places // common * pow(d // common, -1, every) % every
    least = np.maximum(0, -((s * (o - 1) - places) // d))  # the last output reads it with this tap, if any does
    tap = least + (first - least) % every
    return np.asarray((places % common == 0) & (tap <= np.minimum(k - 1, places // d)))


def _cells(chosen: NDArray[np.bool_]) -> tuple[int, ...]:
    return tuple(np.flatnonzero(chosen).tolist())


def unread_transposed(i: int, o: int, k: int, s: int = 1, p: int = 0, d: int = 1) -> tuple[int, ...]:
    """Return which of the `i` input cells of a transposed convolution reach none of its `o` output cells.

    Each cell is spread over the cells that the reverse convolution reads; padding can cut all of them off.

    >>> unread_transposed(5, 3, 1, 1, 1)
    (0, 4)
    """
    first = np.arange(i) * s - p  # where the first tap of each cell falls
    inside = np.maximum(0, -(first // d))  # the first tap that falls at or after the output's first cell
    return _cells((inside > k - 1) | (first + inside * d > o - 1))


@dataclass(frozen=True)
class Field:
    """The receptive field of a unit along one axis, in pixels of the image.

    `size` is its extent, `jump` the distance between the fields of neighbouring units, `start` the centre of the
    first unit's field (the first pixel's centre is 0.5; Araujo, Norris & Sim 2019). The border is not clipped.
    """

    size: int = 1
    jump: int = 1
    start: float = 0.5

    def through(self, k: int, s: int, p: int = 0, d: int = 1) -> "Field":
        """Return the field after a layer: r += d(k-1) j, then j *= s.

        >>> Field().through(5, 1, 2).through(2, 2)
        Field(size=6, jump=2, start=1.0)
        """
        reach = d * (k - 1)
        return Field(self.size + reach * self.jump, self.jump * s, self.start + (reach / 2 - p) * self.jump)

    def span(self, unit: int) -> tuple[int, int]:
        """Return the first pixel that `unit` (from 0) sees, and the one after the last; they may lie in the padding.

        >>> Field().through(5, 1, 2).span(1)
        (-1, 4)
        """
        first = round(self.start + unit * self.jump - self.size / 2)  # whole: a size is odd where its centre is a half
        return first, first + self.size

    def joined(self, other: "Field") -> "Field":
        """Return the smallest field that holds both: what a unit sees that adds or concatenates two paths.

        An `InputError` if their jumps differ.

        >>> Field(3, 1, 0.5).joined(Field(1, 1, 2.5))
        Field(size=4, jump=1, start=1.0)
        """
        if self.jump != other.jump:
            raise InputError(
                f"`jump` (={self.jump} and {other.jump}) of two paths must be equal: give both the same stride in all."
            )
        first = min(self.start - self.size / 2, other.start - other.size / 2)
        last = max(self.start + self.size / 2, other.start + other.size / 2)
        return Field(int(last - first), self.jump, (first + last) / 2)
