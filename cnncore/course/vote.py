"""A class votes: one question at a time, in one round or more, until its answer is shown.

The order of peer instruction (Mazur, 1997): everybody answers alone, sees how the class has answered but not which
answer is right, talks with a neighbour, and votes again.

vote.ask(ballot); vote.cast("somebody", 2); vote.show_votes(); vote.again(); vote.cast(...); vote.show_answer()
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from time import monotonic

from cnncore.course.ballots import Ballot

MOST_VOTERS = 1000
AWAY = 30.0  # seconds without a sign of life after which somebody is no longer there


class Phase(StrEnum):
    """What goes on with the question."""

    OPEN = "open"  # votes are taken, and only their number is shown
    SHOWN = "shown"  # how many chose what is shown, but not which answer is right
    ANSWERED = "answered"


@dataclass(frozen=True)
class Tally:
    """How many chose each option in one round."""

    counts: tuple[int, ...]

    @property
    def votes(self) -> int:
        """How many voted."""
        return sum(self.counts)


@dataclass(frozen=True)
class Standing:
    """How the vote stands: all rounds so far, the current one last; `version` changes with anything but a vote."""

    ballot: Ballot
    phase: Phase
    rounds: tuple[Tally, ...]
    version: int
    present: int

    @property
    def last(self) -> Tally:
        """The current round's votes."""
        return self.rounds[-1]


@dataclass(frozen=True)
class Outcome:
    """What became of a question that is over: its rounds, those without a vote left out."""

    ballot: Ballot
    rounds: tuple[Tally, ...]


class Vote:
    """The vote of everybody on this server. Safe to share between threads; kept in memory alone, without names."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._ballot: Ballot | None = None
        self._phase = Phase.OPEN
        self._rounds: list[dict[str, int]] = []
        self._version = 0
        self._seen: dict[str, float] = {}
        self._past: list[Outcome] = []

    def ask(self, ballot: Ballot) -> None:
        """Put a question to the class; the one before it is over."""
        with self._lock:
            self._put_away()
            self._ballot, self._phase, self._rounds = ballot, Phase.OPEN, [{}]
            self._version += 1

    def cast(self, voter: str, option: int, version: int) -> bool:
        """Take a vote, in place of the voter's former one, and return whether it counts.

        It does not where the vote is closed, was given to another question or round than the current `version`, or
        where `MOST_VOTERS` others have voted.
        """
        with self._lock:
            if self._ballot is None or self._phase is not Phase.OPEN or version != self._version:
                return False
            given = self._rounds[-1]
            if not 0 <= option < len(self._ballot.options) or (voter not in given and len(given) >= MOST_VOTERS):
                return False
            given[voter] = option
            return True

    def chosen(self, voter: str) -> int | None:
        """Return what somebody has chosen in the current round."""
        with self._lock:
            return self._rounds[-1].get(voter) if self._rounds else None

    def show_votes(self) -> None:
        """Close the round and show how many chose what."""
        self._pass_to(Phase.SHOWN)

    def show_answer(self) -> None:
        """Close the round and show which answer is right, too."""
        self._pass_to(Phase.ANSWERED)

    def again(self) -> None:
        """Take votes on the same question once more; the rounds before stay."""
        with self._lock:
            if self._ballot is not None and self._phase is not Phase.OPEN:
                self._rounds.append({})
                self._phase = Phase.OPEN
                self._version += 1

    def end(self) -> None:
        """Put the question away."""
        with self._lock:
            self._put_away()
            self._version += 1

    def standing(self, viewer: str | None = None) -> Standing | None:
        """Return how the vote stands, None while nothing is asked; who looks, the `viewer`, is there."""
        with self._lock:
            now = self._clock()
            if viewer is not None and (viewer in self._seen or len(self._seen) < MOST_VOTERS):
                self._seen[viewer] = now
            self._seen = {name: at for name, at in self._seen.items() if now - at < AWAY}
            if self._ballot is None:
                return None
            return Standing(self._ballot, self._phase, self._tallies(), self._version, len(self._seen))

    @property
    def version(self) -> int:
        """A number that changes with all that everybody's page shows, but for single votes."""
        return self._version

    def past(self) -> tuple[Outcome, ...]:
        """Return what became of the questions that are over, the oldest first."""
        with self._lock:
            return tuple(self._past)

    def forget(self) -> None:
        """Forget the questions that are over."""
        with self._lock:
            self._past.clear()

    def _pass_to(self, phase: Phase) -> None:
        with self._lock:
            if self._ballot is not None and self._phase is not phase:
                self._phase = phase
                self._version += 1

    def _tallies(self) -> tuple[Tally, ...]:
        assert self._ballot is not None
        options = range(len(self._ballot.options))
        return tuple(Tally(tuple(list(given.values()).count(one) for one in options)) for given in self._rounds)

    def _put_away(self) -> None:
        if self._ballot is not None:
            voted = tuple(tally for tally in self._tallies() if tally.votes)
            if voted:
                self._past.append(Outcome(self._ballot, voted))
        self._ballot, self._rounds = None, []
