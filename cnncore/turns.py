"""A few turns at the compute pool for the many threads that ask it something on behalf of somebody who waits.

    with wanted(somebody_waits):   # in a thread of its own
        ask()                      # what it asks of the pool takes a turn, what is found in a cache none

A turn is taken where the work begins, so whoever only looks something up never waits for one.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

TURNS = threading.BoundedSemaphore(4)
_here = threading.local()  # `.wanted` is what this thread was given, where it was


class UnwantedError(RuntimeError):
    """Nobody waits for the answer any more, now that it would be its turn."""


@contextmanager
def wanted(somebody_waits: Callable[[], bool]) -> Iterator[None]:
    """Let what this thread asks of the compute pool wait for its turn, and be dropped where nobody waits by then."""
    _here.wanted = somebody_waits
    try:
        yield
    finally:
        del _here.wanted


@contextmanager
def turn() -> Iterator[None]:
    """Hold one of the turns in a thread that has to take one; an `UnwantedError` where nobody waits any more."""
    somebody_waits: Callable[[], bool] | None = getattr(_here, "wanted", None)
    if somebody_waits is None:
        yield
        return
    with TURNS:
        if not somebody_waits():
            raise UnwantedError
        yield
