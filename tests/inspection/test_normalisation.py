import math
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cnncore.errors import InputError
from cnncore.inspection.moment import Moment
from cnncore.inspection.normalisation import bias_shift, channels, first_losses, neighbours, running, stack
from cnncore.inspection.trained import trained, untrained
from cnncore.runs.record import Status
from cnncore.runs.store import open_store
from cnncore.runs.worker import record
from cnncore.training.config import RunConfig

CONFIG = RunConfig(dataset="tiny", network="classroom", epochs=1, batch_norm=True)
FRESH = (None, Moment.BEFORE, CONFIG)
LAYERS = ("bn-conv1", "bn-conv2", "bn-conv3")


@pytest.fixture
def run_id(tiny):
    store = open_store()
    run_id = store.create(CONFIG, status=Status.RUNNING)
    record(store, run_id, CONFIG)
    return run_id


def test_channels_before_are_the_convolutions_and_after_are_normalised_by_hand(tiny):
    batch = 16
    found = channels(*FRESH, "bn-conv1", batch, seed=3)
    model = untrained(CONFIG)
    rows = np.sort(np.random.default_rng(3).choice(len(tiny.train_images), batch, replace=False))
    with torch.no_grad():
        before = model.model[0](model.inputs(tiny.train_images[rows])).double().numpy()  # (N, C, H, W)
    assert found.names == LAYERS
    assert found.count == batch * 12 * 12
    np.testing.assert_allclose(found.mean, before.mean((0, 2, 3)), atol=1e-6)
    np.testing.assert_allclose(found.std, before.std((0, 2, 3)), rtol=1e-5)
    np.testing.assert_allclose(found.mean_after, found.shift, atol=1e-5)
    expected = found.scale * found.std / np.sqrt(found.std**2 + 1e-5)
    np.testing.assert_allclose(found.std_after, expected, rtol=1e-4)
    np.testing.assert_array_equal(found.running_mean, 0)  # a fresh network has seen no batch, and looking is none
    np.testing.assert_array_equal(found.running_std, 1)
    assert found.before.shape == found.after.shape == (16, len(found.edges) - 1)
    assert (found.before.sum(1) == found.count).all()
    assert (found.after.sum(1) == found.count).all()


def test_looking_leaves_a_stored_network_as_it_is(run_id, tiny):
    before = {name: value.clone() for name, value in trained(run_id).model.state_dict().items()}
    where = (run_id, Moment.LAST, CONFIG)
    found = channels(*where, "", 8)
    neighbours(*where, np.array(tiny.test_images[0]), 8, batches=3)
    running(*where, "bn-conv2", 8, batches=3)
    bias_shift(*where, "bn-conv1", 8, 5.0)
    for name, value in trained(run_id).model.state_dict().items():
        assert torch.equal(value, before[name])
    assert not trained(run_id).model.training
    kept = trained(run_id).model.get_submodule("bn-conv1")
    np.testing.assert_allclose(found.running_mean, kept.running_mean.double().numpy())
    assert np.abs(found.running_mean).max() > 0


def test_neighbours_move_a_prediction_in_train_and_not_in_eval(run_id, tiny):
    image = np.array(tiny.test_images[0])
    found = neighbours(run_id, Moment.LAST, CONFIG, image, 8, batches=6)
    assert found.train.shape == found.eval.shape == (6, 7)
    assert np.ptp(found.train, axis=0).max() > 1e-3
    assert np.ptp(found.eval, axis=0).max() < 1e-6
    model = trained(run_id)
    with torch.inference_mode():
        alone = model.model(model.inputs(image[None])).softmax(1)[0].numpy()
    np.testing.assert_allclose(found.eval[0], alone, atol=1e-5)


def test_alone_nothing_moves_but_train_is_not_eval(run_id, tiny):
    found = neighbours(run_id, Moment.LAST, CONFIG, np.array(tiny.test_images[0]), 1, batches=3)
    assert np.ptp(found.train, axis=0).max() == 0
    assert np.abs(found.train - found.eval).max() > 1e-4


def test_running_statistics_follow_the_rule(tiny):
    found = running(*FRESH, "bn-conv2", 8, batches=10)
    mean, variance = np.zeros(32), np.ones(32)
    for number in range(10):
        mean = (1 - found.momentum) * mean + found.momentum * found.batch_mean[number]
        variance = (1 - found.momentum) * variance + found.momentum * found.batch_variance[number]
        np.testing.assert_allclose(found.running_mean[number], mean, atol=1e-6)
        np.testing.assert_allclose(found.running_variance[number], variance, rtol=1e-5)
    assert found.momentum == 0.1


def test_a_bias_before_batch_norm_does_nothing_in_train(tiny):
    found = bias_shift(*FRESH, "bn-conv3", 16, 5.0)
    assert found.train < 1e-4
    assert found.eval == pytest.approx(5 / math.sqrt(1 + 1e-5), rel=1e-3)  # running variance 1, scale 1
    resnet = replace(CONFIG, network="resnet18", batch_norm=False)
    assert bias_shift(None, Moment.BEFORE, resnet, "", 4, 5.0) is None


def test_a_deep_stack_keeps_its_signal_only_with_batch_norm(tiny):
    plain, normed = (stack(*FRESH, 8, batch_norm) for batch_norm in (False, True))
    assert plain.std.shape == plain.between.shape == (8,)
    assert plain.histogram.shape == (8, len(plain.edges) - 1)
    assert plain.between[-1] < plain.between[0] / 100
    np.testing.assert_allclose(normed.std, 1, atol=0.02)
    assert normed.between[-1] > 0.3
    # The first layer by hand.
    torch.manual_seed(0)
    first = nn.Conv2d(3, 32, 3, padding=1)
    model = untrained(CONFIG)
    rows = np.sort(np.random.default_rng(0).choice(140, 32, replace=False))
    with torch.no_grad():
        expected = float(first(model.inputs(tiny.train_images[rows])).double().std())
    assert plain.std[0] == pytest.approx(expected, rel=1e-5)


def test_the_first_loss_is_near_guessing_and_scatters_more_with_batch_norm(tiny):
    found = first_losses(*FRESH, batch=70, seeds=3)
    assert found.classes == 7
    assert found.plain.mean() == pytest.approx(math.log(7), abs=0.02)
    assert found.normed.mean() == pytest.approx(math.log(7), abs=0.2)
    assert found.normed.std() > found.plain.std()
    torch.manual_seed(1)
    model = untrained(replace(CONFIG, seed=1))
    rows = np.sort(np.random.default_rng(0).choice(140, 70, replace=False))
    with torch.inference_mode():
        logits = model.model.train()(model.inputs(tiny.train_images[rows]))
        loss = F.cross_entropy(logits, torch.from_numpy(tiny.train_labels[rows]))
    assert found.normed[1] == pytest.approx(float(loss), rel=1e-5)


@pytest.mark.parametrize(
    ("change", "layer", "batch", "match"),
    [
        ({"batch_norm": False}, "", 8, "has no batch norm"),
        ({}, "conv9", 8, r"`layer` \(=conv9\) must be one of bn-conv1"),
        ({}, "", 1000, r"`batch` \(=1000\) must be between 1 and the 140"),
    ],
)
def test_what_cannot_be_is_a_sentence(tiny, change, layer, batch, match):
    with pytest.raises(InputError, match=match):
        channels(None, Moment.BEFORE, replace(CONFIG, **change), layer, batch)
