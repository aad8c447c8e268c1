"""The practical's questions that a page serves, folded below everything else."""

import streamlit as st

from cnncore.course import Question, questions_for
from pages.parts.folded import folded


def show_answer(question: Question) -> None:
    """Show the worked answer and the common mistake."""
    st.markdown(question.answer())
    st.markdown(f":orange-badge[Common mistake] {question.mistake}")


def questions(page: str) -> None:
    """Show the questions that `page` answers or shows more of."""
    served = questions_for(page)
    if not served:
        return
    with st.container(key="questions"):
        st.subheader("The practical's questions on this page", anchor=False)
        for question in served:
            folded(f"question_{question.number}", question.label, _unfolded, question)


def _unfolded(question: Question) -> None:
    st.markdown(f"*{question.text}*")
    show_answer(question)
