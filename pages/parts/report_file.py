"""The report as a file: saved, opened again, begun anew."""

import re
import time
import unicodedata
from datetime import date

import streamlit as st

from cnncore.course.report import LARGEST, Fields, fields_of, read_report, report_of
from cnncore.errors import InputError
from cnncore.figures.report import report_html
from cnncore.runs.record import Run
from pages.parts.held_out import Sight, sight
from pages.parts.refusal import refuse
from pages.parts.report_draft.component import draft, replace
from pages.parts.report_runs import in_file

_SOON = 0.3  # seconds


def file_name(author: str) -> str:
    """Return what the file is called: after its author, in letters that every system has."""
    letters = unicodedata.normalize("NFKD", author).encode("ascii", "ignore").decode().lower()
    return "-".join(["report", *re.findall(r"[a-z0-9]+", letters)])[:60] + ".html"


def file_of(written: Fields, stored: dict[str, Run], sights: dict[str, Sight]) -> bytes:
    """Return the file; of the `stored` runs it shows those that the answers name, and of their test sets `sights`."""
    fields = fields_of(written)
    groups = {answer.runs for answer in report_of(fields).answers if answer.runs}
    text = report_html(fields, in_file(groups, stored, sights), date.today().isoformat())
    return text.encode("utf-8", "replace")


def show_files(stored: dict[str, Run]) -> None:
    """Offer the report as a file, and the ways to go on with one and to begin anew."""
    held, sights = draft(), {run_id: sight(run) for run_id, run in stored.items()}

    def made() -> bytes:
        time.sleep(_SOON)  # a field that was left by this click is taken meanwhile
        return file_of(held, stored, sights)

    st.download_button(
        "Save the report",
        made,
        file_name=file_name(str(held.get("author", ""))),
        mime="text/html",
        type="primary",
        icon=":material/download:",
        on_click="ignore",
        key="report_save",
        help="One file that opens in every browser, and here again.",
    )
    with st.popover("Open one", icon=":material/folder_open:", key="report_open"):
        file = st.file_uploader(
            "A report that was saved here", ["html"], key="report_file", max_upload_size=LARGEST // 2**20
        )
        st.button("Go on with it", key="report_go_on", disabled=file is None, on_click=_open, type="primary")
        st.caption("It takes the place of what is written here.")
    with st.popover("Begin anew", icon=":material/restart_alt:", key="report_anew"):
        st.markdown("All that is written here is deleted. Save the report before, if you may need it.")
        st.button("Delete it", key="report_delete", on_click=replace, args=({},), type="primary")


def _open() -> None:
    file = st.session_state.report_file
    try:
        replace(read_report(file.getvalue(), file.name))
    except InputError as error:
        refuse(error)
