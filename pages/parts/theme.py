"""The colours of the visitor's window, light or dark."""

from typing import Any, TypeVar

import streamlit as st

from cnncore.figures.palette import in_dark

_Picture = TypeVar("_Picture", dict[str, Any], str)


def themed(picture: _Picture) -> _Picture:
    """Return a chart's specification, or a text of HTML, SVG or CSS, in the colours of the visitor's window."""
    dark: _Picture = in_dark(picture) if st.context.theme.type == "dark" else picture
    return dark
