"""The browser fetches in advance what is there in this version of Streamlit."""

import json
import re
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.parts.prefetch import FONTS, KINDS, files


def test_each_kind_of_element_has_one_file_in_this_version_of_streamlit():
    found = files()
    assert [name.split(".")[0] for name in found] == list(KINDS)
    folder = Path(st.__file__).parent / "static" / "static" / "js"
    assert all((folder / name).stat().st_size > 0 for name in found)


@pytest.mark.parametrize("font", FONTS)
def test_each_font_is_one_of_this_version_of_streamlit(font):
    style, _, family = font.replace('"', "").rpartition("16px ")
    [sheet] = (Path(st.__file__).parent / "static" / "static" / "css").glob("index.*.css")
    slant = "italic" if "italic" in style else "normal"
    weight = "700" if "bold" in style else "400"
    faces = re.findall(r"@font-face{[^}]*}", sheet.read_text(encoding="utf-8"))
    own = [face for face in faces if f"font-family:{family};" in face and f"font-style:{slant};" in face]
    assert any(re.search(f"font-weight:({weight}|100 900);", face) for face in own)


@pytest.fixture
def home(app_home):
    return AppTest.from_file(str(Path(__file__).parents[2] / "pages" / "home.py"), default_timeout=60).run()


def test_home_names_them_to_the_browser(home):
    assert not home.exception
    [script] = [element.proto for element in home.get("html") if "import(" in element.proto.body]
    assert script.unsafe_allow_javascript
    assert all(f'"{name}"' in script.body for name in files())
    assert json.dumps(FONTS) in script.body


def test_home_draws_them_once_and_not_at_first(home):
    assert not home.exception
    assert not home.slider
    home.session_state["rehearsal"] = "now"  # as the timer sets it
    home.run()
    assert not home.exception
    drawn = [home.slider, home.select_slider, home.button_group, home.selectbox, home.number_input, home.toggle]
    assert [len(kind) for kind in drawn] == [1] * len(drawn)
    assert not home.run().slider
    assert not home.exception
