import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix
from streamlit.testing.v1 import AppTest

from cnncore.data.prepared import save
from cnncore.figures.calibration import probability
from cnncore.inspection.confusion import worst_cell
from cnncore.runs.answers import answers, sureness_by_epoch
from cnncore.runs.record import Status
from cnncore.runs.snapshots import checkpoint_path, snapshot_folder
from cnncore.runs.store import open_store
from cnncore.training.config import RunConfig
from cnncore.training.snapshots import Snapshot
from pages.parts.errors_calibration import BANDS, band
from pages.parts.errors_views import SHARES, SUREST, WORST
from tests.conftest import CLASSES, tiny_images
from tests.pages.reading import said
from tests.pages.stored_run import store_run
from tests.runs.conftest import epoch_end, started

PAGE = str(Path(__file__).parents[2] / "pages" / "errors.py")
CONFIG = RunConfig(dataset="tiny", network="classroom", epochs=5, lr=0.1, batch_size=10)


def opened(**address):
    page = AppTest.from_file(PAGE, default_timeout=60)
    for key, value in address.items():
        page.query_params[key] = value
    page.session_state["errors_all_counts"] = True  # unfolded
    return healthy(page.run())


def healthy(page):
    assert not page.exception
    assert not page.error
    return page


def counts(page):
    return page.dataframe[-1].value.to_numpy()


def tiles(page, number):
    """Return what the images of a cell (0) or of the gallery (1) show and where they lead."""
    return json.loads(page.get("bidi_component")[number].proto.json)["tiles"]


def expected(run_id, epoch):
    given = answers(run_id, epoch)
    return confusion_matrix(given.labels, given.found.predicted, labels=range(7))


def cell(page):
    return page.selectbox(key="errors_true").value, page.selectbox(key="errors_answer").value


def worst(run_id, epoch):
    return tuple(CLASSES[place] for place in worst_cell(expected(run_id, epoch)))


