"""Predict, then see: a question whose answer is computed, with what each wrong answer gets wrong."""

from collections.abc import Callable

import streamlit as st

from cnncore.course.ballots import Claim


def predict(key: str, question: str, options: tuple[str, ...], right: str, reveal: Callable[[str], str]) -> None:
    """Ask `question`; once one of `options` is chosen, say whether it is `right` and show `reveal(choice)`.

    `reveal` is called only then, and returns Markdown: the measured numbers and one line why.
    """
    with st.container(border=True):
        st.markdown(f":material/psychology: **Predict:** {question}")
        choice = st.segmented_control(question, options, key=key, label_visibility="collapsed")
        if choice is None:
            return
        text = reveal(choice)
        if choice == right:
            st.success(f"**Right.** {text}", icon=":material/check:")
        else:
            st.info(f"**Not so: {right}.** {text}", icon=":material/lightbulb:")


def true_or_false(key: str, asked: Claim, reveal: Callable[[], str]) -> None:
    """Ask whether a claim of the course is true; `reveal` says why, as it shows on this page."""
    right = "true" if asked.true else "false"
    predict(key, f"true or false? “{asked.text}”", ("true", "false"), right, lambda _: reveal())
