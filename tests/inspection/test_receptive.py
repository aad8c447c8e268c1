"""Gradients of single units: against autograd written out, zero outside of the box, before and after training."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from cnncore.architecture import Conv2d, Flatten, Linear, MaxPool2d, Network, ReLU, named_network, without_pools
from cnncore.architecture.build import build
from cnncore.architecture.reach import reach
from cnncore.architecture.receptive_field import box, layer_fields
from cnncore.data.augmentation import RandomCrop
from cnncore.errors import InputError
from cnncore.inspection.footprint import footprint
from cnncore.inspection.receptive import average, look
from cnncore.inspection.subject import (
    MOST_IMAGES,
    Subject,
    check_cost,
    images_for,
    is_dense,
    map_layers,
)
from cnncore.inspection.trained import Moment, trained
from cnncore.runs.record import Status
from cnncore.runs.store import open_store
from cnncore.runs.worker import record
from cnncore.training.config import RunConfig, Standardization

DILATED = Network("dilated", (3, 40, 40), (Conv2d(4, 3, padding=2, dilation=2), ReLU(), Conv2d(4, 3, dilation=3)))
CONFIG = RunConfig(
    dataset="tiny", network="classroom", epochs=2, standardize=Standardization.CHANNEL, augment=(RandomCrop(8),), seed=3
)


def picture(shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def number(network, name):
    return [layer.name for layer in network.layers].index(name)


@pytest.mark.parametrize(
    ("network", "layer"),
    [
        (named_network("practical"), "conv2"),
        (named_network("practical"), "conv3"),
        (named_network("practical"), "pool3"),
        (named_network("resnet18", (3, 96, 96)), "pool1"),
        (named_network("resnet18", (3, 96, 96)), "conv2-2"),
        (named_network("resnet18", (3, 96, 96)), "conv3-1"),
        (DILATED, 2),
        (without_pools(named_network("practical")), "conv2"),
    ],
)
def test_no_gradient_outside_of_the_theoretical_box(network, layer):
    at = layer if isinstance(layer, int) else number(network, layer)
    fields, seen = layer_fields(network.layers, network.input)[at], reach(network.layers, network.input)[at]
    rows, columns = (len(table) for table in seen)
    for unit in ((0, 0), (rows // 2, columns // 3), (rows - 1, 1)):
        found = look(Subject(network), picture(network.input), at, unit)
        inside = box(fields, *unit).clipped(*network.input[1:])
        outside = found.heat.copy()
        outside[inside.top : inside.bottom, inside.left : inside.right] = 0
        assert outside.max() == 0
        assert found.heat.max() > 0
        assert footprint(found.heat, seen, unit).outside == 0


def test_one_convolution_answers_to_its_own_weights():
    network = Network("one", (2, 9, 9), (Conv2d(3, 3, padding=1),))
    found = look(Subject(network, seed=5), picture((2, 9, 9)), 0, (4, 0), channel=1)
    torch.manual_seed(5)
    weights = build(network)[0].weight[1].detach().abs().sum(0).numpy()  # (3, 3)
    expected = np.zeros((9, 9), np.float32)
    expected[3:6, 0:2] = weights[:, 1:]  # the unit lies at the left border: one column of the kernel is on padding
    assert np.allclose(found.heat, expected)
    assert (found.channel, found.channels, found.map.shape) == (1, 3, (9, 9))


def test_the_gradient_is_that_of_the_value_by_small_steps():
    network = Network("smooth", (1, 12, 12), (Conv2d(2, 3), Conv2d(3, 3, 2)))
    image = picture((1, 12, 12))
    found = look(Subject(network), image, 1, (1, 2), channel=2)
    torch.manual_seed(0)
    model = build(network).double()
    base = torch.from_numpy(image).double()[None] / 255
    expected = np.zeros((12, 12))
    with torch.no_grad():
        for row in range(12):
            for column in range(12):
                step = base.clone()
                step[0, 0, row, column] += 1
                expected[row, column] = abs(float(model(step)[0, 2, 1, 2] - model(base)[0, 2, 1, 2]))
    assert np.allclose(found.heat, expected, atol=1e-6)
    assert found.value == pytest.approx(float(model(base)[0, 2, 1, 2].detach()), abs=1e-5)


def test_the_strongest_channel_is_chosen_and_a_dense_unit_is_a_map_of_one():
    network = Network("x", (1, 6, 6), (Conv2d(5, 3), Flatten(), Linear(4)))
    image = picture((1, 6, 6))
    values = [look(Subject(network), image, 0, (1, 1), channel).value for channel in range(5)]
    assert look(Subject(network), image, 0, (1, 1)).channel == int(np.argmax(values))
    dense = look(Subject(network), image, 2, (0, 0), channel=3)
    assert (dense.channels, dense.map.shape) == (4, (1, 1))
    assert is_dense(network, 2)
    assert not is_dense(network, 0)
    assert map_layers(network) == [0, 2]


@pytest.fixture
def run_id(tiny):
    store = open_store()
    run_id = store.create(CONFIG, status=Status.RUNNING)
    record(store, run_id, CONFIG)
    return run_id


@pytest.mark.parametrize(("is_trained", "moment"), [(True, Moment.LAST), (False, Moment.BEFORE)])
def test_a_runs_weights_before_and_after(run_id, tiny, is_trained, moment):
    whole = trained(run_id, moment)
    layer = number(whole.network, "conv2")
    found = look(Subject(whole.network, run_id, is_trained), tiny.test_images[0], layer, (2, 1), channel=7)
    inputs = whole.inputs(tiny.test_images[:1]).requires_grad_()
    value = whole.model[: layer + 1](inputs)[0, 7, 2, 1]
    (gradient,) = torch.autograd.grad(value, inputs)
    assert found.heat.shape == (8, 8)  # the window that the network sees
    assert found.value == pytest.approx(float(value.detach()), rel=1e-5)
    assert np.allclose(found.heat, gradient[0].abs().sum(0), rtol=1e-4)


def test_training_changes_what_a_unit_answers_to(run_id, tiny):
    network = trained(run_id).network
    layer = number(network, "conv2")
    first, last = (look(Subject(network, run_id, after), tiny.test_images[0], layer, (1, 1), 0) for after in (0, 1))
    assert not np.array_equal(first.heat, last.heat)


def test_a_runs_convolutions_without_their_pools(run_id, tiny):
    plain = without_pools(trained(run_id).network)
    layer = number(plain, "conv2")
    found = look(Subject(plain, run_id), tiny.test_images[0], layer, (4, 4), 0)
    model, inputs = trained(run_id).model, trained(run_id).inputs(tiny.test_images[:1])
    with torch.no_grad():
        expected = functional.relu(functional.conv2d(inputs, model.conv1.weight, model.conv1.bias, padding=2))
        expected = functional.conv2d(expected, model.conv2.weight, model.conv2.bias, padding=2)[0, 0, 4, 4]
    assert found.value == pytest.approx(float(expected), rel=1e-4)
    with pytest.raises(InputError, match=r"`layer` \(=fc4\) has no weights of this shape in the run"):
        look(Subject(plain, run_id), tiny.test_images[0], number(plain, "fc4"), (0, 0))


def test_the_average_is_the_mean_of_the_looks():
    network = Network("x", (1, 8, 8), (Conv2d(4, 3), ReLU(), MaxPool2d(2)))
    images = np.stack([picture((1, 8, 8), seed) for seed in range(4)])
    values, heat = average(Subject(network), images, 0, (2, 3))
    looks = [look(Subject(network), image, 0, (2, 3), channel) for channel, image in enumerate(images)]
    assert np.allclose(heat, np.mean([one.heat for one in looks], 0), rtol=1e-5)
    assert values.shape == (6, 6)
    every = [look(Subject(network), image, 0, (0, 0), c).map for image in images for c in range(4)]
    assert np.allclose(values, np.mean(np.abs(every), 0), rtol=1e-5)


@pytest.mark.parametrize(("depth", "least"), [(2, 0.3), (10, 0.6)])
def test_the_deeper_the_more_the_middle_of_the_field_counts(depth, least):
    network = Network("stack", (3, 41, 41), tuple(Conv2d(8, 3, padding=1) for _ in range(depth)))
    images = np.stack([picture((3, 41, 41), seed) for seed in range(8)])
    _, heat = average(Subject(network), images, depth - 1, (20, 20))
    found = footprint(heat, reach(network.layers, network.input)[depth - 1], (20, 20))
    assert found.used == found.possible == (2 * depth + 1) ** 2
    assert found.half > least  # a quarter if all pixels counted alike


def test_nonsense_is_one_sentence(run_id, tiny):
    network = named_network("practical")
    image = picture(network.input)
    for arguments, message in [
        ((Subject(network), image, 99, (0, 0)), r"`layer` \(=99\) must be from 0 to 12"),
        ((Subject(network), image, 0, (32, 0)), r"`unit` \(=\(32, 0\)\) must lie in the map of 32x32"),
        ((Subject(network), image, 0, (0, 0), 32), r"`channel` \(=32\) must be from 0 to 31"),
        ((Subject(network), picture((3, 30, 32)), 0, (0, 0)), r"`image` \(=3x30x32\) must be 3x32x32"),
        ((Subject(network, "none"), image, 0, (0, 0)), "none"),
    ]:
        with pytest.raises(InputError, match=message):
            look(*arguments)


def test_what_takes_too_long_is_said_before_it_begins():
    vgg = Subject(named_network("vgg16"))
    check_cost(vgg.until(number(vgg.network, "pool5")))
    with pytest.raises(InputError, match=r"`layer` \(=fc6 of vgg16\) needs 117 million parameters"):
        check_cost(vgg.until(number(vgg.network, "fc6")))
    assert images_for(vgg.until(number(vgg.network, "pool5"))) == 4
    assert images_for(named_network("classroom")) == MOST_IMAGES
