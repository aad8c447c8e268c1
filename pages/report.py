"""Report: a student's answers, numbers and runs, which become one file to hand in."""

import streamlit as st

from cnncore.course import QUESTIONS
from cnncore.course.checks import checks, checks_for
from cnncore.course.report import LONGEST_ANSWER, LONGEST_NAME, MOST_RUNS, TRAINED, Report, report_of
from cnncore.errors import InputError
from cnncore.runs.record import Run
from cnncore.runs.store import open_store
from pages.parts.address import explain, remember
from pages.parts.compare_choice import name_of
from pages.parts.folded import folded
from pages.parts.header import header
from pages.parts.link_to import link_to
from pages.parts.number_field import number_field
from pages.parts.plain import with_code
from pages.parts.questions import show_answer, where
from pages.parts.report_draft.component import draft, keep_in_browser, key_of, take
from pages.parts.report_file import show_files
from pages.parts.report_runs import show_runs


def runs_here() -> dict[str, Run]:
    """Return the stored runs by their ids; where the store cannot be read, say why: answers need none."""
    try:
        return {run.id: run for run in open_store().runs()}
    except InputError as error:
        st.error(with_code(error), icon=":material/block:")
        return {}


def choose_question(report: Report) -> int:
    """Show the questions, those with an answer marked, and return the number of the chosen one."""
    given = [answer.question.number for answer in report.answers]
    if given:
        marked = ", ".join(f".st-key-report_question button:nth-of-type({number})::after" for number in given)
        st.html(f'<style>{marked} {{ content: "✓"; color: var(--colour-output); font-weight: 700; }}</style>')
    number = st.pills(
        "Question",
        [question.number for question in QUESTIONS],
        default=QUESTIONS[0].number,
        required=True,
        key="report_question",
        bind="query-params",
    )
    assert number is not None
    return number


def show_question(number: int, stored: dict[str, Run]) -> None:
    """Show the question, and the fields in which it is answered."""
    question = QUESTIONS[number - 1]
    st.markdown(f"**{question.label}**  \n{question.text} {where(question)}")
    text = f"text_{number}"
    st.text_area(
        "Your answer",
        key=key_of(text),
        height=190,
        max_chars=LONGEST_ANSWER,
        placeholder="In your own words. Lines stay as you break them.",
        on_change=take,
        args=(text,),
    )
    for place, check in enumerate(checks_for(number)):
        name = f"number_{number}_{place}"
        number_field(check, key_of(name), take, name)
    if number >= TRAINED:
        choose_runs(number, stored)
    folded(f"report_answer_{number}", "Worked answer and common mistake: when yours is written", show_answer, question)


def choose_runs(number: int, stored: dict[str, Run]) -> None:
    """Let runs be put to the answer, and show them."""
    name = f"runs_{number}"
    if not stored:
        st.caption("Runs that you train can stand here with their curves. None is stored on this machine yet.")
        link_to("training")
        return
    picked = draft().get(name, [])
    st.multiselect(
        "Runs that show it",
        list(dict.fromkeys([*stored, *picked])),
        format_func=lambda run_id: name_of(stored[run_id]) if run_id in stored else f"no longer stored ({run_id[-4:]})",
        key=key_of(name),
        max_selections=MOST_RUNS,
        placeholder="Their curves and settings go into the file",
        on_change=take,
        args=(name,),
    )
    show_runs(list(picked), stored)


header("Report", "Your answers, your numbers and your own runs become one file to hand in.")
remember("report_question")
runs = runs_here()
with st.container(horizontal=True, vertical_alignment="bottom"):
    st.text_input(
        "Name or names",
        key=key_of("author"),
        max_chars=LONGEST_NAME,
        width=330,
        on_change=take,
        args=("author",),
    )
    show_files(runs)
report = report_of(draft())
chosen = choose_question(report)
explain({"report_question": chosen})
show_question(chosen, runs)
st.caption(
    f"{len(report.answers)} of {len(QUESTIONS)} questions answered, {report.right} of {len(checks())} numbers right. "
    "What you write stays in this browser, on this computer, until you begin anew: on a shared computer, save the "
    "file, then delete it all here."
)
keep_in_browser()
