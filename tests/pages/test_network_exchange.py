"""The part of a page where networks come in and go out, in a page of its own."""

import pytest
from streamlit.testing.v1 import AppTest

from cnncore import compute
from cnncore.architecture import Conv2d, Network, named_network
from cnncore.architecture.torchvision_names import TORCHVISION


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


def test_onnx_is_made_at_a_click_and_offered_until_the_network_changes(opened, monkeypatch):
    asked = []
    monkeypatch.setattr(compute, "call", lambda target, **arguments: asked.append((target, arguments)) or b"file")
    opened.button(key="exchange_onnx").click().run()
    assert [target for target, _ in asked] == ["cnncore.architecture.onnx:to_onnx"]
    assert asked[0][1]["network"] == named_network("practical")
    assert asked[0][1]["run_id"] is None
    assert "practical.onnx" in labels(opened)
    read(opened, "nn.Sequential(nn.Conv2d(3, 8, 3))")
    assert "onnx" not in labels(opened)
    assert len(asked) == 1


def test_onnx_of_a_run_waits_for_a_run_and_large_networks_are_left_to_python(opened):
    opened.segmented_control(key="exchange_weights").set_value("of a stored run").run()
    assert "No run has a checkpoint yet" in opened.caption[-1].value
    opened.session_state.shown = named_network("vgg16")
    opened.run()
    assert "553 MB are more than a page should send" in " ".join(c.value for c in opened.caption)


def labels(page):
    return " ".join(element.proto.label for element in page.get("download_button"))
