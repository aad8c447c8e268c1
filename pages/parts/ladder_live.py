"""A ladder as it fills in: its runs' table and chart, refreshed while any of them is going on."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from cnncore.course.facts import REPORT
from cnncore.data.catalogue import BUILTIN
from cnncore.errors import InputError
from cnncore.figures.ladder import OWN, Reading, measured_before, readings_chart, reported
from cnncore.figures.words import p_value, percent
from cnncore.runs import client
from cnncore.runs.record import Status
from cnncore.runs.rungs import Rung, rungs
from cnncore.runs.store import RunStore, open_store
from cnncore.training.presets import TITLES
from cnncore.wording import signed
from pages.parts.charts import draw
from pages.parts.live import act
from pages.parts.plain import with_code
from pages.parts.tabulate import tabulate

SIZES = {"classroom": "Classroom (CPU)", "figure": "Full length (GPU)"}
REFRESH = 2.0  # seconds: a step takes a minute


def ladders(store: RunStore) -> list[str]:
    """Return the groups of runs that are ladders, the newest first."""
    return [group for group in store.groups() if group.startswith("ladder ")]


def climb(group: str) -> None:
    """Show the ladder, and refresh it while any of its runs is active."""
    active = any(run.status.active for run in open_store().runs(group=group))
    st.fragment(_climb, run_every=REFRESH if active else None)(group, active)


def _climb(group: str, was_active: bool) -> None:
    try:
        client.attend()
        runs = open_store().runs(group=group)
        steps = rungs(runs)
    except InputError as error:
        st.error(with_code(error))
        return
    active = [run for run in runs if run.status.active]
    if was_active != bool(active):
        st.rerun()
    if not steps:
        st.info("No run of this ladder can be shown: they were deleted, or made by another version of the program.")
        return
    over = len(runs) - len(active)
    total = sum(run.config.epochs for run in runs)
    left = sum(run.config.epochs - run.epoch for run in active)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(1 - left / total if total else 1.0, text=f"{over} of {len(runs)} runs are over")
        if active:
            st.button("Stop", key="stop_ladder", icon=":material/stop:", on_click=_all, args=(group, client.stop))
        if any(run.status.resumable for run in runs):
            st.button(
                "Resume", key="resume_ladder", icon=":material/restart_alt:", on_click=_all, args=(group, client.resume)
            )
    own = [Reading(step.step, OWN, step.accuracy, *step.interval) for step in steps if step.accuracy and step.interval]
    before = measured_before() if runs and runs[0].config.dataset == BUILTIN.name else []  # like with like
    readings = [*own, *before, *reported()]
    draw(readings_chart(readings), "climbed", "Test accuracy of each step, with intervals, beside the report's")
    table = pd.DataFrame([_row(step) for step in steps])
    gained = bool(table["gain"].notna().any())
    tabulate(table.drop(columns=[] if gained else "to").dropna(axis="columns", how="all"), height=355)
    if gained:
        st.caption(
            "Gain in points to the step named beside it, over the seeds that finished both. p is McNemar's, exact, of "
            "the first such seed: the two networks on the same test images. It speaks of that pair; the spread over "
            "seeds speaks of the step."
        )


def _all(group: str, action: Callable[[str], None]) -> None:
    """Stop all runs that go on, or resume all that ended early, in the order of the steps."""
    for run in reversed(open_store().runs(group=group)):
        if run.status.active if action is client.stop else run.status.resumable:
            act(action, run.id)


def _row(rung: Rung) -> dict[str, str | None]:
    right = REPORT.get(f"figure-{rung.step}")
    size = next((run.test_size for run in rung.runs if run.test_size), None)
    return {
        "step": TITLES[rung.step],
        "runs": _state(rung),
        "test accuracy (95 % interval)": None if rung.accuracy is None else percent(rung.accuracy, size),
        "report printed (of 128)": None if right is None else percent(right / 128, 128),
        "± over seeds": None if rung.spread is None else f"{100 * rung.spread:.1f}",
        "gain": None if rung.gain is None else signed(100 * rung.gain, "+.1f"),
        "to": TITLES[rung.before] if rung.before else None,
        "p": None if rung.pair is None else p_value(rung.pair.p),
    }


def _state(rung: Rung) -> str:
    going = [run for run in rung.runs if run.status is Status.RUNNING]
    if going:
        return f"epoch {going[0].epoch}/{going[0].config.epochs}"
    failed = [run for run in rung.runs if not run.status.active and run.status is not Status.FINISHED]
    return f"{rung.over}/{len(rung.runs)}" + (f", {len(failed)} {failed[0].status}" if failed else "")
