"""The practical's questions that a page serves, folded below everything else."""

import streamlit as st

from cnncore.course import Question, questions_for
from pages.parts.folded import folded
from pages.parts.link_to import link_to
from pages.parts.navigation import COURSE

_PAGES = {entry.name: entry.title for entry in COURSE}


def where(question: Question) -> str:
    """Return the links to where a question is answered, as Markdown."""
    more = f"; more of it: {', '.join(map(_link, question.also))}" if question.also else ""
    return f"*Look: {_link(question.page, question.see)}{more}*"


def _link(page: str, see: str = "") -> str:
    return f"[{_PAGES[page]}](/{page}{f'?{see}' if see else ''})"


def show_answer(question: Question) -> None:
    """Show the worked answer and the common mistake."""
    st.markdown(question.answer())
    st.markdown(f":orange-badge[Common mistake] {question.mistake}")


def show_answer_with_link(question: Question) -> None:
    """Show them, and the way to write one's own."""
    show_answer(question)
    link_to("report", "Write your own into the report", {"report_question": str(question.number)})


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
    show_answer_with_link(question)
