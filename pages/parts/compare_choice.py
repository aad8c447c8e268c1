"""Which of the stored runs are compared: filters, and the choice among what they leave."""

from collections.abc import Callable

import streamlit as st

from cnncore.runs.record import Run, Status, network_name

FILTERS: dict[str, tuple[str, Callable[[Run], str]]] = {
    "compare_data": ("Data set", lambda run: run.config.dataset),
    "compare_net": ("Network", lambda run: network_name(run.config.network)),
    "compare_status": ("Status", lambda run: str(run.status)),
    "compare_group": ("Started together", lambda run: run.group),
}
MOST = 18  # six settings of three seeds: more colours than six are not told apart


def name_of(run: Run) -> str:
    """Return what a run is called where runs are chosen; the same text stands in the address."""
    return f"{run.label} · {run.config.dataset} ({run.id[-4:]})"


def first_choice(runs: list[Run]) -> list[Run]:
    """Return what is shown before anything is chosen: the newest group of runs, else the newest two that finished."""
    group = next((run.group for run in runs if run.group), "")
    together = [run for run in runs if group and run.group == group][::-1]
    if len(together) > 1:
        return together[:MOST]
    return sorted(runs, key=lambda run: run.status is not Status.FINISHED)[:2][::-1]


def choose_runs(runs: list[Run]) -> list[Run]:
    """Show the filters and the choice, and return the chosen runs in the order of the choice."""
    names = {name_of(run): run for run in runs}
    if "compare_runs" not in st.session_state and "compare_runs" not in st.query_params:
        st.session_state.compare_runs = [name_of(run) for run in first_choice(runs)]
    kept = [name for name in st.session_state.get("compare_runs", []) if name in names]
    place = st.container()  # the filters stand below the choice that they narrow
    with st.expander("Filter the runs that are offered"):
        left = _filtered(runs)
    offered = list(dict.fromkeys([*kept, *(name_of(run) for run in left)]))
    picked = place.multiselect(
        f"Runs ({len(left)} of {len(runs)} offered)",
        offered,
        key="compare_runs",
        bind="query-params",
        max_selections=MOST,
    )
    return [names[name] for name in picked]


def _filtered(runs: list[Run]) -> list[Run]:
    places = st.grid(columns=len(FILTERS) + 1, min_column_width=130)
    for key, (label, value) in FILTERS.items():
        known = sorted({value(run) for run in runs} - {""})
        wanted = places.selectbox(label, ["all", *known], key=key, bind="query-params")
        if wanted != "all":
            runs = [run for run in runs if value(run) == wanted]
    text = places.text_input("Text in the name", key="compare_text", bind="query-params").strip().casefold()
    return [run for run in runs if text in name_of(run).casefold()]
