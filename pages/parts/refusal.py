"""What was asked for and could not be had, said in its sentence."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from cnncore import compute
from cnncore.errors import InputError
from pages.parts.plain import with_code


def guarded(show: Callable[..., None], *arguments: Any) -> None:
    """Show something; what cannot be shown is said. A fragment runs again without the page's own guard."""
    try:
        show(*arguments)
    except (InputError, compute.ComputeError) as error:
        st.error(with_code(error), icon=":material/block:")


def refuse(error: InputError) -> None:
    """Show the sentence over the page, wherever one has scrolled to, until it is closed.

    For callbacks: on a page that refreshes itself anything in its place would be gone within the second.
    """
    st.toast(with_code(error), icon=":material/block:", duration="infinite")
