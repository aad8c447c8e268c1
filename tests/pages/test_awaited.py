"""A page shows what is there, and what it asks the compute pool for when that has come."""

import pickle
import threading
import time

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from cnncore import compute, turns
from pages.parts import awaited
from tests.pages.fragments import alone

OPEN = threading.Event()
ASKED = []
IN_POOL = threading.Semaphore(0)  # one for each request that has reached the pool


def slow(word):
    ASKED.append(word)
    assert OPEN.wait(30)
    if word == "wrong":
        raise ValueError("no such word")
    return word.upper()


def pooled(request, timeout):
    """Stand in for the pool's processes: the answer to `computed`, once the gate is open."""
    word = pickle.loads(request)[1]["word"]
    IN_POOL.release()
    return pickle.dumps(("value", slow(word)))


@st.cache_data(show_spinner=False)
def computed(word):
    return compute.call("cnncore.words:upper", word=word)


def page_of_the_pool():
    import streamlit as st

    from pages.parts.awaited import awaited
    from tests.pages.test_awaited import computed

    word = st.text_input("Word", "first", key="word")
    try:
        st.markdown(awaited("word", computed, word) or "waiting")
    except ValueError as error:
        st.error(str(error))


def page_with_controls():
    import streamlit as st

    from pages.parts.awaited import awaited
    from tests.pages.test_awaited import slow

    word = st.text_input("Word", "first", key="word")
    answer = awaited("word", slow, word, height=90, keep=True)
    if answer is not None:
        times = st.number_input("Times", 1, 9, 1, key="times")
        st.markdown(answer * times)


def page():
    import streamlit as st

    from pages.parts.awaited import awaited
    from tests.pages.test_awaited import slow

    word = st.text_input("Word", "first", key="word")
    try:
        answer = awaited("word", slow, word, height=90)
    except ValueError as error:
        st.error(str(error))
    else:
        st.markdown(answer or "waiting")
    st.markdown("the rest")


@pytest.fixture
def app(monkeypatch):
    monkeypatch.setattr(awaited, "SOON", 0.01)
    prepare()
    yield AppTest.from_function(page, default_timeout=30).run()
    OPEN.set()


def prepare():
    OPEN.clear()
    ASKED.clear()
    IN_POOL.__init__(0)
    computed.clear()


@pytest.fixture
def opened(monkeypatch):
    """Return how a session opens the page that asks the pool for a word."""
    monkeypatch.setattr(awaited, "SOON", 0.01)
    monkeypatch.setattr(compute, "_pooled", pooled)
    prepare()

    def session(word="first"):
        app = AppTest.from_function(page_of_the_pool, default_timeout=30)
        app.session_state["word"] = word
        return app.run()

    yield session
    OPEN.set()


def in_the_pool(count):
    assert all(IN_POOL.acquire(timeout=30) for _ in range(count))


def arrive(app):
    OPEN.set()
    for answer in [app.session_state["awaited_word"][1]]:
        answer.exception(timeout=30)
    return app.run()


def texts(app):
    return [element.value for element in app.markdown]


def test_the_rest_of_the_page_is_there_before_the_answer(app):
    assert texts(app) == ["waiting", "the rest"]
    assert len(app.get("skeleton")) == 1
    assert texts(app.run()) == ["waiting", "the rest"]  # as the timer would
    assert texts(arrive(app)) == ["FIRST", "the rest"]
    assert len(app.get("skeleton")) == 0
    assert texts(app.run()) == ["FIRST", "the rest"]
    assert ASKED == ["first"]


def test_what_is_there_at_once_is_shown_at_once(app, monkeypatch):
    monkeypatch.setattr(awaited, "SOON", 30.0)
    OPEN.set()
    app.text_input(key="word").set_value("second").run()
    assert texts(app) == ["SECOND", "the rest"]
    assert len(app.get("skeleton")) == 0


def test_an_error_is_raised_on_the_page_and_then_it_is_asked_again(app):
    app.text_input(key="word").set_value("wrong").run()
    assert not app.error
    arrive(app)
    assert app.error[0].value == "no such word"
    assert texts(app) == ["the rest"]
    app.run()
    assert ASKED == ["first", "wrong", "wrong"]


def test_what_nobody_waits_for_any_more_is_never_computed(opened, monkeypatch):
    monkeypatch.setattr(turns, "TURNS", threading.BoundedSemaphore(1))
    app = opened("a")
    in_the_pool(1)
    app.text_input(key="word").set_value("b").run()
    given_up = app.session_state["awaited_word"][1]
    app.text_input(key="word").set_value("c").run()
    assert texts(arrive(app)) == ["C"]
    with pytest.raises(turns.UnwantedError):
        given_up.result(30)
    assert ASKED == ["a", "c"]


