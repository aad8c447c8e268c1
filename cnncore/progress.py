"""How far a long piece of work has come: reported often, shown by the command line and by pages."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from cnncore.wording import duration

_INTERVAL = 0.25  # seconds between two reports: nobody can follow more, and each may be written to disk


@dataclass(frozen=True)
class Progress:
    """One report. `done` of `total` are counted in `unit` ("bytes", "images"), `total` None if nobody knows it.

    `speed` is in units a second since the stage began, `remaining_seconds` what is left of the stage at that
    speed; both None while they cannot be told. `message` is a sentence, or empty.
    """

    stage: str
    done: int = 0
    total: int | None = None
    unit: str = "images"
    speed: float | None = None
    remaining_seconds: float | None = None
    message: str = ""

    @property
    def fraction(self) -> float | None:
        """What is done, between 0 and 1, None if the total is unknown."""
        return min(1.0, self.done / self.total) if self.total else None

    def line(self) -> str:
        """Return the report as one line.

        >>> Progress("Downloading", 8_000_000, 163_000_000, "bytes", 1_000_000, 155).line()
        'Downloading: 8.0 of 163.0 MB (5 %), 1.0 MB/s, 2 min 35 s left'
        """
        amount = _amount(self.done, self.total, self.unit)
        if self.fraction is not None:
            amount += f" ({self.fraction:.0%})".replace("%", " %")
        if self.speed:
            amount += f", {self.speed / 1e6:.1f} MB/s" if self.unit == "bytes" else f", {self.speed:,.0f} {self.unit}/s"
        if self.remaining_seconds is not None:
            amount += f", {duration(self.remaining_seconds)} left"
        return ": ".join(text for text in (self.stage, amount, self.message) if text)


Report: TypeAlias = Callable[[Progress], None]


def silent(progress: Progress) -> None:
    """Ignore a report."""


def _amount(done: int, total: int | None, unit: str) -> str:
    if not done and not total:
        return ""
    if unit == "bytes":
        return f"{done / 1e6:.1f} of {total / 1e6:.1f} MB" if total else f"{done / 1e6:.1f} MB"
    return f"{done:,} of {total:,} {unit}" if total else f"{done:,} {unit}"


class Meter:
    """Reports on one stage, at most four times a second, with the speed since the stage began."""

    def __init__(self, report: Report, stage: str, unit: str, total: int | None = None, start: int = 0) -> None:
        self.report, self.stage, self.unit, self.total = report, stage, unit, total
        self._start = start  # done by an earlier attempt: does not count towards the speed
        self._began = self._next = time.monotonic()

    def at(self, done: int, message: str = "") -> None:
        """Report that `done` units are done, if the last report is long enough ago."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _INTERVAL
        seconds = now - self._began
        speed = (done - self._start) / seconds if seconds > 0.5 else None
        remaining = (self.total - done) / speed if speed and self.total and self.total >= done else None
        self.report(Progress(self.stage, done, self.total, self.unit, speed, remaining, message))
