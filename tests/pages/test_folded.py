"""What is folded is made when it is unfolded."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

PAGES = Path(__file__).parents[2] / "pages"


def page():
    import streamlit as st

    from pages.parts.folded import folded, why

    folded("more", "More", st.metric, "Weights", 9, icon=":material/code:")
    why("Because.")


def test_it_is_there_once_it_is_open_and_gone_when_it_is_closed():
    app = AppTest.from_function(page).run()
    assert [expander.label for expander in app.expander] == ["More", "Why it is so"]
    assert not app.metric
    assert not app.markdown
    app.session_state["more"] = True
    app.run()
    assert (app.metric[0].label, app.metric[0].value) == ("Weights", "9")
    assert not app.markdown
    app.session_state["more"], app.session_state["why"] = False, True
    app.run()
    assert not app.metric
    assert app.markdown[0].value == "Because."


@pytest.mark.parametrize("name", ["convolution", "optimization", "pooling"])
def test_pages_say_why_it_is_so_when_asked(name, drawn_once):
    app = AppTest.from_file(str(PAGES / f"{name}.py"), default_timeout=120)
    app.session_state["why"] = True
    app.run()
    assert not app.exception
    [fold] = [expander for expander in app.expander if expander.label == "Why it is so"]
    assert len(fold.markdown[0].value) > 300
