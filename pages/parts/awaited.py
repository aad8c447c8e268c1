"""What a page asks the compute pool for: shown at once where it is there at once, else when it comes.

    found = awaited("channels", norm_channels, subject, layer, batch, seed, height=300)
    if found is not None:
        show(found)

The rest of the page never waits: in the place of what is missing stands a skeleton, and when it has come the page
draws itself once more.
"""

import math
import pickle
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from typing import Any, TypeVar

import streamlit as st

from cnncore.turns import UnwantedError, wanted

T = TypeVar("T")
SOON = 0.1  # seconds that a page waits: what was kept or is quickly found comes without a skeleton that flickers
AGAIN = 0.25  # seconds between two looks whether it has come
LEFT = 10.0  # seconds without a look after which nobody is there any more, the page left or the tab closed
THIN = 4  # pixels of the skeleton above what stays meanwhile


@dataclass(eq=False)  # each is itself
class _Place:
    """A place of a session's page that waits for an answer, and when it looked last."""

    looked: float = math.inf  # as long as its script waits

    def look(self) -> None:
        """Note that somebody is there."""
        self.looked = time.monotonic()


@dataclass(eq=False)  # each is itself
class _Asked:
    """A question that is not answered yet, and the places, of all sessions, that wait for it."""

    answer: "Future[Any]"
    places: list[_Place] = field(default_factory=list)


_ASKED: dict[bytes, _Asked] = {}  # by question: who asks what is being found out waits for the same answer
_LOCK = threading.Lock()


def awaited(
    key: str, ask: Callable[..., T], *arguments: Any, height: int = 240, below: bool = False, keep: bool = False
) -> T | None:
    """Return `ask(*arguments)`; as long as it has not come None, and a skeleton of `height` pixels stands here.

    `ask` is a function of a module, its answer follows from its arguments alone, and it runs in a thread of its own:
    it must use nothing of the session. All sessions that ask the same share that thread and its answer, which nobody
    may change. What it raises is raised here, once; then it is asked again. `key` names the place on the page: an
    earlier question of this place is withdrawn, as is one that nobody has looked after for `LEFT` seconds, and never
    computed where it still waits for its turn at the compute pool (see `cnncore.turns`) and nobody else waits for it.
    For what stands `below` the first screen the page itself waits less. With `keep` the last answer of this place is
    returned as long as the new one has not come, below a thin skeleton: for what has controls in it, which would lose
    their values.
    """
    place = f"awaited_{key}"
    question = pickle.dumps((ask.__module__, ask.__qualname__, arguments))
    asked, answer, last, here = st.session_state.get(place, (b"", None, None, _Place()))
    if asked != question or answer is None or _given_up(answer):
        here.looked = -math.inf
        here = _Place()
        answer = _asked(question, ask, arguments, here)
        st.session_state[place] = question, answer, last, here
        wait([answer], SOON / 5 if below else SOON)
    here.look()
    if not answer.done():
        kept: T | None = last
        st.fragment(_look, run_every=AGAIN)(answer, here, height if kept is None else THIN)
        return kept
    if answer.exception():
        del st.session_state[place]
    result: T = answer.result()
    if keep:
        st.session_state[place] = question, answer, result, here
    return result


def _given_up(answer: "Future[Any]") -> bool:
    """Return whether nobody was there when it would have been its turn, and now somebody is."""
    return answer.done() and isinstance(answer.exception(), UnwantedError)


def _asked(question: bytes, ask: Callable[..., T], arguments: tuple[Any, ...], here: _Place) -> "Future[T]":
    with _LOCK:
        asked = _ASKED.get(question)
        begin = asked is None
        if asked is None:
            asked = _ASKED[question] = _Asked(Future())
        asked.places.append(here)
    if begin:
        threading.Thread(target=_work, args=(question, asked, ask, arguments), daemon=True).start()
    return asked.answer


def _work(question: bytes, asked: _Asked, ask: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    def forget() -> None:
        if _ASKED.get(question) is asked:  # else somebody asked it anew since it was given up
            del _ASKED[question]

    def somebody_waits() -> bool:
        with _LOCK:
            waited_for = any(time.monotonic() - place.looked < LEFT for place in asked.places)
            if not waited_for:
                forget()  # who asks it from now on needs a new thread: this one gives up
            return waited_for

    try:
        with wanted(somebody_waits):
            answer = ask(*arguments)
    except BaseException as error:  # noqa: BLE001 it belongs to the pages that asked
        with _LOCK:
            forget()  # before it is told, so that who asks again asks anew
        asked.answer.set_exception(error)
    else:
        with _LOCK:
            forget()  # whether it is kept is for a cache to say
        asked.answer.set_result(answer)


def _look(answer: "Future[Any]", here: _Place, height: int) -> None:
    here.look()
    if answer.done():
        st.rerun()  # once: the timer ends with the skeleton
    st.skeleton(height)
