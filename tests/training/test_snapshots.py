import os
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncore.errors import InputError
from cnncore.events import Epoch
from cnncore.training.config import RunConfig
from cnncore.training.snapshots import BUDGET, MOST, Folder, Snapshot, kept_epochs, weight_epochs
from cnncore.training.trainer import train

CONFIG = RunConfig(dataset="tiny", network="classroom", epochs=4, batch_size=32, device="cpu")


def snapshot(epoch, seed=0, count=50):
    rng = np.random.default_rng(seed)
    return Snapshot(
        epoch,
        rng.integers(0, 7, count).astype(np.uint8),
        rng.random(count).astype(np.float16),
        rng.random(count).astype(np.float16),
        rng.normal(size=(4, 3, 5, 5)).astype(np.float32),
    )


def test_what_is_kept_comes_back(tmp_path):
    folder, kept = Folder(tmp_path / "run"), snapshot(3)
    assert folder.epochs() == ()
    folder.keep(kept)
    folder.keep_weights(3, {"0.weight": kept.filters})
    found = folder.read(3)
    for name in ("predicted", "confidence", "true", "filters"):
        assert getattr(found, name).dtype == getattr(kept, name).dtype
        np.testing.assert_array_equal(getattr(found, name), getattr(kept, name))
    np.testing.assert_array_equal(folder.read_weights(3)["0.weight"], kept.filters)
    assert (folder.epochs(), folder.weights()) == ((3,), (3,))


def test_what_was_not_kept_or_cannot_be_read_is_one_sentence(tmp_path):
    folder = Folder(tmp_path)
    folder.keep(snapshot(1))
    with pytest.raises(InputError, match=r"`epoch` \(=2\) was not kept: choose one of those that were \(1\)"):
        folder.read(2)
    with pytest.raises(InputError, match="none yet"):
        folder.read_weights(1)
    (tmp_path / "epoch-0001.npz").write_bytes(b"half of it")
    with pytest.raises(InputError, match=r"epoch-0001\.npz cannot be read"):
        folder.read(1)


def test_forgetting_takes_what_comes_again_and_all_of_a_deleted_run(tmp_path):
    folder = Folder(tmp_path / "run")
    for epoch in range(5):
        folder.keep(snapshot(epoch))
        folder.keep_weights(epoch, {})
    folder.forget(3)
    assert (folder.epochs(), folder.weights()) == ((0, 1, 2), (0, 1, 2))
    (tmp_path / "run" / "epoch-0004.npz.1.part").write_bytes(b"")
    folder.forget()
    assert not (tmp_path / "run").exists()
    folder.forget()  # nothing there, nothing to do


@given(epochs=st.integers(1, 10_000), size=st.integers(1, 3 * BUDGET))
def test_disk_use_is_bounded_and_the_first_and_last_epochs_are_there(epochs, size):
    kept, weights = kept_epochs(epochs), weight_epochs(epochs, size)
    assert {0, epochs} <= kept
    assert len(kept) <= MOST + 1
    assert len(weights) * size <= BUDGET
    assert weights <= kept
    if epochs <= MOST:
        assert kept == set(range(epochs + 1))


def test_the_practicals_network_keeps_the_epochs_in_which_it_changes_most():
    assert sorted(weight_epochs(100, 1_191_170 * 4)) == [1, 2, 3, 5, 8, 13, 20, 30, 50, 80]
    assert weight_epochs(100, BUDGET + 1) == frozenset()


def test_a_run_leaves_a_snapshot_of_every_epoch_and_one_of_before(tiny, tmp_path):
    list(train(CONFIG, checkpoint=tmp_path / "run.pt"))
    folder = Folder(tmp_path / "run")
    assert folder.epochs() == (0, 1, 2, 3, 4)
    assert folder.weights() == (1, 2, 3)
    last = folder.read(4)
    assert last.predicted.shape == last.confidence.shape == last.true.shape == (70,)
    assert last.filters.shape[1:] == (3, 5, 5)
    right = last.predicted == tiny.test_labels
    np.testing.assert_array_equal(last.true[right], last.confidence[right])
    assert (last.true[~right] <= last.confidence[~right]).all()


def test_snapshots_are_those_of_the_epochs_figures(tiny, tmp_path):
    config = replace(CONFIG, average=0.5, batch_norm=True)
    epochs = [event for event in train(config, checkpoint=tmp_path / "run.pt") if isinstance(event, Epoch)]
    for epoch in epochs:
        found = Folder(tmp_path / "run").read(epoch.epoch)
        assert (found.predicted == tiny.test_labels).mean() == pytest.approx(epoch.test_accuracy)
        assert -np.log(found.true.astype(float)).mean() == pytest.approx(epoch.test_loss, rel=2e-3)


def test_snapshots_change_no_number_and_can_be_left_out(tiny, tmp_path):
    losses = []
    for wanted in (True, False):
        path = tmp_path / f"{wanted}.pt"
        events = list(train(replace(CONFIG, snapshots=wanted), checkpoint=path))
        losses.append([event.loss for event in events if event.kind == "batch"])
        assert path.with_suffix("").exists() is wanted
    assert losses[0] == losses[1]


def test_a_full_disk_is_one_sentence_and_the_run_resumes(tiny, tmp_path, monkeypatch):
    path = tmp_path / "run.pt"
    whole = [event.test_loss for event in train(CONFIG) if isinstance(event, Epoch)]
    write = type(path).write_bytes

    def full(self, content):
        if "epoch-0003" in self.name:
            raise OSError(28, os.strerror(28))
        return write(self, content)

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(InputError, match=r"snapshot of epoch 3 cannot be written .*resume the run"):
        list(train(CONFIG, checkpoint=path))
    assert Folder(tmp_path / "run").epochs() == (0, 1, 2)
    assert not list((tmp_path / "run").glob("*.part"))
    monkeypatch.undo()
    monkeypatch.setenv("CNNCORE_HOME", str(tmp_path / "home"))
    after = [event.test_loss for event in train(CONFIG, checkpoint=path, resume=True) if isinstance(event, Epoch)]
    assert after == whole[2:]
    assert Folder(tmp_path / "run").epochs() == (0, 1, 2, 3, 4)


def test_what_an_interrupted_process_left_ahead_of_its_checkpoint_is_dropped(tiny, tmp_path):
    path = tmp_path / "run.pt"
    run = train(CONFIG, checkpoint=path)
    next(event for event in run if isinstance(event, Epoch) and event.epoch == 3)
    run.close()
    folder = Folder(tmp_path / "run")
    folder.keep(snapshot(3))
    folder.keep_weights(3, {})
    run = train(CONFIG, checkpoint=path, resume=True)
    next(run)
    next(run)
    assert folder.epochs() == (0, 1, 2)
    assert folder.weights() == (1, 2)
