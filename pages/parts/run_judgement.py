"""What a run's curves say, in words: its first loss, overfitting, why it does not learn, and what to try instead."""

import streamlit as st

from cnncore.errors import InputError
from cnncore.runs import client
from cnncore.runs.record import Run, Status
from cnncore.runs.store import open_store
from cnncore.training.config import RunConfig
from cnncore.training.diagnosis import Diagnosis, Remedy, diagnose, first_loss, overfitting

_POINTS = 2_000  # of the loss that are judged: enough to see a plateau, whatever the run's length
_EVERY = 100  # updates after which a run is judged anew; after every epoch too


def start_and_show(config: RunConfig) -> None:
    """Queue a run and put it into the address; what does not work is kept for the page to say."""
    try:
        st.query_params["run"] = client.start(config)
    except InputError as error:
        st.session_state.live_error = str(error)


def show_judgement(run: Run) -> None:
    """Show what the curves so far mean, and what to try where something is wrong."""
    if not run.step or not run.classes:
        return
    said, trouble = _judged(run.id, run.epoch, run.step // _EVERY, run.status)
    with st.container(border=True):
        st.markdown("**What the curves say**")
        for sentence in said:
            st.markdown(sentence)
        if trouble is not None:
            st.markdown(f"⚠ {trouble.text}")
            _remedies(trouble.remedies)


@st.cache_data(max_entries=64, show_spinner=False)
def _judged(run_id: str, epoch: int, steps: int, status: Status) -> tuple[list[str], Diagnosis | None]:  # noqa: ARG001 what tells a newer curve apart
    """Return what is said of a run, in sentences, and what is wrong with it; kept, as a page asks twice a second."""
    store = open_store()
    run = store.get(run_id)
    assert run.classes is not None
    loss = store.curve(run.id, "batch/loss", _POINTS).value
    first = first_loss(store.first_loss(run.id), run.classes, run.config)
    said = [f"{'✓' if first.sound else '⚠'} {first.text} (Q17)"]
    kept = "train_eval/accuracy" if run.config.train_eval else "train/accuracy"
    train, test, test_loss = (store.curve(run.id, name).value for name in (kept, "test/accuracy", "test/loss"))
    fits = overfitting(train, test, test_loss, run.test_size) if run.test_size else None
    if fits is not None:
        said.append(f"{'⚠' if fits.noticed else '✓'} {fits.text} (Q18)")
    diverged = status is Status.DIVERGED
    return said, diagnose(run.config, loss, run.classes, diverged=diverged, updates=run.step)


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
