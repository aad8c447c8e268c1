"""What earlier classes have left, and how to be rid of it."""

import time
from datetime import datetime

import streamlit as st

from cnncore.errors import InputError
from cnncore.runs import client
from cnncore.runs.record import Run, Status, Unread
from cnncore.runs.store import open_store
from cnncore.wording import counted
from pages.parts.refusal import refuse
from pages.parts.tabulate import tabulate

ALL = 100_000  # runs, more than any class has
_SHOWN = 200


def show_tidy() -> None:
    """Offer to delete the runs that are over: those of before today, or all."""
    active = [status for status in Status if status.active]  # another version of the program may know other ones
    over = [entry for entry in open_store().listed(ALL) if entry.status not in active]
    midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
    choices = {"Of before today": [entry for entry in over if entry.created < midnight], "All that are over": over}
    if not over:
        st.markdown("No run is over: there is nothing to delete.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        which = st.segmented_control(
            "Runs", list(choices), default="All that are over", required=True, key="class_tidy_which"
        )
        found = choices[which]
        with st.popover(
            f"Delete {counted(len(found), 'run')}",
            icon=":material/delete:",
            key="class_tidy_sure",
            disabled=not found,
        ):
            st.markdown("Their curves, checkpoints and all that was kept of them go too. This cannot be undone.")
            st.button(
                "Delete them",
                key="class_tidy_all",
                type="primary",
                on_click=_delete,
                args=([entry.id for entry in found],),
            )
    if found:
        tabulate([_row(entry) for entry in found[:_SHOWN]], height=min(38 + 35 * len(found), 250))
    if len(found) > _SHOWN:
        st.caption(f"The newest {_SHOWN} of them are listed.")


def _row(entry: Run | Unread) -> dict[str, str | None]:
    return {
        "run": entry.label,
        "status": str(entry.status),
        "queued": time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.created)),
        "id": entry.id,
    }


def _delete(ids: list[str]) -> None:
    """Delete runs; what cannot be deleted is said once, the others go all the same."""
    kept = []
    for run_id in ids:
        try:
            client.delete(run_id)
        except InputError as error:
            kept.append(error)
    if kept:
        refuse(kept[0] if len(kept) == 1 else InputError(f"{len(kept)} runs are still there. The first: {kept[0]}"))
    if len(kept) < len(ids):
        st.toast(f"{counted(len(ids) - len(kept), 'run')} deleted.", icon=":material/delete:")
