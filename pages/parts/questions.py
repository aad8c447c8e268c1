"""Why it is so, and the practical's questions that a page serves, folded below everything else.

What is folded is made when it is unfolded: it would be half of what the browser has to draw when the page changes.
"""

import streamlit as st

from cnncore.course import Question, questions_for


@st.fragment
def why(text: str) -> None:
    """Show a page's explanation, folded."""
    place = st.expander("Why it is so", icon=":material/menu_book:", key="why", on_change="rerun")
    if place.open:
        place.markdown(text)


@st.fragment
def show_question(question: Question, note: str = "") -> None:
    """Show one question, folded: its text, the worked answer, the common mistake."""
    place = st.expander(question.label, key=f"question_{question.number}", on_change="rerun")
    if not place.open:
        return
    with place:
        st.markdown(f"*{question.text}*{note}")
        st.markdown(question.answer())
        st.markdown(f":orange-badge[Common mistake] {question.mistake}")


def questions(page: str) -> None:
    """Show the questions that `page` answers."""
    served = questions_for(page)
    if served:
        st.subheader("The practical's questions on this page", anchor=False)
    for question in served:
        show_question(question)
