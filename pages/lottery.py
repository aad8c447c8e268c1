"""The 128-image lottery: what a single test batch can say of a network, drawn thousands of times."""

from itertools import pairwise
from typing import TypeAlias

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore.course.facts import REPORT
from cnncore.errors import InputError
from cnncore.figures.ladder import readings_chart, reported
from cnncore.figures.lottery import ALL, SUPPOSITION, histogram
from cnncore.figures.words import p_value, percent
from cnncore.lottery import BATCH, Spread, binomial, draw_batches, hypergeometric, simulate_batches, spread
from cnncore.runs.outcomes import right_images
from cnncore.runs.snapshots import has_weights, snapshot_folder
from cnncore.runs.store import open_store
from cnncore.statistics import fisher_exact, wilson_interval
from cnncore.training.presets import TITLES
from pages.parts.address import explain, remember
from pages.parts.charts import draw
from pages.parts.header import header
from pages.parts.held_out import keep_shut
from pages.parts.plain import with_code
from pages.parts.questions import questions
from pages.parts.run_picker import run_picker
from pages.parts.stored import stored_runs
from pages.parts.tabulate import tabulate

Readings: TypeAlias = tuple[NDArray[np.int64], NDArray[np.float64], float, int]
REAL, SUPPOSED = "A stored run's test images", "A supposed true accuracy"
ADDRESS = ("lottery_kind", "lottery_draws", "lottery_run", "lottery_acc")


def draw_one() -> None:
    """Draw another single batch."""
    st.session_state.lottery_drawn = st.session_state.get("lottery_drawn", 0) + 1


def batches(run_id: str | None, epoch: int, written: int, accuracy: float, count: int) -> Readings:  # noqa: ARG001
    """Return the readings, the theory, the true accuracy and the number of test images (0: supposed).

    The first readings are those that Draw one shows, one at a press. A run that went on gets other batches: `epoch` is
    that of its last snapshot, and `written` tells one that was written anew apart.
    """
    if run_id is None:
        return simulate_batches(accuracy, count), binomial(accuracy), accuracy, 0
    right = right_images(open_store().get(run_id))
    known = int(right.sum())
    return draw_batches(right, count, seed=epoch), hypergeometric(known, len(right)), known / len(right), len(right)


cached_batches = st.cache_data(max_entries=50, show_spinner=False)(batches)


def say_one(one: int, accuracy: float, images: int) -> None:
    """Say what the batch drawn last would have been reported as."""
    low, high = wilson_interval(one, BATCH)
    holds = "contains" if low <= accuracy <= high else "**misses**"
    whose = f"the accuracy on all {images:,} test images" if images else "the supposed true accuracy"
    st.markdown(
        f"Batch {st.session_state.lottery_drawn}: **{one} of {BATCH}** right, {percent(one / BATCH, BATCH)}. Its "
        f"interval {holds} {whose}, {100 * accuracy:.1f} %."
    )


def show_numbers(found: Spread, accuracy: float, images: int | None) -> None:
    """Show how far readings of one network lie apart, and the formula that says so without a draw.

    `images` are those of the test set that the batches are drawn from; None where there is none.
    """
    variance = accuracy * (1 - accuracy) / BATCH
    formula, numbers = rf"p(1-p)/{BATCH}", rf"{accuracy:.3f}\cdot{1 - accuracy:.3f}/{BATCH}"
    if images:  # drawn without putting back, readings lie closer: of all images at once there is but one
        variance *= (images - BATCH) / (images - 1)
        formula += rf"\cdot\tfrac{{N-{BATCH}}}{{N-1}}"
        numbers += rf"\cdot\tfrac{{{images - BATCH}}}{{{images - 1}}}"
    places = st.grid(columns=3, min_column_width=270)
    places.metric("95 % of the batches read", f"{100 * found.low:.1f} to {100 * found.high:.1f} %")
    places.metric("Their Wilson interval contains the truth", f"{100 * found.covered:.1f} %")
    places.metric(f"Two batches differ by {found.images} images or more", f"{100 * found.apart:.0f} %")
    result = rf"{100 * variance**0.5:.1f}\ \text{{points}}"  # in lines of its own: a narrow window would cut it off
    st.latex(rf"\begin{{aligned}}&\sqrt{{{formula}}}\\[0.4em]={{}}&\sqrt{{{numbers}}} = {result}\end{{aligned}}")


