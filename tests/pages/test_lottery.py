import os
from pathlib import Path

import numpy as np
from streamlit.testing.v1 import AppTest

from cnncore.lottery import simulate_batches
from cnncore.runs.snapshots import checkpoint_path, snapshot_folder
from cnncore.training.snapshots import Snapshot
from tests.pages.test_compare import filled, said
from tests.pages.test_compare import store as store

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
