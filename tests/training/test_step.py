import math

import numpy as np
import pytest
import torch

from cnncore.data.augmentation import Mixup
from cnncore.data.transform import apply
from cnncore.training.batches import Batches, TrainBatch
from cnncore.training.config import RunConfig
from cnncore.training.metrics import batch_sums
from cnncore.training.step import objective

LOGITS = torch.tensor([[2.0, 0.0, -1.0], [0.5, 1.5, 0.0], [0.0, 0.0, 3.0]])
LABELS = torch.tensor([0, 0, 2])


def cross_entropy(targets):
    """Return the mean of -sum target * log softmax, written out."""
    exp = np.exp(LOGITS.double().numpy())
    log = np.log(exp / exp.sum(1, keepdims=True))
    return float(-(targets * log).sum(1).mean())


def one_hot(labels):
    return np.eye(3)[labels]


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("share", [None, [1.0, 0.7, 0.2]])
def test_the_objective_is_cross_entropy_with_the_mixed_and_smoothed_target(smoothing, share):
    weight = np.ones((3, 1)) if share is None else np.array(share)[:, None]
    target = weight * one_hot([0, 0, 2]) + (1 - weight) * one_hot([2, 0, 0])  # the partner is the image before
    target = (1 - smoothing) * target + smoothing / 3
    batch = TrainBatch(torch.zeros(3, 1), LABELS, None if share is None else torch.tensor(share))
    assert objective(LOGITS, batch, smoothing).item() == pytest.approx(cross_entropy(target), rel=1e-6)


def test_an_image_counts_as_right_by_the_weight_of_the_label_that_is_met():
    share = torch.tensor([1.0, 0.7, 0.2])
    sums = batch_sums(LOGITS, LABELS, torch.tensor(1.0), share)
    # predicted 0, 1, 2: the first is right, the second has labels 0 and 0, the third 2 (0.2) and 0
    assert sums.tolist() == pytest.approx([3.0, 1.2, 3.0])
    assert batch_sums(LOGITS, LABELS, torch.tensor(1.0)).tolist() == [3.0, 2.0, 3.0]


def test_a_mixed_batch_brings_the_shares_that_mixed_its_images(tiny):
    config = RunConfig(dataset="tiny", augment=(Mixup(),), batch_size=32)
    batches = Batches.of(config, tiny, torch.device("cpu"))
    tables = batches.tables(1)
    batch = batches.batch(tables, 4)  # the last one, of 12
    rows = tables.order[128:]
    plain = apply(batches.train.images[rows], (), [])
    share = batch.share[:, None, None, None]
    torch.testing.assert_close(batch.inputs, share * plain + (1 - share) * plain.roll(1, 0))
    assert torch.equal(batch.labels, batches.train.labels[rows])
    assert len(batch.labels) == batches.size(4) == 12
    assert math.isfinite(objective(torch.zeros(12, 7), batch).item())
