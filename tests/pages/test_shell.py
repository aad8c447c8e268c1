"""The shell, the settings and the door, as far as they can be tried without a browser."""

import ast
import importlib
import tomllib
from pathlib import Path

import pytest
import streamlit as st
from streamlit import config
from streamlit.testing.v1 import AppTest

from pages.parts.navigation import COURSE, existing

ROOT = Path(__file__).parents[2]
SHELL = ROOT / "pages" / "parts" / "shell.py"
SETTINGS = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNCORE_HOME", str(tmp_path))


def test_the_shell_opens_home():
    app = AppTest.from_file(str(SHELL), default_timeout=60).run()
    assert not app.exception
    assert app.title[0].value == "Convolutional networks"


def test_every_page_of_the_course_is_there_and_no_other():
    assert [entry.name for entry in existing()] == [entry.name for entry in COURSE]
    assert {entry.name for entry in COURSE} == {path.stem for path in (ROOT / "pages").glob("*.py")}


def test_only_pages_that_exist_are_linked(monkeypatch, tmp_path):
    monkeypatch.setattr("pages.parts.navigation.PAGES", tmp_path)
    (tmp_path / "course.py").touch()
    assert [entry.name for entry in existing()] == ["course"]


def test_the_door_is_found_by_streamlit_run():
    from streamlit.web.server.app_discovery import discover_asgi_app

    found = discover_asgi_app(ROOT / "streamlit_app.py")
    assert (found.is_asgi_app, found.import_string) == (True, "streamlit_app:app")


def test_the_shell_lies_beside_no_pages_folder():
    # Streamlit's older way of finding pages would run them without the shell.
    door = ast.parse((ROOT / "streamlit_app.py").read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(door) if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "App"]
    assert len(calls) == 1
    assert '"shell.py"' in ast.unparse(calls[0].args[0]).replace("'", '"')
    assert not (SHELL.parent / "pages").exists()


def test_every_setting_is_known_to_this_streamlit():
    known = config.get_config_options()

    def flat(table, prefix=""):
        for name, value in table.items():
            if isinstance(value, dict):
                yield from flat(value, f"{prefix}{name}.")
            else:
                yield prefix + name

    names = list(flat(SETTINGS))
    assert "runner.postScriptGC" in names
    assert [name for name in names if name not in known] == []


def test_the_settings_that_decide_whether_a_class_can_use_it():
    assert SETTINGS["runner"]["postScriptGC"] is False
    assert SETTINGS["server"]["fileWatcherType"] == "none"
    assert SETTINGS["server"]["address"] == "127.0.0.1"
    assert SETTINGS["browser"]["gatherUsageStats"] is False
    assert SETTINGS["client"]["showErrorDetails"] == "type"
    assert {"light", "dark"} <= set(SETTINGS["theme"])
    assert "base" not in SETTINGS["theme"]


def test_the_public_names_that_the_door_needs_are_there():
    assert callable(st.App)
    assert hasattr(importlib.import_module("streamlit.components.v2"), "component")
