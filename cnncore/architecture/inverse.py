"""The arithmetic the other way round: which layers turn one size into another, the cheapest first."""

from dataclasses import dataclass

from cnncore.architecture.arithmetic import effective_kernel, unread
from cnncore.errors import InputError

KERNELS, STRIDES, DILATIONS = range(1, 12), range(1, 17), range(1, 4)
LARGEST = 512  # pixels: beyond, the list would hold little that anybody builds


@dataclass(frozen=True)
class Setting:
    """One way from a size to another. `unread` counts the input's cells along the axis that no output depends on.

    `weights` and `macs` are those of one square filter on one channel.
    """

    kernel: int
    stride: int
    padding: int
    dilation: int
    weights: int
    macs: int
    unread: int


def settings(size: int, output: int) -> tuple[Setting, ...]:
    """Return every convolution (or, read as such, pool) from `size` to `output` pixels.

    Searched are kernels up to 11, strides up to 16, dilations up to 3, and paddings less than what the kernel spans:
    with more, an output would see padding alone. The order is by fewer multiply-adds, then less dilation, then less
    padding; but those that pad by more than half of the span come after all others, and those that leave input unread
    come last. Sizes must be from 1 to `LARGEST`, else an `InputError`.

    >>> first = settings(32, 16)[0]
    >>> first.kernel, first.stride, first.padding, first.dilation
    (2, 2, 0, 1)
    """
    for name, value in (("size", size), ("output", output)):
        if not 1 <= value <= LARGEST:
            raise InputError(f"`{name}` (={value}) must be from 1 to {LARGEST} pixels: change it.")
    found = []
    for k in KERNELS:
        for d in DILATIONS if k > 1 else (1,):
            span = effective_kernel(k, d)
            for p in range(span):
                for s in _strides(size + 2 * p - span, output):
                    missed = len(unread(size, output, k, s, p, d))
                    found.append(Setting(k, s, p, d, k * k, k * k * output * output, missed))
    return tuple(sorted(found, key=_rank))


def _rank(found: Setting) -> tuple[bool, bool, int, int, int]:
    wide = found.padding > effective_kernel(found.kernel, found.dilation) // 2
    return found.unread > 0, wide, found.macs, found.dilation, found.padding


def _strides(room: int, output: int) -> tuple[int, ...]:
    """Return the strides s with floor(room / s) + 1 = output."""
    if room < 0:
        return ()
    if output == 1:  # all strides beyond the room do the same: the smallest stands for them
        return (room + 1,) if room < STRIDES[-1] else ()
    return tuple(s for s in STRIDES if room // s == output - 1)
