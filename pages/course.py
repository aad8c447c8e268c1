"""The course: all 34 questions, in order, and where each is answered."""

import streamlit as st

from cnncore.course import QUESTIONS, Question
from cnncore.course.questions import PARTS
from pages.parts.address import remember
from pages.parts.folded import folded
from pages.parts.header import header
from pages.parts.navigation import COURSE
from pages.parts.plain import plain
from pages.parts.questions import show_answer

_PAGES = {entry.name: entry.title for entry in COURSE}


def _link(page: str, see: str = "") -> str:
    return f"[{_PAGES[page]}](/{page}{f'?{see}' if see else ''})"


def _where(question: Question) -> str:
    more = f"; more of it: {', '.join(map(_link, question.also))}" if question.also else ""
    return f"*Look: {_link(question.page, question.see)}{more}*"


def _show(question: Question) -> None:
    """Show the question, and folded what it is answered by."""
    st.markdown(f"**{question.label}**  \n{question.text} {_where(question)}")
    folded(f"question_{question.number}", "Answer and common mistake", show_answer, question)


header("Questions", "The practical's 34 questions, in course order. Try first, then unfold.")
remember("course_search")
words = st.text_input("Search", placeholder="dropout, stride, ...", key="course_search", bind="query-params").split()
found = [question for question in QUESTIONS if question.mentions(words)]
if not found:
    st.info(f"No question mentions {plain(' '.join(words))}: try fewer words.")
for part, title in PARTS.items():
    mine = [question for question in found if question.part == part]
    if mine:
        st.subheader(f"Part {part}: {title}", anchor=False)
    for question in mine:
        _show(question)
