"""The part of a page where networks come in and go out, in a page of its own."""

import os
import threading
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cnncore import compute
from cnncore.architecture import Conv2d, Network, named_network
from cnncore.architecture.torchvision_names import TORCHVISION
from cnncore.errors import InputError
from pages.parts import awaited, network_import
from pages.parts.onnx_file import KEPT, onnx_file


def page_with_exchange():
    import streamlit as st

    from cnncore.architecture import named_network
    from pages.parts.network_exchange import network_exchange

    shown = st.session_state.setdefault("shown", named_network("practical"))
    loaded = network_exchange(shown)
    if loaded is not None:
        st.session_state.shown = loaded
        st.rerun()


@pytest.fixture
def opened(app_home):
    page = AppTest.from_function(page_with_exchange, default_timeout=60)
    page.session_state["exchange"] = True  # unfolded
    return page.run()


def read(page, text, image=""):
    page.text_area(key="exchange_text").set_value(text)
    page.text_input(key="exchange_input").set_value(image)
    page.button(key="exchange_load").click().run()
    assert not page.exception
    return page.session_state.shown


def test_nothing_comes_in_by_itself(opened):
    assert not opened.exception
    assert opened.session_state.shown == named_network("practical")
    assert "nn.Conv2d(3, 32, 5, padding=2)" in opened.code[0].value


def test_pasted_code_and_json_come_in(opened):
    code = "nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU())"
    found = read(opened, code)
    assert (found.input, found.layers[0]) == ((3, 32, 32), Conv2d(8, 3))
    assert not opened.error
    assert "nn.Conv2d(3, 8, 3)" in opened.code[0].value
    assert read(opened, code, "3x20x30").input == (3, 20, 30)
    assert read(opened, named_network("lenet5").to_json()) == named_network("lenet5")


@pytest.mark.parametrize(
    ("text", "image", "message"),
    [
        ("", "", "there is nothing to read yet"),
        ("{nonsense", "", "is not JSON"),
        ("nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(4, 8, 3))", "", "expects 4 channels and receives 8"),
        ("nn.Sequential(nn.Conv2d(3, 8, 3))", "3x2x2", "must not be larger than the padded input"),
        ("nn.Sequential(nn.Conv2d(3, 8, 3))", "big", "must be CHANNELSxHEIGHTxWIDTH"),
        (Network("x", (3, 8, 8), (Conv2d(1, 9),)).to_json(), "", "must not be larger than the padded input"),
    ],
)
def test_what_cannot_come_in_is_a_sentence(opened, text, image, message):
    assert read(opened, text, image) == named_network("practical")
    assert len(opened.error) == 1
    assert message in opened.error[0].value.replace("\\", "")


def test_code_that_takes_for_ever_is_given_up(opened, monkeypatch):
    monkeypatch.setattr(network_import, "_READING", 0.5)
    doubled = "".join(f"{name} = []\n" + 40 * f"{name} = [{name}, {name}]\n" for name in "ab")  # 2^40 empty lists
    assert read(opened, f"{doubled}same = a == b\nmodel = nn.Sequential(nn.ReLU())") == named_network("practical")
    assert "longer than 0.5 seconds" in opened.error[0].value.replace("\\", "")


def test_a_file_comes_in(opened):
    opened.segmented_control(key="exchange_way").set_value("File").run()
    assert opened.button(key="exchange_load").disabled
    for name, content, layers in (
        ("mine.py", b"model = nn.Sequential(nn.Conv2d(1, 2, 3))", (Conv2d(2, 3),)),
        ("mine.json", named_network("lenet5").to_json().encode(), named_network("lenet5").layers),
    ):
        opened.file_uploader(key="exchange_file").set_value((name, content, "text/plain")).run()
        opened.button(key="exchange_load").click().run()
        assert not opened.exception
        assert opened.session_state.shown.layers == layers
    opened.file_uploader(key="exchange_file").set_value(("x.py", b"\xff\xfe", "text/plain")).run()
    opened.button(key="exchange_load").click().run()
    assert "is not text in UTF-8" in opened.error[0].value.replace("\\", "")


def test_a_model_of_torchvision_comes_in_from_the_compute_pool(opened):
    opened.segmented_control(key="exchange_way").set_value("torchvision").run()
    assert opened.selectbox(key="exchange_model").options == list(TORCHVISION)
    opened.selectbox(key="exchange_model").set_value("squeezenet1_1")
    opened.button(key="exchange_load").click().run()
    assert not opened.exception
    assert opened.session_state.shown.name == "squeezenet1_1"


