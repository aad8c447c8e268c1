"""A field for a number that a question asks for, and beside it what the number that was typed says."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from cnncore.course.check import LONGEST, Check
from cnncore.errors import InputError
from pages.parts.plain import with_code


def number_field(check: Check, key: str, taken: Callable[..., None] | None = None, *arguments: Any) -> None:
    """Show the field of `check`; `taken(*arguments)` is called when another number has been typed."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        given = st.text_input(
            check.asked,
            key=key,
            placeholder="your number",
            width=430,
            max_chars=LONGEST,
            on_change=taken,
            args=arguments,
        )
        if not given.strip():
            return
        st.markdown(judged(check, given))


def judged(check: Check, given: str) -> str:
    """Return the verdict on a number as it was typed, behind its mark, as Markdown."""
    try:
        right, sentence = check.judge(given)
    except InputError as error:
        right, sentence = False, with_code(error)
    return f":{'green' if right else 'orange'}[:material/{'check_circle' if right else 'help'}:] {sentence}"
