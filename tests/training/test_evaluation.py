"""The evaluation from fixed places against a loop over slices, as it is usually written."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from cnncore.architecture.build import build
from cnncore.data.augmentation import HorizontalFlip, RandomCrop
from cnncore.events import Epoch, Started
from cnncore.training import evaluation
from cnncore.training.batches import Batches, DeviceData
from cnncore.training.config import Precision, RunConfig, Standardization
from cnncore.training.evaluation import Evaluator, StaticEvaluation
from cnncore.training.metrics import Mean, batch_sums
from cnncore.training.network import network_of
from cnncore.training.trainer import train

CONFIG = RunConfig(
    dataset="tiny",
    network="classroom",
    batch_size=32,
    standardize=Standardization.CHANNEL,
    augment=(RandomCrop(10), HorizontalFlip()),
    dropout=0.5,
    batch_norm=True,
    validation_size=28,
    train_eval=True,
    epochs=3,
    device="cpu",
)
CPU = torch.device("cpu")
cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(evaluation, "BATCH", 32)  # 70 test images: 32, 32 and 6; 112 train images: 3 x 32 and 16


def usual(model, batches, split, precision=Precision.FP32):
    """Return mean, predicted, confidence and true of a split, batch after batch."""
    mean, parts = Mean(), []
    model.eval()
    with torch.no_grad():
        for start in range(0, len(split), 32):
            images, labels = split.at(slice(start, start + 32)), split.labels[start : start + 32]
            edge = (images.shape[2] - 10) // 2
            inputs = images[:, :, edge : edge + 10, edge : edge + 10].float() / 255
            inputs = batches.standardize(inputs).contiguous(memory_format=torch.channels_last)
            with torch.autocast("cpu", torch.bfloat16, enabled=precision is Precision.HALF):
                logits = model(inputs)
            logits = logits.float()
            mean.add(batch_sums(logits, labels, F.cross_entropy(logits, labels)).tolist(), len(labels))
            likely = logits.softmax(1)
            parts.append((likely.argmax(1), likely.max(1).values, likely[torch.arange(len(labels)), labels]))
    model.train()
    return mean, *(torch.cat(part) for part in zip(*parts, strict=True))


def prepared(config, data):
    torch.manual_seed(config.seed)
    model = build(network_of(config, data.shape, len(data.classes))).to(memory_format=torch.channels_last)
    batches = Batches.of(config, data, CPU)
    model.train()
    with torch.no_grad():  # running statistics that are not those of the beginning
        model(batches.batch(batches.tables(1), 0).inputs)
    return model, batches


def scored(evaluator, *names):
    evaluator.start(*names)
    assert list(evaluator.readout.awaited()) == []
    return evaluator.scores()


@pytest.mark.parametrize("precision", [Precision.FP32, Precision.HALF])
def test_every_split_is_scored_as_slice_after_slice(tiny, small_batches, precision):
    config = replace(CONFIG, precision=precision)
    model, batches = prepared(config, tiny)
    found, seconds = scored(Evaluator(config, batches, model))
    assert model.training, "its mode is as it was"
    assert list(found) == ["test", "validation", "train_eval"]
    assert seconds > 0
    for name, split in (("test", batches.test), ("validation", batches.validation), ("train_eval", batches.train)):
        mean, *answers = usual(model, batches, split, precision)
        assert found[name].mean == mean, name
        assert found[name].classes == 7
        for ours, theirs in zip(
            (found[name].predicted, found[name].confidence, found[name].true), answers, strict=True
        ):
            assert torch.equal(ours, theirs), name


def test_scores_stay_when_the_next_ones_come(tiny, small_batches):
    model, batches = prepared(CONFIG, tiny)
    evaluator = Evaluator(CONFIG, batches, model)
    before = scored(evaluator)[0]["test"]
    kept = before.confidence.clone()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1.5)
    after = scored(evaluator)[0]["test"]
    assert torch.equal(before.confidence, kept)
    assert not torch.equal(after.confidence, kept), "it reads the weights as they are now"


def test_one_split_can_be_asked_for(tiny, small_batches):
    model, batches = prepared(CONFIG, tiny)
    evaluator = Evaluator(CONFIG, batches, model)
    everything = scored(evaluator)[0]
    found = scored(evaluator, "validation")[0]
    assert list(found) == ["validation"]
    assert found["validation"].mean == everything["validation"].mean


@pytest.mark.gpu
@cuda
@pytest.mark.parametrize("average", [0.0, 1.0])
def test_a_recorded_evaluation_is_the_eager_one(tiny, small_batches, average):
    config = replace(CONFIG, device="cuda", average=average, snapshots=False)
    curves = []
    for graph in (False, True):
        events = list(train(config, graph=graph))
        [started] = [event for event in events if isinstance(event, Started)]
        assert ("evaluation by CUDA graphs" in started.device_reason) == graph
        names = [f"{split}_{name}" for split in ("test", "validation", "train_eval") for name in ("loss", "accuracy")]
        curves.append([[getattr(e, name) for name in names] for e in events if isinstance(e, Epoch)])
    for ours, theirs in zip(*curves, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-4, abs=1e-5)


def test_larger_images_are_scored_fewer_at_once(tiny):
    images, labels = np.zeros((40, 3, 256, 256), np.uint8), np.zeros(40, np.int64)
    split = DeviceData.of(images, labels, np.arange(40), torch.device("cpu"))
    batches = Batches.of(CONFIG, tiny, torch.device("cpu"))
    assert StaticEvaluation(CONFIG, batches, split, torch.nn.Identity()).sizes == [15, 15, 10]
