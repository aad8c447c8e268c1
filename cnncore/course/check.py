"""A number that a question asks for, and what a given one says: right, which slip, or where to look.

check = Check(11, "Parameters", 1_191_170, "...", "...", {1_190_000: "the biases are left out"})
check.judge("1,190,000").sentence  ->  "Not 1,190,000: the biases are left out."
"""

import math
import re
from dataclasses import dataclass, field
from typing import NamedTuple

from cnncore.errors import InputError
from cnncore.wording import number

LONGEST = 30  # characters of a number
CLOSE = 0.01  # a measure may differ by so much of itself: it is rounded somewhere
_WRITTEN_OUT = 10**12
_SPACES = re.compile(r"[\s'’_\u00a0\u2009\u202f]")
_GROUPED = re.compile(r"[+-]?\d{1,3}([.,])\d{3}(?:\1\d{3})*")
_PLAIN = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)(e[+-]?\d{1,3})?", re.IGNORECASE)


class Verdict(NamedTuple):
    """Whether a given number is right, and one Markdown sentence about it."""

    right: bool
    sentence: str


@dataclass(frozen=True)
class Check:
    """What question `question` asks for in a number.

    `value` is an int where something is counted, which must be met exactly, else a float, of which three digits are
    enough. `because` says where it comes from, `hint` where to look, `slips` what is wrong with another number. All of
    these are Markdown.
    """

    question: int
    asked: str
    value: float
    because: str
    hint: str
    slips: dict[float, str] = field(default_factory=dict)

    def judge(self, text: str) -> Verdict:
        """Return what is to say about a number as it was typed; an `InputError` where it is none.

        >>> Check(17, "Loss", math.log(10), "ln 10", "How probable is a class?", {1.0: "that is to base 10"}).judge("1")
        Verdict(right=False, sentence='Not 1: that is to base 10.')
        """
        given = read_number(text, counted=isinstance(self.value, int))
        if self._is(given, self.value):
            return Verdict(True, f"**Right.** {self.because}")
        slip = next((why for value, why in self.slips.items() if self._is(given, value)), None)
        shown = f"{given:,}" if isinstance(given, int) and abs(given) < _WRITTEN_OUT else number(given)
        if slip is not None:
            return Verdict(False, f"Not {shown}: {slip}.")
        digits = len(re.sub(r"e.*|\D", "", text.lower()).lstrip("0"))
        if not isinstance(self.value, int) and given == float(f"{self.value:.{max(digits, 1) - 1}e}"):
            return Verdict(False, f"{shown} is rounded too far: three digits would show how you got it.")
        return Verdict(False, f"Not {shown}. {self.hint}")

    def _is(self, given: float, value: float) -> bool:
        return given == value if isinstance(self.value, int) else math.isclose(given, value, rel_tol=CLOSE)


def read_number(text: str, counted: bool) -> float:
    """Return the number that somebody typed, with marks between thousands as any country writes them.

    A comma or dot before three digits parts thousands where something is `counted`, else it is the decimal one.

    >>> read_number("1 191 170", True), read_number("1.191.170", True), read_number("2,303", False)
    (1191170, 1191170, 2.303)
    """
    bare = _SPACES.sub("", text).replace("−", "-")
    grouped = _GROUPED.fullmatch(bare)
    if grouped and (counted or bare.count(grouped[1]) > 1):
        bare = bare.replace(grouped[1], "")
    if len(bare) > LONGEST or not _PLAIN.fullmatch(bare):
        shown = text.strip()[:LONGEST].replace("`", "")
        raise InputError(f"`{shown}` must be one number: write it in digits, such as {'1,024' if counted else '2.5'}.")
    value = float(bare.replace(",", "."))
    return int(value) if value.is_integer() else value
