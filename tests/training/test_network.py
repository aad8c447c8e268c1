from dataclasses import replace

import pytest
import torch

from cnncore.architecture import Conv2d, Flatten, Linear, Network, load_network
from cnncore.architecture.build import build
from cnncore.errors import InputError
from cnncore.training.config import RunConfig
from cnncore.training.network import check_batches, network_of

CONFIG = RunConfig(network="resnet18", dataset="tiny")
SHAPE, CLASSES = (3, 32, 32), 10


def network(config=CONFIG):
    return network_of(config, SHAPE, CLASSES)


def refused(config, images):
    with pytest.raises(InputError) as caught:
        check_batches(config, network(), images)
    return str(caught.value)


def test_a_batch_of_one_image_cannot_be_normalized_over_maps_of_one_pixel():
    model = build(network()).train()
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        model(torch.zeros(1, *SHAPE))
    assert model(torch.zeros(2, *SHAPE)).shape == (2, CLASSES)
    said = refused(replace(CONFIG, batch_size=1), 100)
    assert said.startswith(
        "`batch_size` (=1) makes a batch of one image out of 100 train images, and `conv5-1 batch-norm2`"
    )
    assert said.endswith("Choose `batch_size` 2.")


@pytest.mark.parametrize(("size", "images"), [(128, 129), (2, 101), (10, 5001), (1, 3), (1, 2), (64, 4161), (3, 4)])
def test_what_is_named_instead_works(size, images):
    words = refused(replace(CONFIG, batch_size=size), images).rpartition("Choose ")[2].rstrip(".").split(" or ")
    for word in words:
        name, _, value = word.partition(" ")
        if name == "`train_size`":
            check_batches(replace(CONFIG, batch_size=size), network(), int(value))
        else:
            check_batches(replace(CONFIG, batch_size=int(value)), network(), images)


@pytest.mark.parametrize(("size", "images"), [(128, 128), (128, 130), (200, 129), (2, 100)])
def test_larger_batches_are_taken(size, images):
    check_batches(replace(CONFIG, batch_size=size), network(), images)


def test_maps_of_more_than_one_pixel_have_a_variance_in_one_image():
    config = replace(CONFIG, network="classroom", batch_norm=True, batch_size=1)
    check_batches(config, network(config), 100)


def test_without_a_batch_norm_one_image_is_a_batch():
    check_batches(replace(CONFIG, batch_size=1), load_network("lenet5", (1, 28, 28), 10), 1)


def test_one_image_is_too_few_for_any_batch():
    assert refused(CONFIG, 1).endswith("Choose `train_size` 2 and `batch_size` 2.")


def test_dropout_needs_a_dense_layer():
    with pytest.raises(InputError, match=r"`dropout` \(=0.5\) stands before the last dense layer, and squeezenet1_1"):
        network_of(RunConfig(network="squeezenet1_1", dropout=0.5), (3, 64, 64), 1000)


def test_patches_cannot_be_whitened_where_the_kernel_is_larger_than_the_image():
    layers = (Conv2d(8, 7, padding=3), Flatten(), Linear(10))
    config = RunConfig(network=Network("wide", (3, 6, 6), layers).to_json(), whitened_patches=True)
    with pytest.raises(InputError, match=r"first kernel \(=7x7\) is larger than the image \(=6x6\)"):
        network_of(config, (3, 6, 6), 10)


def test_small_logits_need_a_dense_layer():
    config = RunConfig(network="squeezenet1_1", logit_scale=0.5)
    with pytest.raises(InputError, match=r"`logit_scale` \(=0\.5\) .* squeezenet1_1 has none: leave it at 1"):
        network_of(config, (3, 64, 64), 10)
    assert network_of(RunConfig(network="practical", logit_scale=0.5), (3, 32, 32), 10)