def test_a_model_is_waited_for_beside_the_page_and_not_loaded_once_it_is_unwanted(opened, monkeypatch):
    free = threading.Event()
    monkeypatch.setattr(awaited, "SOON", 0.01)
    monkeypatch.setattr(compute, "call", lambda *_, **__: free.wait(60) and named_network("lenet5"))
    opened.segmented_control(key="exchange_way").set_value("torchvision").run()
    opened.selectbox(key="exchange_model").set_value("vgg11").run()
    opened.button(key="exchange_load").click().run()
    assert len(opened.get("skeleton")) == 1
    assert opened.code  # all the rest is there
    opened.selectbox(key="exchange_model").set_value("vgg13").run()
    assert not opened.get("skeleton")
    opened.button(key="exchange_load").click().run()
    free.set()
    opened.session_state["awaited_exchange_model"][1].result(60)
    opened.segmented_control(key="exchange_way").set_value("File").run()
    opened.segmented_control(key="exchange_way").set_value("torchvision").run()
    assert opened.session_state.shown == named_network("practical")
    opened.selectbox(key="exchange_model").set_value("vgg13").run()
    opened.button(key="exchange_load").click().run()
    assert opened.session_state.shown == named_network("lenet5")


def test_onnx_is_made_at_a_click_and_offered_until_the_network_changes(opened, monkeypatch, app_home):
    asked, free = [], threading.Event()

    def call(target, **arguments):
        asked.append((target, arguments))
        assert free.wait(60)
        return b"file"

    monkeypatch.setattr(compute, "call", call)
    monkeypatch.setattr(awaited, "SOON", 0.01)
    opened.button(key="exchange_onnx").click().run()
    assert len(opened.get("skeleton")) == 1
    assert "onnx" not in labels(opened)
    free.set()
    opened.session_state["awaited_exchange_onnx"][1].result(60)
    opened.run()
    assert [target for target, _ in asked] == ["cnncore.architecture.onnx:to_onnx"]
    assert asked[0][1]["network"] == named_network("practical")
    assert asked[0][1]["run_id"] is None
    assert "practical.onnx" in labels(opened)
    assert [file.read_bytes() for file in (app_home / "onnx").iterdir()] == [b"file"]
    kept = opened.session_state["awaited_exchange_onnx"][1].result()
    assert isinstance(kept, Path)  # and not what is in it
    read(opened, named_network("lenet5").to_json())
    assert "onnx" not in labels(opened)
    assert len(asked) == 1


def test_the_newest_onnx_files_are_kept_for_all_and_made_once(app_home, monkeypatch):
    made = []
    monkeypatch.setattr(compute, "call", lambda *_, **asked: made.append(asked["run_id"]) or b"file")
    network = named_network("lenet5")
    for number in range(KEPT + 1):
        path = onnx_file(network, f"run {number}", 1)
        os.utime(path, ns=(number, number))
    assert onnx_file(network, f"run {KEPT}", 1) == path
    assert made == [f"run {number}" for number in range(KEPT + 1)]
    assert len(list((app_home / "onnx").iterdir())) == KEPT
    assert onnx_file(network, f"run {KEPT}", 2) != path  # the run has gone on


def test_an_onnx_file_without_room_is_one_sentence(app_home, monkeypatch):
    monkeypatch.setattr(compute, "call", lambda *_, **__: b"file")
    app_home.mkdir()
    (app_home / "onnx").write_text("no folder")
    with pytest.raises(InputError, match=r"cannot be written to .* free disk space"):
        onnx_file(named_network("lenet5"), None, 0)


def test_onnx_of_a_run_waits_for_a_run_and_large_networks_are_left_to_python(opened):
    opened.segmented_control(key="exchange_weights").set_value("of a stored run").run()
    assert "No run has a checkpoint yet" in opened.caption[-1].value
    opened.session_state.shown = named_network("vgg16")
    opened.run()
    assert "553 MB are more than a page should send" in " ".join(c.value for c in opened.caption)


def test_a_store_that_cannot_be_used_is_a_sentence(opened, app_home):
    app_home.mkdir(exist_ok=True)
    (app_home / "runs.sqlite").write_text("no database, a text that somebody has put there instead of one")
    opened.segmented_control(key="exchange_weights").set_value("of a stored run").run()
    assert not opened.exception
    assert "cannot be used" in opened.error[0].value


def labels(page):
    return " ".join(element.proto.label for element in page.get("download_button"))
