"""The stored runs with what can be done with one of them, and the source report's figures for what they are."""

import pandas as pd
import streamlit as st

from cnncore.course.facts import REPORT, facts
from cnncore.errors import InputError
from cnncore.figures.words import RESCORED, percent, share
from cnncore.runs import client
from cnncore.runs.record import Run, Unread
from cnncore.runs.store import open_store
from cnncore.training.presets import title
from cnncore.wording import duration
from pages.parts.folded import folded
from pages.parts.held_out import LOCKED, locked
from pages.parts.live import act
from pages.parts.plain import plain
from pages.parts.refusal import refuse
from pages.parts.run_judgement import show
from pages.parts.tabulate import tabulate


def show_report() -> None:
    """Show, folded, the source report's headline figures for what they are."""
    folded("source_report", "What the practical's source report printed, and what it was", _report)


def _report() -> None:
    st.markdown(
        "Its headline figures are readings of the **first 128 test images**, not of the test set. With so few "
        "no two neighbouring steps can be told apart (Fisher's exact test); the first and the last can. The "
        "intervals are Wilson's, 95 %."
    )
    rows = [
        {
            "experiment": title(name),
            "right of 128": right,
            "accuracy": f"{100 * right / 128:.1f} %",
            "interval (%)": interval,
        }
        for (name, right), interval in zip(REPORT.items(), facts()["report.intervals"].split(", "), strict=True)
    ]
    tabulate(rows)


def show_table(runs: list[Run], unread: list[Unread]) -> None:
    """List the stored runs, last those that cannot be read, with what can be done with one of them."""
    st.subheader("Runs so far", anchor=False)
    rows: list[dict[str, str | None]] = [
        {
            "run": run.label,
            "status": str(run.status),
            "epochs": f"{run.epoch}/{run.config.epochs}",
            "test (95 % interval)": _test(run),
            "validation": share(run.validation_accuracy),
            "train": share(run.train_accuracy),
            RESCORED: share(run.train_eval_accuracy),
            "training": duration(run.seconds),
            "data": run.config.dataset,
            "id": run.id,
        }
        for run in runs
    ]
    rows += [{"run": entry.label, "status": entry.status, "id": entry.id} for entry in unread]
    table = pd.DataFrame(rows)
    if runs and not any(run.config.validation_size for run in runs):
        table = table.drop(columns="validation")
    if runs and not any(run.config.train_eval for run in runs):
        table = table.drop(columns=RESCORED)
    widths = {"run": 280, "id": 75}  # an id is read in full by a click, a name is not known without its end
    columns = {name: st.column_config.TextColumn(width=width) for name, width in widths.items()}
    tabulate(table, height=min(38 + 35 * len(rows), 320), column_config=columns)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        names = {run.id: f"{run.label} ({run.id})" for run in runs}
        names |= {entry.id: f"{entry.label} ({entry.id})" for entry in unread}
        closed = {run.id for run in runs if locked(run)}
        picked = st.selectbox("Run", list(names), format_func=names.__getitem__, key="picked", width=420)
        st.button("Show", icon=":material/visibility:", on_click=_show, args=(picked,))
        st.button("Resume ", icon=":material/restart_alt:", on_click=act, args=(client.resume, picked))
        with st.popover("Delete", icon=":material/delete:", key=f"delete_{picked}"):
            st.markdown(
                f"**{plain(names[picked])}** is deleted with its curves, its checkpoint and all that was kept of it."
            )
            # Keys of this run's own: the next one's is closed, and a second click meets nothing.
            key = f"delete_it_{picked}"
            st.button("Delete it", type="primary", key=key, on_click=_delete, args=(picked,))
        st.download_button(
            "Epochs as CSV",
            lambda: open_store().export_csv(picked),
            file_name=f"run-{picked}.csv",
            icon=":material/download:",
            on_click="ignore",
            disabled=picked in closed,
            help=f"The file has the test set's readings, which stay {LOCKED} of the run." if picked in closed else None,
        )


def _show(run_id: str) -> None:
    show(run_id)
    st.toast("It is drawn above, where the curves are.", icon=":material/vertical_align_top:")


def _delete(run_id: str) -> None:
    try:
        client.delete(run_id)
    except InputError as error:
        refuse(error)
        return
    if st.query_params.get("run") == run_id:
        del st.query_params["run"]


def _test(run: Run) -> str | None:
    if locked(run):
        return LOCKED
    return None if run.test_accuracy is None else percent(run.test_accuracy, run.test_size)
