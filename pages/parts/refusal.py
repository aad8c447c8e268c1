"""What a click asked for and could not be had, said in its sentence."""

import streamlit as st

from cnncore.errors import InputError
from pages.parts.plain import with_code


def refuse(error: InputError) -> None:
    """Show the sentence over the page, wherever one has scrolled to, until it is closed.

    For callbacks: on a page that refreshes itself anything in its place would be gone within the second.
    """
    st.toast(with_code(error), icon=":material/block:", duration="infinite")
