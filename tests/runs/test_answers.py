import dataclasses
import os

import numpy as np
import pytest
import torch
from torch.nn.functional import softmax

from cnncore.data.prepared import save
from cnncore.errors import InputError
from cnncore.inspection.trained import trained
from cnncore.runs.answers import answers, cell_by_epoch, sureness_by_epoch, wrong_confidence
from cnncore.runs.snapshots import snapshot_folder
from cnncore.runs.store import open_store
from cnncore.training.config import RunConfig
from cnncore.training.snapshots import Snapshot
from tests.conftest import tiny_images
from tests.pages.stored_run import store_run

CONFIG = RunConfig(dataset="tiny", network="classroom", epochs=3, test_size=42, lr=0.1, batch_size=10, device="cpu")


def keep(run_id, epoch, predicted, confidence):
    """Write a snapshot of a run whose test images are the first 70 of the tests' small data set."""
    sure = np.full(70, confidence, np.float16)
    snapshot_folder(run_id).keep(
        Snapshot(epoch, predicted.astype(np.uint8), sure, sure, np.zeros((0, 0, 0, 0), np.float32))
    )


@pytest.fixture
def bare(tiny):
    """Return a run that has not begun: its snapshots are the test's own."""
    return open_store().create(RunConfig(dataset="tiny", network="classroom", epochs=100))


def test_a_real_runs_answers_are_its_networks(tiny):
    run_id = store_run(CONFIG)
    told = sureness_by_epoch(run_id)
    assert list(told) == [0, 1, 2, 3]
    network, given = trained(run_id, 3), answers(run_id, 3)
    with torch.no_grad():
        probabilities = softmax(network.model(network.inputs(tiny.test_images[given.rows])), 1)
    sure, answer = (value.numpy() for value in probabilities.max(1))
    labels = tiny.test_labels[given.rows]
    assert given.right.tolist() == (answer == labels).tolist()
    assert told[3].accuracy == pytest.approx(open_store().get(run_id).test_accuracy)
    assert told[3].wrong == pytest.approx(sure[answer != labels].mean(), abs=1e-3)
    assert told[3].right == pytest.approx(sure[answer == labels].mean(), abs=1e-3)
    for cell in ((0, 1), (4, 4)):
        counts = cell_by_epoch(run_id, cell)
        assert list(counts) == [0, 1, 2, 3]
        assert counts[3] == sum((labels == cell[0]) & (answer == cell[1]))


def test_the_confidence_of_wrong_answers_by_epoch(bare, tiny):
    wrong = (tiny.test_labels + 1) % 7
    keep(bare, 0, np.where(np.arange(70) < 20, wrong, tiny.test_labels), 0.25)
    keep(bare, 1, wrong, 0.75)
    keep(bare, 2, tiny.test_labels, 0.5)  # nothing wrong: nothing to say
    assert wrong_confidence(bare) == {0: 0.25, 1: 0.75}
    assert [sure.accuracy for sure in sureness_by_epoch(bare).values()] == [5 / 7, 0, 1]
    assert cell_by_epoch(bare, (3, 4)) == {0: 3, 1: 10, 2: 0}


def test_what_a_resumed_run_writes_anew_is_read_anew(bare, tiny):
    keep(bare, 1, (tiny.test_labels + 1) % 7, 0.5)
    assert wrong_confidence(bare) == {1: 0.5}
    keep(bare, 1, (tiny.test_labels + 1) % 7, 0.25)
    path = snapshot_folder(bare).path / "epoch-0001.npz"
    os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + 1))  # clocks can be coarse
    assert wrong_confidence(bare) == {1: 0.25}


def test_nothing_kept_is_nothing_and_what_was_not_kept_is_refused(bare):
    assert sureness_by_epoch(bare) == wrong_confidence(bare) == cell_by_epoch(bare, (0, 1)) == {}
    with pytest.raises(InputError, match=r"`epoch` \(=4\) was not kept"):
        answers(bare, 4)
    with pytest.raises(InputError, match="is no run"):
        wrong_confidence("nosuch")


def test_another_data_set_of_the_same_name_is_noticed(bare, tiny):
    keep(bare, 1, tiny.test_labels, 0.5)
    assert answers(bare, 1).right.all()
    save(tiny_images(test=77))
    with pytest.raises(InputError, match="tested on 70 images and its data set now has 77"):
        answers(bare, 1)


def test_other_images_of_the_same_number_are_noticed(tiny):
    run_id = store_run(CONFIG)
    save(tiny)  # prepared anew, with the same in it
    assert len(answers(run_id, 3).labels) == 42
    save(dataclasses.replace(tiny, test_images=255 - tiny.test_images))
    with pytest.raises(InputError, match="tested on other images than its data set has now"):
        answers(run_id, 3)
