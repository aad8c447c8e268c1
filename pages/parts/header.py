"""The top of every page: its name and the one question that it answers."""

import streamlit as st


def header(title: str, question: str) -> None:
    """Show `title` (plain words) and, below it, the `question` (Markdown) that the page answers."""
    st.title(title, anchor=False)
    st.markdown(question)
