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
from typing import Any, TypeVar

import streamlit as st

T = TypeVar("T")
SOON = 0.1  # seconds that a page waits: what was kept or is quickly found comes without a skeleton that flickers
AGAIN = 0.25  # seconds between two looks whether it has come
THIN = 4  # pixels of the skeleton above what stays meanwhile
# A few questions at a time; those that nobody waits for any more by the time that it is their turn are never asked.
_TURNS = threading.BoundedSemaphore(4)


def awaited(
    key: str, ask: Callable[..., T], *arguments: Any, height: int = 240, below: bool = False, keep: bool = False
) -> T | None:
    """Return `ask(*arguments)`; as long as it has not come None, and a skeleton of `height` pixels stands here.

    `ask` is a function of a module, its answer follows from its arguments alone, and it runs in a thread of its own:
    it must use nothing of the session. What it raises is raised here, once; then it is asked again. `key` names the
    place on the page: an earlier question of this place that still waits for its turn is withdrawn. For what stands
    `below` the first screen the page itself waits less. With `keep` the last answer of this place is returned as long
    as the new one has not come, below a thin skeleton: for what has controls in it, which would lose their values.
    """
    place = f"awaited_{key}"
    question = pickle.dumps((ask.__module__, ask.__qualname__, arguments))
    asked, answer, last = st.session_state.get(place, (b"", None, None))
    if asked != question or answer is None:
        if answer is not None:
            answer.cancel()
        answer = _asked(ask, arguments)
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


def _asked(ask: Callable[..., T], arguments: tuple[Any, ...]) -> "Future[T]":
    answer: Future[T] = Future()

    def work() -> None:
        with _TURNS:
            if answer.set_running_or_notify_cancel():
                try:
                    answer.set_result(ask(*arguments))
                except BaseException as error:  # noqa: BLE001 it belongs to the page that asked
                    answer.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    return answer


def _look(answer: "Future[Any]", height: int) -> None:
    if answer.done():
        st.rerun()  # once: the timer ends with the skeleton
    st.skeleton(height)
