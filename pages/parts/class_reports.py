"""The reports of a class, read side by side; they are kept nowhere."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import streamlit as st

from cnncore.course import QUESTIONS
from cnncore.course.checks import checks, checks_for
from cnncore.course.report import LARGEST, Answer, Report, read_report, report_of
from cnncore.errors import InputError
from cnncore.wording import counted
from pages.parts.number_field import judged
from pages.parts.plain import plain, with_code
from pages.parts.tabulate import tabulate

_MOST = 5  # wrong numbers in a row, the most frequent ones


def show_reports() -> None:
    """Let reports be chosen; show whose they are, where the class stands, and all answers to one question."""
    st.markdown("The files that students have saved on the page *Report*. They are read here, and kept nowhere.")
    files = st.file_uploader(
        "Reports", ["html"], accept_multiple_files=True, key="class_reports_files", max_upload_size=LARGEST // 2**20
    )
    read: list[tuple[str, Report]] = []
    for file in files:
        try:
            report = report_of(read_report(file.getvalue(), file.name))
        except InputError as error:
            st.error(with_code(error), icon=":material/block:")
            continue
        read.append((report.author or file.name, report))
    if not read:
        return
    tabulate([_row(name, report) for name, report in read])
    st.markdown("**By question**")
    tabulate(by_question([report for _, report in read]))
    answered = {question.number: question.label for question in QUESTIONS if _answers(question.number, read)}
    if answered:
        number = st.selectbox(
            "All answers to", list(answered), format_func=answered.__getitem__, key="class_reports_of"
        )
        for name, answer in _answers(number, read):
            _show(name, answer)


def _answers(number: int, read: Sequence[tuple[str, Report]]) -> list[tuple[str, Answer]]:
    return [(name, answer) for name, report in read for answer in report.answers if answer.question.number == number]


def _row(name: str, report: Report) -> dict[str, Any]:
    wrong = [f"Q{answer.question.number}" for answer in report.answers if any(not one.right for one in answer.numbers)]
    runs = {run for answer in report.answers for run in answer.runs}
    return {
        "name": name,
        f"answers (of {len(QUESTIONS)})": len(report.answers),
        f"numbers right (of {len(checks())})": report.right,
        "numbers wrong": ", ".join(wrong) or None,
        "runs": len(runs),
    }


def by_question(reports: Sequence[Report]) -> list[dict[str, Any]]:
    """Return for each question how many answered it, and of its numbers how many are right and which others came."""
    rows = []
    for question in QUESTIONS:
        answers = [answer for report in reports for answer in report.answers if answer.question == question]
        numbers = [number for answer in answers for number in answer.numbers]
        wrong = Counter(number.typed for number in numbers if not number.right).most_common(_MOST)
        asked = len(checks_for(question.number)) * len(reports)
        rows.append(
            {
                "question": question.label,
                "answered": len(answers),
                "numbers right": f"{sum(number.right for number in numbers)} of {asked}" if asked else None,
                "other numbers": ", ".join(f"{typed} ({times} ×)" if times > 1 else typed for typed, times in wrong)
                or None,
            }
        )
    return rows


def _show(name: str, answer: Answer) -> None:
    with st.container(border=True):
        st.markdown(f"**{plain(name)}**")
        if answer.text:
            st.text(answer.text)
        for number in answer.numbers:
            st.markdown(f"{number.check.asked}: **{plain(number.typed)}** {judged(number.check, number.typed)}")
        if answer.runs:
            st.caption(f"With the curves of {counted(len(answer.runs), 'run')}: they are in the file.")
