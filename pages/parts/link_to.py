"""The way to another page."""

import contextlib
from collections.abc import Mapping

import streamlit as st
from streamlit.errors import StreamlitAPIException, StreamlitPageNotFoundError

from pages.parts.navigation import existing


def link_to(name: str, label: str = "", address: Mapping[str, str] | None = None) -> None:
    """Show a link to the page `name`, with `address` as its query parameters.

    Its label alone where a page runs by itself and there is nowhere to go.
    """
    page = next(entry for entry in existing() if entry.name == name)
    try:
        st.page_link(page.path, label=label or f"**{page.title}**", icon=page.icon, query_params=address)
    except StreamlitPageNotFoundError:
        st.markdown(f"{page.icon} {label or f'**{page.title}**'}")


def go_to(name: str, address: Mapping[str, str] | None = None) -> None:
    """Open the page `name`, with `address` as its query parameters.

    Nothing happens where a page runs by itself and there is nowhere to go.
    """
    page = next(entry for entry in existing() if entry.name == name)
    with contextlib.suppress(StreamlitAPIException):
        # Without any Streamlit would clear the address itself, and refuses to where a control of this page is in it.
        st.switch_page(page.path, query_params=address or {})
