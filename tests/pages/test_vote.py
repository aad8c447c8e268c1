"""Vote: the teacher's browser and those of the class, on one server."""

from functools import partial
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cnncore.course.ballots import ballots, by_key
from cnncore.course.vote import Phase, Tally
from pages.parts import browser_name
from pages.parts.class_vote import VOTE, course_of
from tests.pages.opened_page import healthy
from tests.pages.opened_page import opened as opened_page

PAGE = Path(__file__).parents[2] / "pages" / "vote.py"
opened = partial(opened_page, PAGE)
KEY = "q7-1"


@pytest.fixture(autouse=True)
def nothing_asked():
    """Begin without a question: the vote is the server's."""
    VOTE.end()
    VOTE.forget()
    VOTE._seen.clear()
    yield
    VOTE.end()
    VOTE.forget()


@pytest.fixture
def seat(monkeypatch):
    """Return a function that sits down at a browser: on the serving machine as the teacher, else of that name."""

    def sit(name=None):
        address = None if name is None else "198.51.100.7"
        monkeypatch.setattr("streamlit.runtime.context.ContextProxy.ip_address", address)
        monkeypatch.setattr(
            "streamlit.runtime.context.ContextProxy.cookies", {browser_name.COOKIE: name} if name else {}
        )

    return sit


def words(app):
    kinds = (app.markdown, app.caption, app.info, app.success, app.error, app.warning)
    return " ".join(element.value for kind in kinds for element in kind)


def press(app, key):
    return healthy(app.button(key=key).click().run())


def keys(app):
    return {button.key for button in app.button}


def test_the_class_waits_until_the_teacher_asks(seat):
    seat("anna")
    app = opened()
    assert "No question is asked now" in words(app)
    assert keys(app) == set()
    assert not app.selectbox


def test_a_question_goes_all_the_way(seat):
    seat()
    teacher = press(opened(vote_ask=KEY), "vote_start")
    assert keys(teacher) == {"vote_show", "vote_answer", "vote_end"}
    seat("anna")
    anna = opened()
    assert keys(anna) == set()
    assert "Receptive field of a unit of conv3" in words(anna)
    assert anna.radio[0].options == ["A · 13", "B · 16", "C · 24", "D · 32", "E · 36"]
    healthy(anna.radio[0].set_value(0).run())
    assert "**1** has voted." in words(anna)
    seat("ben")
    ben = healthy(opened().radio[0].set_value(3).run())
    seat()
    teacher = press(teacher.run(), "vote_show")
    assert VOTE.standing().phase is Phase.SHOWN
    assert "convince each other" in words(teacher)
    assert "two pools before it" not in words(teacher)
    assert keys(teacher) == {"vote_again", "vote_answer", "vote_end"}
    seat("anna")
    assert "You chose **A · 13**" in words(healthy(anna.run()))
    seat()
    teacher = press(teacher, "vote_again")
    seat("anna")
    anna = healthy(anna.run())
    assert anna.radio[0].value is None
    healthy(anna.radio[0].set_value(3).run())
    seat("ben")
    healthy(ben.run().radio[0].set_value(3).run())
    seat()
    teacher = press(teacher, "vote_answer")
    said = words(teacher)
    assert "**D · 32.** 16 + (5 − 1) · 4: two pools before it" in said
    assert "Right: 1 of 2 votes, then 2 of 2." in said
    assert "**A · 13**: The pools are forgotten." in said
    assert "/receptive_field" in said
    teacher = press(teacher, "vote_end")
    table = teacher.dataframe[0].value
    assert (table["right at first"][0], table["right at the end"][0]) == ("1 of 2", "2 of 2")
    assert table["chosen most"][0] == "D · 32"
    order = [ballot.key for ballot in ballots()]
    assert teacher.selectbox(key="vote_ask").value == order[order.index(KEY) + 1]
    assert not press(teacher, "vote_forget").dataframe


def test_who_reloads_finds_the_own_vote_and_has_no_second_one(seat):
    VOTE.ask(by_key(KEY))
    seat("anna")
    healthy(opened().radio[0].set_value(2).run())
    again = opened()
    assert again.radio[0].value == 2
    healthy(again.radio[0].set_value(3).run())
    assert VOTE.standing().last == Tally((0, 0, 0, 1, 0))


def test_a_vote_that_comes_late_is_refused_and_said_so(seat):
    VOTE.ask(by_key(KEY))
    seat("anna")
    app = opened()
    VOTE.show_votes()
    healthy(app.radio[0].set_value(2).run())
    assert "closed before yours came" in app.toast[0].value
    assert VOTE.standing().last.votes == 0


def test_who_is_there_and_has_not_voted_is_counted(seat):
    VOTE.ask(by_key(KEY))
    for name in ("anna", "ben", "carla"):
        seat(name)
        app = opened()
    healthy(app.radio[0].set_value(2).run())
    seat()
    assert "**1 of 3** here have voted." in words(opened())


def test_a_link_brings_the_question(seat):
    seat()
    app = AppTest.from_file(str(PAGE), default_timeout=60)
    app.query_params["ask"] = "pool-shift"
    assert healthy(app.run()).selectbox(key="vote_ask").value == "pool-shift"
    app = AppTest.from_file(str(PAGE), default_timeout=60)
    app.query_params["vote_ask"] = "nonsense"
    assert "`vote_ask=nonsense`" in words(healthy(app.run()))
    healthy(app.selectbox(key="vote_ask").set_value(KEY).run())
    assert app.query_params["vote_ask"] in (KEY, [KEY])


def own(asked, answers, right):
    app = opened(vote_own=True)
    app.text_area(key="vote_own_text").set_value(asked)
    healthy(app.text_area(key="vote_own_answers").set_value(answers).run())
    app.selectbox(key="vote_own_right").set_value(right)
    return press(app, "vote_own_start")


def test_a_teacher_asks_something_else_and_its_text_stays_text(seat):
    seat()
    app = own("Is $x$ <b>bold</b>?", "yes ![](http://example.org/x.png)\n\nno", "B")
    assert VOTE.standing().ballot.right == 1
    assert "Is \\$x\\$ \\<b>bold\\</b>?" in words(app)
    seat("anna")
    anna = opened()
    assert all("![](" not in option for option in anna.radio[0].options)
    seat()
    press(app, "vote_answer")
    assert "**B · no.**" in words(app)


def test_an_opinion_has_no_answer_to_show(seat):
    seat()
    app = own("Shall we go on?", "yes\nno", "none: an opinion")
    assert keys(app) == {"vote_show", "vote_end"}
    press(app, "vote_show")
    press(app, "vote_end")
    assert VOTE.past() == ()  # nobody voted


def test_what_nobody_could_vote_on_is_refused(seat):
    seat()
    app = own("Which?", "only one", "none: an opinion")
    assert "`answers` (=1) must be 2 to 6" in words(app)
    assert VOTE.standing() is None


def test_how_many_were_right_is_said_for_rounds_with_votes():
    assert course_of((Tally((0, 0)),), 0) == ""
    assert course_of((Tally((1, 0)), Tally((0, 0))), 0) == "Right: 1 of 1 vote."
