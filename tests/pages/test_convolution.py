import threading
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cnncore import compute
from cnncore.architecture import Conv2d, layer_facts
from pages.parts import awaited
from pages.parts.layer_form import ADVANCED, own
from pages.parts.warm_up import FIRST_LAYER
from tests.pages.reading import metrics, said

PAGE = Path(__file__).parents[2] / "pages" / "convolution.py"


@pytest.fixture(scope="module", autouse=True)
def pool():
    yield
    compute.shutdown()


@pytest.fixture
def page():
    return opened()


def opened(unfolded=True, **address):
    page = AppTest.from_file(str(PAGE), default_timeout=60)
    page.session_state.layer_advanced = unfolded
    for key, value in address.items():
        page.query_params[key] = value
    return page.run()


def test_the_page_shows_something_sensible_at_once(page):
    assert not page.exception
    assert metrics(page) == {"Output": "1 × 4 × 4", "Weights": "9", "Biases": "1", "Multiply-adds": "144"}
    assert "formula = counted step by step = drawn" in said(page)
    assert not page.warning
    assert not page.error


def test_a_slider_moves_everything(page):
    page.slider(key="conv_stride").set_value(1).run()
    assert metrics(page)["Output"] == "1 × 7 × 7"
    assert r"\mathbf{7}" in page.latex[0].value
    assert page.code[0].value == "nn.Conv2d(1, 1, 3, padding=1)"


def test_the_first_layer_of_the_practical(page):
    page.button(key="try_First layer").click().run()
    facts = layer_facts(Conv2d(32, 5, padding=2), (3, 32, 32))
    assert metrics(page) == {
        "Output": "32 × 32 × 32",
        "Weights": "2,400",
        "Biases": "32",
        "Multiply-adds": f"{facts.macs:,}",
    }
    assert "**41,943 times as many**" in said(page)
    assert "2,400 weights" in page.info[0].value


def test_rows_that_are_never_read_are_named(page):
    page.button(key="try_Stride 3 on 8").click().run()
    assert "Rows and columns 7 and 8 are never read" in page.warning[0].value
    assert "the last two rows and columns" in page.info[0].value


@pytest.mark.parametrize("name", ["Stride 3 on 8", "Even kernel", "Dilation 3", "First layer"])
def test_what_to_notice_shows_until_something_else_is_set(page, name):
    page.button(key=f"try_{name}").click().run()
    assert not page.exception
    assert len(page.info) == 1
    page.slider(key="conv_input").set_value(11).run()
    assert not page.info


def test_a_kernel_that_does_not_fit_is_one_sentence_and_breaks_nothing_else(page):
    page.slider(key="conv_kernel").set_value(11)
    page.slider(key="conv_padding").set_value(0).run()
    assert not page.exception
    assert "`kernel` (=11) must not be larger than the padded input" in page.error[0].value
    assert not page.metric
    assert page.button(key="try_Dilation 3")
    page.slider(key="conv_kernel").set_value(3).run()
    assert not page.error
    assert metrics(page)["Output"] == "1 × 3 × 3"


def test_groups_that_do_not_divide_are_not_offered_and_the_address_says_so():
    page = opened(conv_groups="2", conv_channels="6", conv_filters="8")
    assert metrics(page)["Weights"] == "216"
    assert list(page.select_slider(key="conv_groups").options) == ["1", "2"]
    page = opened(conv_groups="4", conv_channels="6", conv_filters="8")
    assert not page.exception
    assert "`conv_groups=4` (shown: 1)" in said(page)


def test_weights_and_multiply_adds_fall_as_the_groups_rise_to_depthwise(page):
    page.button(key="try_Depthwise").click().run()
    assert "A depthwise convolution: 144 weights and 36,864 multiply-adds in 16 groups" in said(page)
    assert "2,304 weights and 589,824 multiply-adds, 16 times as many" in said(page)
    shown = []
    for groups in (1, 2, 4, 8, 16):
        page.select_slider(key="conv_groups").set_value(groups).run()
        assert not page.error
        shown.append((metrics(page)["Weights"], metrics(page)["Multiply-adds"]))
    facts = [layer_facts(Conv2d(16, 3, padding=1, groups=g), (16, 16, 16)) for g in (1, 2, 4, 8, 16)]
    assert shown == [(f"{fact.weights:,}", f"{fact.macs:,}") for fact in facts]
    page.select_slider(key="conv_filters").set_value(8).run()  # 16 groups no longer divide them
    assert page.select_slider(key="conv_groups").value == 8
    assert not page.error


