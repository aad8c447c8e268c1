"""A run as it happens: status, buttons and curves, refreshed from the store.

In one file, as a refresh runs all of it and nothing else.
"""

import math
import time
from collections.abc import Callable, Sequence
from typing import TypeAlias

import streamlit as st

from cnncore.errors import InputError
from cnncore.figures.curves import Axis
from cnncore.figures.words import gap_of, standing, verdict
from cnncore.runs import client
from cnncore.runs.record import Run, Status
from cnncore.runs.store import RunStore, open_store
from cnncore.wording import duration, number
from pages.parts.held_out import locked, show_lock
from pages.parts.live_curves import show_curves
from pages.parts.pace import PACE, viewer
from pages.parts.plain import plain, with_code
from pages.parts.refusal import refuse
from pages.parts.run_judgement import show_judgement

FACTORS = (0.01, 0.1, 0.3, 1.0, 3.0, 10.0)
_ICONS = {
    Status.QUEUED: ":material/hourglass_empty:",
    Status.RUNNING: ":material/play_arrow:",
    Status.PAUSED: ":material/pause:",
    Status.STOPPED: ":material/stop:",
    Status.FINISHED: ":material/check_circle:",
    Status.DIVERGED: ":material/trending_up:",
    Status.FAILED: ":material/error:",
    Status.INTERRUPTED: ":material/power_off:",
}
_Standing: TypeAlias = tuple[tuple[Status, int, bool], ...]


def act(action: Callable[[str], None], run_id: str) -> None:
    """Carry out a button's action; what does not work is shown as its sentence."""
    try:
        action(run_id)
    except InputError as error:
        refuse(error)


def live(run_id: str, others: Sequence[str], axis: Axis) -> None:
    """Show the run `run_id`, with the `others` drawn beside it, and refresh while one of them is active."""
    store = open_store()
    try:
        runs = [store.get(entry) for entry in (run_id, *others)]
    except InputError:
        st.rerun()  # one was deleted since the page listed them
    pause = PACE.pause if any(run.status.active for run in runs) else None
    st.fragment(_paced, run_every=pause)(run_id, tuple(others), axis, _standing(runs), pause)


