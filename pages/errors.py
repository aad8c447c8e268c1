"""Errors: what a network takes each class for and since when, its worst answers, and how sure it is of them."""

from typing import Any

import numpy as np
import streamlit as st

from cnncore.data import ImageData
from cnncore.data.prepared import info
from cnncore.errors import InputError
from cnncore.runs.answers import answers, wrong_confidence
from cnncore.runs.record import Run
from cnncore.runs.snapshots import snapshots_of
from pages.parts.address import explain, remember
from pages.parts.errors_calibration import show_calibration
from pages.parts.errors_choice import ANSWER, CHOSEN, EPOCH, TRUE, choose_epoch, follow
from pages.parts.errors_views import (
    COUNTS,
    SHARES,
    SUREST,
    WORST,
    Shown,
    show_gallery,
    show_matrix_and_cell,
    show_scores,
)
from pages.parts.folded import why
from pages.parts.header import header
from pages.parts.held_out import keep_shut
from pages.parts.image_choice import opened
from pages.parts.link_to import link_to
from pages.parts.plain import with_code
from pages.parts.questions import questions
from pages.parts.run_picker import run_picker
from pages.parts.tries import show_tries

ADDRESS = ("errors_run", EPOCH, "errors_cells", TRUE, ANSWER, "errors_gallery")
WHY = """
**A confusion is information.** Accuracy counts errors; the matrix says which. What is alike in the picture (a truck and
a car) is often confused in both directions. A full *column* is a class that the network answers when it is unsure:
early in training it answers little else.

**Recall and precision** read the same matrix along a row and down a column. A network that answers *cat* to everything
has recall 1 for cats, and its precision is the share of cats: one in C where the C classes are equally frequent.

**Confidence is not accuracy.** The softmax makes numbers that sum to 1; nothing guarantees that they are probabilities
of being right on new images. Cross-entropy can always be lowered on a train image that is already right by making the
answer surer still. A network that has all train images right keeps doing so, and the confidence spills over to the test
images that it gets wrong: the test *loss* climbs while the accuracy holds (Q18).

**The calibration error** is the bins' mean gap, each bin weighted by its number of answers. It depends a little on the
number of bins, and with few answers it is above 0 even for a perfectly calibrated network: the intervals show how much
each bar may be trusted.

**Looking is allowed, choosing is not.** Whoever changes a setting because of these images has used the test set to
choose. That is what a validation split is for (on the page *Train*).
"""


def fullest(run_id: str, epoch: int) -> str:
    """Return in a sentence how many of an epoch's wrong answers are one and the same class: a column of the matrix."""
    given = answers(run_id, epoch)
    wrong = given.found.predicted[~given.right]
    return f"Of these {len(wrong):,} answers {int(np.bincount(wrong).max()):,} are one and the same class, one column."


def tries(run_id: str, kept: tuple[int, ...]) -> dict[str, tuple[dict[str, Any], str]]:
    """Return what to press, what it sets, and what to notice, with this run's own numbers."""
    untrained = answers(run_id, kept[0]).found.predicted
    most = int(np.bincount(untrained).max())
    found = {
        "Before training": (
            {EPOCH: kept[0], CHOSEN: False},
            f"Not random at all: after epoch {kept[0]}, {most:,} of {len(untrained):,} images get one and the same "
            "answer, whatever they show. A full column, not a spread over the matrix.",
        ),
    }
    wrong = wrong_confidence(run_id)
    surest = max(wrong, key=wrong.__getitem__, default=kept[-1])
    if surest not in (kept[0], kept[-1]):
        found["Surest when wrong"] = (
            {EPOCH: surest, CHOSEN: False},
            f"After epoch {surest} its wrong answers are {100 * wrong[surest]:.0f} % sure on average, more than after "
            f"any other. {fullest(run_id, surest)}",
        )
    return found | {
        "The surest errors": (
            {"errors_gallery": SUREST},
            "Below are the wrong answers that it is surest of. Would you have known them all? A label can be wrong "
            "too.",
        )
    }


def show(run: Run, data: ImageData) -> None:
    """Show what a run confuses after the epoch that is chosen."""
    if keep_shut(run, "Its errors are those on the test set, and are shown at the end."):
        return
    kept = snapshots_of(run.id).epochs
    if not kept:
        st.info("Nothing was kept of this run's epochs: train it again with snapshots, and each epoch is kept.")
        return
    with places[1]:
        epoch = choose_epoch(kept)
    with places[2]:
        st.segmented_control(
            "In a cell", [COUNTS, SHARES], default=COUNTS, required=True, key="errors_cells", bind="query-params"
        )
    if run.status.active:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"Still training, {run.epoch} of {run.config.epochs} epochs done.", width="content")
            st.button("Newest epoch", key="errors_again", icon=":material/refresh:", type="tertiary", on_click=follow)
    shown = Shown.of(run, epoch, answers(run.id, epoch), data)
    show_matrix_and_cell(shown)
    above = st.container()
    show_gallery(shown)
    with above:  # it reads what the gallery's control says
        show_tries(tries(run.id, kept), {EPOCH: kept[-1], "errors_gallery": WORST})
    show_calibration(shown)
    show_scores(shown)
    explain({key: st.session_state[key] for key in ADDRESS})


header("Errors", "What does a trained network confuse, and since when?")
remember(*ADDRESS)
with st.container(horizontal=True, vertical_alignment="bottom"):
    places = [st.container(key="roomy_errors"), *(st.container(width=width) for width in (230, 215))]
try:
    with places[0]:
        picked = run_picker("errors_run")
    if picked is None:
        st.info("No trained network is stored yet: train one, and what it confuses is shown here.")
        link_to("training", "Train a network")
    else:
        known = info(picked.config.dataset)
        show(picked, opened(picked.config.dataset, known.version if known else ""))
except InputError as error:
    st.error(with_code(error), icon=":material/block:")
why(WHY)
questions("errors")
