"""Test-time augmentation: the views, their mean, and that it changes nothing else of a run."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from cnncore.architecture.build import build
from cnncore.data.augmentation import HorizontalFlip, RandomCrop
from cnncore.events import Batch, Epoch
from cnncore.training import evaluation
from cnncore.training.batches import Batches
from cnncore.training.config import TTA, RunConfig, Standardization
from cnncore.training.evaluation import Evaluator
from cnncore.training.network import network_of
from cnncore.training.trainer import train
from cnncore.training.tta import LOOKS, PLAIN, Look, logits_of
from tests.training.test_every_option import numbers

CONFIG = RunConfig(
    dataset="tiny",
    network="classroom",
    batch_size=32,
    lr=0.05,
    standardize=Standardization.CHANNEL,
    augment=(RandomCrop(10), HorizontalFlip()),
    batch_norm=True,
    validation_size=28,
    epochs=3,
    device="cpu",
    tta=TTA.SHIFTS,
)
CPU = torch.device("cpu")
several = pytest.mark.parametrize("tta", [TTA.MIRROR, TTA.SHIFTS])


def moved(picture, shift):
    """Return a picture (H, W) moved down and right, with its border repeated, one pixel after the other."""
    height, width = picture.shape
    rows, columns = (np.clip(np.arange(size) - shift, 0, size - 1) for size in (height, width))
    return picture[np.ix_(rows, columns)]


@pytest.mark.parametrize("kind", TTA)
def test_the_weights_of_the_looks_add_up_to_one(kind):
    assert len(LOOKS[kind]) == kind.looks == len(set(LOOKS[kind]))
    assert math.fsum(look.weight for look in LOOKS[kind]) == 1
    unmoved = math.fsum(look.weight for look in LOOKS[kind] if not look.shift)
    assert unmoved == (0.5 if kind is TTA.SHIFTS else 1)


@pytest.mark.parametrize("look", LOOKS[TTA.SHIFTS], ids=str)
@pytest.mark.parametrize("kind", [torch.uint8, torch.float32])
def test_a_view_moves_and_mirrors(look, kind):
    images = torch.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5).to(kind)
    found = look.view(images)
    assert found.dtype == kind
    for image, picture in zip(found.flatten(0, 1), images.flatten(0, 1), strict=True):
        expected = moved(picture.numpy(), look.shift)
        assert np.array_equal(image.numpy(), expected[:, ::-1] if look.mirrored else expected)


def test_a_single_pixel_can_be_looked_at():
    image = torch.full((1, 1, 1, 1), 7, dtype=torch.uint8)
    assert all(torch.equal(look.view(image), image) for look in LOOKS[TTA.SHIFTS])


def test_one_look_is_left_as_it_is_and_several_are_the_mean_of_their_probabilities():
    logits = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
    assert torch.equal(logits_of((PLAIN,), lambda _: logits), logits)
    looks = (Look(0.25), Look(0.75, mirrored=True))
    found = logits_of(looks, lambda look: -logits if look.mirrored else logits)
    expected = 0.25 * logits.softmax(1) + 0.75 * (-logits).softmax(1)
    torch.testing.assert_close(found.softmax(1), expected)
    torch.testing.assert_close(found, expected.log())  # they add up to one: the loss is minus this


def test_a_network_that_is_quite_sure_has_no_infinite_loss():
    logits = torch.tensor([[200.0, 0.0], [0.0, 200.0]])
    found = logits_of(LOOKS[TTA.MIRROR], lambda _: logits)
    assert torch.isfinite(found).all()
    assert found.argmax(1).tolist() == [0, 1]


@several
def test_a_split_is_scored_by_the_mean_of_the_answers_to_its_views(tiny, monkeypatch, tta):
    monkeypatch.setattr(evaluation, "BATCH", 32)
    config = replace(CONFIG, tta=tta)
    torch.manual_seed(0)
    model = build(network_of(config, tiny.shape, len(tiny.classes)))
    batches = Batches.of(config, tiny, CPU)
    evaluator = Evaluator(config, batches, model)
    evaluator.start(last=True)
    found = evaluator.scores()[0]
    assert list(found) == ["test", "validation", "test_tta", "validation_tta"]
    probability = 0
    model.eval()
    for look in LOOKS[tta]:
        views = np.stack([[moved(channel, look.shift) for channel in image] for image in tiny.test_images])
        views = torch.from_numpy(views[..., ::-1].copy() if look.mirrored else views)
        edge = (views.shape[2] - 10) // 2
        inputs = batches.standardize(views[:, :, edge : edge + 10, edge : edge + 10].float() / 255)
        with torch.no_grad():
            probability = probability + look.weight * model(inputs).softmax(1)
    labels = torch.from_numpy(np.asarray(tiny.test_labels))
    again = found["test_tta"]
    torch.testing.assert_close(again.confidence, probability.max(1).values)
    torch.testing.assert_close(again.true, probability[torch.arange(len(labels)), labels])
    assert again.mean.accuracy == pytest.approx(float((probability.argmax(1) == labels).float().mean()))
    assert again.mean.loss == pytest.approx(float(-again.true.log().mean()), rel=1e-5)
    assert not torch.equal(again.confidence, found["test"].confidence)


@several
def test_it_comes_after_the_last_epoch_and_changes_no_other_number(tiny, tta):
    once, again = numbers(replace(CONFIG, tta=TTA.NONE)), numbers(replace(CONFIG, tta=tta))
    *before, last = again
    own = {name: last[name] for name in last if "_tta_" in name}
    assert len(own) == 6
    assert [*before, {name: value for name, value in last.items() if name not in own}] == once


def test_a_run_that_is_resumed_is_asked_as_one_that_was_not_interrupted(tiny, tmp_path):
    config = replace(CONFIG, tta=TTA.SHIFTS, average=1)
    [*_, whole] = numbers(config)
    path = tmp_path / "checkpoint.pt"
    for event in train(config, checkpoint=path):
        if isinstance(event, Epoch) and event.epoch == 2:
            assert event.test_tta_loss is None
        if isinstance(event, Batch) and event.epoch == 3:
            break
    [*_, last] = [event for event in train(config, checkpoint=path, resume=True) if isinstance(event, Epoch)]
    assert (last.epoch, last.test_tta_loss, last.validation_tta_accuracy) == (
        3,
        whole["test_tta_loss"],
        whole["validation_tta_accuracy"],
    )


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
@pytest.mark.parametrize("graph", [False, True])
def test_a_gpu_looks_at_the_same_views(tiny, graph):
    config = replace(CONFIG, device="cuda", snapshots=False)
    [*_, here] = [event for event in train(replace(config, device="cpu")) if isinstance(event, Epoch)]
    [*_, there] = [event for event in train(config, graph=graph) if isinstance(event, Epoch)]
    assert there.test_tta_loss == pytest.approx(here.test_tta_loss, rel=0.02)
    assert there.test_tta_loss != there.test_loss
