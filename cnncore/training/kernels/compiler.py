"""Triton, where it is there, and what all kernels share."""

from typing import Any

import torch
from torch import Tensor

try:
    import triton
    import triton.language
except ImportError as error:  # macOS, Windows, and PyTorch's builds without CUDA
    MISSING = f"Triton cannot be imported ({error})"
else:
    MISSING = ""


class _Absent:
    """What the kernels' signatures name, where there is no Triton."""

    constexpr = Any


def _as_it_is(kernel: Any = None, **_: Any) -> Any:
    return kernel or (lambda function: function)


tl: Any = _Absent if MISSING else triton.language
jit: Any = _as_it_is if MISSING else triton.jit
VALUES = 2048  # that a program works on at a time, in registers
_PARTS = 512  # programs that share a sum over a channel, at most
# A number of channels is compiled into a kernel: only then does it know that neighbours can be read together. Sizes are
# not, or there would be a kernel for every layer.
SIZES = ["rows", "height", "width", "high", "wide", "padding"]


def cdiv(number: int, by: int) -> int:
    """Return the quotient, rounded up."""
    return -(-number // by)


def power_of_two(number: int) -> int:
    """Return the smallest power of two that is not below a number of at least one."""
    return 1 << (number - 1).bit_length()


def tile_of(channels: int) -> dict[str, int]:
    """Return the channels, and of which rows and channels a program takes how many at a time."""
    block = min(128, power_of_two(channels))
    return {"C": channels, "ROWS": max(1, VALUES // block), "CHANNELS": block}


def grid_of(rows: int, tile: dict[str, int]) -> tuple[int, int]:
    """Return how many programs there are, along the rows and along the channels."""
    return cdiv(rows, tile["ROWS"]), cdiv(tile["C"], tile["CHANNELS"])


def parts_of(rows: int, tile: dict[str, int]) -> tuple[int, int]:
    """Return how many rows a program adds up, and how many programs there are."""
    part = cdiv(max(1, cdiv(rows, _PARTS)), tile["ROWS"]) * tile["ROWS"]
    return part, cdiv(rows, part)


@jit(do_not_specialize=["count"])
def _added(parts, sums, count, WIDTH: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr):
    """Add up `count` rows of `WIDTH` numbers."""
    column = tl.program_id(0) * COLUMNS + tl.arange(0, COLUMNS)
    total = tl.zeros([COLUMNS], tl.float32)
    for start in range(0, count, ROWS):
        row = start + tl.arange(0, ROWS)
        inside = (row < count)[:, None] & (column < WIDTH)[None, :]
        place = (row.to(tl.int64) * WIDTH)[:, None] + column[None, :]
        total += tl.sum(tl.load(parts + place, mask=inside, other=0.0), 0)
    tl.store(sums + column, total, mask=column < WIDTH)


def added(parts: Tensor) -> Tensor:
    """Return the sum of `parts` (P, ...) over the first axis; always in the same order."""
    sums = torch.empty(parts.shape[1:], device=parts.device)
    columns = 4  # of a program: the more programs, the less each has to wait for
    rows = min(512, power_of_two(len(parts)))
    grid = (cdiv(sums.numel(), columns),)
    _added[grid](parts, sums, len(parts), WIDTH=sums.numel(), ROWS=rows, COLUMNS=columns)
    return sums
