"""A drawing in SVG on a page: Streamlit takes SVG out of HTML, and an image has no text under the pointer."""

import streamlit as st

from cnncore.figures.palette import by_name

_JS = """
export default function (component) {
  const root = component.parentElement.querySelector(".svg");
  root.innerHTML = component.data.svg; // drawn by cnncore/figures, nothing in it comes from a user
}
"""
_CSS = ".svg { color: var(--st-text-color, #17202a); } .svg svg { display: block; }"
_mount = st.components.v2.component("cnncore.svg", html='<div class="svg"></div>', css=_CSS, js=_JS)


def show_svg(svg: str, *, key: str) -> None:
    """Show `svg` in the colours of the window."""
    _mount(data={"svg": by_name(svg)}, key=key)
