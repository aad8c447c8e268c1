"""The images that a run does not train on: validation for every choice, and a test set that is locked until the end."""

from enum import StrEnum

import streamlit as st

from cnncore.figures.words import percent
from cnncore.runs.outcomes import best_epoch
from cnncore.runs.record import LOCKED as LOCKED
from cnncore.runs.record import Run
from cnncore.runs.store import open_store
from cnncore.statistics import wilson_interval

TOGGLE = "Read the test set now, epoch by epoch"
WHY = (
    "Whoever looks at the test set while choosing when to stop, or which learning rate or run to take, chooses its "
    "luck too, and what is read at the end is too high. Validation images are there to be chosen by; the test set is "
    "read once, when the run is over."
)


class Sight(StrEnum):
    """What is shown of a run's test set."""

    CURVE = "curve"  # after every epoch: there is no validation split, or the reader wanted it
    READING = "reading"  # the one after the last epoch
    NOTHING = "nothing"  # as long as the run goes on


def sight(run: Run) -> Sight:
    """Return what may be shown of the run's test set."""
    if not run.config.validation_size or st.session_state.get(_key(run)):
        return Sight.CURVE
    return Sight.NOTHING if run.test_locked else Sight.READING


def locked(run: Run) -> bool:
    """Return True where nothing that was read of the run's test set may be shown yet."""
    return sight(run) is Sight.NOTHING


def show_lock(run: Run) -> None:
    """Show that the run's test set is locked, and the way to open it all the same."""
    if not run.config.validation_size:
        return
    opened = st.session_state.get(_key(run), False)
    with st.popover("Test set", icon=":material/lock_open:" if opened else ":material/lock:", key="test_lock"):
        st.markdown(WHY)
        st.toggle(TOGGLE, key=_key(run), persist_state="session")  # opened here, opened on every page


def keep_shut(run: Run, what: str) -> bool:
    """Say, in place of what is found on the run's test images, that they are locked; return False where they are not.

    `what` is that sentence's end: what would stand here.
    """
    if not locked(run):
        return False
    st.info(
        f"This run's test set is {LOCKED}: the run is still going, and is judged by its validation images. {what}",
        icon=":material/lock:",
    )
    show_lock(run)
    return True


def show_optimism(run: Run) -> None:
    """Say, folded, what it is worth to choose by the test set, where there is nothing else to choose by."""
    if run.config.validation_size or run.test_accuracy is None or not run.test_size:
        return
    best = best_epoch(open_store(), run)
    if best is None:
        return
    with st.expander("Which epoch was the best? Why the test set should not say", icon=":material/lock_open:"):
        low, high = wilson_interval(run.test_accuracy * run.test_size, run.test_size)
        st.markdown(
            f"By the test set it is epoch **{best.epoch}** of {run.epoch}, with {100 * best.test_accuracy:.1f} %; the "
            f"last epoch has {percent(run.test_accuracy, run.test_size)}. The best of {run.epoch} readings is also the "
            f"luckiest: each is uncertain by about {50 * (high - low):.1f} points on {run.test_size:,} images, so that "
            "number is **optimistic**. With *Validation images* (under **More**, *Data*; a tenth of the train images "
            "is usual) the epoch is chosen by those, and the test set stays locked until the end."
        )


def _key(run: Run) -> str:
    return f"read_test_{run.id}"
