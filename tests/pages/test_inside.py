import io
import re
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from cnncore import compute
from cnncore.data.augmentation import RandomCrop
from cnncore.data.prepared import load, save
from cnncore.figures.words import percent
from cnncore.inspection.filters import filter_history
from cnncore.inspection.forward import forward
from cnncore.inspection.heats import rank_correlation
from cnncore.inspection.looked import AnsweredView, Looked
from cnncore.inspection.looks import looks
from cnncore.inspection.moment import Moment
from cnncore.inspection.saliency import gradients, occlusion
from cnncore.runs.client import delete
from cnncore.runs.record import Status
from cnncore.runs.snapshots import scored_images, snapshot_folder
from cnncore.runs.store import open_store
from cnncore.training.config import RunConfig, Standardization
from cnncore.training.presets import PRESETS
from pages.parts import awaited
from pages.parts.inside_choice import surest_error
from pages.parts.inside_filters import show_filters
from pages.parts.inside_looks import _together
from tests.conftest import tiny_images
from tests.pages.reading import said, viewed
from tests.pages.stored_run import store_run

PAGE = Path(__file__).parents[2] / "pages" / "inside.py"
CONFIG = RunConfig(
    dataset="tiny",
    network="classroom",
    epochs=4,
    lr=0.1,
    batch_size=10,
    standardize=Standardization.CHANNEL,
    augment=(RandomCrop(10),),
    dropout=0.5,
)
OLDER = replace(CONFIG, epochs=3, seed=5)


def opened(**address):
    page = AppTest.from_file(str(PAGE), default_timeout=240)
    for key, value in address.items():
        page.query_params[key] = value
    return page.run()


def pictures(page):
    return " ".join(element.proto.body for element in page.get("html"))


def sound(page):
    assert not page.exception
    assert not page.error
    return page


