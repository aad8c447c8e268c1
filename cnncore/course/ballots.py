"""Questions with a few answers to choose from, as a class votes on them.

Those of the course are made of what is there: a number that a question asks for among the numbers that slips give
(checks.py), and claims that are true or false (claims.toml).
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cnncore.course.check import Check
from cnncore.course.checks import checks
from cnncore.course.questions import fill
from cnncore.errors import InputError
from cnncore.wording import number

LETTERS = "ABCDEF"
MOST_WRONG = 4  # numbers beside the right one: more take longer to read than to think about
LONGEST_QUESTION, LONGEST_OPTION = 300, 100  # characters of a teacher's own
_CLAIMS = Path(__file__).with_name("claims.toml")


@dataclass(frozen=True)
class Claim:
    """A sentence that is `true` or not; `because` says why, as Markdown. It belongs to the practical's `question`."""

    key: str
    question: int
    text: str
    true: bool
    because: str


@dataclass(frozen=True)
class Option:
    """One answer, plain text, and what is to say about it once the vote is over, Markdown or nothing."""

    text: str
    says: str = ""


@dataclass(frozen=True)
class Ballot:
    """A question with its options, of which number `right` is right; None where that is not for the app to say.

    `key` names it in an address, and is empty for a teacher's own; `question` is the practical's question it belongs
    to. `asked` is Markdown for the course's, plain text for a teacher's own.
    """

    key: str
    question: int | None
    asked: str
    options: tuple[Option, ...]
    right: int | None

    def named(self, option: int) -> str:
        """Return an option as it is called: by its letter and its text.

        >>> by_key("pool-shift").named(0)
        'A · true'
        """
        return f"{LETTERS[option]} · {self.options[option].text}"


@cache
def claims() -> tuple[Claim, ...]:
    """Return the claims, in the order of the practical's questions."""
    entries = tomllib.loads(_CLAIMS.read_text(encoding="utf-8"))["claim"]
    return tuple(Claim(**(entry | {"because": fill(entry["because"])})) for entry in entries)


@cache
def claim(key: str) -> Claim:
    """Return the claim of that name; a `KeyError` where there is none."""
    return {one.key: one for one in claims()}[key]


@cache
def ballots() -> tuple[Ballot, ...]:
    """Return every question of the course that can be voted on, in the order of the practical's questions."""
    asked: dict[int, int] = {}
    found = [_of_claim(one) for one in claims()]
    for check in checks():
        asked[check.question] = asked.get(check.question, 0) + 1
        found.append(_of_check(check, f"q{check.question}-{asked[check.question]}"))
    return tuple(sorted(found, key=lambda ballot: ballot.question or 0))  # stable: claims before numbers


@cache  # a list of all of them asks for each
def by_key(key: str) -> Ballot:
    """Return the course's ballot of that name; a `KeyError` where there is none."""
    return {ballot.key: ballot for ballot in ballots()}[key]


def own_ballot(asked: str, answers: Sequence[str], right: int | None = None) -> Ballot:
    """Return a teacher's own question; an `InputError` names what it lacks.

    >>> own_ballot("Which one?", ["this", "that"], right=1).named(1)
    'B · that'
    """
    asked = " ".join(asked.split())
    kept = [" ".join(answer.split()) for answer in answers]
    kept = [answer for answer in kept if answer]
    if not asked:
        raise InputError("`question` is empty: write what the class is asked.")
    if len(asked) > LONGEST_QUESTION:
        raise InputError(f"`question` has {len(asked)} characters: shorten it to at most {LONGEST_QUESTION}.")
    if not 2 <= len(kept) <= len(LETTERS):
        raise InputError(f"`answers` (={len(kept)}) must be 2 to {len(LETTERS)}: write each on a line of its own.")
    for answer in kept:
        if len(answer) > LONGEST_OPTION:
            raise InputError(f"`answers` has one of {len(answer)} characters: shorten it to at most {LONGEST_OPTION}.")
        if kept.count(answer) > 1:
            raise InputError(f"`answers` has {answer[:40]!r} twice: nobody can tell two equal options apart.")
    if right is not None and not 0 <= right < len(kept):
        raise InputError(f"`right` (={right}) must be the number of an answer, 0 to {len(kept) - 1}, or none.")
    return Ballot("", None, asked, tuple(Option(answer) for answer in kept), right)


def _of_claim(one: Claim) -> Ballot:
    options = tuple(Option(text, one.because if (text == "true") == one.true else "") for text in ("true", "false"))
    return Ballot(one.key, one.question, f"“{one.text}”", options, 0 if one.true else 1)


def _of_check(check: Check, key: str) -> Ballot:
    """Return the number among those of its first slips, from the smallest to the largest: no place gives it away."""
    wrong = list(check.slips.items())[:MOST_WRONG]
    said = {check.value: check.because} | {value: f"{why[:1].upper()}{why[1:]}." for value, why in wrong}
    values = sorted(said)
    options = tuple(Option(_written(value, counted=isinstance(check.value, int)), said[value]) for value in values)
    return Ballot(key, check.question, check.asked, options, values.index(check.value))


def _written(value: float, *, counted: bool) -> str:
    """Return a number as an option: what is not whole is rounded where measured, and kept where things are counted."""
    if float(value).is_integer():
        return f"{int(value):,}"
    return f"{value:,}" if counted else number(value)
