"""How often everybody's live page looks at the store again: as often as this server bears.

Streamlit throws a refresh away unsent when the next one begins before it has been sent: a server that is asked for too
much shows nothing at all. So the pause grows with the number of viewers and with what a refresh takes here and now,
waiting for a busy processor included; and everybody gets the same.
"""

import secrets
import statistics
import threading
import time
from collections import deque
from collections.abc import Callable

import streamlit as st

PAUSES = (0.6, 1.2, 2.4, 4.8, 9.6)  # seconds
SHARE = 0.4  # of one core, for the scripts of all refreshes; sending what they say takes about as much again
_PATIENCE = 30  # seconds before a pause gets shorter again: everybody's page has to run once to learn of a change
_AWAY = 3  # pauses after which one who has not refreshed is no longer watching


class Pace:
    """The pause between two refreshes, from the refreshes that were made. Safe to share between threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[str, float] = {}  # when each viewer was last served
        self._took: deque[float] = deque(maxlen=100)
        self._level = 0
        self._changed = clock()

    @property
    def pause(self) -> float:
        """The seconds between two refreshes of one viewer, one of `PAUSES`."""
        return PAUSES[self._level]

    def took(self, viewer: str, seconds: float) -> None:
        """Take into account that a refresh for `viewer` took so long.

        The pause is the shortest with viewers x median time <= `SHARE` x pause; it falls again only where a third
        would do, and not at once.
        """
        with self._lock:
            now = self._clock()
            self._seen[viewer] = now
            self._seen = {name: at for name, at in self._seen.items() if now - at < _AWAY * self.pause}
            self._took.append(seconds)
            wanted = len(self._seen) * statistics.median(self._took) / SHARE
            before = self._level
            while wanted > self.pause and self._level + 1 < len(PAUSES):
                self._level += 1
            while self._level and wanted < self.pause / 3 and now - self._changed > _PATIENCE:
                self._level -= 1
            if self._level != before:
                self._changed = now


PACE = Pace()


def viewer() -> str:
    """Return what this tab is called here, until it is reloaded."""
    name: str = st.session_state.setdefault("viewer", secrets.token_hex(8))
    return name
