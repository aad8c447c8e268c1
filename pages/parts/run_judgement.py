"""What a run's curves say, in words: its first loss, overfitting, why it does not learn, and what to try instead."""

import streamlit as st

from cnncore.errors import InputError
from cnncore.runs import client
from cnncore.runs.record import Run, Status
from cnncore.runs.store import RunStore
from cnncore.training.config import RunConfig
from cnncore.training.diagnosis import Remedy, diagnose, first_loss, overfitting

_WINDOW = 2_000  # points of the loss that are judged: enough to see a plateau, whatever the run's length


def start_and_show(config: RunConfig) -> None:
    """Queue a run and put it into the address; what does not work is kept for the page to say."""
    try:
        st.query_params["run"] = client.start(config)
    except InputError as error:
        st.session_state.live_error = str(error)


def show_judgement(run: Run, store: RunStore) -> None:
    """Show, folded, what the curves so far mean; open where something is wrong."""
    loss = store.curve(run.id, "batch/loss", _WINDOW)
    if not len(loss.value) or not run.classes:
        return
    first = first_loss(float(store.first_loss(run.id)), run.classes, run.config)
    trouble = diagnose(run.config, loss.value, run.classes, diverged=run.status is Status.DIVERGED)
    kept = "train_eval/accuracy" if run.config.train_eval else "train/accuracy"
    train, test, test_loss = (store.curve(run.id, name).value for name in (kept, "test/accuracy", "test/loss"))
    fits = overfitting(train, test, test_loss, run.test_size or 0) if run.test_size else None
    with st.container(border=True):
        st.markdown("**What the curves say**")
        st.markdown(f"{'✓' if first.sound else '⚠'} {first.text} (Q17)")
        if fits is not None:
            st.markdown(f"{'⚠' if fits.noticed else '✓'} {fits.text} (Q18)")
        if trouble is not None:
            st.markdown(f"⚠ {trouble.text}")
            _remedies(trouble.remedies)


def _remedies(remedies: tuple[Remedy, ...]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("Start again with", width="content")
        for number, remedy in enumerate(remedies):
            st.button(
                remedy.text,
                key=f"remedy_{number}",
                icon=":material/healing:",
                on_click=start_and_show,
                args=(remedy.config,),
            )
