"""The choice of a stored run whose network a page looks into."""

import streamlit as st

from cnncore.runs.record import Run
from cnncore.runs.snapshots import checkpoint_path
from cnncore.runs.store import open_store


def run_picker(key: str, label: str = "Trained network") -> Run | None:
    """Let the user choose a run that has a checkpoint; return it, None while there is none.

    `key` is in the address. A link may name the run by its id: names change with the epochs that are done.
    """
    runs = {run.id: run for run in open_store().runs() if run.epoch and checkpoint_path(run.id).exists()}
    if not runs:
        return None
    names = {
        run.id: f"{run.label} · {run.config.dataset} · {run.epoch} epochs ({run.id[-4:]})" for run in runs.values()
    }
    if st.query_params.get(key) in runs:
        st.session_state[key] = st.query_params[key]
    picked = st.selectbox(
        label,
        list(names),
        format_func=names.__getitem__,
        key=key,
        bind="query-params",
    )
    return runs[picked]
