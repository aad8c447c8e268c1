"""What trains now and what waits, for all of the class, and what a teacher does with all of it at once."""

import contextlib
from collections import Counter
from collections.abc import Callable

import streamlit as st

from cnncore.errors import InputError
from cnncore.runs import client
from cnncore.runs.record import Run, Status
from cnncore.runs.remaining import remaining_seconds
from cnncore.runs.store import open_store
from cnncore.runs.supervisor import slots
from cnncore.wording import counted, duration
from pages.parts.live import act
from pages.parts.plain import with_code
from pages.parts.tabulate import tabulate

REFRESH = 2.0  # seconds


def queue(mine: bool) -> None:
    """Show the active runs of everybody, refreshed as long as there are any; whether all can be acted on is `mine`."""
    active = bool(active_runs())
    st.fragment(_queue, run_every=REFRESH if active else 5 * REFRESH)(mine, active)


def active_runs() -> list[Run]:
    """Return the active runs that this version of the program can read, the oldest first: whose turn comes next."""
    found, store = [], open_store()
    for row in store.active():
        with contextlib.suppress(InputError):
            found.append(store.get(row["id"]))
    return found


def _queue(mine: bool, was_active: bool) -> None:
    try:
        client.attend()
        runs, active = open_store().runs(), active_runs()
    except InputError as error:
        st.error(with_code(error))
        return
    if was_active != bool(active):
        st.rerun()
    st.markdown(_summary(active))
    if not active:
        return
    left = {run.id: remaining_seconds(run, runs) for run in active}
    tabulate([_row(run, left[run.id]) for run in active], height=min(38 + 35 * len(active), 320), key="class_runs")
    known = [seconds for seconds in left.values() if seconds is not None]
    if len(known) == len(active):
        st.caption(
            f"About {duration(sum(known))} of training in all, as fast as the last such runs; evaluations come on top. "
            f"{counted(slots(), 'run')} at a time: `CNNCORE_SLOTS` says how many."
        )
    if mine:
        _for_all(active)


def _summary(active: list[Run]) -> str:
    if not active:
        return "Nothing trains and nothing waits."
    words = {
        Status.RUNNING: ("trains", "train"),
        Status.QUEUED: ("waits", "wait"),
        Status.PAUSED: ("is paused", "are paused"),
    }
    count = Counter(run.status for run in active)
    said = [f"**{count[status]}** {words[status][count[status] > 1]}" for status in words if count[status]]
    return f"Of everybody's runs {', '.join(said)}."


def _row(run: Run, left: float | None) -> dict[str, str | None]:
    return {
        "run": run.label,
        "status": "waits for its turn" if run.waits else str(run.status),
        "epochs": f"{run.epoch}/{run.config.epochs}",
        "left": None if left is None else duration(left),
        "data": run.config.dataset,
        "id": run.id,
    }


def _for_all(active: list[Run]) -> None:
    with st.container(horizontal=True):
        for name, key, icon, action, concerned in (
            ("Pause all", "class_pause", "pause", client.pause, _goes_on),
            ("Go on", "class_continue", "play_arrow", client.unpause, _is_held),
        ):
            st.button(
                name,
                key=key,
                icon=f":material/{icon}:",
                disabled=not any(map(concerned, active)),
                on_click=_each,
                args=(action, concerned),
            )
        with st.popover("Stop all", icon=":material/stop:", key="class_stop"):
            st.markdown(f"Ends everybody's {counted(len(active), 'run')}. Each keeps its curves and can be resumed.")
            st.button("Stop them", key="class_stop_all", type="primary", on_click=_each, args=(client.stop,))


def _goes_on(run: Run) -> bool:
    return run.status in (Status.RUNNING, Status.QUEUED) or run.waits


def _is_held(run: Run) -> bool:
    return run.status is Status.PAUSED and not run.waits


def _each(action: Callable[[str], None], concerned: Callable[[Run], bool] = lambda _: True) -> None:
    for run in active_runs():
        if concerned(run):
            act(action, run.id)
