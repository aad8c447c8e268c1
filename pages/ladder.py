"""The ladder: the practical's series of experiments queued at a click, beside what its source report printed."""

import streamlit as st

from cnncore import compute
from cnncore.data.prepared import info
from cnncore.errors import InputError
from cnncore.figures.ladder import MEASURED, measured_before, readings_chart, reported, seconds_measured
from cnncore.runs import client
from cnncore.runs.record import Run
from cnncore.runs.rungs import STEPS, experiments, training_seconds
from cnncore.runs.store import open_store
from cnncore.wording import counted, duration
from pages.parts.address import explain, remember
from pages.parts.awaited import awaited
from pages.parts.charts import draw
from pages.parts.header import header
from pages.parts.ladder_live import SIZES, climb, ladders
from pages.parts.link_to import link_to
from pages.parts.plain import with_code
from pages.parts.questions import questions
from pages.parts.run_groups import new_group
from pages.parts.run_table import show_report
from pages.parts.stored import stored_runs

ADDRESS = ("ladder_size", "ladder_seeds", "ladder_shown")


def plan(size: str, seeds: int, runs: list[Run]) -> bool:
    """Say what one click would queue and how long it would take; return whether it can be queued."""
    configs = experiments(size, seeds)
    try:
        data = info(configs[0].dataset)
    except InputError as error:
        st.warning(with_code(error))
        return False
    if data is None or not data.prepared:
        st.warning(f"`dataset` (={configs[0].dataset}) is not prepared: open the page Data sets and prepare it first.")
        link_to("datasets")
        return False
    seconds = training_seconds(configs, data.train_size, runs)
    text = f"{len(configs)} runs: {len(STEPS)} steps, {counted(seeds, 'seed')}"
    if seconds is not None:
        text += f" · about {duration(seconds)} of training, as fast as the last such run here"
    elif size == "classroom" and (before := seconds_measured()):
        text += f" · {duration(before * seeds)} where it was measured before (one thread of a server)"
    else:
        text += " · how long that takes here is known after one epoch of such a run on the page Train"
    st.caption(text)
    return size == "classroom" or on_gpu(seconds)


def device_kind() -> str:
    """Return the kind of device that a run would train on here, as the compute pool finds it."""
    kind: str = compute.call("cnncore.training.device:device_kind")
    return kind


def on_gpu(seconds: float | None) -> bool:
    """Return whether the full ladder may be queued: on CUDA at once, elsewhere when the user insists."""
    try:
        kind = awaited("device", device_kind, height=40)
    except (InputError, compute.ComputeError) as error:
        st.warning(with_code(error))
        return False
    if kind is None:
        return False
    if kind == "cuda":
        return True
    long = "days" if seconds is None else duration(seconds)
    return st.checkbox(f"There is no CUDA GPU here ({kind}). Queue the full length all the same: {long}", key="insist")


def queue(size: str, seeds: int) -> None:
    """Queue the ladder as one group, and show it."""
    try:
        group = new_group(f"ladder {size} ", "%Y-%m-%d %H:%M:%S")
        client.start_many(experiments(size, seeds), group=group)
        st.session_state.ladder_shown = group
    except InputError as error:
        st.session_state.ladder_error = str(error)


header("The ladder", "What does each improvement of the practical add, and is it more than luck?")
remember(*ADDRESS)
stored = stored_runs()
known = ladders(open_store())
with st.container(horizontal=True, vertical_alignment="bottom"):
    size = st.segmented_control(
        "Size",
        list(SIZES),
        default="classroom",
        format_func=SIZES.__getitem__,
        required=True,
        key="ladder_size",
        bind="query-params",
    )
    seeds = st.segmented_control("Seeds", [1, 3], default=1, required=True, key="ladder_seeds", bind="query-params")
    place = st.container(width="content")
    if known:
        chosen = st.selectbox("Ladder shown", known, key="ladder_shown", bind="query-params", width=330)
explain({"ladder_size": SIZES[size], "ladder_seeds": seeds, "ladder_shown": chosen if known else "none"})
ready = plan(size, seeds, stored)
place.button(
    "Queue the ladder",
    key="queue",
    type="primary",
    icon=":material/stairs:",
    on_click=queue,
    args=(size, seeds),
    disabled=not ready,
)
if "ladder_error" in st.session_state:
    st.error(with_code(st.session_state.pop("ladder_error")))
if known:
    climb(chosen)
else:
    draw(readings_chart([*measured_before(), *reported()]), "expected", "Test accuracy of each step, with intervals")
    st.info(
        f"No ladder of your own yet. Green: {MEASURED}. Grey: what the source report printed, on CIFAR-10: readings of "
        "128 images; the intervals of neighbouring steps overlap."
    )
st.markdown(
    "**Try:** cover the grey points and rank the steps, then look at their intervals: which steps could you defend? · "
    "Three seeds: is the spread between seeds larger than the step? · Which steps *lower* the test accuracy?"
)
show_report()
link_to("lottery", "Why 128 images are too few: the lottery")
questions("ladder")
