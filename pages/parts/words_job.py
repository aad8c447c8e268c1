"""The job of the page Bag of words: how far it is, and how it ended."""

import streamlit as st

from cnncore.baselines import job
from cnncore.baselines.config import BagOfWordsConfig
from cnncore.baselines.outcome import STAGES
from cnncore.errors import InputError
from cnncore.jobs import State
from pages.parts.plain import plain


def begin(config: BagOfWordsConfig) -> None:
    """Start the job; what is wrong with the request is shown on the next run."""
    try:
        job.start(config)
    except InputError as error:
        st.session_state.words_error = str(error)


def running() -> bool:
    """Return whether a job is going on, anybody's."""
    found = job.status()
    return found is not None and found.state is State.RUNNING


def show_job() -> None:
    """Show the job; while it runs this refreshes itself, and when it has ended, the page is drawn once more."""
    if "words_error" in st.session_state:
        st.error(plain(st.session_state.pop("words_error")))
    live = running()
    st.fragment(_show, run_every=1.0 if live else None)(live)


def _show(was_running: bool) -> None:
    found = job.status()
    if was_running and (found is None or found.state is not State.RUNNING):
        st.rerun()
    if found is None:
        return
    progress = found.progress
    with st.container(horizontal=True, vertical_alignment="center"):
        if found.state is State.RUNNING:
            before = STAGES.index(progress.stage) if progress.stage in STAGES else 0
            share = (before + (progress.fraction or 0.0)) / len(STAGES)
            st.progress(share, text=f"Stage {before + 1} of {len(STAGES)}, {plain(progress.line())}")
            st.button("Cancel", key="words_cancel", on_click=job.cancel, icon=":material/close:")
        elif found.state is State.FAILED:
            st.error(plain(progress.message))
            st.button("Close", key="words_close", on_click=job.dismiss)
        elif found.state is State.CANCELLED:
            st.info("Cancelled: nothing was kept.")
            st.button("Close", key="words_close", on_click=job.dismiss)
