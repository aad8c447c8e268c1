"""A class votes, from the question to its answer."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from cnncore.course.ballots import by_key, own_ballot
from cnncore.course.vote import AWAY, MOST_VOTERS, Phase, Vote

BALLOT = by_key("q7-1")


@pytest.fixture
def vote(clock):
    return Vote(clock)


def cast(vote, **options):
    return [vote.cast(voter, option, vote.version) for voter, option in options.items()]


def test_while_nothing_is_asked_there_is_nothing_to_vote_on(vote):
    assert vote.standing() is None
    assert cast(vote, anna=0) == [False]
    for action in (vote.show_votes, vote.show_answer, vote.again):
        action()
    assert vote.standing() is None


def test_everybody_has_one_vote_which_can_be_changed(vote):
    vote.ask(BALLOT)
    assert cast(vote, anna=0, ben=3) == [True, True]
    assert vote.standing().last.counts == (1, 0, 0, 1, 0)
    assert cast(vote, anna=3) == [True]
    assert vote.standing().last.counts == (0, 0, 0, 2, 0)
    assert (vote.chosen("anna"), vote.chosen("carla")) == (3, None)


@pytest.mark.parametrize("option", [-1, 5, 100])
def test_an_option_that_is_not_there_is_no_vote(vote, option):
    vote.ask(BALLOT)
    assert cast(vote, anna=option) == [False]
    assert vote.standing().last.votes == 0


@pytest.mark.parametrize("close", ["show_votes", "show_answer", "end"])
def test_what_comes_late_does_not_count(vote, close):
    vote.ask(BALLOT)
    cast(vote, anna=0)
    getattr(vote, close)()
    assert cast(vote, anna=3, ben=3) == [False, False]


def test_a_vote_on_the_question_before_does_not_count_for_this_one(vote):
    vote.ask(BALLOT)
    before = vote.version
    vote.ask(by_key("pool-shift"))
    assert not vote.cast("anna", 1, before)
    assert vote.standing().last.votes == 0


def test_a_class_votes_twice_and_both_rounds_are_kept(vote):
    vote.ask(BALLOT)
    cast(vote, anna=0, ben=0, carla=3)
    vote.show_votes()
    assert vote.standing().phase is Phase.SHOWN
    vote.again()
    assert vote.standing().phase is Phase.OPEN
    assert vote.chosen("anna") is None
    cast(vote, anna=3, ben=0)
    vote.show_answer()
    standing = vote.standing()
    assert standing.phase is Phase.ANSWERED
    assert [tally.counts for tally in standing.rounds] == [(2, 0, 0, 1, 0), (1, 0, 0, 1, 0)]


def test_an_open_vote_is_not_begun_anew(vote):
    vote.ask(BALLOT)
    cast(vote, anna=0)
    vote.again()
    assert [tally.votes for tally in vote.standing().rounds] == [1]


def test_everything_but_a_vote_changes_what_everybody_sees(vote):
    seen = [vote.version]
    for act in (lambda: vote.ask(BALLOT), vote.show_votes, vote.again, vote.show_votes, vote.show_answer, vote.end):
        act()
        seen.append(vote.version)
    assert seen == sorted(set(seen))
    vote.ask(BALLOT)
    before = vote.version
    cast(vote, anna=0)
    assert vote.version == before
    vote.show_votes()
    again = vote.version
    vote.show_votes()  # a second click
    assert vote.version == again


def test_what_is_over_is_remembered_where_somebody_voted(vote):
    vote.ask(BALLOT)
    cast(vote, anna=3)
    vote.show_votes()
    vote.again()  # nobody votes any more
    vote.ask(by_key("pool-shift"))
    vote.end()
    assert [(outcome.ballot, [tally.votes for tally in outcome.rounds]) for outcome in vote.past()] == [(BALLOT, [1])]
    vote.forget()
    assert vote.past() == ()


def test_who_looks_is_there_until_nothing_is_heard_of_them(vote, clock):
    vote.ask(BALLOT)
    vote.standing("anna")
    clock.now = AWAY - 1
    assert vote.standing("ben").present == 2
    assert vote.standing().present == 2
    clock.now = AWAY + 1
    assert vote.standing().present == 1


def test_no_flood_of_voters_fills_the_memory(vote):
    vote.ask(own_ballot("Which?", ["a", "b"]))
    for number in range(MOST_VOTERS + 5):
        vote.cast(str(number), 0, vote.version)
        vote.standing(str(number))
    assert (vote.standing().last.votes, vote.standing().present) == (MOST_VOTERS, MOST_VOTERS)
    assert vote.cast("0", 1, vote.version)  # who has a vote may still change it
    assert vote.standing().last.counts == (MOST_VOTERS - 1, 1)


def test_a_class_votes_at_once(vote):
    vote.ask(BALLOT)
    version = vote.version
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda number: vote.cast(f"voter {number}", number % 5, version), range(200)))
    assert all(taken)
    assert vote.standing().last.counts == (40,) * 5