def test_what_somebody_else_still_waits_for_is_computed(opened, monkeypatch):
    monkeypatch.setattr(turns, "TURNS", threading.BoundedSemaphore(1))
    app = opened("a")
    in_the_pool(1)
    app.text_input(key="word").set_value("b").run()
    other = opened("b")
    app.text_input(key="word").set_value("c").run()
    assert [texts(arrive(one)) for one in (other, app)] == [["B"], ["C"]]


def test_what_was_asked_by_who_has_left_is_never_computed(opened, monkeypatch):
    monkeypatch.setattr(turns, "TURNS", threading.BoundedSemaphore(1))
    monkeypatch.setattr(awaited, "LEFT", 0.5)
    opened("a")
    in_the_pool(1)
    gone, there, back = opened("gone"), opened("there"), opened("back")
    for _ in range(10):
        time.sleep(0.1)
        with alone(there, awaited._look):  # the timer in the browser
            there.run()
    OPEN.set()
    for session in (gone, back):
        with pytest.raises(turns.UnwantedError):
            session.session_state["awaited_word"][1].result(30)
    assert there.session_state["awaited_word"][1].result(30) == "THERE"
    back.run()  # was away, and looks again
    assert texts(arrive(back)) == ["BACK"]
    assert ASKED == ["a", "there", "back"]


def test_who_waits_for_a_script_has_not_left(opened, monkeypatch):
    monkeypatch.setattr(turns, "TURNS", threading.BoundedSemaphore(1))
    monkeypatch.setattr(awaited, "LEFT", 0.1)
    opened("a")
    in_the_pool(1)
    monkeypatch.setattr(awaited, "SOON", 30.0)

    def open_late():
        while len(awaited._ASKED) < 2:
            time.sleep(0.01)
        time.sleep(0.3)
        OPEN.set()

    threading.Thread(target=open_late, daemon=True).start()
    assert texts(opened("b")) == ["B"]


def test_what_is_kept_comes_while_all_turns_are_taken(opened):
    OPEN.set()
    assert texts(arrive(opened("kept"))) == ["KEPT"]
    OPEN.clear()
    in_the_pool(1)
    for word in ("a", "b", "c", "d"):
        opened(word)
    in_the_pool(4)
    late = opened("late")
    another = opened("kept")
    another.session_state["awaited_word"][1].result(30)
    assert texts(another.run()) == ["KEPT"]
    assert texts(late.run()) == ["waiting"]
    assert "late" not in ASKED  # a fifth question has no turn yet
    assert texts(arrive(late)) == ["LATE"]


def test_ten_sessions_with_the_same_question_take_one_turn_and_it_is_computed_once(opened, monkeypatch):
    monkeypatch.setattr(turns, "TURNS", threading.BoundedSemaphore(2))
    sessions = [opened("same") for _ in range(10)]
    other = opened("other")
    in_the_pool(2)  # the other one has found a turn beside them
    assert sorted(ASKED) == ["other", "same"]
    assert [texts(arrive(one)) for one in (*sessions, other)] == [["SAME"]] * 10 + [["OTHER"]]
    assert sorted(ASKED) == ["other", "same"]


def test_an_error_reaches_all_who_asked_and_is_not_kept(opened):
    sessions = [opened("wrong") for _ in range(3)]
    for one in sessions:
        arrive(one)
    assert [one.error[0].value for one in sessions] == ["no such word"] * 3
    assert ASKED == ["wrong"]
    OPEN.clear()
    assert [entry.value for entry in arrive(opened("wrong")).error] == ["no such word"]
    assert ASKED == ["wrong", "wrong"]


def test_the_last_answer_and_its_controls_stay_until_the_next_one(app):
    OPEN.clear()
    app = AppTest.from_function(page_with_controls, default_timeout=60).run()
    assert (texts(app), len(app.get("skeleton"))) == ([], 1)
    arrive(app)
    app.number_input(key="times").set_value(2).run()
    assert texts(app) == ["FIRSTFIRST"]
    OPEN.clear()
    app.text_input(key="word").set_value("next").run()
    assert texts(app) == ["FIRSTFIRST"]
    assert len(app.get("skeleton")) == 1
    assert texts(arrive(app)) == ["NEXTNEXT"]
    assert len(app.get("skeleton")) == 0
