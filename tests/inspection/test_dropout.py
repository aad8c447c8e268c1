from dataclasses import replace

import numpy as np
import pytest
import torch

from cnncore.errors import InputError
from cnncore.inspection.dropout import PASSES, hidden, passes
from cnncore.inspection.moment import Moment
from cnncore.inspection.trained import trained, untrained
from cnncore.runs.record import Status
from cnncore.runs.store import open_store
from cnncore.runs.worker import record
from cnncore.training.config import RunConfig

CONFIG = RunConfig(dataset="tiny", network="classroom", epochs=1, dropout=0.5, batch_norm=True)


@pytest.fixture
def image(tiny):
    return np.array(tiny.train_images[3])


def test_the_hidden_layer_is_what_the_head_reads(image):
    found = hidden(None, Moment.BEFORE, CONFIG, image)
    model = untrained(CONFIG)
    with torch.inference_mode():
        scores = model.model(model.inputs(image[None]))[0].numpy()
    assert found.activations.shape == (256,)
    assert found.head == "fc5"
    np.testing.assert_allclose(found.scores, scores, rtol=1e-4, atol=1e-5)


def test_a_stored_run_gives_its_own_weights(image):
    store = open_store()
    run_id = store.create(CONFIG, status=Status.RUNNING)
    record(store, run_id, CONFIG)
    before, after = (hidden(run_id, moment, CONFIG, image) for moment in Moment)
    assert (before.epoch, after.epoch) == (0, 1)
    assert not np.allclose(before.weights, after.weights)
    np.testing.assert_array_equal(before.weights, hidden(None, Moment.BEFORE, CONFIG, image).weights)
    np.testing.assert_array_equal(after.biases, trained(run_id).model.fc5.bias.detach().double().numpy())


def test_passes_differ_in_train_and_not_in_eval(image):
    noisy, still = (passes(None, Moment.BEFORE, CONFIG, image, 0.5, training) for training in (True, False))
    assert noisy.shape == still.shape == (PASSES, 7)
    np.testing.assert_allclose(noisy.sum(1), 1, rtol=1e-5)
    assert noisy.std(0).max() > 1e-4
    assert (still == still[0]).all()
    scores = hidden(None, Moment.BEFORE, CONFIG, image).scores
    np.testing.assert_allclose(still[0], np.exp(scores) / np.exp(scores).sum(), rtol=1e-4)
    again = passes(None, Moment.BEFORE, CONFIG, image, 0.5, True)
    np.testing.assert_array_equal(noisy, again)
    none = passes(None, Moment.BEFORE, CONFIG, image, 0.0, True)
    np.testing.assert_array_equal(none, still)


def test_a_network_without_dropout_can_be_given_one(image):
    plain = replace(CONFIG, dropout=0.0)
    np.testing.assert_array_equal(
        passes(None, Moment.BEFORE, plain, image, 0.5, True), passes(None, Moment.BEFORE, CONFIG, image, 0.5, True)
    )


def test_what_cannot_be_is_a_sentence(image):
    with pytest.raises(InputError, match=r"`image` \(=3x5x5\) must be 3x12x12"):
        hidden(None, Moment.BEFORE, CONFIG, np.zeros((3, 5, 5), np.uint8))
    with pytest.raises(InputError, match="`p`"):
        passes(None, Moment.BEFORE, CONFIG, image, 1.0, True)
