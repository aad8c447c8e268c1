"""What a class can vote on."""

import pytest

from cnncore.course import QUESTIONS
from cnncore.course.ballots import (
    LETTERS,
    LONGEST_OPTION,
    LONGEST_QUESTION,
    MOST_WRONG,
    ballots,
    by_key,
    claims,
    own_ballot,
)
from cnncore.course.checks import checks
from cnncore.errors import InputError


def test_every_number_and_every_claim_can_be_voted_on():
    assert len(ballots()) == len(claims()) + len(checks())
    assert len({ballot.key for ballot in ballots()}) == len(ballots())
    assert all(by_key(ballot.key) is ballot for ballot in ballots())


def test_they_come_in_the_order_of_the_questions():
    numbers = [ballot.question for ballot in ballots()]
    assert numbers == sorted(numbers)
    assert set(numbers) <= {question.number for question in QUESTIONS}


@pytest.mark.parametrize("ballot", ballots(), ids=lambda ballot: ballot.key)
def test_options_can_be_told_apart_and_one_is_right(ballot):
    texts = [option.text for option in ballot.options]
    assert 2 <= len(texts) <= min(len(LETTERS), MOST_WRONG + 1)
    assert len(set(texts)) == len(texts)
    assert ballot.options[ballot.right].says


@pytest.mark.parametrize("check", checks(), ids=lambda check: f"Q{check.question} {check.asked[:20]}")
def test_the_check_itself_finds_the_option_right_and_all_others_wrong(check):
    ballot = next(ballot for ballot in ballots() if ballot.asked == check.asked)
    for place, option in enumerate(ballot.options):
        verdict = check.judge(option.text)
        assert verdict.right == (place == ballot.right)
        assert option.says.lower() in verdict.sentence.lower()


def test_numbers_stand_in_order_so_that_no_place_gives_the_right_one_away():
    places = {ballot.right for ballot in ballots() if len(ballot.options) > 2}
    assert len(places) > 2
    assert by_key("q7-1").named(3) == "D · 32"
    assert [option.text for option in by_key("q16-1").options] == ["97", "97.65625", "98", "391"]


def test_claims_are_true_and_false():
    true = sum(claim.true for claim in claims())
    assert min(true, len(claims()) - true) >= 5
    for claim in claims():
        ballot = by_key(claim.key)
        assert ballot.options[ballot.right].text == ("true" if claim.true else "false")
        assert "<<" not in claim.because


def test_a_teacher_asks_something_else():
    ballot = own_ballot("  Which\n one? ", ["this", "", " that  one "], right=1)
    assert (ballot.asked, [option.text for option in ballot.options]) == ("Which one?", ["this", "that one"])
    assert (ballot.key, ballot.question, ballot.right) == ("", None, 1)
    assert own_ballot("Which?", ["a", "b"]).right is None


@pytest.mark.parametrize(
    ("asked", "answers", "right", "said"),
    [
        (" ", ["a", "b"], None, "`question` is empty"),
        ("x" * (LONGEST_QUESTION + 1), ["a", "b"], None, "`question` has 301 characters"),
        ("Which?", ["a", " "], None, r"`answers` \(=1\) must be 2 to 6"),
        ("Which?", list("abcdefg"), None, r"`answers` \(=7\)"),
        ("Which?", ["a", "x" * (LONGEST_OPTION + 1)], None, "one of 101 characters"),
        ("Which?", ["a", "b", " a"], None, "'a' twice"),
        ("Which?", ["a", "b"], 2, r"`right` \(=2\) must be"),
    ],
)
def test_what_nobody_could_vote_on_is_refused(asked, answers, right, said):
    with pytest.raises(InputError, match=said):
        own_ballot(asked, answers, right)
