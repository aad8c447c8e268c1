import math

import numpy as np
import pytest
import torch

from cnncore.architecture.build import build
from cnncore.data.augmentation import Mixup
from cnncore.data.transform import apply
from cnncore.training.average import Average
from cnncore.training.batches import Batches, TrainBatch
from cnncore.training.config import Precision, RunConfig, Standardization
from cnncore.training.metrics import batch_sums
from cnncore.training.network import network_of
from cnncore.training.optimizers import optimizer_of
from cnncore.training.step import EagerStep, objective

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


def test_of_equal_logits_the_first_counts_as_larger():
    equal, loss = torch.zeros(7, 7), torch.tensor(1.0)
    assert batch_sums(equal, torch.arange(7), loss)[1] == 1
    assert batch_sums(equal, torch.zeros(7, dtype=torch.long), loss).tolist() == [7, 7, 7]
    rounded = (torch.randn(2000, 10) * 2).round() / 2
    labels = torch.randint(10, (2000,))
    right = (rounded.softmax(1).max(1).indices == labels).sum().item()
    assert batch_sums(rounded, labels, loss)[1] == right


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
    plain = apply(batches.train.at(rows), (), [])
    share = batch.share[:, None, None, None]
    torch.testing.assert_close(batch.inputs, share * plain + (1 - share) * plain.roll(1, 0))
    assert torch.equal(batch.labels, batches.train.labels[rows])
    assert len(batch.labels) == batches.size(4) == 12
    assert math.isfinite(objective(torch.zeros(12, 7), batch).item())


def trained_in(precision, data):
    """Return the losses of sixty updates, the model and its optimizer; on the CPU, where `train` refuses half."""
    config = RunConfig(
        dataset="tiny",
        network="classroom",
        batch_size=32,
        lr=0.02,
        momentum=0.9,
        standardize=Standardization.CHANNEL,
        batch_norm=True,
        precision=precision,
    )
    torch.manual_seed(0)
    model = build(network_of(config, data.shape, len(data.classes))).to(memory_format=torch.channels_last)
    batches, optimizer = Batches.of(config, data, torch.device("cpu")), optimizer_of(config, model)
    step, losses = EagerStep(config, batches, model, optimizer, Average(config, model, len(batches))), []
    for number in range(60):
        if number % len(batches) == 0:
            step.begin(number // len(batches) + 1)
        losses.append(step(config.lr)[0].item() / batches.size(number % len(batches)))
    return np.array(losses), model, optimizer


def test_half_precision_learns_as_32_bits_do_and_keeps_its_state_in_them(tiny):
    losses, _, _ = trained_in(Precision.FP32, tiny)
    half, model, optimizer = trained_in(Precision.HALF, tiny)
    assert half[0] == pytest.approx(losses[0], rel=0.02)
    assert half[0] != losses[0], "it is computed otherwise"
    assert losses[-5:].mean() < 0.3 * losses[0]
    assert half[-5:].mean() == pytest.approx(losses[-5:].mean(), abs=0.1)
    kept = [*model.state_dict().values(), *(p.grad for p in model.parameters())]
    kept += [value for state in optimizer.state.values() for value in state.values()]
    assert {value.dtype for value in kept if value.is_floating_point()} == {torch.float32}


def test_in_half_precision_only_convolutions_and_dense_layers_answer_in_16_bits(tiny):
    _, model, _ = trained_in(Precision.HALF, tiny)
    answers = {}
    for name, module in model.named_modules():
        if not list(module.children()):
            module.register_forward_hook(lambda module, _, answer, name=name: answers.update({name: (module, answer)}))
    images = torch.rand(8, *tiny.shape)
    with torch.autocast("cpu", torch.bfloat16):
        model(images)
    computed = [answer.dtype for module, answer in answers.values() if hasattr(module, "weight")]
    assert set(computed) == {torch.bfloat16}
    # Batch norm: the mean over the batch, in 32 bits, moves the running mean; in 16 bits it would be rounded to 8.
    norms = [module for module, _ in answers.values() if isinstance(module, torch.nn.BatchNorm2d)]
    assert norms
    for norm in norms:
        rounded = norm.running_mean.to(torch.bfloat16).float()
        assert not torch.equal(norm.running_mean, rounded)