def _standing(runs: Sequence[Run]) -> _Standing:
    """Return what the rest of the page shows of the runs: whether they go on, how far to a tenth, what is locked."""
    return tuple((run.status, 10 * run.epoch // run.config.epochs, locked(run)) for run in runs)


def _paced(run_id: str, others: tuple[str, ...], axis: Axis, stood: _Standing, pause: float | None) -> None:
    begin = time.perf_counter()
    _live(run_id, others, axis, stood)
    if pause is not None:
        PACE.took(viewer(), time.perf_counter() - begin)
        if pause != PACE.pause:
            st.rerun()  # only the whole page can set its timer anew


def _live(run_id: str, others: tuple[str, ...], axis: Axis, stood: _Standing) -> None:
    store = open_store()
    try:
        client.attend()
    except InputError as error:
        st.error(with_code(error))
        return
    try:
        shown = [store.get(entry) for entry in (run_id, *others)]
    except InputError:
        st.rerun()  # one was deleted meanwhile: the page knows which are left
    run = shown[0]
    if stood != _standing(shown):
        st.rerun()  # once, so that the timer ends or begins and the rest of the page knows
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"{_ICONS[run.status]} **{run.status.capitalize()}** · {plain(run.label)}", width="stretch")
        _buttons(run)
    _progress_bar(run, store)
    failed = run.status is Status.FAILED
    if failed:  # below charts that may be empty nobody would look for the reason
        _result(run)
    show_curves(shown, axis)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _rate_control(run)
        show_lock(run)
    if not failed:
        _result(run)
    show_judgement(run)


def _rate_control(run: Run) -> None:
    """Show by how much a hand multiplies the planned learning rate; a change acts on the next update."""
    nearest = min(FACTORS, key=lambda factor: abs(math.log(factor / run.lr_factor)))
    st.session_state.live_factor = nearest
    st.segmented_control(
        "Learning rate, from the next update on",
        FACTORS,
        key="live_factor",
        required=True,
        format_func=lambda factor: "as planned" if factor == 1 else f"× {factor:g}",
        disabled=not run.status.active,
        on_change=_change_rate,
        args=(run.id,),
    )


def _change_rate(run_id: str) -> None:
    act(lambda name: client.set_lr_factor(name, st.session_state.live_factor), run_id)


def _progress_bar(run: Run, store: RunStore) -> None:
    done = run.step / run.steps if run.steps else 0.0
    st.progress(min(1.0, done), text=_progress(run, store))


def _result(run: Run) -> None:
    """Say how it ended, or where it stands and trains."""
    if run.message:
        tell = st.info if run.status in (Status.STOPPED, Status.PAUSED) else st.error
        tell(with_code(run.message))
    elif run.status is Status.FINISHED:
        gap = gap_of(run)
        learned = gap is None or not gap.guessing
        (st.success if learned else st.warning)(verdict(run))
    elif run.device:
        st.caption(f"{standing(run)} · on {run.device}: {with_code(run.device_reason)}.")


def _progress(run: Run, store: RunStore) -> str:
    if run.status is Status.QUEUED:
        rows = store.active()  # the oldest first; one that was resumed keeps its place, behind those that train
        queue = [row["id"] for row in rows if row["status"] == Status.QUEUED]
        ahead = sum(row["status"] == Status.RUNNING for row in rows) + (queue.index(run.id) if run.id in queue else 0)
        return (
            f"In the queue, {ahead} before it"
            if ahead
            else "Starting: PyTorch is being loaded and the data put on the device"
        )
    if run.waits:
        return "Waits for its turn: another run trains"
    update = store.last_update(run.id)
    if update is None or not run.steps:
        return "Before its first update" if run.status is Status.PAUSED else "Starting"
    changes = store.changes(run.id)
    used = changes[-1].lr_factor if changes else 1.0
    by_hand = "" if used == 1 else f" (× {used:g} by hand)"
    if run.status.active and run.lr_factor != used:
        by_hand += f", × {run.lr_factor:g} from the next update on"
    parts = [
        f"Epoch {min(run.epoch + 1, run.config.epochs)} of {run.config.epochs}",
        f"update {update.step:,} of {run.steps:,}",
        f"learning rate {number(update.lr, 4)}{by_hand}",
    ]
    seconds = run.seconds + (update.seconds if update.epoch > run.epoch else 0)
    done = update.step / run.steps  # of the same update as the seconds: the run was read before it
    if seconds > 0 and run.train_size:
        parts.append(f"{done * run.config.epochs * run.train_size / seconds:,.0f} images/s")
        if run.status is Status.RUNNING and done < 1:
            parts.append(f"{duration(seconds * (1 - done) / done)} of training left")
    return " · ".join(parts)


def _buttons(run: Run) -> None:
    """Show five buttons, always the same ones; those that make no sense now are off. Step makes one update."""
    running = run.status in (Status.QUEUED, Status.RUNNING)
    paused = run.status is Status.PAUSED or run.intent == "pause"
    with st.container(horizontal=True, width="content"):
        for label, icon, action, enabled in (
            ("Pause", "pause", client.pause, (running and not paused) or run.waits),
            ("Continue", "play_arrow", client.unpause, run.status.active and paused and not run.waits),
            ("Step", "skip_next", client.step, run.status in (Status.RUNNING, Status.PAUSED)),
            ("Stop", "stop", client.stop, run.status.active),
            ("Resume", "restart_alt", client.resume, run.status.resumable),
        ):
            st.button(
                label,
                key=f"live_{label.lower()}",
                icon=f":material/{icon}:",
                on_click=act,
                args=(action, run.id),
                disabled=not enabled,
            )