def written(run_id, epoch, predicted, confidence=0.5):
    sure = np.full(70, confidence, np.float16)
    snapshot_folder(run_id).keep(
        Snapshot(epoch, predicted.astype(np.uint8), sure, sure, np.zeros((0, 0, 0, 0), np.float32))
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Train one run for all tests, and return its home and its id."""
    place = tmp_path_factory.mktemp("trained") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNCORE_HOME", str(place))
        save(tiny_images())
        return place, store_run(CONFIG)


@pytest.fixture
def run_id(trained, app_home):
    """Return the id of the trained run, in a home of the test's own."""
    place, run_id = trained
    shutil.copytree(place, app_home)
    return run_id


@pytest.fixture
def tiny():
    return tiny_images()


def test_without_a_run_it_says_how_to_get_one(app_home):
    page = opened()
    assert "No trained network" in page.info[0].value
    assert "Train a network" in said(page)


def test_a_test_set_that_is_locked_shows_no_errors_until_the_reader_opens_it(trained, app_home):
    shutil.copytree(trained[0], app_home)
    store = open_store()
    run_id = store.create(replace(CONFIG, validation_size=20))
    store.claim(run_id, "me", 1)
    store.append(run_id, [started(), epoch_end(1)], "me")
    checkpoint_path(run_id).touch()
    page = opened(errors_run=run_id)
    assert "is locked until the end" in said(page)
    assert not page.dataframe
    healthy(page.toggle(key=f"read_test_{run_id}").set_value(True).run())
    assert "Nothing was kept" in said(page)


def test_the_epoch_changes_the_matrix(run_id):
    page = opened()
    shown = []
    for epoch in (5, 0):
        healthy(page.select_slider(key="errors_epoch").set_value(epoch).run())
        shown.append(counts(page))
        assert shown[-1].tolist() == expected(run_id, epoch).tolist()
        right = int(np.trace(shown[-1]))
        assert f"**{right} of 70** test images right" in said(page)
    assert (shown[0] != shown[1]).any()


def test_what_is_folded_is_made_when_it_is_unfolded(run_id):
    page = opened()
    before = len(page.dataframe)
    page.session_state["errors_of_class"] = True
    healthy(page.run())
    assert len(page.dataframe) == before + 1
    scores = next(table.value for table in page.dataframe if "recall" in table.value)
    right, images = np.diag(expected(run_id, 5)), expected(run_id, 5).sum(1)
    assert scores["recall"].to_numpy() == pytest.approx(right / images)


def test_the_cell_follows_the_worst_confusion_until_one_is_chosen(run_id):
    page = opened()
    assert cell(page) == worst(run_id, 5)
    for epoch in (1, 0, 3):
        healthy(page.select_slider(key="errors_epoch").set_value(epoch).run())
        assert cell(page) == worst(run_id, epoch)
    healthy(page.selectbox(key="errors_answer").set_value("left").run())
    chosen = (worst(run_id, 3)[0], "left")
    for epoch in (0, 5, 2):
        healthy(page.select_slider(key="errors_epoch").set_value(epoch).run())
        assert cell(page) == chosen
    healthy(page.button(key="try_Before training").click().run())
    assert cell(page) == worst(run_id, 0)
    assert "Not random at all" in said(page)


def test_the_wrong_answers_of_the_surest_epoch_are_counted(run_id, tiny):
    predicted = tiny.test_labels.copy()  # 0 to 6, again and again
    predicted[:14], predicted[14:16] = 6, (1, 0)
    written(run_id, 6, predicted, confidence=0.95)
    written(run_id, 7, tiny.test_labels)
    page = opened()
    healthy(page.button(key="try_Surest when wrong").click().run())
    assert "95 % sure on average" in said(page)
    assert "Of these 14 answers 12 are one and the same class" in said(page)


def test_a_chosen_cell_that_becomes_the_worst_stays_chosen(run_id):
    page = opened()
    for box, name in zip(("errors_true", "errors_answer"), worst(run_id, 0), strict=True):
        healthy(page.selectbox(key=box).set_value(name).run())
    for epoch in (0, 4, 5):
        healthy(page.select_slider(key="errors_epoch").set_value(epoch).run())
        assert cell(page) == worst(run_id, 0)


def test_the_address_says_epoch_cell_and_view(run_id):
    page = opened(
        errors_run=run_id,
        errors_epoch="2",
        errors_true="bright",
        errors_answer="bright",
        errors_cells=SHARES,
        errors_gallery=SUREST,
    )
    assert page.select_slider(key="errors_epoch").value == 2
    assert cell(page) == ("bright", "bright")
    assert page.button_group(key="errors_cells").value == SHARES
    assert page.button_group(key="errors_gallery").value == SUREST
    assert counts(page).tolist() == expected(run_id, 2).tolist()
    healthy(page.select_slider(key="errors_epoch").set_value(4).run())
    assert cell(page) == ("bright", "bright")


def test_what_the_address_cannot_have_is_said(run_id):
    page = opened(errors_epoch="77", errors_true="unicorn")
    assert "`errors_epoch=77` (shown: 5)" in page.warning[0].value
    assert "`errors_true=unicorn`" in page.warning[0].value


def test_a_cells_images_lead_inside(run_id, tiny):
    given = answers(run_id, 5)
    found = expected(run_id, 5)
    true, answer = divmod(int(found.argmax()), 7)
    page = opened(errors_true=CLASSES[true], errors_answer=CLASSES[answer])
    shown = tiles(page, 0)
    assert len(shown) == min(15, found[true, answer])
    assert f"**{found[true, answer]} of 10** images of {CLASSES[true]} were taken for {CLASSES[answer]}" in said(page)
    for tile in shown:
        assert tile["link"].startswith(f"inside?inside_run={run_id}&inside_epoch=5&inside_row=")
        place = int(tile["link"].rsplit("=", 1)[1])
        assert (given.labels[place], given.found.predicted[place]) == (true, answer)
        assert tile["caption"] == f"{100 * float(given.found.confidence[place]):.0f} %"
    assert [int(tile["caption"].split()[0]) for tile in shown] == sorted(
        (int(tile["caption"].split()[0]) for tile in shown), reverse=True
    )


def test_the_gallery_begins_with_the_worst(run_id):
    page = opened(errors_epoch="1")
    given = answers(run_id, 1)
    wrong = np.flatnonzero(~given.right)
    for kind, key in ((WORST, given.found.true), (SUREST, -given.found.confidence)):
        healthy(page.button_group(key="errors_gallery").set_value(kind).run())
        tile = tiles(page, 1)[0]
        first = given.rows.tolist().index(int(tile["link"].rsplit("=", 1)[1]))
        assert first in wrong
        assert key[first] == key[wrong].min()
        assert tile["caption"] == (
            f"{CLASSES[given.labels[first]]}: {probability(float(given.found.true[first]))}\n"
            f"{CLASSES[given.found.predicted[first]]}: {probability(float(given.found.confidence[first]))}"
        )
    assert f"worst of {len(wrong)} wrong answers" in said(page)


def test_the_calibration_error_and_the_question_are_of_the_epoch_shown(run_id, tiny):
    page = opened(errors_epoch="4")
    error = 100 * sureness_by_epoch(run_id)[4].error
    assert f"calibration error **{error:.1f}** points" in said(page)
    assert rf"{error:.1f}\ \%" in page.latex[0].value
    written(run_id, 6, (tiny.test_labels + (np.arange(70) < 7)) % 7, confidence=0.95)
    healthy(page.select_slider(key="errors_epoch").set_value(6).run())
    given = answers(run_id, 6)
    sure = given.found.confidence > 0.9
    wrong = int((sure & ~given.right).sum())
    assert f"{sure.sum()} of 70 answers are more than 90 % sure" in said(page)
    right = band(wrong / sure.sum())
    healthy(page.button_group(key="errors_sure").set_value(right).run())
    assert page.success[0].value.startswith(f"**Right.** {wrong} of {sure.sum()},")
    other = next(option for option in BANDS if option != right)
    healthy(page.button_group(key="errors_sure").set_value(other).run())
    assert f"**Not so: {right}.**" in said(page)


def test_a_training_runs_newest_epoch_comes_by_itself_and_a_chosen_one_stays(run_id, tiny):
    page = opened()
    assert page.select_slider(key="errors_epoch").value == 5
    written(run_id, 6, tiny.test_labels)
    healthy(page.run())
    assert page.select_slider(key="errors_epoch").value == 6
    assert counts(page).tolist() == np.diag([10] * 7).tolist()
    healthy(page.select_slider(key="errors_epoch").set_value(2).run())
    written(run_id, 7, tiny.test_labels)
    healthy(page.run())
    assert page.select_slider(key="errors_epoch").value == 2


def test_where_nothing_is_wrong_it_says_so(run_id, tiny):
    written(run_id, 6, tiny.test_labels, confidence=1.0)
    page = opened()
    assert "No test image was answered wrongly" in said(page)
    assert "**70 of 70** test images right: **100.0 %**" in said(page)


def test_an_epoch_without_weights_leads_to_the_nearest_that_has_them(run_id):
    kept = snapshot_folder(run_id)
    for epoch in (1, 2, 3, 4):
        (kept.path / f"weights-{epoch:04}.npz").unlink(missing_ok=True)
    for epoch, near in ((4, 5), (1, 0)):
        page = opened(errors_epoch=str(epoch))
        assert f"&inside_epoch={near}&" in tiles(page, 1)[0]["link"]
        assert f"epoch {near}, the nearest whose weights were kept" in said(page)


def test_a_run_whose_snapshots_are_gone_or_fit_no_more_is_one_sentence(run_id, tiny):
    snapshot_folder(run_id).forget(0)
    assert "Nothing was kept of this run's epochs" in said(opened())
    written(run_id, 1, tiny.test_labels[:35].repeat(2))
    path = snapshot_folder(run_id).path / "epoch-0001.npz"
    path.write_bytes(b"no archive")
    page = AppTest.from_file(PAGE, default_timeout=60).run()
    assert not page.exception
    assert "cannot be read" in page.error[0].value


def test_a_run_that_is_still_going_on_offers_its_newest_epoch(run_id):
    open_store().set_status(run_id, Status.RUNNING)
    assert checkpoint_path(run_id).exists()
    page = opened(errors_epoch="2")
    assert "Still training, 5 of 5 epochs done" in said(page)
    healthy(page.button(key="errors_again").click().run())
    assert page.select_slider(key="errors_epoch").value == 5
    assert counts(page).tolist() == expected(run_id, 5).tolist()


@pytest.mark.parametrize(("share", "number"), [(0, 0), (0.009, 0), (0.01, 1), (0.049, 1), (0.1, 2), (0.2, 3), (1, 3)])
def test_the_bands_of_the_question(share, number):
    assert band(share) == BANDS[number]


def test_what_to_try_has_the_runs_own_numbers(run_id, tiny):
    half = np.where(np.arange(70) < 35, tiny.test_labels, (tiny.test_labels + 1) % 7)
    written(run_id, 6, half, confidence=0.9375)  # surer when wrong than the network, which is not sure of much
    written(run_id, 7, half, confidence=0.25)
    page = opened()
    healthy(page.button(key="try_Surest when wrong").click().run())
    assert page.select_slider(key="errors_epoch").value == 6
    assert "After epoch 6 its wrong answers are 94 % sure on average" in said(page)
    healthy(page.button(key="try_Before training").click().run())
    answered = expected(run_id, 0).sum(0)
    assert f"after epoch 0, {answered.max()} of 70 images get one and the same answer" in said(page)
