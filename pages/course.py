"""The course: all 34 questions, in order, and where each is answered."""

import streamlit as st

from cnncore.course import QUESTIONS, Question
from cnncore.course.questions import PARTS
from pages.parts.header import header
from pages.parts.navigation import COURSE
from pages.parts.plain import plain
from pages.parts.questions import show_question

_PAGES = {entry.name: entry.title for entry in COURSE}


def _link(page: str) -> str:
    return f"[{_PAGES[page]}](/{page})"


def _more(question: Question) -> str:
    return f", more of it on {' and '.join(map(_link, question.also))}" if question.also else ""


header("Questions", "The practical's 34 questions, in course order. Try first, then unfold.")
words = (
    st.text_input("Search", placeholder="dropout, stride, ...", key="course_search", bind="query-params")
    .lower()
    .split()
)
found = [
    question
    for question in QUESTIONS
    if all(word in f"{question.label} {question.text} {question.worked}".lower() for word in words)
]
if not found:
    st.info(f"No question mentions {plain(' '.join(words))}: try fewer words.")
for part, title in PARTS.items():
    mine = [question for question in found if question.part == part]
    if mine:
        st.subheader(f"Part {part}: {title}", anchor=False)
    for question in mine:
        show_question(question, f" · answered on the page {_link(question.page)}{_more(question)}")
