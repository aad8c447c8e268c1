"""What a teacher does with the class's vote: ask a question, show the votes, have it voted again, show the answer."""

from collections.abc import Callable
from typing import Any, Literal

import streamlit as st

from cnncore.course import QUESTIONS
from cnncore.course.ballots import LETTERS, Ballot, ballots, by_key, own_ballot
from cnncore.course.vote import Outcome, Phase, Standing
from cnncore.errors import InputError
from pages.parts.address import asked, explain, remember
from pages.parts.class_vote import VOTE, asked_of
from pages.parts.folded import folded
from pages.parts.plain import plain, with_code
from pages.parts.tabulate import tabulate

NOT_SAID = "none: an opinion"


def show_ask() -> None:
    """Let one of the course's questions be chosen, or another one be written, and asked."""
    remember("vote_ask")
    keys = [ballot.key for ballot in ballots()]
    wanted = asked("vote_ask")
    if wanted in keys:
        st.session_state.vote_ask = wanted
    chosen = st.selectbox("Question", keys, key="vote_ask", format_func=_listed, persist_state="session")
    explain({"vote_ask": chosen})
    st.query_params["vote_ask"] = chosen  # Streamlit itself would write the whole question
    ballot = by_key(chosen)
    with st.container(border=True):
        st.markdown(f"##### {asked_of(ballot)}")
        st.markdown("\u2003".join(plain(ballot.named(one)) for one in range(len(ballot.options))))
    st.button(
        "Ask the class", key="vote_start", type="primary", icon=":material/campaign:", on_click=VOTE.ask, args=(ballot,)
    )
    folded("vote_own", "A question of your own", _show_own, icon=":material/edit:")
    past = VOTE.past()
    if past:
        _show_past(past)


def show_actions(standing: Standing) -> None:
    """Show what can be done with the question that is asked now."""
    phase, judged = standing.phase, standing.ballot.right is not None
    with st.container(horizontal=True):
        if phase is Phase.OPEN:
            _act("Show the votes", "vote_show", "bar_chart", VOTE.show_votes, first=True)
        if phase is Phase.SHOWN:
            _act("Vote again", "vote_again", "replay", VOTE.again, first=True)
        if phase is not Phase.ANSWERED and judged:
            _act("Show the answer", "vote_answer", "check", VOTE.show_answer)
        _act("Next question", "vote_end", "skip_next", _next, standing.ballot, first=phase is Phase.ANSWERED)


def _act(name: str, key: str, icon: str, action: Callable[..., None], *arguments: Any, first: bool = False) -> None:
    kind: Literal["primary", "secondary"] = "primary" if first else "secondary"
    st.button(name, key=key, icon=f":material/{icon}:", type=kind, on_click=action, args=arguments)


def _next(ballot: Ballot) -> None:
    """Put the question away and have the one after it in the course chosen."""
    VOTE.end()
    keys = [one.key for one in ballots()]
    if ballot.key in keys:
        st.session_state.vote_ask = keys[(keys.index(ballot.key) + 1) % len(keys)]


def _listed(key: str) -> str:
    ballot = by_key(key)
    return f"Q{ballot.question} · {ballot.asked}"


def _show_own() -> None:
    question = st.text_area("What is asked", key="vote_own_text", height=80)
    answers = st.text_area("Answers, each on a line", key="vote_own_answers", height=140)
    lines = [line for line in answers.splitlines() if line.strip()]
    right = st.selectbox("The right one", [NOT_SAID, *LETTERS[: len(lines)]], key="vote_own_right")
    if st.button("Ask the class this", key="vote_own_start", icon=":material/campaign:"):
        try:
            VOTE.ask(own_ballot(question, lines, None if right == NOT_SAID else LETTERS.index(right)))
        except InputError as error:
            st.error(with_code(error), icon=":material/block:")
        else:
            st.rerun(scope="app")


def _show_past(past: tuple[Outcome, ...]) -> None:
    st.subheader("Asked so far", anchor=False)
    tabulate([_row(outcome) for outcome in past], key="vote_past")
    st.caption("Kept until the server ends, without names.")
    st.button("Forget them", key="vote_forget", icon=":material/delete:", on_click=VOTE.forget)


def _row(outcome: Outcome) -> dict[str, Any]:
    ballot, first, last = outcome.ballot, outcome.rounds[0], outcome.rounds[-1]
    right = ballot.right
    most = max(range(len(last.counts)), key=last.counts.__getitem__)
    return {
        "question": (QUESTIONS[ballot.question - 1].label + ": " if ballot.question else "") + ballot.asked,
        "votes": last.votes,
        "right at first": None if right is None else f"{first.counts[right]} of {first.votes}",
        "right at the end": None if right is None else f"{last.counts[right]} of {last.votes}",
        "chosen most": ballot.named(most),
    }
