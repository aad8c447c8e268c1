"""A student's report as one page of HTML that opens anywhere, prints well, and can be read again by the app."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from cnncore.course.questions import QUESTIONS, Question
from cnncore.course.report import Answer, Fields, carried, report_of
from cnncore.wording import counted

# Sizes in print too; nothing is fetched from anywhere. A figure and its caption stay on one sheet.
_STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.55 system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; color: #17202a; background: #fff;
  max-width: 46rem; margin: 2.5rem auto; padding: 0 1.2rem; }
h1 { font-size: 1.8rem; line-height: 1.2; margin: 0 0 .2rem; }
h2 { font-size: 1.1rem; margin: 2.2rem 0 .3rem; border-top: 1px solid #d5dce3; padding-top: 1rem; }
.by, .asked, .of, figcaption, .left { color: #56616c; }
.by { margin: 0 0 1.5rem; }
.asked { margin: 0 0 .6rem; font-style: italic; }
.answer { white-space: pre-wrap; overflow-wrap: anywhere; margin: .6rem 0; }
.numbers { list-style: none; padding: 0; margin: .6rem 0; }
.numbers b { margin: 0 .4rem; }
.right { color: #007353; }
code { font-family: ui-monospace, Consolas, monospace; font-size: .92em; }
figure { margin: 1rem 0; }
.charts { display: flex; flex-wrap: wrap; gap: .5rem; }
.charts svg { max-width: 100%; height: auto; }
figcaption { font-size: .9rem; }
table { border-collapse: collapse; font-size: .85rem; margin: .6rem 0; display: block; overflow-x: auto; }
th, td { text-align: left; padding: .25rem 1rem 0 0; vertical-align: top; }
td:not(:first-child) { white-space: nowrap; }
.below td { border-bottom: 1px solid #d5dce3; color: #56616c; padding-bottom: .3rem; white-space: normal; }
@media print {
  body { margin: 0; max-width: none; font-size: 11pt; }
  h2, figcaption { break-after: avoid; }
  figure, li, tbody { break-inside: avoid; }
}
"""
SETTINGS = "settings"  # a column that stands in a line of its own, below the others
_MATH = re.compile(r"\$([^$]*)\$")
_CODE = re.compile(r"`([^`]*)`")


@dataclass(frozen=True)
class Shown:
    """What is shown of some runs: charts as SVG, a row for each run, all with the same columns, and what it says."""

    charts: tuple[str, ...]
    rows: tuple[Mapping[str, str], ...]
    said: str = ""


def report_html(fields: Fields, runs: Mapping[tuple[str, ...], Shown], written: str) -> str:
    """Return the report that the fields make.

    `runs` are those that the answers name, by their ids together: of others nothing is shown. `written` is the date.
    """
    report = report_of(fields)
    numbers = {ids: place + 1 for place, ids in enumerate(_figures(report.answers, runs))}
    drawn: set[tuple[str, ...]] = set()
    parts = []
    for answer in report.answers:
        parts.append(_asked(answer))
        if answer.runs in numbers:
            again = answer.runs in drawn
            parts.append(_figure(numbers[answer.runs], None if again else runs[answer.runs]))
            drawn.add(answer.runs)
    title = "Convolutional networks: report"
    by = " · ".join(filter(None, [escape(report.author), escape(written), _count(len(report.answers), len(QUESTIONS))]))
    left = ", ".join(f"Q{question.number}" for question in report.missing)
    rest = f'<p class="left">Without an answer: {left}.</p>' if left and report.answers else ""
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>'
    body = "\n".join([f"<h1>{title}</h1>", f'<p class="by">{by}</p>', *parts, rest, carried(fields)])
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}<style>{_STYLE}</style></head>\n<body>\n{body}\n</body></html>\n'
    )


def _figures(answers: Sequence[Answer], runs: Mapping[tuple[str, ...], Shown]) -> list[tuple[str, ...]]:
    """Return what has a figure of its own, once, in the order in which it comes."""
    return list(dict.fromkeys(answer.runs for answer in answers if answer.runs in runs))


def _count(given: int, of: int) -> str:
    return f"{counted(given, 'answer')} to {of} questions"


def _asked(answer: Answer) -> str:
    parts = [f"<h2>{escape(answer.question.label)}</h2>", f'<p class="asked">{question_html(answer.question)}</p>']
    if answer.text:
        parts.append(f'<div class="answer">{escape(answer.text)}</div>')
    if answer.numbers:
        lines = [
            f"<li>{escape(number.check.asked)}: <b>{escape(number.typed)}</b>"
            f"{'<span class=right>✓ right</span>' if number.right else ''}</li>"
            for number in answer.numbers
        ]
        parts.append(f'<ul class="numbers">{"".join(lines)}</ul>')
    return "\n".join(parts)


def question_html(question: Question) -> str:
    """Return a question's text as HTML; its formulas are letters and products, which need no more than italics."""
    text = escape(question.text, quote=False).replace("\n", " ")
    text = _CODE.sub(r"<code>\1</code>", text)
    return _MATH.sub(r"<i>\1</i>", text.replace(r"\times", "×"))


def _figure(number: int, shown: Shown | None) -> str:
    if shown is None:
        return f'<p class="of">Its runs are those of figure {number}.</p>'
    caption = f"Figure {number}. Loss and accuracy. Solid is train, dashed test or validation."
    rows = _table(shown.rows)
    said = f'<p class="of">{escape(shown.said)}</p>' if shown.said else ""
    charts = "".join(shown.charts)
    return f'<figure><div class="charts">{charts}</div><figcaption>{caption}</figcaption></figure>\n{rows}{said}'


def _table(rows: Sequence[Mapping[str, str]]) -> str:
    if not rows:
        return ""
    heads = "".join(f"<th>{escape(name)}</th>" for name in rows[0] if name != SETTINGS)
    lines = ""
    for row in rows:
        cells = "".join(f"<td>{escape(value)}</td>" for name, value in row.items() if name != SETTINGS)
        below = escape(row.get(SETTINGS, ""))
        lines += f'<tbody><tr>{cells}</tr><tr class="below"><td colspan="{len(row) - 1}">{below}</td></tr></tbody>'
    return f"<table><thead><tr>{heads}</tr></thead>{lines}</table>"
