import dataclasses

import numpy as np
import pytest
import torch

from cnncore.data.augmentation import RandomCrop
from cnncore.data.prepared import save
from cnncore.errors import InputError
from cnncore.events import Epoch
from cnncore.inspection.trained import Moment, chosen, trained, untrained
from cnncore.runs.record import Status
from cnncore.runs.snapshots import checkpoint_path, snapshot_folder, snapshots_of
from cnncore.runs.store import open_store
from cnncore.runs.worker import record
from cnncore.training.batches import Batches
from cnncore.training.checkpoint import Checkpoint
from cnncore.training.config import RunConfig, Standardization
from cnncore.training.presets import PRESETS
from tests.conftest import tiny_images

CONFIG = RunConfig(
    dataset="tiny", network="classroom", epochs=2, standardize=Standardization.CHANNEL, augment=(RandomCrop(8),), seed=3
)


@pytest.fixture
def run_id(tiny):
    store = open_store()
    run_id = store.create(CONFIG, status=Status.RUNNING)
    record(store, run_id, CONFIG)
    return run_id


def test_the_last_weights_are_the_checkpoints(run_id):
    found = trained(run_id)
    saved = Checkpoint.load(checkpoint_path(run_id), torch.device("cpu")).model
    assert found.epoch == 2
    assert not found.model.training
    for name, value in found.model.state_dict().items():
        assert torch.equal(value, saved[name])


def test_before_training_are_the_weights_with_which_the_run_began(run_id, app_home):
    before, after = trained(run_id, Moment.BEFORE), trained(run_id)
    again = trained(run_id, Moment.BEFORE)
    first = [next(iter(found.model.parameters())) for found in (before, after, again)]
    assert before.epoch == 0
    assert torch.equal(first[0], first[2])
    assert not torch.equal(first[0], first[1])


def test_inputs_are_what_testing_sees(run_id, tiny):
    found = trained(run_id)
    batches = Batches.of(CONFIG, tiny, torch.device("cpu"))
    inputs, _ = next(batches.test_batches())
    assert torch.equal(found.inputs(tiny.test_images), inputs)
    assert inputs.shape[2:] == (8, 8)
    assert found.inputs(np.zeros((1, 3, 12, 12), np.uint8)).shape == (1, 3, 8, 8)


def test_a_run_without_a_checkpoint_is_a_sentence(tiny):
    run_id = open_store().create(CONFIG)
    with pytest.raises(InputError, match="no checkpoint"):
        trained(run_id)
    assert trained(run_id, Moment.BEFORE).epoch == 0


@pytest.mark.parametrize("at", [Moment.BEFORE, Moment.LAST, 1])
def test_a_run_is_not_looked_into_with_other_images_than_its_own(run_id, tiny, at):
    save(tiny)  # prepared anew, with the same in it
    assert trained(run_id, at).epoch <= 2
    save(dataclasses.replace(tiny, train_images=255 - tiny.train_images))
    with pytest.raises(InputError, match="trained and tested on other images than its data set has now"):
        trained(run_id, at)


def test_an_untrained_network_has_the_images_that_its_data_set_has_now(tiny):
    assert len(untrained(CONFIG).data.train_labels) == 140
    save(tiny_images(train=70))
    assert len(untrained(CONFIG).data.train_labels) == 70


@pytest.mark.parametrize("average", [0.0, 3.0])
def test_every_kept_network_gives_the_answers_of_its_snapshot(tiny, average):
    config = dataclasses.replace(CONFIG, epochs=5, average=average, batch_norm=True)
    run_id = open_store().create(config, status=Status.RUNNING)
    record(open_store(), run_id, config)
    kept = snapshots_of(run_id)
    assert kept.networks == (0, 1, 2, 3, 5)
    for epoch in kept.networks:
        found, told = trained(run_id, epoch), snapshot_folder(run_id).read(epoch)
        with torch.no_grad():
            probability = found.model(found.inputs(tiny.test_images)).softmax(1).numpy()
        assert found.epoch == epoch
        np.testing.assert_array_equal(probability.argmax(1), told.predicted)
        np.testing.assert_allclose(probability.max(1), told.confidence, rtol=1e-3)
        np.testing.assert_allclose(probability[np.arange(70), tiny.test_labels], told.true, rtol=1e-3)
        np.testing.assert_array_equal(found.model[0].weight.detach().numpy(), told.filters)
    with pytest.raises(InputError, match=r"`epoch` \(=4\) was not kept: choose one of those that were \(1, 2, 3\)"):
        trained(run_id, 4)


def test_the_standardization_is_the_checkpoints(run_id, monkeypatch):
    monkeypatch.setattr("cnncore.inspection.trained.fitted", lambda *_: pytest.fail("fitted anew"))
    assert trained(run_id).standardize.std is not None


def test_an_untrained_network_is_the_one_that_a_run_begins_with(run_id):
    begun, fresh = trained(run_id, Moment.BEFORE), untrained(CONFIG)
    assert fresh.epoch == 0
    for name, value in fresh.model.state_dict().items():
        assert torch.equal(value, begun.model.state_dict()[name])
    assert chosen(None, Moment.LAST, CONFIG) is fresh
    assert chosen(run_id, str(Moment.LAST), CONFIG).epoch == 2
    assert not torch.equal(next(fresh.model.parameters()), next(trained(run_id).model.parameters()))


def test_before_training_are_the_weights_that_a_run_for_the_clock_begins_with(tiny):
    """Whitened patches, dirac filters and small logits are first weights too: the snapshot of epoch 0 has them."""
    config = dataclasses.replace(
        PRESETS["classroom-speedrun"], dataset="tiny", network="airbench-narrow", epochs=1, batch_size=10, preset=None
    )
    run_id = open_store().create(config, status=Status.RUNNING)
    record(open_store(), run_id, config)
    told = snapshot_folder(run_id).read(0)
    for found in (trained(run_id, Moment.BEFORE), untrained(config)):
        with torch.no_grad():
            probability = found.model(found.inputs(tiny.test_images)).softmax(1).numpy()
        np.testing.assert_array_equal(found.model[0].weight.detach().numpy(), told.filters)
        np.testing.assert_allclose(probability.max(1), told.confidence, rtol=1e-3)


def test_a_checkpoint_that_a_crash_left_behind_is_taken_for_what_it_is(tiny):
    config = dataclasses.replace(CONFIG, epochs=5)
    run_id = open_store().create(config, status=Status.RUNNING)

    def crash(event):
        if isinstance(event, Epoch) and event.epoch == 5:
            raise KeyboardInterrupt  # after the epoch's event, before its checkpoint

    record(open_store(), run_id, config, on_event=crash)
    assert open_store().get(run_id).epoch == 5
    assert trained(run_id, 5).epoch == trained(run_id).epoch == 4
