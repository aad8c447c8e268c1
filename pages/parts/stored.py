"""The stored runs, for a page that is nothing without them."""

import streamlit as st

from cnncore.errors import InputError
from cnncore.runs.record import Run
from cnncore.runs.store import open_store
from pages.parts.plain import with_code


def stored_runs() -> list[Run]:
    """Return the newest stored runs, newest first; where the store cannot be used, say why and end the page there."""
    try:
        return open_store().runs()
    except InputError as error:
        st.error(with_code(error), icon=":material/block:")
        st.stop()