def show_batches(found: Readings) -> None:
    """Show the readings of all batches beside the theory, the batch that was drawn last, and how far they spread."""
    readings, theory, true, images = found
    drawn = st.session_state.get("lottery_drawn", 0)
    last = int(readings[(drawn - 1) % len(readings)]) if drawn else None
    chart = histogram(readings, theory, true, last, ALL if images else SUPPOSITION)
    draw(chart, "batches", f"Histogram of the accuracy of batches of {BATCH} test images", tall=True)
    if last is not None:
        say_one(last, true, images)
    st.caption(
        f"{len(readings):,} batches of {BATCH} "
        + (
            f"drawn from the run's own {images:,} test images, none twice in a batch; the grey line is the "
            "hypergeometric distribution."
            if images
            else "simulated, each image right with the chosen probability: no network was asked. The grey line is the "
            "binomial distribution."
        )
    )
    show_numbers(spread(readings, true), true, images)


def show_report_lottery() -> None:
    """Show the source report's six readings with their intervals, and what tells neighbours apart."""
    st.subheader("The source report's six readings", anchor=False)
    draw(readings_chart(reported()), "six", "The source report's six readings of 128 images with their intervals")
    rows = [
        {
            "from": TITLES[one.partition("-")[2]],
            "to": TITLES[other.partition("-")[2]],
            "right of 128": f"{REPORT[one]} → {REPORT[other]}",
            "Fisher's p": p_value(fisher_exact(REPORT[one], BATCH, REPORT[other], BATCH)),
        }
        for one, other in [*pairwise(REPORT), (next(iter(REPORT)), next(reversed(REPORT)))]
    ]
    tabulate(rows)
    st.caption(
        "No neighbours differ by more than luck explains; the whole climb, in the last row, does. (Fisher's test "
        "treats the two batches as different images. They were the same 128, and McNemar's test would use that, but "
        "the report kept no image's answer.)"
    )


header("The 128-image lottery", "How much does the accuracy of a single test batch say about a network?")
remember(*ADDRESS)
runs = [run for run in stored_runs() if has_weights(run)]
with st.container(horizontal=True, vertical_alignment="bottom"):
    kinds = [REAL, SUPPOSED] if runs else [SUPPOSED]
    kind = st.segmented_control(
        "Batches of", kinds, default=kinds[0], required=True, key="lottery_kind", bind="query-params"
    )
    count = st.select_slider(
        "Draws", [1000, 2000, 5000, 10_000], value=5000, key="lottery_draws", bind="query-params", width=170
    )
    st.button("Draw one", key="draw_one", icon=":material/casino:", on_click=draw_one)
picked = run_picker("lottery_run", "Run") if kind == REAL else None
if picked is None:
    percentage = st.slider("True accuracy (%)", 5.0, 99.0, 75.0, 0.5, key="lottery_acc", bind="query-params", width=260)
explain({key: st.session_state[key] for key in ADDRESS if key in st.session_state})
try:
    if picked is None:
        show_batches(cached_batches(None, 0, 0, percentage / 100, count))
    elif not keep_shut(picked, "At the end, batches are drawn from it."):
        folder = snapshot_folder(picked.id)
        last_kept = max(folder.epochs(), default=0)
        show_batches(cached_batches(picked.id, last_kept, folder.written(last_kept), 0.0, count))
except InputError as error:
    st.warning(with_code(error))
show_report_lottery()
questions("lottery")
