"""One image through a network, against the module called layer by layer."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cnncore.architecture import Conv2d, Flatten, Linear, Network, ReLU, Tanh
from cnncore.data.augmentation import RandomCrop
from cnncore.errors import InputError
from cnncore.inspection.activations import LayerMaps
from cnncore.inspection.forward import _in_bytes, forward
from cnncore.inspection.moment import Moment
from cnncore.inspection.trained import _untrained, trained, untrained
from cnncore.runs.snapshots import snapshot_folder
from cnncore.training.config import RunConfig, Standardization
from tests.pages.stored_run import store_run

CONFIG = RunConfig(
    dataset="tiny",
    network="classroom",
    epochs=3,
    standardize=Standardization.CHANNEL,
    augment=(RandomCrop(8),),
    batch_norm=True,
    dropout=0.5,
)
SMALL = Network("small", (3, 12, 12), (Conv2d(4, 3, name="one"), ReLU(), Flatten(), Linear(7), Tanh()))


def outputs(found, image):
    """Return what each layer puts out, asked one prefix of the network at a time, so that nothing is overwritten."""
    inputs = found.inputs(image[None])
    with torch.no_grad():
        return [found.model[: number + 1](inputs.clone())[0].numpy().copy() for number in range(len(found.model))]


def test_every_layer_is_there_and_its_bytes_give_its_values(tiny):
    run_id = store_run(CONFIG)
    image = tiny.test_images[5]
    for epoch in (0, 2, 3):
        found, whole = forward(run_id, epoch, CONFIG, image), trained(run_id, epoch)
        expected = outputs(whole, image)
        assert found.epoch == epoch
        left_out = {"flatten", "dropout"}
        kinds = [layer.kind for layer in whole.network.layers]
        assert [layer.number for layer in found.layers] == [n for n, kind in enumerate(kinds) if kind not in left_out]
        for layer in found.layers:
            true = expected[layer.number]
            true = true.reshape(len(true), *(true.shape[1:] or (1, 1)))
            assert layer.shape == true.shape
            half = (true.max((1, 2)) - true.min((1, 2))) / 255 / 2 * 1.001 + 1e-6
            assert (np.abs(layer.values - true).max((1, 2)) <= half).all()
            assert layer.zero_share == pytest.approx((true == 0).mean(), abs=1e-6)
            np.testing.assert_allclose(layer.high, true.max((1, 2)))
            rows, columns = layer.peaks.T
            np.testing.assert_array_equal(true[np.arange(len(true)), rows, columns], layer.high)
            assert layer.dense == (len(expected[layer.number].shape) == 1)


def test_the_answer_and_the_filters_are_the_snapshots(tiny):
    run_id = store_run(CONFIG)
    told = snapshot_folder(run_id).read(2)
    for place in (0, 11, 69):
        found = forward(run_id, 2, CONFIG, tiny.test_images[place])
        assert found.winner == told.predicted[place]
        assert found.chances[found.winner] == pytest.approx(float(told.confidence[place]), rel=2e-3)
        assert found.chances.sum() == pytest.approx(1)
        np.testing.assert_array_equal(found.filters, told.filters)
    assert found.classes == tiny.classes


def test_the_tensor_is_what_testing_sees(tiny):
    run_id = store_run(CONFIG)
    image = tiny.test_images[3]
    found = forward(run_id, 3, CONFIG, image)
    np.testing.assert_array_equal(found.pixels, image[:, 2:10, 2:10])  # the centre of 12 x 12
    pixels = tiny.train_images[:, :, 2:10, 2:10] / 255  # the statistics are those of the train images' centres
    expected = (found.pixels / 255 - pixels.mean((0, 2, 3))[:, None, None]) / pixels.std((0, 2, 3))[:, None, None]
    np.testing.assert_allclose(found.inputs, expected, atol=1e-5)


def test_a_relu_is_seen_apart_from_its_convolution(tiny):
    config = RunConfig(dataset="tiny", network=SMALL.to_json())
    conv, relu, dense, last = forward(None, Moment.BEFORE, config, tiny.test_images[0]).layers
    assert (conv.name, conv.shape, conv.dense) == ("one", (4, 10, 10), False)
    assert conv.low.min() < 0 == relu.low.min()
    assert conv.zero_share == 0 < relu.zero_share
    np.testing.assert_allclose(relu.high, np.maximum(conv.high, 0))
    assert (dense.shape, last.shape) == ((7, 1, 1), (7, 1, 1))
    assert dense.dense
    np.testing.assert_allclose(np.tanh(dense.values), last.values, atol=1e-6)


def test_without_a_convolution_in_front_there_are_no_filters(tiny):
    network = Network("dense", (3, 12, 12), (Flatten(), Linear(7)))
    found = forward(None, Moment.BEFORE, RunConfig(dataset="tiny", network=network.to_json()), tiny.test_images[0])
    assert found.filters.size == 0
    assert [layer.kind for layer in found.layers] == ["linear"]


def test_what_cannot_be_is_a_sentence(tiny):
    config = RunConfig(dataset="tiny", network="classroom", seed=41)
    with pytest.raises(InputError, match=r"`image` \(=3x8x8\) must be 3x12x12"):
        forward(None, Moment.BEFORE, config, np.zeros((3, 8, 8), np.uint8))
    with torch.no_grad():
        untrained(config).model[0].weight.fill_(float("nan"))
    with pytest.raises(InputError, match=r"`epoch` \(=0\) has weights that give numbers which are not finite"):
        forward(None, Moment.BEFORE, config, tiny.test_images[0])
    _untrained.cache_clear()
    with pytest.raises(InputError, match=r"`epoch` \(=2\) was not kept"):
        forward(store_run(replace(config, epochs=1)), 2, config, tiny.test_images[0])


@given(arrays(np.float32, (3, 4, 5), elements=st.floats(-1e3, 1e3, width=32)))
def test_bytes_of_any_map(values):
    layer = _in_bytes(0, "x", "conv", False, torch.from_numpy(values))
    span = float(values.max()) - float(values.min())
    assert np.abs(layer.values - values).max() <= span / 255 / 2 * 1.01 + 1e-3
    common = layer.on_one_scale()
    told = values.min() + common / 255 * span
    assert np.abs(told - values).max() <= span / 255 * 1.02 + 1e-3
    for channel, (row, column) in enumerate(layer.peaks):
        assert values[channel, row, column] == values[channel].max()


def test_the_strongest_channels_keep_their_order():
    high = np.array([1.0, 5.0, 3.0, 5.0], np.float32)
    zero = np.zeros(4, np.float32)
    layer = LayerMaps(0, "x", "conv", False, np.zeros((4, 1, 1), np.uint8), zero, high, zero, np.zeros((4, 2), int))
    assert layer.strongest().tolist() == [1]
    assert layer.strongest(3).tolist() == [1, 2, 3]
