"""Training: watch a network learn, and see what each improvement does."""

import streamlit as st

from cnncore.data.prepared import info
from cnncore.errors import InputError
from cnncore.figures.curves import Axis
from cnncore.figures.ladder import ladder
from cnncore.figures.measured import time_taken
from cnncore.runs.record import Run, Status, Unread
from cnncore.runs.rungs import training_seconds
from cnncore.runs.store import open_store
from cnncore.training.config import RunConfig
from cnncore.training.plan import plan_of
from cnncore.training.presets import PRESETS
from cnncore.wording import counted, duration, number
from pages.parts.charts import draw
from pages.parts.header import header
from pages.parts.held_out import show_optimism
from pages.parts.live import live
from pages.parts.plain import with_code
from pages.parts.questions import questions
from pages.parts.run_form import run_form, start_shown
from pages.parts.run_groups import several
from pages.parts.run_schedule import show_cautions, show_planned
from pages.parts.run_table import show_report, show_table
from pages.parts.run_together import of_group, show_together, together
from pages.parts.slow_motion import slow_motion

BESIDE = 5  # runs that can be drawn beside one: six colours are told apart


def show_plan(config: RunConfig, runs: list[Run]) -> bool:
    """Say what Start would do, and return whether it can."""
    try:
        data = info(config.dataset)
        if data is None or not data.prepared:
            raise InputError(
                f"`dataset` (={config.dataset}) is not prepared: open the page Data sets, or choose a classroom preset."
            )
        plan = plan_of(config)
    except InputError as error:
        st.warning(with_code(error))
        return False
    seconds = training_seconds([config], plan.train_size, runs)
    # The settings once more: a browser may read a comma as nothing, and 0,05 is 5 then.
    text = (
        f"Learning rate {number(config.lr, 4)} · {counted(config.epochs, 'epoch')} · {plan.parameters:,} parameters · "
        f"{counted(plan.train_size, 'train image')} · {counted(plan.updates, 'update')} an epoch"
    )
    if seconds is not None:  # measured here, never guessed
        text += f" · about {duration(seconds)} of training, as fast as the last such run"
    st.caption(text)
    return True


def chosen_run(runs: list[Run]) -> Run | None:
    """Return the run that the address names, or its group's; else one that is going on, else the newest."""
    asked, group = st.query_params.get("run"), st.query_params.get("group")
    try:
        if asked:
            return open_store().get(asked)
        if group:
            return of_group(group, runs)
    except InputError as error:
        st.warning(with_code(error))
        for name in ("run", "group"):  # said once
            st.query_params.pop(name, None)
    active = [run for run in runs if run.status.active]
    going = [run for run in active if run.status is not Status.QUEUED]  # of several queued at once the first one shows
    return next(iter(going or active[::-1] or runs), None)


def show_run(run: Run, runs: list[Run]) -> None:
    """Show a run live, and below it what is drawn beside it and against what."""
    mates = together(run, runs)
    beside = [other.id for other in mates if other.id != run.id]
    others = {other.id: f"{other.label} ({other.id[-4:]})" for other in runs if other.step or other.id in beside}
    others.pop(run.id, None)
    if beside and st.session_state.get("overlaid_for") != run.id:
        st.session_state.overlaid = beside[:BESIDE]
        st.session_state.overlaid_for = run.id
    overlaid = [key for key in st.session_state.get("overlaid", []) if key in others]
    st.session_state.overlaid = overlaid
    axis = Axis(st.session_state.get("axis") or Axis.EPOCH)
    live(run.id, overlaid, axis)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control(
            "Horizontal axis",
            list(Axis),
            default=Axis.EPOCH,
            required=True,
            key="axis",
            persist_state="session",
        )
        if others:
            st.multiselect(
                "Earlier runs beside it",
                list(others),
                format_func=others.__getitem__,
                key="overlaid",
                persist_state="session",
                max_selections=BESIDE,
                width="stretch",
            )
    show_together(mates, axis)
    show_optimism(run)
    slow_motion(run)


def show_measured() -> None:
    """Before the first run: what the classroom presets did when they were measured."""
    measured = ladder()
    if measured is not None:
        draw(measured, "measured", "What the classroom presets reached when they were measured")
    taken = time_taken(PRESETS["classroom-9"])
    st.info(
        "No run of your own yet. **Start** trains the network above on this machine, and its loss and accuracy are "
        f"drawn here while it learns.{f' The preset Classroom 9 took {taken}.' if taken else ''}"
    )


header("Train", "Watch a network learn, and see what each improvement does.")
try:
    listed = open_store().listed()
    stored = [entry for entry in listed if isinstance(entry, Run)]
except InputError as problem:
    st.error(with_code(problem))
    st.stop()
config, place = run_form()
ready = config is not None and show_plan(config, stored)
place.button(
    "Start",
    key="start",
    type="primary",
    icon=":material/play_arrow:",
    on_click=start_shown,
    disabled=not ready,
)
if config is not None:
    with place:
        several(config, ready)
    show_cautions(config)
current = chosen_run(stored)
if current is None:
    show_measured()
else:
    show_run(current, stored)
if config is not None:
    show_planned(config)
if listed:
    show_table(stored, [entry for entry in listed if isinstance(entry, Unread)])
st.markdown(
    "**Try:** *Classroom 2*, then *Classroom 6* with the same seed, one drawn beside the other: which gap closes? · "
    "Momentum on at learning rate 0.1: what does ten times the step do? · Learning rate 5: how does a run end?"
)
show_report()
questions("training")
