from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnncore.figures.pooling import DOWN, RIGHT
from tests.pages.reading import said

PAGE = Path(__file__).parents[2] / "pages" / "pooling.py"
FIRST = {"right": 1, "down": 0, "back": False}


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory):
    """One home for all: the built-in data set is drawn once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNCORE_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture
def drawn(monkeypatch):
    """Return what the page gives to its drawing, newest last."""
    given = []
    monkeypatch.setattr(
        "pages.parts.pool.component.pooled_picture", lambda data, start, **_: given.append((data, start))
    )
    return given


def opened(**address):
    page = AppTest.from_file(str(PAGE), default_timeout=120)
    for key, value in address.items():
        page.query_params[key] = value
    page.session_state["code"] = True  # unfolded
    return page.run()


def test_something_sensible_stands_there_before_anyone_touches_it(drawn):
    page = opened()
    assert not page.exception
    assert not page.error
    assert not page.warning
    data, start = drawn[-1]
    assert [(pool["name"], pool["rows"]) for pool in data["pools"]] == [("max", 6), ("average", 6)]
    assert start == {"right": 1, "down": 0, "back": False, "turn": 0}
    assert "**55 times** the parameters and **9.7 times** the work" in said(page)
    assert "13 pixels instead of 36" in said(page)
    assert page.code[0].value == "nn.MaxPool2d(2)\nnn.AvgPool2d(2)"
    assert "Why pooling" in " ".join(expander.label for expander in page.expander)


def test_without_a_stand_in_the_drawing_is_mounted():
    page = opened()
    assert not page.exception
    assert not page.error


def test_the_sliders_change_what_is_drawn(drawn):
    page = opened()
    page.slider(key="pool_window").set_value(3)
    page.slider(key="pool_stride").set_value(4).run()
    data, _ = drawn[-1]
    assert data["pools"][0]["rows"] == 3
    assert data["unread"] == [[3, 7, 11]] * 2
    assert page.code[0].value == "nn.MaxPool2d(3, stride=4)\nnn.AvgPool2d(3, stride=4)"
    page.selectbox(key="pool_map").set_value("Outline").run()
    assert drawn[-1][0]["input"] is not None


@pytest.mark.parametrize("name", ["Shift by 2", "Shift by 1", "One pixel", "Stride 1", "Edges of an image"])
def test_what_to_notice_shows_until_something_else_is_set(drawn, name):
    page = opened(pool_window="4")
    assert not page.info
    page.button(key=f"try_{name}").click().run()
    assert not page.exception
    assert len(page.info) == 1
    assert drawn[-1][1]["turn"] == 1  # the picture's own sliders are set with it
    page.slider(key="pool_stride").set_value(3).run()
    assert not page.info


def test_what_the_prompts_say_is_so(drawn):
    page = opened()

    def changed(name, right, back):
        return drawn[-1][0]["changes"][name][right][back][0]

    page.button(key="try_Shift by 2").click().run()
    assert changed("max", 2, 1) == 0
    page.button(key="try_Shift by 1").click().run()
    assert changed("before", 1, 1) == 0 < changed("max", 1, 1)
    page.button(key="try_One pixel").click().run()
    assert changed("max", 1, 0) == 0 < changed("before", 1, 0)
    page.button(key="try_Stride 1").click().run()
    assert changed("max", 1, 1) == 0
    data, _ = drawn[-1]
    assert f"({data['size']} → {data['pools'][0]['rows']} a side)" in page.info[0].value
    page.button(key="try_Edges of an image").click().run()
    for label in page.selectbox(key="pool_class").options[::4]:
        page.selectbox(key="pool_class").set_value(label).run()
        data, _ = drawn[-1]
        before, pooled = (data["changes"][name][1][0][3] for name in ("before", "max"))  # the mean change
        assert 0 < pooled / np.mean(data["pools"][0]["values"][0]) < before / np.mean(data["scene"]), label


def test_the_address_sets_the_page(drawn):
    page = opened(pool_scene="One pixel", pool_window="3", pool_right="4", pool_down="2", pool_back="true")
    assert not page.warning
    assert drawn[-1][1] == {"right": 4, "down": 2, "back": True, "turn": 0}
    assert page.slider(key="pool_window").value == 3


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("pool_right", str(RIGHT + 1)),
        ("pool_right", "-1"),
        ("pool_right", "²"),
        ("pool_down", str(DOWN + 1)),
        ("pool_back", "perhaps"),
        ("pool_window", "9"),
    ],
)
def test_a_bad_value_in_the_address_falls_back_and_says_so(drawn, key, value):
    page = opened(**{key: value})
    assert not page.exception
    assert f"`{key}={value}`" in said(page)
    assert {name: drawn[-1][1][name] for name in FIRST} == FIRST
