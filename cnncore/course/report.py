"""A student's report: for each question an answer, the numbers that it asks for, and runs that show it.

It is written as fields, texts under names such as "author", "text_7", "number_7_0" and "runs_7" (those of question 7):
so a browser can keep it, and two of its tabs can write different ones. The file that is handed in carries them along.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from cnncore.course.check import LONGEST, Check
from cnncore.course.checks import checks_for
from cnncore.course.questions import QUESTIONS, Question
from cnncore.errors import InputError

LONGEST_ANSWER = 4000  # characters: more than a page
LONGEST_NAME = 200
MOST_RUNS = 6  # to a question: the colours that can be told apart
TRAINED = 13  # the first question that is answered by training
LARGEST = 20 * 2**20  # bytes of a file
_MARK = "cnncore-report"
_VERSION = 1
_CARRIED = re.compile(rf'<script type="application/json" id="{_MARK}">(.*?)</script>', re.DOTALL)
Fields: TypeAlias = dict[str, str | list[str]]


@dataclass(frozen=True)
class Number:
    """A number as it was typed for a `check`, and whether it is right."""

    check: Check
    typed: str
    right: bool


@dataclass(frozen=True)
class Answer:
    """What is said to a question. `runs` are the ids of stored runs."""

    question: Question
    text: str
    numbers: tuple[Number, ...]
    runs: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """Whose it is, and the answers that were given, in the order of the questions."""

    author: str
    answers: tuple[Answer, ...]

    @property
    def missing(self) -> list[Question]:
        """The questions without an answer."""
        given = {answer.question.number for answer in self.answers}
        return [question for question in QUESTIONS if question.number not in given]

    @property
    def right(self) -> int:
        """How many of the numbers that the questions ask for are right."""
        return sum(number.right for answer in self.answers for number in answer.numbers)


@cache
def names() -> dict[str, int]:
    """Return the names of all fields, each with the characters that it may have; of runs, their number."""
    found = {"author": LONGEST_NAME}
    for question in QUESTIONS:
        found[f"text_{question.number}"] = LONGEST_ANSWER
        found |= {f"number_{question.number}_{place}": LONGEST for place, _ in enumerate(checks_for(question.number))}
        if question.number >= TRAINED:
            found[f"runs_{question.number}"] = MOST_RUNS
    return found


def fields_of(values: object) -> Fields:
    """Return what of `values` can stand in a report, without what is empty: it comes from a browser, or from a file."""
    given = values if isinstance(values, Mapping) else {}
    found: Fields = {}
    for name, most in names().items():
        value = given.get(name)
        if name.startswith("runs_") and isinstance(value, (list, tuple)):
            value = [entry[:LONGEST_NAME] for entry in value if isinstance(entry, str)]
        elif name.startswith("runs_") or not isinstance(value, str):
            continue
        if value:
            found[name] = value[:most]
    return found


def report_of(fields: Fields) -> Report:
    """Return the report that the fields make; a question with none of them is not in it."""
    answers = []
    for question in QUESTIONS:
        text, runs = (fields.get(f"{kind}_{question.number}", "") for kind in ("text", "runs"))
        typed = [
            (check, str(fields.get(f"number_{question.number}_{place}", "")).strip())
            for place, check in enumerate(checks_for(question.number))
        ]
        numbers = tuple(Number(check, given, _right(check, given)) for check, given in typed if given)
        if str(text).strip() or numbers or runs:
            answers.append(Answer(question, str(text).strip(), numbers, tuple(runs)))
    return Report(str(fields.get("author", "")).strip(), tuple(answers))


def _right(check: Check, typed: str) -> bool:
    try:
        return check.judge(typed).right
    except InputError:
        return False


def carried(fields: Fields) -> str:
    """Return the element of HTML in which a file carries the fields: nothing in it can end it."""
    text = json.dumps({"version": _VERSION, "fields": fields}, ensure_ascii=False).replace("<", "\\u003c")
    return f'<script type="application/json" id="{_MARK}">{text}</script>'


def read_report(content: bytes, name: str) -> Fields:
    """Return the fields that the file called `name` carries; an `InputError` if it is no report."""
    if len(content) > LARGEST:
        raise InputError(
            f"`{name}` (={len(content) / 2**20:.0f} MB) must have at most {LARGEST // 2**20} MB: choose a file that "
            "the page Report has saved."
        )
    found = _CARRIED.search(content.decode("utf-8", "replace"))
    try:
        held = json.loads(found[1]) if found else None
    except (ValueError, RecursionError):
        held = None
    if not isinstance(held, dict):
        raise InputError(f"`{name}` carries no report: choose a file that the page Report has saved, unchanged.")
    if held.get("version") != _VERSION:
        raise InputError(
            f"`{name}` was saved by another version of the program (its format is {held.get('version')!r:.20}, this "
            f"one reads {_VERSION}): open it with that version."
        )
    return fields_of(held.get("fields"))
