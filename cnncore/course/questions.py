"""The questions, read once from questions.toml; numbers in the answers are computed, not written down."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cnncore.course.facts import facts

PARTS = {
    1: "Convolution, pooling, architectures",
    2: "Training from scratch",
    3: "Improving it, step by step",
}
_FILE = Path(__file__).with_name("questions.toml")
_BETWEEN = re.compile(r"(?<=\d)\s*[x×]\s*(?=\d)")  # the lengths of a size


@dataclass(frozen=True)
class Question:
    """One question. Texts are Markdown with LaTeX; `page` is the page that answers it, `also` are pages with more.

    `see` is the setting of `page` that shows the question's case, as its address writes it; empty where the page opens
    with it.
    """

    number: int
    part: int
    title: str
    text: str
    worked: str
    mistake: str
    page: str
    bonus: bool = False
    also: tuple[str, ...] = ()
    see: str = ""

    @property
    def label(self) -> str:
        """How the course calls it: Q7, and what it is about."""
        return f"Q{self.number} · {self.title}{' (bonus)' if self.bonus else ''}"

    def answer(self) -> str:
        """Return the worked answer, its `<<name>>` places filled with computed numbers."""
        return fill(self.worked)

    def mentions(self, words: Iterable[str]) -> bool:
        """Return whether all of the words occur in it, in small letters or large, with the numbers that are computed.

        A size is found as it is written, 28 × 28, and as it is typed.

        >>> [question.number for question in QUESTIONS if question.mentions(["1,191,170", "images"])]
        [11]
        >>> [question.number for question in QUESTIONS if question.mentions(["28x28"])]
        [10, 22]
        """
        text = f"{self.label} {self.text} {self.answer()} {self.mistake}".lower()
        text += _BETWEEN.sub("x", text)
        return all(_BETWEEN.sub("x", word.lower()) in text for word in words)


def fill(text: str) -> str:
    """Return `text` with every `<<name>>` replaced by the fact of that name; an unknown name is a `KeyError`."""
    head, *places = text.split("<<")
    result = head
    for place in places:
        name, _, rest = place.partition(">>")
        result += facts()[name] + rest
    return result


@cache
def _read() -> tuple[Question, ...]:
    entries = tomllib.loads(_FILE.read_text(encoding="utf-8"))["question"]
    texts = ("text", "worked", "mistake")
    return tuple(
        Question(**(entry | {name: entry[name].strip() for name in texts} | {"also": tuple(entry.get("also", ()))}))
        for entry in entries
    )


QUESTIONS: tuple[Question, ...] = _read()


def questions_for(page: str) -> tuple[Question, ...]:
    """Return the questions that `page` answers or shows more of, in course order."""
    return tuple(question for question in QUESTIONS if page in (question.page, *question.also))
