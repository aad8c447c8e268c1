import dataclasses

import pytest
import torch

from cnncore.architecture.build import build
from cnncore.data.augmentation import HorizontalFlip
from cnncore.errors import InputError
from cnncore.events import Batch
from cnncore.training.batches import Batches
from cnncore.training.comparison import ON, pair, seeds
from cnncore.training.config import Optimizer, RunConfig
from cnncore.training.network import network_of
from cnncore.training.presets import PRESETS
from cnncore.training.trainer import train

CONFIG = RunConfig(dataset="tiny", network="classroom", epochs=1, batch_size=32, lr=0.05, device="cpu", momentum=0.9)
FIELDS = [field for field in ON if field != "optimizer"]  # Adam takes no momentum: see below


def two(field):
    return pair(dataclasses.replace(CONFIG, augment=(HorizontalFlip(),)) if field == "augment" else CONFIG, field)


def weights(config):
    torch.manual_seed(config.seed)
    model = build(network_of(config, (3, 12, 12), 7))
    return [
        p
        for module in model.modules()
        if isinstance(module, (torch.nn.Conv2d, torch.nn.Linear))
        for p in module.parameters()
    ]


@pytest.mark.parametrize("field", FIELDS)
def test_a_pair_differs_in_one_toggle_and_begins_alike(tiny, field):
    without, with_ = two(field)
    changed = {
        spec.name for spec in dataclasses.fields(RunConfig) if getattr(without, spec.name) != getattr(with_, spec.name)
    }
    assert changed == {field}
    assert not getattr(without, field) or getattr(without, field) == "none"
    ours, theirs = weights(without), weights(with_)
    assert len(ours) == len(theirs)
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))
    orders = [Batches.of(config, tiny, torch.device("cpu")).tables(1).order for config in (without, with_)]
    assert torch.equal(*orders)


@pytest.mark.parametrize("field", ["momentum", "weight_decay", "average", "schedule", "nesterov"])
def test_what_the_toggle_does_not_touch_is_equal_to_the_last_digit(tiny, field):
    first = [next(event.loss for event in train(config) if isinstance(event, Batch)) for config in two(field)]
    assert first[0] == first[1]


def test_the_toggle_does_act(tiny):
    for field in ("momentum", "weight_decay", "dropout", "label_smoothing"):
        one, other = ([event.loss for event in train(config) if isinstance(event, Batch)] for config in two(field))
        assert one != other, field


def test_a_toggle_that_is_on_is_compared_with_off_and_any_field_with_a_value():
    without, with_ = pair(PRESETS["classroom-9"], "batch_norm")
    assert (without.batch_norm, with_.batch_norm) == (False, True)
    assert without.preset is None
    slow, fast = pair(CONFIG, "lr", 0.5)
    assert (slow.lr, fast.lr) == (0.05, 0.5)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("lr", None, r"`field` \(='lr'\) is no toggle"),
        ("colour", 3, "is no setting of a run"),
        ("optimizer", Optimizer.ADAM, "cannot differ in `optimizer` alone.*set it to 0"),
    ],
)
def test_what_cannot_be_compared_is_one_sentence(field, value, message):
    with pytest.raises(InputError, match=message):
        pair(CONFIG, field, value)


def test_seeds_differ_in_the_seed_alone():
    found = seeds(dataclasses.replace(CONFIG, seed=5), 3)
    assert [config.seed for config in found] == [5, 6, 7]
    assert {dataclasses.replace(config, seed=0) for config in found} == {CONFIG}
    with pytest.raises(InputError, match=r"`count` \(=0\)"):
        seeds(CONFIG, 0)
