"""The choice of a stored run whose network a page looks into."""

import streamlit as st

from cnncore.runs.record import Run
from cnncore.runs.snapshots import has_weights
from cnncore.runs.store import NEWEST, open_store
from cnncore.wording import counted


def run_picker(key: str, label: str = "Trained network") -> Run | None:
    """Let the user choose a run that has a checkpoint; return it, None while there is none.

    `key` is in the address as the run's id, which stays: a name changes with the epochs that are done. The newest run,
    the usual one, is not.
    """
    runs = {run.id: run for run in open_store().runs() if has_weights(run)}
    if not runs:
        return None
    names = {
        run.id: f"{run.label} · {run.config.dataset} · {counted(run.epoch, 'epoch')} ({run.id[-4:]})"
        for run in runs.values()
    }
    state, told = st.session_state, f"{key}_told"
    asked = st.query_params.get(key)
    if asked in runs and asked != state.get(told):  # a link; what was written here is no news
        state[key] = asked
    older = f"Of the newest {NEWEST} runs." if open_store().count() > NEWEST else None
    picked = st.selectbox(
        label, list(names), format_func=names.__getitem__, key=key, persist_state="session", help=older
    )
    state[told] = None if picked == next(iter(runs)) else picked
    if state[told] is not None:
        st.query_params[key] = picked
    elif asked is not None:
        del st.query_params[key]
    return runs[picked]