def test_height_apart_from_width(page):
    page.toggle(key="conv_apart").set_value(True).run()
    page.slider(key="conv_input_width").set_value(9)
    page.slider(key="conv_kernel_width").set_value(5).run()
    assert metrics(page)["Output"] == "1 × 4 × 4"
    page.slider(key="conv_stride_width").set_value(1).run()
    assert metrics(page)["Output"] == "1 × 4 × 7"
    assert len(page.latex) == 2
    assert "Relationship 6 " in said(page)
    assert "Along the width it is 2" in said(page)
    page.button(key="padding_Half (same)").click().run()
    assert (page.slider(key="conv_padding").value, page.slider(key="conv_padding_width").value) == (1, 2)
    assert "Along the width it is 3" in said(page)


def test_the_width_begins_as_the_height_is():
    page = opened(conv_input="20", conv_kernel="5", conv_padding="2")
    page.toggle(key="conv_apart").set_value(True).run()
    assert metrics(page)["Output"] == "1 × 10 × 10"
    assert page.query_params["conv_kernel_width"] == "5"
    page.slider(key="conv_input_width").set_value(64).run()
    assert metrics(page)["Output"] == "1 × 10 × 32"


def test_output_padding_of_height_and_width():
    page = opened(
        conv_layer="Transposed", conv_input="4", conv_kernel="3", conv_stride="2", conv_padding="1", conv_apart="true"
    )
    page.slider(key="conv_input_width").set_value(4)
    page.slider(key="conv_output_padding_width").set_value(1).run()
    assert metrics(page)["Output"] == "1 × 7 × 8"
    assert len(page.latex) == 2


@pytest.mark.parametrize("name", ["input", "padding", "stride"])
def test_one_click_has_all_of_it_read(page, name):
    page.button(key="try_Stride 3 on 8").click().run()
    assert "i = 6 and i = 8 give the same output" in page.warning[0].value
    page.button(key=f"remedy_{name}").click().run()
    assert not page.warning
    assert page.slider(key=f"conv_{name}").value == {"input": 9, "padding": 1, "stride": 1}[name]


def test_one_click_where_height_and_width_differ():
    page = opened(
        conv_input="6",
        conv_kernel="3",
        conv_stride="2",
        conv_padding="0",
        conv_apart="true",
        conv_input_width="9",
        conv_stride_width="3",
    )
    page.slider(key="conv_padding_width").set_value(0).run()
    assert "**Row 6 is never read.**" in page.warning[0].value
    page.button(key="remedy_input").click().run()
    assert not page.warning
    assert metrics(page)["Output"] == "1 × 3 × 3"


def test_the_badge_is_red_when_the_ways_disagree(monkeypatch):
    import pages.parts.layer_more as more
    from cnncore.figures.convolution import Agreement

    monkeypatch.setattr(more, "agreement", lambda *_: Agreement((4, 4), (4, 4), (4, 5)))
    page = opened()
    assert ":red-badge[" in said(page)
    assert ":green-badge[" not in said(page)


@pytest.mark.parametrize(("weights", "colour"), [(9, "green"), (10, "red")])
def test_the_badge_is_red_when_pytorch_says_otherwise(monkeypatch, weights, colour):
    import pages.parts.layer_more as more
    from cnncore.architecture.oracle import ask

    def another(_, *, timeout, **question):
        return replace(ask(**question), weights=weights)

    monkeypatch.setattr(more.compute, "call", another)
    more.asked.clear()
    page = opened()
    more.asked.clear()
    assert f":{colour}-badge[" in said(page)
    assert ("PyTorch says otherwise: 10 weights" in said(page)) == (colour == "red")


def kinds(page):
    return {widget.key for widget in (*page.selectbox, *page.toggle, *page.select_slider)}


def test_what_only_a_few_need_is_there_when_it_is_unfolded_or_set():
    page = opened(unfolded=False)
    assert not kinds(page) & set(map(own, ADVANCED))
    page.button(key="try_Depthwise").click().run()
    assert page.select_slider(key="conv_groups").value == 16
    assert metrics(page)["Weights"] == "144"
    assert page.query_params["conv_groups"] == "16"
    page.button(key="try_Even kernel").click().run()
    assert metrics(page)["Weights"] == "16"
    page = opened(unfolded=False, conv_padding_mode="reflect", conv_padding="1")
    assert page.selectbox(key="conv_padding_mode").value == "reflect"
    assert 'padding_mode="reflect"' in page.code[0].value
    page = opened(unfolded=False, conv_groups="banana")
    assert "groups=banana" in said(page)
    page = opened()
    assert kinds(page) >= {"conv_padding_mode", "conv_apart"}
    page.session_state.layer_advanced = False
    page.run()
    assert not kinds(page) & set(map(own, ADVANCED))
    page.button(key="try_Mirrored padding").click().run()
    assert not page.exception
    assert page.selectbox(key="conv_padding_mode").value == page.query_params["conv_padding_mode"] == "reflect"


