from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cnncore.errors import InputError
from cnncore.events import Finished
from cnncore.training import initial
from cnncore.training.batches import Batches
from cnncore.training.config import Optimizer, RunConfig, Standardization
from cnncore.training.initial import whitening_filters
from cnncore.training.optimizers import last_dense, optimizer_of, set_rate
from cnncore.training.state import state_of
from cnncore.training.step import update
from cnncore.training.trainer import train

CPU = torch.device("cpu")
CONFIG = RunConfig(
    dataset="tiny",
    network="classroom",
    epochs=2,
    batch_size=32,
    lr=0.05,
    momentum=0.9,
    nesterov=True,
    weight_decay=5e-4,
    batch_norm=True,
    standardize=Standardization.CHANNEL,
    device="cpu",
)
WHITENED = replace(CONFIG, whitened_patches=True)


def covariance_of(values):
    centred = values - values.mean(0)
    return centred.T @ centred / len(values)


def test_whitening_filters_answer_with_variance_one_and_without_covariance():
    generator = torch.Generator().manual_seed(0)
    patches = torch.randn(4000, 12, generator=generator, dtype=torch.double)
    mixing = torch.eye(12, dtype=torch.double) + 0.1 * torch.randn(12, 12, generator=generator, dtype=torch.double)
    patches = patches @ mixing + 3
    filters = whitening_filters(covariance_of(patches), 24)
    answers = covariance_of(patches @ filters.double().T)
    torch.testing.assert_close(answers[:12, :12], torch.eye(12, dtype=torch.double), atol=0.05, rtol=0)
    assert torch.equal(filters[12:], -filters[:12])
    assert (filters[:12].max(1).values == filters[:12].abs().max(1).values).all(), "an eigenvector's sign is chosen"


def test_fewer_filters_keep_the_largest_variances():
    filters = whitening_filters(torch.diag(torch.tensor([1.0, 9.0, 4.0])), 3)
    assert [int(row.abs().argmax()) for row in filters] == [1, 2, 1]
    assert filters[:2].abs().max(1).values.tolist() == pytest.approx([1 / 3, 1 / 2], rel=1e-3)


def test_the_first_layer_whitens_the_train_images_as_the_network_sees_them(tiny):
    state = state_of(WHITENED, tiny, CPU)
    inputs, _ = state.batches.evaluated(state.batches.train, slice(None))
    first = state.model[0]
    patches = F.unfold(inputs, first.kernel_size).transpose(1, 2).flatten(0, 1)
    half = first.out_channels // 2
    answers = covariance_of((patches.double() @ first.weight.detach().flatten(1).double().T)[:, :half])
    torch.testing.assert_close(answers, torch.eye(half, dtype=torch.double), atol=0.05, rtol=0)


def test_large_images_are_measured_in_parts_and_only_so_many(tiny, monkeypatch):
    found = state_of(WHITENED, tiny, CPU).model[0].weight
    monkeypatch.setattr(initial, "_VALUES", 1)  # image after image
    torch.testing.assert_close(state_of(WHITENED, tiny, CPU).model[0].weight, found)
    seen = []
    evaluated = Batches.evaluated
    monkeypatch.setattr(Batches, "evaluated", lambda *args: seen.append(args[2]) or evaluated(*args))
    monkeypatch.setattr(initial, "PATCHES", 3 * 8 * 8 + 1)  # three images of 12 x 12 under a kernel of 5
    fewer = state_of(WHITENED, tiny, CPU).model[0].weight
    assert [part.stop for part in seen] == [1, 1, 2, 3]
    assert not torch.equal(fewer, found)


def test_its_filters_do_not_learn_and_its_biases_do(tiny):
    before, after = state_of(WHITENED, tiny, CPU), state_of(WHITENED, tiny, CPU)
    after.model.train()
    update(WHITENED, after.model, after.optimizer, after.batches.batch(after.batches.tables(1), 0))
    changed = {
        name
        for (name, mine), theirs in zip(after.model.named_parameters(), before.model.parameters(), strict=True)
        if not torch.equal(mine, theirs)
    }
    names = {name for name, _ in after.model.named_parameters()}
    assert changed >= names - {"conv1.weight", "conv1.bias", "conv2.bias", "conv3.bias"}  # before a batch norm
    assert "conv1.weight" not in changed


def test_all_other_weights_are_as_drawn(tiny):
    plain, whitened = (state_of(config, tiny, CPU).model.state_dict() for config in (CONFIG, WHITENED))
    assert [name for name, value in plain.items() if not torch.equal(value, whitened[name])] == ["conv1.weight"]


def test_a_convolution_that_begins_as_the_identity_passes_its_inputs_on(tiny):
    model = state_of(replace(CONFIG, identity_start=True), tiny, CPU).model
    for layer in (module for module in model if isinstance(module, nn.Conv2d)):
        images = torch.rand(2, layer.in_channels, 12, 12)
        passed = layer(images)[:, : layer.in_channels] - layer.bias[: layer.in_channels, None, None]
        torch.testing.assert_close(passed, images[:, : layer.out_channels])


