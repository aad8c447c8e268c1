"""The course: all 34 questions, in order, and where each is answered."""

import streamlit as st

from cnncore.course import QUESTIONS, Question
from cnncore.course.check import LONGEST, Check
from cnncore.course.checks import checks_for
from cnncore.course.questions import PARTS
from cnncore.errors import InputError
from pages.parts.address import explain, remember
from pages.parts.folded import folded
from pages.parts.header import header
from pages.parts.navigation import COURSE
from pages.parts.plain import plain, with_code
from pages.parts.questions import show_answer

_PAGES = {entry.name: entry.title for entry in COURSE}


def _link(page: str, see: str = "") -> str:
    return f"[{_PAGES[page]}](/{page}{f'?{see}' if see else ''})"


def _where(question: Question) -> str:
    more = f"; more of it: {', '.join(map(_link, question.also))}" if question.also else ""
    return f"*Look: {_link(question.page, question.see)}{more}*"


@st.fragment
def _ask(check: Check, key: str) -> None:
    """Show a field for a number that a question asks for, and beside it what the number that was typed says."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        given = st.text_input(check.asked, key=key, placeholder="your number", width=430, max_chars=LONGEST)
        if not given.strip():
            return
        try:
            right, sentence = check.judge(given)
        except InputError as error:
            right, sentence = False, with_code(error)
        st.markdown(f":{'green' if right else 'orange'}[:material/{'check_circle' if right else 'help'}:] {sentence}")


def _show(question: Question, asks: bool) -> None:
    """Show the question, fields for its numbers where the page `asks` for them, and folded what it is answered by."""
    st.markdown(f"**{question.label}**  \n{question.text} {_where(question)}")
    for place, check in enumerate(checks_for(question.number)) if asks else ():
        _ask(check, f"course_number_{question.number}_{place}")
    folded(f"question_{question.number}", "Answer and common mistake", show_answer, question)


header("Questions", "The practical's 34 questions, in course order. Try first, then unfold.")
remember("course_search", "course_check")
with st.container(horizontal=True, vertical_alignment="bottom", gap="large"):
    words = st.text_input(
        "Search", placeholder="dropout, stride, ...", key="course_search", bind="query-params"
    ).split()
    asks = st.toggle(
        "Check my numbers",
        key="course_check",
        bind="query-params",
        help="A field at every question that asks for a number: it says whether yours is right, or what went wrong.",
    )
explain({"course_check": asks})
found = [question for question in QUESTIONS if question.mentions(words)]
if not found:
    st.info(f"No question mentions {plain(' '.join(words))}: try fewer words.")
for part, title in PARTS.items():
    mine = [question for question in found if question.part == part]
    if mine:
        st.subheader(f"Part {part}: {title}", anchor=False)
    for question in mine:
        _show(question, asks)
