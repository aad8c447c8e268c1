"""The draft of a report: in the session while it is written, in the browser between visits, nowhere on the server."""

import json
from pathlib import Path

import streamlit as st

from cnncore.course.report import Fields, fields_of, names

_KEY, _DRAFT = "report_kept", "report_draft"
_mount = st.components.v2.component(
    "cnncore.report_draft",
    html='<div class="draft"></div>',
    js=(Path(__file__).parent / "draft.js").read_text(encoding="utf-8"),
)


def draft() -> Fields:
    """Return the session's draft: always the same object, as a download that is asked for reads it as it is then."""
    held: Fields = st.session_state.setdefault(_DRAFT, {})
    return held


def key_of(name: str) -> str:
    """Return the key of the control for a field; one that is shown for the first time has what the draft says."""
    key = f"report_{name}"
    if key not in st.session_state:
        st.session_state[key] = draft().get(name, [] if name.startswith("runs_") else "")
    return key


def take(name: str) -> None:
    """Take what the control of a field holds into the draft; for its callback."""
    held = draft()
    taken = fields_of({name: st.session_state.get(f"report_{name}")})
    held.pop(name, None)
    held.update(taken)


def replace(fields: object) -> None:
    """Let the draft be what of `fields` can stand in one; for callbacks: controls that are shown follow."""
    wanted, held = fields_of(fields), draft()
    held.clear()
    held.update(wanted)
    for name in names():
        key = f"report_{name}"
        if key in st.session_state and st.session_state[key] != wanted.get(name, type(st.session_state[key])()):
            del st.session_state[key]


def keep_in_browser() -> None:
    """Have the browser keep the draft, and take over what it has kept."""
    found = _mount(data={"fields": dict(draft())}, key=_KEY, on_found_change=_found, on_full_change=lambda: None)
    if found.full:
        st.warning("This browser keeps nothing between visits: save the report before you leave.")


def _found() -> None:
    try:
        kept = json.loads(st.session_state[_KEY].found)["fields"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return  # somebody else's, or nothing
    replace(kept)
