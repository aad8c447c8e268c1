"""The class's vote, as everybody sees it: the question, the options to choose from, then what was chosen."""

import time

import streamlit as st

from cnncore.course import QUESTIONS
from cnncore.course.ballots import Ballot
from cnncore.course.vote import Phase, Standing, Tally, Vote
from cnncore.figures.votes import votes_chart
from cnncore.wording import counted
from pages.parts.browser_name import browser_name
from pages.parts.charts import draw
from pages.parts.pace import PACE, viewer
from pages.parts.plain import plain
from pages.parts.questions import where

VOTE = Vote()  # everybody's on this server
_SHORTEST = 1.2  # seconds between two looks whether something has changed


def asked_of(ballot: Ballot) -> str:
    """Return the question as Markdown: a teacher's own text is shown as it is."""
    return ballot.asked if ballot.key else plain(ballot.asked)


def show_vote(standing: Standing) -> None:
    """Show the question and, as far as the vote has come, what is to be chosen or what was."""
    ballot = standing.ballot
    if ballot.question:
        st.caption(QUESTIONS[ballot.question - 1].label)
    st.markdown(f"### {asked_of(ballot)}")
    if standing.phase is Phase.OPEN:
        _choice(standing)
    else:
        _result(standing)


def watch(mine: bool, standing: Standing | None) -> None:
    """Keep the page up to date: the number of votes, and all of it when the vote goes on.

    The browser of who asks, `mine`, does not count as one that is there to vote.
    """
    pause = max(PACE.pause, _SHORTEST)
    st.fragment(_watch, run_every=pause)(mine, standing.version if standing else VOTE.version, pause)


def _watch(mine: bool, version: int, pause: float) -> None:
    begin = time.perf_counter()
    standing = VOTE.standing(None if mine else browser_name())
    if VOTE.version != version or pause != max(PACE.pause, _SHORTEST):
        st.rerun()
    st.markdown(_turnout(standing) if standing and standing.phase is Phase.OPEN else "")
    PACE.took(viewer(), time.perf_counter() - begin)


def _turnout(standing: Standing) -> str:
    votes = standing.last.votes
    if votes < standing.present:
        return f"**{votes} of {standing.present}** here have voted."
    return f"**{votes}** {'has' if votes == 1 else 'have'} voted."


def _choice(standing: Standing) -> None:
    ballot, key = standing.ballot, f"vote_choice_{standing.version}"
    if key not in st.session_state:
        st.session_state[key] = VOTE.chosen(browser_name())  # this browser's, before it was reloaded
    with st.container(key="large_vote"):
        chosen = st.radio(
            plain(ballot.asked),
            range(len(ballot.options)),
            index=None,
            key=key,
            format_func=lambda one: plain(ballot.named(one)),
            label_visibility="collapsed",
            on_change=_cast,
            args=(key, standing.version),
        )
    if chosen is None:
        st.caption("Nobody sees who chose what.")
    else:
        st.caption("You can choose another one as long as the vote is open.")


def _cast(key: str, version: int) -> None:
    chosen = st.session_state[key]
    if chosen is not None and not VOTE.cast(browser_name(), chosen, version):
        st.toast("The vote was closed before yours came.", icon=":material/lock:")


def _result(standing: Standing) -> None:
    ballot, answered = standing.ballot, standing.phase is Phase.ANSWERED
    mine = VOTE.chosen(browser_name())
    draw(
        votes_chart(ballot, standing.rounds, answered=answered),
        f"vote_chart_{standing.version}",
        alt="; ".join(f"{ballot.named(one)}: {votes}" for one, votes in enumerate(standing.last.counts)),
    )
    if len(standing.rounds) > 1:
        st.caption("Bars: this round. Grey marks: the round before.")
    if mine is not None:
        st.markdown(f"You chose **{plain(ballot.named(mine))}**.")
    if answered and ballot.right is not None:
        _answer(standing, ballot.right)
    elif not answered:
        st.info(
            "Find somebody who chose another answer, and convince each other. Then vote again.",
            icon=":material/forum:",
        )


def _answer(standing: Standing, right: int) -> None:
    ballot = standing.ballot
    said = ballot.options[right].says
    st.success(
        f"**{plain(ballot.named(right))}.** {said} {course_of(standing.rounds, right)}".strip(),
        icon=":material/check:",
    )
    others = [(one, option) for one, option in enumerate(ballot.options) if one != right and option.says]
    if others:
        st.markdown("\n".join(f"- **{plain(ballot.named(one))}**: {option.says}" for one, option in others))
    if ballot.question:
        st.markdown(where(QUESTIONS[ballot.question - 1]))


def course_of(rounds: tuple[Tally, ...], right: int) -> str:
    """Return how many were right, round by round, as a sentence; empty where nobody voted.

    >>> course_of((Tally((3, 7)), Tally((9, 1))), 0)
    'Right: 3 of 10 votes, then 9 of 10.'
    """
    voted = [tally for tally in rounds if tally.votes]
    if not voted:
        return ""
    first, *later = voted
    said = [f"{first.counts[right]} of {counted(first.votes, 'vote')}"]
    said += [f"{tally.counts[right]} of {tally.votes}" for tally in later]
    return f"Right: {', then '.join(said)}."
