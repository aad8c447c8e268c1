"""Runs that were started together: a fair pair with its verdict, or the seeds of one setting with mean and spread."""

import streamlit as st

from cnncore.errors import InputError
from cnncore.figures.curves import Axis
from cnncore.figures.words import fair_pair, held_out, over_seeds
from cnncore.runs.differences import by_setting
from cnncore.runs.outcomes import paired
from cnncore.runs.record import Run, Status
from cnncore.runs.store import open_store
from pages.parts.compare_views import show_overlay
from pages.parts.held_out import Sight, sight
from pages.parts.pace import PACE
from pages.parts.plain import with_code

_PAUSES = 4  # of the curves, between two looks: a mean moves with every epoch, not with every update


def together(run: Run, runs: list[Run]) -> list[Run]:
    """Return the pair or the seeds that the run belongs to, in the order of their start; the run alone without any."""
    same = [other for other in reversed(runs) if run.group and other.group == run.group]
    settings = len(by_setting(same))
    pair_or_seeds = settings == 1 or settings == len(same) == 2
    return same if pair_or_seeds and len(same) > 1 else [run]


def of_group(name: str, runs: list[Run]) -> Run:
    """Return which run of a group is looked at: the one that goes on, else the next in the queue, else the last."""
    same = [run for run in reversed(runs) if run.group == name]
    if not same:
        raise InputError(f"`group` (={name!r}) has no runs here: start the runs again, or choose one in the table.")
    going = (Status.RUNNING, Status.PAUSED, Status.QUEUED)
    ready = [run for status in going for run in same if run.status is status]
    return ready[0] if ready else same[-1]


def show_together(runs: list[Run], axis: Axis) -> None:
    """Show below the curves of runs that were started together what they say together; nothing of a run alone."""
    if len(runs) > 1:
        active = any(run.status.active for run in runs)
        st.fragment(_show, run_every=_PAUSES * PACE.pause if active else None)([run.id for run in runs], axis, active)


def _show(ids: list[str], axis: Axis, active: bool) -> None:
    store = open_store()
    try:
        runs = [store.get(run_id) for run_id in ids]
    except InputError as error:  # one was deleted meanwhile
        st.warning(with_code(error))
        return
    if active and not any(run.status.active for run in runs):
        st.rerun()  # once, so that the timer ends and the rest of the page knows
    with st.container(border=True):
        if len(by_setting(runs)) == 1:
            _show_seeds(runs, axis)
        else:
            _show_pair(*runs)


def _show_seeds(runs: list[Run], axis: Axis) -> None:
    st.markdown(f"**{len(runs)} seeds of one setting**: {_seeds(runs)}")
    begun = [run for run in runs if run.epoch]
    if begun:
        show_overlay([begun], f"{held_out(runs[0])[0]}/accuracy", axis)


def _seeds(runs: list[Run]) -> str:
    """Return mean and spread of the runs that are finished; of the test set only once all of them are over."""
    finished = [run for run in runs if run.status is Status.FINISHED]
    if not finished:
        return "their mean and spread are drawn as far as all of them have come."
    split = held_out(runs[0])[0]
    values = [held for run in finished if (held := held_out(run)[1]) is not None]
    text = over_seeds(values, split)
    if split != "test" and all(sight(run) is not Sight.NOTHING for run in runs):
        read = over_seeds([run.test_accuracy for run in finished if run.test_accuracy is not None], "test")
        text += f"; read once, {read}"
    over = f"{len(finished)} of {len(runs)} are finished" if len(finished) < len(runs) else "all are finished"
    return f"{text}, mean ± sample standard deviation after the last epoch; {over}."


def _show_pair(first: Run, second: Run) -> None:
    st.markdown("**A fair pair**: the same initial weights, the same images in the same order, one toggle apart.")
    if first.status.active or second.status.active:
        st.caption("When both are over, they are compared image by image on the test set.")
        return
    if not (first.status is second.status is Status.FINISHED):
        ends = " and the other ".join(f"{run.status} after epoch {run.epoch}" for run in (first, second))
        st.markdown(f"No comparison: one is {ends}, and only two finished runs have had the same number of updates.")
        return
    try:
        st.markdown(fair_pair(first, second, paired(first, second)))
    except InputError as error:
        st.warning(with_code(error))
