"""A page shows what is there, and what it asks the compute pool for when that has come."""

import threading

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import awaited

OPEN = threading.Event()
ASKED = []


def slow(word):
    ASKED.append(word)
    assert OPEN.wait(30)
    if word == "wrong":
        raise ValueError("no such word")
    return word.upper()


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
    OPEN.clear()
    ASKED.clear()
    yield AppTest.from_function(page, default_timeout=30).run()
    OPEN.set()


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


def test_what_nobody_waits_for_any_more_is_never_asked(app, monkeypatch):
    monkeypatch.setattr(awaited, "_TURNS", threading.BoundedSemaphore(1))
    for word in ("a", "b", "c"):
        app.text_input(key="word").set_value(word).run()
    assert texts(arrive(app)) == ["C", "the rest"]
    assert "b" not in ASKED


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
