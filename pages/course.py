"""The course: all 34 questions, in order, and where each is answered."""

import streamlit as st

from cnncore.course import QUESTIONS, Question
from cnncore.course.checks import checks_for
from cnncore.course.questions import PARTS
from pages.parts.address import explain, remember
from pages.parts.folded import folded
from pages.parts.header import header
from pages.parts.number_field import number_field
from pages.parts.plain import plain
from pages.parts.questions import show_answer_with_link, where

ALL = "All"
CHOICES = {f"Part {part}": (part,) for part in PARTS} | {ALL: tuple(PARTS)}


def _show(question: Question, asks: bool) -> None:
    """Show the question, fields for its numbers where the page `asks` for them, and folded what it is answered by."""
    st.markdown(f"**{question.label}**  \n{question.text} {where(question)}")
    for place, check in enumerate(checks_for(question.number)) if asks else ():
        st.fragment(number_field)(check, f"course_number_{question.number}_{place}")
    folded(f"question_{question.number}", "Answer and common mistake", show_answer_with_link, question)


header(
    "Questions",
    "The practical's 34 questions, in course order. Try first, then unfold; [Report](/report) takes your own answers.",
)
remember("course_part", "course_search", "course_check")
with st.container(horizontal=True, vertical_alignment="bottom", gap="large"):
    choice = st.segmented_control(
        "Part", list(CHOICES), default="Part 1", required=True, key="course_part", bind="query-params"
    )
    words = st.text_input(
        "Search all parts", placeholder="dropout, stride, ...", key="course_search", bind="query-params"
    ).split()
    asks = st.toggle(
        "Check my numbers",
        key="course_check",
        bind="query-params",
        help="A field at every question that asks for a number: it says whether yours is right, or what went wrong.",
    )
explain({"course_part": choice, "course_check": asks})
found = [question for question in QUESTIONS if question.mentions(words)]
if not found:
    st.info(f"No question mentions {plain(' '.join(words))}: try fewer words.")
for part in CHOICES[ALL if words else choice]:
    mine = [question for question in found if question.part == part]
    if mine:
        st.subheader(f"Part {part}: {PARTS[part]}", anchor=False)
    for question in mine:
        _show(question, asks)
