"""Dense layers turned into convolutions with their weights, against the classifier on windows cut out."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from cnncore.architecture import (
    AvgPool2d,
    Conv2d,
    Flatten,
    Linear,
    MaxPool2d,
    Network,
    ReLU,
    named_network,
    with_batch_norm,
)
from cnncore.architecture.build import build
from cnncore.architecture.receptive_field import Box
from cnncore.data.augmentation import RandomCrop
from cnncore.errors import InputError
from cnncore.inspection.class_map import as_convolutions, class_map
from cnncore.inspection.collage import ClassMap, Piece, collage
from cnncore.runs.record import Status
from cnncore.runs.store import open_store
from cnncore.runs.worker import record
from cnncore.training.config import RunConfig, Standardization

# Without padding a window cut out is what the network sees of it in the whole picture.
VALID = Network(
    "valid",
    (3, 12, 12),
    (Conv2d(8, 3), ReLU(), MaxPool2d(2), Conv2d(8, 2), ReLU(), Flatten(), Linear(16), ReLU(), Linear(7)),
)
CONFIG = RunConfig(dataset="tiny", network=VALID.to_json(), epochs=2, standardize=Standardization.CHANNEL, seed=1)


def stored(config):
    store = open_store()
    run_id = store.create(config, status=Status.RUNNING)
    record(store, run_id, config)
    return run_id


def test_one_window_is_the_classifier_itself():
    torch.manual_seed(0)
    network = with_batch_norm(named_network("practical"))
    model = build(network)
    model(torch.rand(8, 3, 32, 32))  # batch norm has statistics of its own then
    model.eval()
    described, module = as_convolutions(network, model)
    assert not any(isinstance(layer, (Flatten, Linear)) for layer in described.layers)
    assert module.fc4.weight.shape == (1000, 64, 4, 4)
    images = torch.rand(2, 3, 32, 32)
    with torch.no_grad():
        assert torch.allclose(module(images)[:, :, 0, 0], model(images), atol=1e-5)
        assert module(torch.rand(1, 3, 128, 96)).shape == (1, 10, 13, 9)  # floor(S/8) - 3


def test_without_padding_every_cell_is_its_window(tiny):
    found = class_map(stored(CONFIG), side=48)
    assert found.chances.shape == found.windows.shape == (19, 19, 7)
    assert not found.padded
    assert found.jump == (2, 2)
    assert found.difference < 1e-5
    assert found.agreement == 1
    assert found.middle == (6, 6)
    assert np.allclose(found.chances.sum(2), 1, atol=1e-5)


@pytest.mark.parametrize(
    "pool", [MaxPool2d(3, 2, padding=1), AvgPool2d(3, 2, padding=1), MaxPool2d(2, ceil_mode=True)], ids=str
)
def test_a_pool_reads_beyond_the_border_too(tiny, pool):
    """Without padding in any convolution."""
    layers = (Conv2d(4, 4), ReLU(), pool, Flatten(), Linear(7))
    found = class_map(stored(replace(CONFIG, network=Network("pooled", (3, 12, 12), layers).to_json())), side=48)
    assert found.difference > 1e-3
    assert found.padded


def test_with_padding_only_one_window_is_equal(tiny):
    run_id = stored(replace(CONFIG, network="classroom"))
    found = class_map(run_id, side=48)
    assert found.padded
    assert found.window == (12, 12)
    assert found.jump == (8, 8)
    assert found.difference > 1e-3
    _, module = as_convolutions(*_of(run_id))
    network, model = _of(run_id)
    image = torch.rand(1, *network.input)
    with torch.no_grad():
        assert torch.allclose(module(image)[:, :, 0, 0], model(image), atol=1e-5)


def _of(run_id):
    from cnncore.inspection.trained import trained

    found = trained(run_id)
    return found.network, found.model


def test_a_network_trained_on_crops_slides_with_its_own_window(tiny):
    found = class_map(stored(replace(CONFIG, network="classroom", augment=(RandomCrop(8),))), side=40)
    assert found.window == (8, 8)
    assert found.chances.shape[:2] == (5, 5)
    assert found.windows.shape == found.chances.shape


@pytest.mark.parametrize("kind", [Standardization.NONE, Standardization.IMAGE, Standardization.MEAN_IMAGE])
def test_other_standardizations_fit_a_larger_picture(tiny, kind):
    assert class_map(stored(replace(CONFIG, standardize=kind)), side=40).difference < 1e-5


def test_what_is_made_for_one_size_is_a_sentence(tiny):
    for kind in (Standardization.ZCA, Standardization.PCA):
        with pytest.raises(InputError, match=rf"`standardize` \(={kind}\) whitens images of one size only"):
            class_map(stored(replace(CONFIG, standardize=kind)), side=40)
    run_id = stored(CONFIG)
    for side in (35, 257):
        with pytest.raises(InputError, match=rf"`side` \(={side}\) must be from 36 to 256 pixels"):
            class_map(run_id, side=side)


def test_before_training_it_finds_something_else(tiny):
    run_id = stored(replace(CONFIG, epochs=2))
    before, after = class_map(run_id, 48, after=False), class_map(run_id, 48)
    assert np.array_equal(before.image, after.image)
    assert not np.array_equal(before.chances, after.chances)


def test_a_collage_holds_test_images_where_it_says(tiny):
    image, pieces = collage(tiny, 60, 3)
    assert image.shape == (3, 60, 60)
    assert len(pieces) == 9
    assert {piece.label for piece in pieces} == set(range(7))
    for piece in pieces:
        box = piece.box
        assert box.clipped(60, 60) == box
        cut = image[:, box.top : box.bottom, box.left : box.right]
        same = (np.asarray(tiny.test_images) == cut).all((1, 2, 3))
        assert piece.label in tiny.test_labels[same]
    again, _ = collage(tiny, 60, 3)
    assert np.array_equal(again, image)
    assert not np.array_equal(collage(tiny, 60, 4)[0], image)


def test_the_cell_over_a_piece_is_the_one_in_whose_window_it_lies():
    chances = np.zeros((13, 13, 2), np.float32)
    chances[5, 2] = (0.1, 0.9)
    chances[12, 12] = (0.1, 0.9)
    pieces = (Piece(1, Box(41, 17, 73, 49)), Piece(1, Box(0, 0, 32, 32)), Piece(1, Box(96, 96, 128, 128)))
    image = np.zeros((3, 128, 128), np.uint8)
    found = ClassMap(("a", "b"), image, pieces, chances, chances, (32, 32), (8, 8), (16.0, 16.0), True, (0, 0))
    assert [found.cell_of(piece) for piece in pieces] == [(5, 2), (0, 0), (12, 12)]
    assert found.named(chances) == [True, False, True]