def test_the_page_does_not_wait_for_pytorch(monkeypatch):
    import pages.parts.layer_more as more
    from cnncore.architecture.oracle import ask

    free, asked = threading.Event(), []

    def busy(_, *, timeout, **question):
        asked.append((question["layer"], question["shape"]))
        assert free.wait(60)
        return ask(**question)

    monkeypatch.setattr(more.compute, "call", busy)
    monkeypatch.setattr(awaited, "SOON", 0.01)
    more.asked.clear()
    page = opened()
    assert ":green-badge[:material/check: formula = counted step by step = drawn]" in said(page)
    assert len(page.get("skeleton")) == 1
    assert page.code[0].value == "nn.Conv2d(1, 1, 3, stride=2, padding=1)"
    free.set()
    page.session_state["awaited_opinions"][1].result(60)
    page.run()
    assert ":green-badge[:material/check: formula = counted step by step = drawn = PyTorch]" in said(page)
    assert len(page.get("skeleton")) == 0
    assert set(asked) == {FIRST_LAYER}  # what the server asks before the first visitor does


def test_the_address_sets_the_page():
    page = opened(
        conv_input="32", conv_kernel="5", conv_stride="1", conv_padding="2", conv_channels="3", conv_filters="32"
    )
    assert metrics(page)["Output"] == "32 × 32 × 32"
    assert not page.warning


@pytest.mark.parametrize("bad", ["banana", "99", "-1"])
def test_a_bad_value_in_the_address_falls_back_and_says_so(bad):
    page = opened(conv_kernel=bad)
    assert not page.exception
    assert f"kernel={bad}" in said(page)
    page.slider(key="conv_stride").set_value(1).run()
    assert f"kernel={bad}" not in said(page)


def test_a_transposed_convolution_and_its_relationship():
    page = opened(conv_layer="Transposed", conv_input="4", conv_kernel="3", conv_stride="2", conv_padding="1")
    assert metrics(page) == {"Output": "1 × 7 × 7", "Weights": "9", "Biases": "1", "Multiply-adds": "144"}
    assert "Relationship 13" in said(page)
    assert "nn.ConvTranspose2d(1, 1, 3, stride=2, padding=1)" in page.code[0].value
    assert "goes back to 7" in page.info[0].value
    page.slider(key="conv_output_padding").set_value(1).run()
    assert metrics(page)["Output"] == "1 × 8 × 8"
    assert "Relationship 14" in said(page)
    page.slider(key="conv_output_padding").set_value(2).run()
    assert "`output_padding` (=2) must be smaller than the stride" in page.error[0].value


def test_a_pool_rounds_down_or_up():
    page = opened(conv_layer="Max pool", conv_input="7", conv_kernel="2", conv_stride="2", conv_padding="0")
    assert metrics(page) == {"Output": "1 × 3 × 3", "Weights": "0"}
    assert "i = 6 and i = 7 give the same output" in page.warning[0].value
    page.button(key="remedy_ceil_mode").click().run()
    assert page.toggle(key="conv_ceil_mode").value
    assert metrics(page)["Output"] == "1 × 4 × 4"
    assert not page.warning
    assert r"\left\lceil" in page.latex[0].value


def test_the_average_pool_has_no_dilation():
    page = opened(conv_layer="Average pool")
    assert not page.exception
    assert "conv_dilation" not in [slider.key for slider in page.slider]
    assert "conv_dilation" in [slider.key for slider in opened(conv_layer="Max pool").slider]
    assert "nn.AvgPool2d(3, stride=2, padding=1)" in page.code[0].value


def test_padding_by_its_name():
    page = opened(conv_kernel="5", conv_stride="1")
    for name, padding, relation in (("Valid", 0, 1), ("Half (same)", 2, 3), ("Full", 4, 4)):
        page.button(key=f"padding_{name}").click().run()
        assert page.slider(key="conv_padding").value == padding
        assert f"Relationship {relation} " in said(page)
    page.slider(key="conv_kernel").set_value(4).run()
    page.button(key="padding_Half (same)").click().run()
    assert "An even kernel has no symmetric *same*" in said(page)


def test_what_the_padding_holds():
    page = opened(conv_padding_mode="reflect", conv_input="3", conv_padding="3", conv_kernel="3")
    assert "`padding` (=3) with `padding_mode` (=reflect) must be at most 2" in page.error[0].value
    page.slider(key="conv_padding").set_value(2).run()
    assert not page.error
    assert 'padding_mode="reflect"' in page.code[0].value