def test_a_scale_of_the_logits_is_the_same_run_as_logits_that_are_multiplied(tiny):
    config = replace(CONFIG, logit_scale=0.2)
    ours, theirs = state_of(config, tiny, CPU), state_of(CONFIG, tiny, CPU)
    scaled = nn.Sequential(theirs.model, _Times(0.2))
    for number in range(6):
        rate = 0.05 if number < 3 else 0.01
        for model, optimizer in ((ours.model, ours.optimizer), (scaled, theirs.optimizer)):
            model.train()
            set_rate(optimizer, rate)
            sums = update(config, model, optimizer, ours.batches.batch(ours.batches.tables(1), number % 4))
        images, _ = ours.batches.evaluated(ours.batches.test, slice(None))
        torch.testing.assert_close(ours.model.eval()(images), scaled.eval()(images), rtol=1e-3, atol=1e-4)
    assert sums.isfinite().all()
    torch.testing.assert_close(
        last_dense(ours.model).weight, 0.2 * last_dense(theirs.model).weight, rtol=1e-3, atol=1e-5
    )


class _Times(nn.Module):
    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, logits):
        return self.factor * logits


def test_batch_norms_biases_have_their_own_rate_and_shrink_as_all_others():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, 2)).requires_grad_()
    config = replace(CONFIG, momentum=0.0, nesterov=False, norm_bias_rate=64.0, weight_decay=0.01)
    optimizer = optimizer_of(config, model)
    set_rate(optimizer, 0.5)
    for gradient, shrinks in ((0.0, True), (1.0, False)):
        nn.init.ones_(model[1].bias)
        nn.init.ones_(model[1].weight)
        for parameter in model.parameters():
            parameter.grad = torch.full_like(parameter, gradient)
        optimizer.step()
        bias, weight = model[1].bias[0].item(), model[1].weight[0].item()
        if shrinks:
            assert bias == pytest.approx(weight) == pytest.approx(1 - 0.5 * 0.01)
        else:
            assert bias == pytest.approx(1 - 0.005 - 0.5 * 64)
            assert weight == pytest.approx(1 - 0.005 - 0.5)


def test_the_scales_of_batch_norms_stay_at_one_where_their_biases_are_fast(tiny):
    config = replace(CONFIG, norm_bias_rate=8.0)
    state = state_of(config, tiny, CPU)
    before = {name: value.clone() for name, value in state.model.state_dict().items()}
    state.model.train()
    update(config, state.model, state.optimizer, state.batches.batch(state.batches.tables(1), 0))
    norms = [name for name, module in state.model.named_modules() if isinstance(module, nn.BatchNorm2d)]
    after = state.model.state_dict()
    assert norms
    for name in norms:
        assert torch.equal(after[f"{name}.weight"], torch.ones_like(after[f"{name}.weight"]))
        assert not torch.equal(after[f"{name}.bias"], before[f"{name}.bias"])


def test_without_these_all_parameters_are_one_group_in_the_models_order():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, 2))
    [group] = optimizer_of(CONFIG, model).param_groups
    assert [id(parameter) for parameter in group["params"]] == [id(parameter) for parameter in model.parameters()]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"network": "resnet9", "batch_norm": False}, r"at most 54 filters, .* 27 values .* this one has 64"),
        ({"norm_bias_rate": 0.0}, r"`norm_bias_rate` \(=0.0\)"),
        ({"logit_scale": 0}, r"`logit_scale` \(=0\)"),
        (
            {"logit_scale": 0.5, "optimizer": Optimizer.ADAM, "momentum": 0.0, "nesterov": False},
            "is for `optimizer` sgd",
        ),
    ],
    ids=str,
)
def test_what_cannot_be_is_a_sentence(tiny, changes, message):
    with pytest.raises(InputError, match=message):
        state_of(replace(WHITENED, **changes), tiny, CPU)


def test_a_network_that_begins_with_something_else_cannot_whiten_patches(tiny):
    text = '{"name": "flat", "input": [3, 12, 12], "layers": [{"kind": "flatten"}, {"kind": "linear", "features": 10}]}'
    with pytest.raises(InputError, match="begins with a convolution"):
        state_of(replace(WHITENED, network=text, batch_norm=False), tiny, CPU)


def test_the_network_for_the_clock_learns_with_all_of_them(tiny):
    config = replace(
        CONFIG,
        network="airbench-narrow",
        batch_norm=False,
        epochs=3,
        norm_bias_rate=64.0,
        logit_scale=1 / 9,
        identity_start=True,
        whitened_patches=True,
    )
    last = list(train(config))[-1]
    assert isinstance(last, Finished)
    assert last.test_accuracy > 0.5


def test_images_without_contrast_cannot_whiten_patches(tiny):
    """One image less the mean image, which is itself: filters would be divided by zero."""
    config = replace(WHITENED, train_size=1, standardize=Standardization.MEAN_IMAGE)
    with pytest.raises(InputError, match="`whitened_patches` needs train images with some contrast"):
        state_of(config, tiny, CPU)
