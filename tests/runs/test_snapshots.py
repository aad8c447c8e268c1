import os

import numpy as np
import pytest

from cnncore.errors import InputError
from cnncore.runs import client
from cnncore.runs.record import Status
from cnncore.runs.snapshots import (
    checkpoint_path,
    checkpoint_time,
    scored_images,
    snapshot_folder,
    snapshots_of,
)
from cnncore.runs.store import open_store
from cnncore.runs.worker import record
from cnncore.training.config import RunConfig

CONFIG = RunConfig(dataset="tiny", network="classroom", epochs=3, test_size=21, device="cpu")


@pytest.fixture
def run_id(tiny):
    run_id = open_store().create(CONFIG, status=Status.RUNNING)
    record(open_store(), run_id, CONFIG)
    return run_id


def test_a_runs_snapshots_are_found_by_its_id(run_id):
    kept = snapshots_of(run_id)
    assert kept.epochs == (0, 1, 2, 3)
    assert kept.networks == (0, 1, 2, 3)
    assert snapshot_folder(run_id).read(3).epoch == 3
    with pytest.raises(InputError, match=r"`epoch` \(=9\) was not kept"):
        snapshot_folder(run_id).read(9)
    with pytest.raises(InputError, match="is no run"):
        snapshots_of("nosuch")


def test_their_images_are_the_runs_own(run_id, tiny):
    rows, labels = scored_images(run_id)
    assert np.bincount(labels).tolist() == [3] * 7
    np.testing.assert_array_equal(tiny.test_labels[rows], labels)
    right = (snapshot_folder(run_id).read(3).predicted == labels).mean()
    assert right == pytest.approx(open_store().get(run_id).test_accuracy)


def test_a_run_that_has_not_begun_has_only_its_initial_network(tiny):
    assert snapshots_of(open_store().create(CONFIG)).networks == (0,)


def test_deleting_a_run_takes_its_files_along(run_id):
    client.delete(run_id)
    assert not checkpoint_path(run_id).exists()
    assert not snapshot_folder(run_id).path.exists()


def test_a_checkpoint_is_told_apart_by_when_it_was_written(app_home):
    assert checkpoint_time("nothing") == 0
    path = checkpoint_path("run")
    path.parent.mkdir(parents=True)
    path.touch()
    os.utime(path, ns=(5, 7))
    assert checkpoint_time("run") == 7
