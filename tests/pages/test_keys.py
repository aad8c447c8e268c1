"""What pages keep for the session: each its own, whatever page is opened in between."""

import ast
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cnncore import compute
from cnncore.data.augmentation import AUGMENTATIONS
from cnncore.data.prepared import save
from pages.parts import awaited
from pages.parts.address import SHARED
from pages.parts.navigation import COURSE
from tests.conftest import tiny_images
from tests.pages.stored_run import store_run

PAGES = Path(__file__).parents[2] / "pages"
SHELL = PAGES / "parts" / "shell.py"
SUPPOSED = "A supposed true accuracy"
SEEN = {
    *("conv_apart", "conv_output_padding_width", "kernels_weight_0_0", "kernels_number", "lottery_acc", "lr"),
    *("aug_mixup", "aug_erase", "std_dusk", "pool_number", "field_number", "bow_words"),
}
# Addresses that have a page draw controls that it does not show at first.
MORE = {
    "convolution": (
        {"conv_apart": "true", "conv_channels": "4", "conv_filters": "4"},
        {"conv_layer": "Transposed", "conv_apart": "true"},
        {"conv_layer": "Max pool", "conv_apart": "true"},
    ),
    "standardization": ({"std_view": "Whose statistics?"},),
    "augmentation": ({"aug_transforms": [kind.title for kind in AUGMENTATIONS.values()]},),
    "lottery": ({"lottery_kind": SUPPOSED},),
    "training": ({"slow_motion": "true"},),
    "pooling": ({"pool_scene": "Image of a data set"},),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Return a home with two small data sets, the first one a page shows among them, and a trained run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNCORE_HOME", str(tmp_path_factory.mktemp("home")))
        save(tiny_images())
        save(replace(tiny_images(size=32), name="builtin", title="Built-in"))  # else it would have to be drawn
        compute.shutdown()  # children take their home from when they were started
        yield store_run()
        compute.shutdown()


@pytest.fixture(autouse=True)
def at_once(home, monkeypatch):
    """Show each page without its answers: controls wait for nothing."""
    monkeypatch.setattr(awaited, "SOON", 0.0)


class Tab:
    """One session: pages are opened as the navigation opens them, or by a link with an address."""

    def __init__(self):
        self.app = AppTest.from_file(str(SHELL), default_timeout=240).run()

    def open(self, page, **address):
        self.app.query_params.clear()
        for key, value in address.items():
            self.app.query_params[key] = value
        self.app.switch_page(f"../{page}.py")
        return self.healthy()

    def press(self, button):
        self.app.button(key=f"try_{button}").click()
        return self.healthy()

    def healthy(self):
        self.app.run()
        assert [error.value for error in (*self.app.exception, *self.app.error)] == []
        return self.app

    def __getitem__(self, key):
        return self.app.session_state[key]


def kept_by(page, address):
    """Return the keys that live on in the session when `page` is left."""
    tab = Tab()
    before = set(tab.app.session_state)
    tab.open(page, **address)
    return {key for key in tab.open("home").session_state if not key.startswith(tuple(SHARED))} - before


def test_no_two_pages_keep_a_value_under_one_key():
    kept = {entry.name: set() for entry in COURSE if entry.name != "home"}
    for page, keys in kept.items():
        for address in ({}, *MORE.get(page, ())):
            keys |= kept_by(page, address)
    both = {(one, other): kept[one] & kept[other] for one, other in combinations(kept, 2)}
    assert {pages: keys for pages, keys in both.items() if keys} == {}
    assert set().union(*kept.values()) >= SEEN


def written_keys(path):
    """Return the keys that a file writes out where it asks that a control's value be kept."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            given = {keyword.arg: keyword.value for keyword in node.keywords}
            key = given.get("key")
            if given.keys() & {"bind", "persist_state", None} and isinstance(key, ast.Constant):
                yield key.value


def test_no_key_of_what_is_kept_is_written_twice():
    # What is drawn only when something is unfolded as well.
    found = [key for path in PAGES.rglob("*.py") for key in written_keys(path)]
    assert {key for key in found if found.count(key) > 1} == set()
    assert {"conv_inverse_from", "std_after", "bn_batch", "opt_lr", "batch"} <= set(found)  # it sees


@pytest.mark.parametrize("press", ["Over the edge", "Over too early"])
def test_optimizations_settings_are_not_the_training_forms(press):
    tab = Tab()
    tab.open("training", preset="classroom-5", batch="512")
    tab.open("optimization")
    tab.press(press)
    tab.open("training")
    assert (tab["batch"], tab["lr"], tab["decay"]) == (512, 0.05, 0.95)
    tab.open("optimization")
    assert (tab["opt_batch"], tab["opt_lr"], tab["opt_decay"]) == (
        ("all", 0.3, 1.0) if press == "Over the edge" else ("all", 0.1, 0.9)
    )


def test_a_size_of_an_image_is_not_one_of_a_kernel():
    tab = Tab()
    tab.open("architecture", arch_size="36")
    tab.open("kernels")
    assert tab["kernels_size"] == 3
    assert tab.open("architecture").slider(key="arch_size").value == 36


def test_the_batch_of_batch_norm_is_neither_optimizations_nor_the_forms():
    tab = Tab()
    tab.open("training")
    tab.open("batch_norm")
    tab.press("Two in a batch")
    tab.open("optimization")
    tab.press("The ball of noise")
    assert tab.open("batch_norm").select_slider(key="bn_batch").value == 2
    form = tab.open("training")
    assert (form.selectbox(key="preset").value, form.number_input(key="batch").value) == ("classroom-5", 32)
    assert form.query_params == {"preset": "classroom-5"}


def test_a_convolutions_padding_and_stride_are_its_own():
    tab = Tab()
    tab.open("training", preset="classroom-plus", aug_kinds="pad-crop,flip")
    assert tab["padding"] == 4
    tab.open("convolution")
    assert tab["conv_padding"] == 1
    tab.press("Even kernel")
    tab.press("Stride 3 on 8")
    assert tab.open("pooling").slider(key="pool_stride").value == 2
    assert tab.open("training").session_state["padding"] == 4
    shown = tab.open("convolution")
    assert [shown.slider(key=f"conv_{name}").value for name in ("input", "stride", "padding")] == [8, 3, 0]


def test_the_standardization_that_is_looked_at_is_not_the_runs():
    tab = Tab()
    tab.open("training")
    tab.open("standardization", std_data="Tints").button(key="std_try_3").click()
    tab.healthy()
    assert tab["std_after"] == "image"
    form = tab.open("training")
    assert (form.session_state["std_kind"], form.query_params) == ("channel", {"preset": "classroom-5"})


def test_an_own_kernel_is_kept_until_another_is_asked_for():
    tab = Tab()
    page = tab.open("kernels")
    page.segmented_control(key="kernels_size").set_value(5)
    tab.healthy()
    page.number_input(key="kernels_weight_0_4").set_value(7.0)
    page.number_input(key="kernels_divisor").set_value(3.0)
    written = tab.healthy().query_params["kernels_weights"]
    tab.open("pooling")
    page = tab.open("kernels")
    assert page.selectbox(key="kernels_name").value == "Own weights"
    assert (page.number_input(key="kernels_weight_0_4").value, tab["kernels_size"]) == (7.0, 5)
    assert page.query_params == {"kernels_weights": written, "kernels_divisor": "3"}
    tab.open("home")
    page = tab.open("kernels", kernels_weights="1,1,1/1,1,1/1,1,1")
    assert (tab["kernels_size"], page.number_input(key="kernels_divisor").value) == (3, 1.0)


def test_every_link_with_a_bad_value_is_explained():
    tab = Tab()
    for _ in range(2):
        for page, key in (("convolution", "conv_kernel"), ("pooling", "pool_window")):
            [warning] = tab.open(page, **{key: "99"}).warning
            assert f"`{key}=99`" in warning.value
            assert [again.value for again in tab.healthy().warning] == [warning.value]  # nothing was changed
    tab.open("optimization", opt_x="1", opt_y="1")
    page = tab.open("home")
    page = tab.open("optimization", opt_x="2", opt_y="-1")
    assert (tab["opt_x"], tab["opt_y"], list(page.warning)) == (2.0, -1.0, [])


@pytest.mark.parametrize(
    ("page", "short", "full"),
    [
        ("convolution", {"kernel": "5", "stride": "1"}, {"conv_kernel": "5", "conv_stride": "1"}),
        ("optimization", {"lr": "0.3", "x": "2", "y": "1"}, {"opt_lr": "0.3", "opt_x": "2", "opt_y": "1"}),
        ("pooling", {"right": "3"}, {"pool_right": "3"}),
        ("kernels", {"divisor": "2"}, {"kernels_divisor": "2"}),
    ],
)
def test_an_address_may_leave_out_the_word_that_is_its_pages_own(page, short, full):
    assert Tab().open(page, **short).query_params == Tab().open(page, **full).query_params == full


def test_settings_that_a_preset_does_not_have_take_its_name_away():
    tab = Tab()
    form = tab.open("training", preset="classroom-5")
    assert form.selectbox(key="preset").value == "classroom-5"
    form.session_state["batch"] = 2  # whatever did it
    form = tab.healthy()
    assert (form.selectbox(key="preset").value, form.query_params) == ("own", {"preset": "own", "batch": "2"})
