"""What a page asks the compute pool for: shown at once where it is there at once, else when it comes.

    found = awaited("channels", norm_channels, subject, layer, batch, seed, height=300)
    if found is not None:
        show(found)

The rest of the page never waits: in the place of what is missing stands a skeleton, and when it has come the page
draws itself once more.
"""

import pickle
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Any, TypeVar

import streamlit as st

from cnncore.turns import wanted

T = TypeVar("T")
SOON = 0.1  # seconds that a page waits: what was kept or is quickly found comes without a skeleton that flickers
AGAIN = 0.25  # seconds between two looks whether it has come
THIN = 4  # pixels of the skeleton above what stays meanwhile


@dataclass(eq=False)  # each is itself
class _Asked:
    """A question that is not answered yet, and in how many places, of all sessions, somebody waits for it."""

    answer: "Future[Any]"
    waiting: int = 0


_ASKED: dict[bytes, _Asked] = {}  # by question: who asks what is being found out waits for the same answer
_LOCK = threading.Lock()


def awaited(
    key: str, ask: Callable[..., T], *arguments: Any, height: int = 240, below: bool = False, keep: bool = False
) -> T | None:
    """Return `ask(*arguments)`; as long as it has not come None, and a skeleton of `height` pixels stands here.

    `ask` is a function of a module, its answer follows from its arguments alone, and it runs in a thread of its own:
    it must use nothing of the session. All sessions that ask the same share that thread and its answer, which nobody
    may change. What it raises is raised here, once; then it is asked again. `key` names the place on the page: an
    earlier question of this place is withdrawn, and never computed where it still waits for its turn at the compute
    pool (see `cnncore.turns`) and nobody else waits for it. For what stands `below` the first screen the page itself
    waits less. With `keep` the last answer of this place is returned as long as the new one has not come, below a thin
    skeleton: for what has controls in it, which would lose their values.
    """
    place = f"awaited_{key}"
    question = pickle.dumps((ask.__module__, ask.__qualname__, arguments))
    asked, answer, last = st.session_state.get(place, (b"", None, None))
    if asked != question or answer is None:
        if answer is not None:
            _withdraw(asked, answer)
        answer = _asked(question, ask, arguments)
        st.session_state[place] = question, answer, last
        wait([answer], SOON / 5 if below else SOON)
    if not answer.done():
        kept: T | None = last
        st.fragment(_look, run_every=AGAIN)(answer, height if kept is None else THIN)
        return kept
    if answer.exception():
        del st.session_state[place]
    result: T = answer.result()
    if keep:
        st.session_state[place] = question, answer, result
    return result


def _asked(question: bytes, ask: Callable[..., T], arguments: tuple[Any, ...]) -> "Future[T]":
    with _LOCK:
        asked = _ASKED.get(question)
        begin = asked is None
        if asked is None:
            asked = _ASKED[question] = _Asked(Future())
        asked.waiting += 1
    if begin:
        threading.Thread(target=_work, args=(question, asked, ask, arguments), daemon=True).start()
    return asked.answer


def _withdraw(question: bytes, answer: "Future[Any]") -> None:
    with _LOCK:
        asked = _ASKED.get(question)
        if asked is not None and asked.answer is answer:
            asked.waiting -= 1


def _work(question: bytes, asked: _Asked, ask: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    def forget() -> None:
        if _ASKED.get(question) is asked:  # else somebody asked it anew since it was given up
            del _ASKED[question]

    def somebody_waits() -> bool:
        with _LOCK:
            if not asked.waiting:
                forget()  # who asks it from now on needs a new thread: this one gives up
            return asked.waiting > 0

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


def _look(answer: "Future[Any]", height: int) -> None:
    if answer.done():
        st.rerun()  # once: the timer ends with the skeleton
    st.skeleton(height)