def test_what_is_too_large_to_be_drawn_is_still_computed():
    page = opened(conv_layer="Transposed", conv_input="64", conv_kernel="3", conv_stride="4", conv_padding="0")
    assert metrics(page)["Output"] == "1 × 255 × 255"
    assert "must stay within 110 to be seen" in page.info[0].value


def inverse():
    from pages.parts.layer_more import show_inverse

    show_inverse()


def test_what_was_searched_is_said_whether_there_is_a_way_or_not():
    page = AppTest.from_function(inverse, default_timeout=60)
    page.session_state.conv_inverse_from, page.session_state.conv_inverse_to = 8, 10
    page.run()
    assert "Searched: a kernel up to 11, a stride up to 16, a dilation up to 3 and a padding smaller" in said(page)
    assert [3, 1, 2, 1] in page.dataframe[0].value.iloc[:, :4].to_numpy().tolist()
    page.number_input(key="conv_inverse_to").set_value(500).run()
    assert "No layer with a kernel up to 11, a stride up to 16" in said(page)


def small_matrix():
    from cnncore.architecture import Conv2d
    from pages.parts.layer_more import show_matrix

    show_matrix(Conv2d(1, 3, 2, 1), (1, 7, 7))


def test_the_matrix_counts_places_and_not_what_the_drawn_kernel_happens_to_hold():
    text = said(AppTest.from_function(small_matrix, default_timeout=60).run())
    assert "Here only 100 can be other than 0, and they share 9 weights." in text
    assert "60 entries are drawn" in text


@pytest.mark.parametrize(
    ("address", "output", "idle"),
    [
        ({"conv_kernel_width": "5"}, "1 × 4 × 3", None),
        ({"kernel_width": "5", "input": "9", "stride": "1"}, "1 × 9 × 7", None),
        ({"conv_output_padding": "1"}, "1 × 14 × 14", None),
        ({"conv_output_padding_width": "1"}, "1 × 13 × 14", None),
        ({"conv_kernel_width": "3"}, "1 × 4 × 4", None),
        ({"conv_kernel_width": "5", "conv_apart": "False"}, "1 × 4 × 4", "with height and width apart"),
        ({"conv_output_padding": "1", "conv_layer": "Convolution"}, "1 × 4 × 4", "for Transposed"),
        ({"conv_ceil_mode": "True"}, "1 × 4 × 4", "for Max pool, Average pool"),
        ({"conv_ceil_mode": "False"}, "1 × 4 × 4", None),
        ({"ceil_mode": "banana", "conv_layer": "Transposed"}, "1 × 13 × 13", "for Max pool, Average pool"),
        ({"groups": "2", "layer": "Max pool", "channels": "2"}, "2 × 4 × 4", "for Convolution, Transposed"),
        ({"groups": "1", "layer": "Average pool"}, "1 × 4 × 4", None),
        ({"padding_mode": "reflect", "layer": "Average pool"}, "1 × 4 × 4", "for Convolution"),
        ({"dilation": "2", "layer": "Average pool"}, "1 × 4 × 4", "for Convolution, Transposed, Max pool"),
        ({"conv_kernel_width": "wide"}, "1 × 4 × 4", "with height and width apart"),
    ],
)
def test_what_the_address_asks_for_has_its_effect_where_one_mode_alone_has_it_and_else_is_said(address, output, idle):
    page = AppTest.from_file(str(PAGE), default_timeout=60)
    page.query_params.update(address)
    assert metrics(page.run())["Output"] == output
    assert not page.exception
    told = [warning.value for warning in page.warning]
    assert len(told) == (idle is not None)
    assert all(f"(only {idle}): no effect" in text for text in told)


def test_what_waits_for_its_layer_has_its_effect_once_that_is_chosen():
    page = opened(conv_ceil_mode="True", conv_input="8")
    assert "`conv_ceil_mode=True` (only for Max pool, Average pool)" in page.warning[0].value
    page.slider(key="conv_kernel").set_value(4).run()
    assert "conv_ceil_mode" in page.warning[0].value
    page.segmented_control(key="conv_layer").set_value("Max pool").run()
    assert page.toggle(key="conv_ceil_mode").value
    assert not page.warning
    page.segmented_control(key="conv_layer").set_value("Convolution").run()
    assert not page.warning


def test_a_width_of_what_another_layer_has_sets_nothing_apart():
    page = opened(conv_layer="Max pool", conv_output_padding_width="1")
    assert page.toggle(key="conv_apart").value is False


def test_a_width_that_the_page_does_not_know_is_said():
    assert "conv_kernel_width=99" in opened(conv_kernel_width="99").warning[0].value
