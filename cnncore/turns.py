"""A limit on how many threads ask the compute pool at a time; questions that nobody waits for any more are dropped.

    with wanted(somebody_waits):   # in a thread of its own
        ask()                      # a call of the pool takes one of the turns, an answer from a cache takes none

A turn is taken where a call begins, so whoever only looks something up never waits for one.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

TURNS = threading.BoundedSemaphore(4)
_here = threading.local()  # `.wanted` is the function that `wanted` was given in this thread, if it was


class UnwantedError(RuntimeError):
    """By the time a turn was free nobody waited for the answer any more."""


@contextmanager
def wanted(somebody_waits: Callable[[], bool]) -> Iterator[None]:
    """Have this thread's calls of the compute pool wait for a turn, and dropped if by then nobody waits for them."""
    _here.wanted = somebody_waits
    try:
        yield
    finally:
        del _here.wanted


@contextmanager
def turn() -> Iterator[None]:
    """Hold one of the turns, in a thread within `wanted`; an `UnwantedError` if nobody waits for it any more."""
    somebody_waits: Callable[[], bool] | None = getattr(_here, "wanted", None)
    if somebody_waits is None:
        yield
        return
    with TURNS:
        if not somebody_waits():
            raise UnwantedError
        yield
