"""Compare: stored runs over each other, what differs between them, and whether that is more than luck."""

import streamlit as st

from cnncore.figures.curves import Axis
from cnncore.figures.overlay import METRICS
from cnncore.runs.differences import by_setting
from cnncore.runs.store import open_store
from pages.parts.address import explain, remember
from pages.parts.compare_choice import FILTERS, choose_runs
from pages.parts.compare_pair import show_pair
from pages.parts.compare_views import show_differences, show_downloads, show_overlay, show_results
from pages.parts.folded import why
from pages.parts.header import header
from pages.parts.link_to import link_to
from pages.parts.questions import questions
from pages.parts.stored import stored_runs

ADDRESS = ("compare_runs", *FILTERS, "compare_metric", "compare_across")
PAIR = ("compare_first", "compare_second")
WHY = """
**An accuracy is a count.** 3,500 right of 5,000 images is 70 %; with 95 % confidence the accuracy on all such images
lies between 68.7 and 71.3 %: that is the **Wilson interval**. It says nothing about another seed.

**Another seed** is other initial weights and another order of the same images. Its spread is the other half of the
doubt: a difference smaller than that between two seeds of one setting cannot be put down to the setting.

**McNemar's test** compares image by image. Images that both networks or neither got right say nothing; each of the
others is a coin toss if the two are equally good. It is sharper than two intervals side by side, because both networks
saw the same images. It is about *these two trained networks*: a small p of one pair says nothing about other seeds.

**The best epoch** is chosen after looking. On validation images that is fair: nobody chose by the test accuracy beside
it. On the test set it is the luckiest of many readings, and a little too high.
"""


def name_of_metric(key: str) -> str:
    """Return what a metric is called in the choice and in the address."""
    return METRICS[key].split(" (")[0].capitalize()


header("Compare", "Which of these runs is better, what differs between them, and is it more than luck?")
remember(*ADDRESS, *PAIR)
stored = [run for run in stored_runs() if run.step]
if not stored:
    st.info(
        "No run has been trained on this machine yet. Train two that differ in one thing, or let the ladder queue "
        "the practical's whole series: then come back."
    )
    link_to("training")
    link_to("ladder")
    st.stop()
chosen = choose_runs(stored)
# Where every run has images to be judged by, the test set is not the first thing to look at.
judged = "validation" if chosen and all(run.config.validation_size for run in chosen) else "test"
with st.container(horizontal=True, vertical_alignment="bottom"):
    metric = st.selectbox(
        "Metric",
        list(METRICS),
        list(METRICS).index(f"{judged}/accuracy"),
        format_func=name_of_metric,
        key="compare_metric",
        bind="query-params",
        width=290,
    )
    axis = st.segmented_control(
        "Horizontal axis", list(Axis), default=Axis.EPOCH, required=True, key="compare_across", bind="query-params"
    )
explain({key: st.session_state[key] for key in ADDRESS} | {"compare_metric": name_of_metric(metric)})
if not chosen:
    st.info("Choose at least one run above.")
    st.stop()
settings = by_setting(chosen)
chart = show_overlay(settings, metric, Axis(axis))
if chart is not None:
    show_downloads(chart)
show_differences(settings)
show_results(open_store(), settings)
show_pair(chosen)
why(WHY, "What the numbers mean, and what they do not")
questions("compare")