@pytest.fixture(scope="module")
def run_ids(tmp_path_factory):
    """Two runs in a home of their own, for all tests of the module: they only look. The second is the newest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNCORE_HOME", str(tmp_path_factory.mktemp("home")))
        compute.shutdown()  # children take their home from when they were started
        save(tiny_images())
        yield store_run(OLDER), store_run(CONFIG)
    compute.shutdown()


@pytest.fixture
def run_id(run_ids):
    return run_ids[1]


def test_without_a_run_an_untrained_network_is_shown_as_one(app_home):
    compute.shutdown()
    page = sound(opened())
    assert "No trained network is stored yet: this is an **untrained** one" in page.info[0].value
    assert "Train a network" in said(page)
    assert "test image 0: " in pictures(page)
    assert re.search(r"\d+\.\d % sure\. \*?\*?(Right|Wrong)", said(page))
    for kind in ("Gradient: ", "SmoothGrad: ", "Occlusion: −"):
        assert kind in pictures(page)
    assert "**First-layer filters**, before training" in said(page)
    found = forward(None, Moment.BEFORE, PRESETS["classroom-9"], np.array(load("builtin").test_images[0]))
    assert f"{100 * found.chances.max():.1f} % sure" in said(page)
    assert [button.label for button in page.button] == ["Ask for another class"]
    compute.shutdown()


def test_a_link_opens_run_epoch_and_image(run_ids):
    run_id = run_ids[0]
    page = sound(opened(inside_run=run_id, inside_epoch="2", inside_row="11"))
    assert page.selectbox(key="inside_run").value == run_id
    assert page.select_slider(key="inside_epoch").value == 2
    assert not page.warning
    rows, labels = scored_images(run_id)
    data, told = load("tiny"), snapshot_folder(run_id).read(2)
    place = int(np.flatnonzero(rows == 11)[0])
    answer = data.classes[told.predicted[place]]
    right = "Right." if told.predicted[place] == labels[place] else "**Wrong.**"
    shown = re.search(r"\*\*(\w+)\*\*, ([\d.]+) % sure\. (\S+)", said(page))
    assert (shown[1], shown[3]) == (answer, right)
    assert float(shown[2]) == pytest.approx(100 * float(told.confidence[place]), abs=0.2)
    assert f"test image 11: {data.classes[labels[place]]}" in pictures(page)
    found = forward(run_id, 2, OLDER, np.array(data.test_images[11]))
    for values in found.inputs:
        assert f"{values.min():z.2f} / {values.mean():z.2f} / {values.max():z.2f}".replace("-", "−") in said(page)
    page.select_slider(key="inside_epoch").set_value(0).run()
    again = re.search(r"([\d.]+) % sure", said(sound(page)))
    assert float(again[1]) != float(shown[2])
    page.selectbox(key="inside_run").set_value(run_ids[1]).run()
    assert page.select_slider(key="inside_epoch").value == 0
    page.select_slider(key="inside_epoch").set_value(4).run()
    page.selectbox(key="inside_run").set_value(run_id).run()  # it has no epoch 4
    assert page.select_slider(key="inside_epoch").value <= 3
    sound(page)


def test_every_layer_can_be_seen_and_every_channel(run_id):
    page = sound(opened())
    found = forward(run_id, 4, CONFIG, np.array(load("tiny").test_images[0]))
    slider = page.select_slider(key="inside_layer")
    assert list(slider.options) == [layer.name for layer in found.layers]
    for layer in found.layers:
        page.select_slider(key="inside_layer").set_value(layer.name).run()
        sound(page)
        assert f"**{100 * layer.zero_share:.0f} %**" in said(page)
        if not layer.dense:
            assert f"**{layer.name}: {' × '.join(map(str, layer.shape))}.**" in said(page)
            best = int(layer.high.argmax())
            assert f"{layer.name}, channel {best + 1}" in pictures(page)
            assert f"to **{layer.high[best]:.3g}**" in said(page)
    page.select_slider(key="inside_layer").set_value("conv1").run()
    assert "its filter: grey is 0" in pictures(page)
    page.number_input(key="inside_channel").set_value(3).run()
    assert "conv1, channel 3" in pictures(sound(page))
    own = pictures(page)
    page.toggle(key="inside_common").set_value(True).run()
    assert "in all maps" in said(sound(page))
    assert pictures(page) != own
    page.number_input(key="inside_channel").set_value(4000).run()
    assert f"conv1, channel {found.layers[0].shape[0]}" in pictures(sound(page))


def test_the_class_decides_which_pixels_matter(run_id):
    page = sound(opened(inside_row="5"))
    before = pictures(page)
    page.selectbox(key="inside_class").set_value("dark").run()
    assert pictures(sound(page)) != before
    page.slider(key="inside_patch").set_value(3).run()
    assert "a grey 3 × 3 patch" in said(sound(page))
    page.slider(key="inside_sigma").set_value(0).run()
    assert "with noise σ 0.00" in said(sound(page))


def test_how_much_of_a_heat_was_learned_is_measured(run_id):
    page = AppTest.from_file(str(PAGE), default_timeout=240)
    page.session_state.inside_said = True
    page = sound(page.run())
    image = np.array(load("tiny").test_images[0])
    found = forward(run_id, 4, CONFIG, image)
    first, second = np.argsort(-found.chances)[:2].tolist()
    now, before = (gradients(run_id, epoch, CONFIG, image, first) for epoch in (4, 0))
    covered, hidden = (occlusion(run_id, epoch, CONFIG, image, first) for epoch in (4, 0))
    likely = gradients(run_id, 4, CONFIG, image, second)
    numbers = [
        rank_correlation(now.plain, before.plain),
        rank_correlation(now.smooth, before.smooth),
        rank_correlation(covered.drop, hidden.drop),
        rank_correlation(now.plain, likely.plain),
    ]
    gradient, smooth, occluded, other = (f"{number:z.2f}".replace("-", "−") for number in numbers)
    text = f"*before training*: Gradient **{gradient}**, SmoothGrad **{smooth}**, Occlusion **{occluded}**"
    assert text in said(page)
    assert f"with the heat map for *{found.classes[second]}*: Gradient **{other}**" in said(page)
    assert f"has **{100 * covered.chance:.1f} %**" in said(page)
    assert f"**{100 * covered.least:.1f} %**, the least of {covered.positions} places" in said(page)


def test_six_views_are_answered_one_by_one_and_together(run_id):
    page = AppTest.from_file(str(PAGE), default_timeout=240)
    page.session_state.inside_looks = True
    page = sound(page.run())
    found = looks(run_id, 4, CONFIG, np.array(load("tiny").test_images[0]))
    for view in found.views:
        name, chance = found.answer(view.chances)
        assert f"{view.words}: {name}, {100 * chance:.1f}\u00a0%" in pictures(page)
    name, chance = found.answer(found.chances)
    assert f"with twice the weight: **{name}**, {100 * chance:.1f} % sure" in said(page)
    assert "on all test images" not in said(page)


PIXELS = np.zeros((1, 4, 4), np.uint8)


@pytest.mark.parametrize(
    ("label", "verdict"),
    [
        (0, "It was right, and the mean is wrong."),
        (1, "It was wrong, and the mean is right."),
        (2, "Both are wrong."),
        (None, None),
    ],
)
def test_where_the_mean_says_something_else_the_page_says_which_is_right(label, verdict):
    one = AnsweredView(0.4, False, 0, PIXELS, np.array([0.5, 0.3, 0.2]))
    other = AnsweredView(0.6, True, 0, PIXELS, np.array([0.1, 0.8, 0.1]))
    text = _together(Looked(("cat", "dog", "fish"), (one, other)), label)
    assert "**dog**, 60.0 % sure; 1 of the six" in text
    assert "One look alone said *cat*, 50.0 % sure." in text
    assert text.endswith(verdict or "sure.")


def test_a_run_that_was_scored_by_six_views_says_what_they_gave(run_ids):
    run_id = store_run(replace(CONFIG, epochs=1, tta="mirror"))
    try:
        page = AppTest.from_file(str(PAGE), default_timeout=240)
        page.query_params["inside_run"] = run_id
        page.session_state.inside_looks = True
        run = open_store().get(run_id)
        assert f"**{percent(run.test_tta_accuracy, 70)}** asked about 2 views of each" in said(sound(page.run()))
    finally:
        open_store().set_status(run_id, Status.STOPPED)
        delete(run_id)


def test_another_data_set_has_fewer_images(run_id):
    save(replace(tiny_images(test=14), name="few"))
    store_run(replace(CONFIG, dataset="few", epochs=1, augment=()))
    page = sound(opened(inside_run=run_id, inside_row="69"))
    assert page.number_input(key="inside_row").value == 69
    few = next(name for name in page.selectbox(key="inside_run").options if " few " in name)
    page.selectbox(key="inside_run").select(few).run()
    assert page.number_input(key="inside_row").value <= 13
    assert "test image" in pictures(sound(page))
    delete(open_store().runs()[0].id)


def test_what_to_try_leads_where_it_says(run_id):
    page = sound(opened())
    assert [button.label for button in page.button] == ["Ask for another class", "Before training", "Its surest error"]
    page.button(key="try_Before training").click().run()
    assert page.select_slider(key="inside_epoch").value == 0
    assert "Random weights" in sound(page).info[0].value
    page.button(key="try_Its surest error").click().run()
    told, (rows, labels) = snapshot_folder(run_id).read(4), scored_images(run_id)
    wrong = [
        (float(sure), row)
        for sure, row, label, answer in zip(told.confidence, rows, labels, told.predicted, strict=True)
        if label != answer
    ]
    assert page.number_input(key="inside_row").value == max(wrong, key=lambda pair: pair[0])[1]
    assert page.select_slider(key="inside_epoch").value == 4
    assert "**Wrong.**" in said(sound(page))
    page.button(key="try_Ask for another class").click().run()
    assert page.selectbox(key="inside_class").value != "its answer"
    assert "a heat map for it" in sound(page).info[0].value


@pytest.fixture
def thinned(run_ids):
    """Return a run whose last epoch has weights and no snapshot, as an odd one has of a run of more than 200 epochs."""
    last = snapshot_folder(run_ids[0]).path / "epoch-0003.npz"
    content = last.read_bytes()
    last.unlink()
    yield run_ids[0]
    last.write_bytes(content)


def test_without_a_snapshot_of_the_last_epoch_only_its_surest_error_is_missing(thinned):
    page = sound(opened(inside_run=thinned))
    assert page.select_slider(key="inside_epoch").value == 3
    assert [button.label for button in page.button] == ["Ask for another class", "Before training"]
    assert "What these heat maps can say and what not, measured" in [fold.label for fold in page.expander]
    assert list(page.select_slider(key="inside_filters").options) == ["0", "1", "2"]
    assert "What it confuses: all its errors" in said(page)
    page.button(key="try_Before training").click().run()
    assert page.select_slider(key="inside_epoch").value == 0
    sound(page)


def test_an_epoch_whose_filters_were_not_kept_is_told(run_id):
    page = sound(opened(inside_filters="99"))
    assert any("`inside_filters=99` (shown: 4)" in warning.value for warning in page.warning)
    assert not opened(inside_filters="1").warning


def test_the_filters_move_with_the_epochs(run_id):
    page = sound(opened())
    history = filter_history(run_id)
    assert list(page.select_slider(key="inside_filters").options) == ["0", "1", "2", "3", "4"]
    for place in (4, 1, 0):
        page.select_slider(key="inside_filters").set_value(place).run()
        assert f"moved by **{100 * np.median(history.change[place]):.0f} %**" in said(sound(page))
        assert f"±{history.limit:.2f}" in said(page)  # one scale, whatever the epoch
        first = history.most_changed(place)[0]
        assert f"farthest: {first + 1} ({100 * history.change[place, first]:.0f} %)" in said(page)


def picture_file(width, height):
    file = io.BytesIO()
    Image.new("RGB", (width, height), (250, 120, 10)).save(file, "PNG")
    return file.getvalue()


def test_an_epoch_that_was_written_anew_is_read_anew(tiny):
    """A run that went on from its checkpoint may come to an epoch a second time."""
    run_id = store_run()
    before, surest = said(viewed(show_filters, run_id)), surest_error(run_id, 1)
    folder = snapshot_folder(run_id)
    kept = folder.read(1)
    labels = scored_images(run_id)[1]
    wrong = np.where(np.arange(len(labels)) == surest, labels, (labels + 1) % 7).astype(np.uint8)
    folder.keep(replace(kept, filters=kept.filters + 1, predicted=wrong))
    after = said(viewed(show_filters, run_id))
    assert "After epoch 1 the filters have moved by" in before
    assert after != before
    assert surest_error(run_id, 1) != surest


def test_a_run_that_is_not_there_is_told(run_id):
    page = opened(inside_run="gone")
    assert not page.exception
    assert f"`inside_run=gone` (shown: {run_id})" in said(page)


def test_an_own_picture_goes_the_same_way(run_id):
    page = sound(opened(inside_source="Upload"))
    assert "Until then the test image stays" in said(page)
    page.file_uploader(key="inside_upload").set_value(("mine.png", picture_file(300, 200), "image/png")).run()
    assert "your picture" in pictures(sound(page))
    plain = np.tile(np.array([250, 120, 10], np.uint8)[:, None, None], (1, 12, 12))
    found = forward(run_id, 4, CONFIG, plain)
    assert f"{100 * found.chances.max():.1f} % sure." in said(page)
    assert "Right." not in said(page)
    assert "Wrong." not in said(page)
    assert f"red {found.inputs[0].min():z.2f} / {found.inputs[0].mean():z.2f}".replace("-", "−") in said(page)
    page.file_uploader(key="inside_upload").set_value(("wide.png", picture_file(20_000, 300), "image/png")).run()
    assert "your picture" in pictures(sound(page))


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"no picture at all", "not a picture"), (picture_file(20_000, 4_000), "million pixels")],
)
def test_a_picture_that_cannot_be_read_is_a_sentence(run_id, content, reason):
    page = opened(inside_source="Upload")
    page.file_uploader(key="inside_upload").set_value(("bad.png", content, "image/png")).run()
    assert not page.exception
    assert len(page.error) == 1
    assert page.error[0].value.startswith("`picture` cannot be read")
    assert reason in page.error[0].value
    assert "test image 0" in pictures(page)


def test_the_last_image_stays_with_its_controls_until_the_next_is_looked_at(run_id, monkeypatch):
    page = sound(opened())
    page.select_slider(key="inside_layer").set_value("conv2").run()
    asked, free = compute.call, threading.Event()

    def busy(target, **arguments):
        assert free.wait(60)
        return asked(target, **arguments)

    monkeypatch.setattr(compute, "call", busy)
    monkeypatch.setattr(awaited, "SOON", 0.01)
    page.number_input(key="inside_row").set_value(17).run()
    assert "test image 0: " in pictures(sound(page))
    assert page.select_slider(key="inside_layer").value == "conv2"
    assert len(page.get("skeleton")) == 1
    free.set()
    page.session_state["awaited_looked_at"][1].result(60)
    page.run()
    assert "test image 17: " in pictures(sound(page))
    assert page.select_slider(key="inside_layer").value == "conv2"
    page.session_state["awaited_heats"][1].result(60)
    page.run()
    assert "Occlusion: −" in pictures(page)
    assert len(page.get("skeleton")) == 0


def test_a_bad_address_falls_back_and_says_so(run_id):
    page = sound(opened(inside_epoch="99", inside_row="-3", inside_class="unicorn", inside_layer="attention"))
    for asked in ("inside_epoch=99", "inside_row=-3", "inside_class=unicorn", "inside_layer=attention"):
        assert asked in page.warning[0].value


def test_a_calculation_that_fails_is_a_sentence(run_id, monkeypatch):
    def late(*_, **__):
        raise compute.ComputeError("The calculation took longer than 60 seconds and was ended: try a smaller input.")

    monkeypatch.setattr(compute, "call", late)
    page = opened(inside_row="42")
    assert not page.exception
    assert "took longer than 60 seconds" in page.error[0].value
