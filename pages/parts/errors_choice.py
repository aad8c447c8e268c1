"""Which epoch and which cell of the confusion matrix the errors page shows: the reader's, else what says most."""

from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore.figures.confusion import CELL
from cnncore.inspection.confusion import worst_cell

EPOCH, TRUE, ANSWER = "errors_epoch", "errors_true", "errors_answer"
MATRIX = "errors_matrix"
CHOSEN = "errors_chosen"  # True once the reader chose a cell: it then stays, whatever the epoch
TURN = "errors_turn"  # counts the choices of a cell


def choose_epoch(kept: Sequence[int]) -> int:
    """Let the reader choose one of the epochs that were `kept`; who stands at the newest one follows a training run."""
    state = st.session_state
    if state.get(EPOCH) in (None, state.get("errors_newest")):
        state[EPOCH] = kept[-1]
    state.errors_newest = kept[-1]
    epoch: int = st.select_slider("Epoch, 0 is before training", kept, kept[-1], key=EPOCH, bind="query-params")
    return epoch


def follow() -> None:
    """Stand at the newest epoch that was there: `choose_epoch` goes on from it to the newest that is."""
    st.session_state[EPOCH] = st.session_state.errors_newest


def clicked(names: Sequence[str]) -> None:
    """Take over the cell that was clicked in the matrix of the classes `names`: before the page is drawn."""
    found = st.session_state[MATRIX].selection.get(CELL) or []
    if found:
        st.session_state[TRUE], st.session_state[ANSWER] = (names[int(found[0][place])] for place in ("row", "column"))
        _chosen()


def _chosen() -> None:
    st.session_state[CHOSEN] = True
    st.session_state[TURN] = st.session_state.get(TURN, 0) + 1


def choose_cell(names: Sequence[str], counts: NDArray[np.int64]) -> tuple[int, int]:
    """Let the reader choose a cell (true class, answer); until then it is the epoch's worst confusion.

    The boxes are for the keyboard; a click in the matrix moves them.
    """
    state, worst = st.session_state, worst_cell(counts)
    if state.get(TRUE) not in names or state.get(ANSWER) not in names:
        state[CHOSEN] = False
    if state.setdefault(CHOSEN, False):
        state[TRUE], state[ANSWER] = state[TRUE], state[ANSWER]  # into the address, whatever is usual at this epoch
    else:
        state[TRUE], state[ANSWER] = names[worst[0]], names[worst[1]]
    with st.container(horizontal=True):  # one below the other where the window is narrow
        true = st.selectbox("True class", names, worst[0], key=TRUE, bind="query-params", on_change=_chosen, width=145)
        answer = st.selectbox(
            "Taken for", names, worst[1], key=ANSWER, bind="query-params", on_change=_chosen, width=145
        )
    cell = names.index(true), names.index(answer)
    if cell != worst:  # the address asked for it
        state[CHOSEN] = True
    return cell
