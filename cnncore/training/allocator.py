"""Freed memory is kept for the next step instead of being given back to the system.

A training step frees and asks again for the same tensors. glibc gives blocks above a few hundred kilobytes back to the
kernel at once, and gets them back page by page, each page cleared first: thousands of page faults a step of the
practical's network (counted at batch 128: 13,490 before, 39 after). Told to keep them, it hands out the same blocks
again; no number changes. `benchmarks/parts.py` measures what it gains.
"""

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # mallopt's names for its parameters, from glibc's malloc.h
_NEVER = 2**31 - 1  # the largest value that mallopt takes: blocks below 2 GB are kept


def keep_freed_memory() -> bool:
    """Have this process keep freed memory, before it allocates much; return whether its allocator could be told.

    Only glibc has the call: on macOS, Windows and musl nothing is changed.
    """
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "gnu_get_libc_version"):  # musl's mallopt does nothing
        return False
    return bool(libc.mallopt(_MMAP_THRESHOLD, _NEVER)) and bool(libc.mallopt(_TRIM_THRESHOLD, _NEVER))
