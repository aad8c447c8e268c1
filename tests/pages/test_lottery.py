import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnncore.data.prepared import save
from cnncore.events import Finished
from cnncore.lottery import simulate_batches
from cnncore.runs.snapshots import checkpoint_path, snapshot_folder
from cnncore.training.snapshots import Snapshot
from tests.conftest import tiny_images
from tests.pages.reading import chart, metrics, said, wilson
from tests.pages.test_compare import filled
from tests.pages.test_compare import store as store
from tests.runs.conftest import CONFIG, epoch_end, started

PAGE = str(Path(__file__).parents[2] / "pages" / "lottery.py")


def opened():
    app = AppTest.from_file(PAGE, default_timeout=60).run()
    assert not app.exception
    return app


def test_without_a_run_it_simulates_and_says_so(app_home):
    app = opened()
    assert "no network was asked" in said(app)
    assert app.latex[0].value.count("3.8") == 1  # sqrt(.75 * .25 / 128)
    table = app.dataframe[0].value
    assert [round(float(p), 2) for p in table["Fisher's p"][:5]] == [0.67, 0.17, 0.61, 0.46, 0.84]
    assert table["Fisher's p"].iloc[5] == "0.00011"


def test_a_supposed_accuracy_is_not_said_to_be_of_test_images(store):
    filled(store)  # a run without a checkpoint: nothing to draw from
    app = opened()
    assert app.segmented_control(key="lottery_kind").options == ["A supposed true accuracy"]
    spec, _ = chart(app)
    assert "the supposed accuracy: 75.0 %" in str(spec)
    assert "all test images" not in str(spec)


def test_draw_one_shows_another_batch_at_each_press(app_home):
    app = opened()
    expected = simulate_batches(0.75, 5000)[:3].tolist()
    assert len(set(expected)) > 1
    for number, right in enumerate(expected, start=1):
        app.button(key="draw_one").click().run()
        assert not app.exception
        assert f"Batch {number}: **{right} of 128** right" in said(app)


def test_a_run_with_fewer_test_images_than_a_batch_is_told_in_a_sentence(store):
    run_id = filled(store)
    checkpoint_path(run_id).parent.mkdir(parents=True, exist_ok=True)
    checkpoint_path(run_id).write_bytes(b"")
    app = opened()
    assert "must lie between 1 and the 50 test images" in said(app)
    assert "Fisher's p" in app.dataframe[0].value, "the report's readings are for every reader"
    assert app.button(key="draw_one")


def test_batches_are_drawn_anew_when_the_last_snapshot_was_written_anew(store, monkeypatch):
    run_id = filled(store)
    checkpoint_path(run_id).parent.mkdir(parents=True, exist_ok=True)
    checkpoint_path(run_id).touch()
    for right, written in ((40, 10), (100, 20)):
        monkeypatch.setattr("cnncore.runs.outcomes.right_images", lambda _, right=right: np.arange(200) < right)
        sure = np.zeros(200, np.float16)
        kept = Snapshot(9, np.zeros(200, np.uint8), sure, sure, np.zeros((0, 0, 0, 0), np.float32))
        snapshot_folder(run_id).keep(kept)
        os.utime(snapshot_folder(run_id).path / "epoch-0009.npz", ns=(written, written))
        assert f"{right / 200:.3f}" in opened().latex[0].value


IMAGES, RIGHT, EPOCH = 300, 210, 3


def with_a_run(store):
    """Store a run that has 210 of its 300 test images right after three epochs."""
    save(tiny_images(test=IMAGES))
    run_id = store.create(CONFIG)
    store.claim(run_id, "me", 1)
    ends = [epoch_end(epoch) for epoch in range(1, EPOCH + 1)]
    store.append(run_id, [replace(started(), test_size=IMAGES), *ends, Finished(EPOCH, 1.5, 0.7, 0.7)], "me")
    labels = tiny_images(test=IMAGES).test_labels
    predicted = np.where(np.arange(IMAGES) % 10 < 7, labels, (labels + 1) % 7).astype(np.uint8)
    checkpoint_path(run_id).parent.mkdir(parents=True)
    checkpoint_path(run_id).touch()
    sure = np.ones(IMAGES, np.float16)
    snapshot_folder(run_id).keep(Snapshot(EPOCH, predicted, sure, sure, np.zeros((0, 0, 0, 0), np.float32)))


def expected_shares(right, total, size=128):
    """Return by number of right images its chance in percent when `size` of `total` are drawn, none twice.

    Each chance from the one before: P(k + 1) / P(k) = (right - k)(size - k) / ((k + 1)(total - right - size + k + 1)).
    """
    first = max(0, size - (total - right))
    chances = [1.0]
    for k in range(first, min(size, right)):
        chances.append(chances[-1] * (right - k) * (size - k) / ((k + 1) * (total - right - size + k + 1)))
    return {first + n: 100 * chance / sum(chances) for n, chance in enumerate(chances)}


def test_of_a_real_run_batches_are_drawn_from_its_own_test_images(store):
    with_a_run(store)
    app = opened()
    assert app.segmented_control(key="lottery_kind").value == "A stored run's test images"
    assert "drawn from the run's own 300 test images" in said(app)
    spec, data = chart(app)
    assert "all test images: 70.0 %" in str(spec)
    app.button(key="draw_one").click().run()
    assert "the accuracy on all 300 test images, 70.0 %" in said(app)
    chances = expected_shares(RIGHT, IMAGES)
    for right, share, theory in zip(data["right"], data["share"], data["theory"], strict=True):
        assert theory == pytest.approx(chances[right], abs=1e-3)
        assert share == pytest.approx(chances[right], abs=2.5), "5,000 batches lie near the theory"
    assert sum(data["share"]) == pytest.approx(100, abs=0.01)
    middle = np.average(data["right"], weights=data["share"])
    assert middle == pytest.approx(128 * 0.7, abs=0.3)
    readings = np.repeat(data["right"], np.round(50 * np.array(data["share"])).astype(int))
    low, high = np.percentile(readings, [2.5, 97.5]) / 1.28
    assert metrics(app)["95 % of the batches read"] == f"{low:.1f} to {high:.1f} %"
    assert low < 66 < 74 < high
    # sqrt(.21 / 128 * 172 / 299) = .0307: drawn without putting back from 300
    assert r"\sqrt{0.700\cdot0.300/128\cdot\tfrac{172}{299}} = 3.1\ \text{points}" in app.latex[0].value
    assert np.std(readings) / 1.28 == pytest.approx(3.07, abs=0.1)


def test_the_numbers_of_a_supposed_accuracy_are_those_of_its_draws(app_home):
    readings = simulate_batches(0.75, 5000)
    ends = [wilson(right, 128) for right in readings]
    holds = np.mean([low <= 0.75 <= high for low, high in ends])
    apart = np.mean(np.abs(readings[:2500] - readings[2500:]) >= 4)
    low, high = np.sort(readings)[[125, -126]]  # 125 of 5,000 lie below, and 125 above
    shown = metrics(opened())
    assert shown["95 % of the batches read"] == f"{low / 1.28:.1f} to {high / 1.28:.1f} %"
    assert shown["Their Wilson interval contains the truth"] == f"{100 * holds:.1f} %"
    assert shown["Two batches differ by 4 images or more"] == f"{100 * apart:.0f} %"


@pytest.mark.parametrize("verdict", ["contains", "**misses**"])
def test_a_batch_is_said_to_hold_the_truth_or_to_miss_it(app_home, verdict):
    readings = simulate_batches(0.75, 5000)
    inside = np.array([low <= 0.75 <= high for low, high in (wilson(right, 128) for right in readings)])
    place = int(np.flatnonzero(inside if verdict == "contains" else ~inside)[0])
    app = opened()
    app.session_state["lottery_drawn"] = place + 1
    app.run()
    low, high = (100 * end for end in wilson(int(readings[place]), 128))
    assert (
        f"Batch {place + 1}: **{readings[place]} of 128** right, {readings[place] / 1.28:.1f} % "
        f"({low:.1f} to {high:.1f}). Its interval {verdict} the supposed true accuracy, 75.0 %." in said(app)
    )
