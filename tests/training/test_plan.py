from dataclasses import replace

import pytest

from cnncore.errors import InputError
from cnncore.events import Started
from cnncore.training.config import RunConfig
from cnncore.training.plan import plan_of
from cnncore.training.trainer import train

CONFIG = RunConfig(dataset="tiny", network="classroom", epochs=1, batch_size=32, device="cpu", snapshots=False)
IMPOSSIBLE = (
    ({"dataset": "nosuch"}, "`dataset` (=nosuch) is unknown here"),
    ({"dataset": "cifar10"}, "`dataset` (=cifar10) is not prepared"),
    ({"train_size": 99_999}, "`train_size` (=99999) must not exceed the 140 images"),
    ({"validation_size": 140}, "`validation_size` (=140) must leave some of the 140"),
    ({"train_size": 100, "validation_size": 50}, "`train_size` (=100) must not exceed the 90 images"),
    ({"test_size": 71}, "`test_size` (=71) must not exceed the 70 images"),
    ({"network": "vgg16"}, "layer `pool4` of vgg16"),
)


@pytest.mark.parametrize(
    "sizes", [{}, {"validation_size": 20}, {"train_size": 100}, {"train_size": 100, "validation_size": 40}], ids=str
)
def test_what_is_planned_is_what_the_trainer_does(tiny, sizes):
    config = replace(CONFIG, **sizes)
    plan = plan_of(config)
    begun = next(event for event in train(config) if isinstance(event, Started))
    assert (plan.parameters, plan.train_size, plan.updates) == (
        begun.parameters,
        begun.train_size,
        begun.batches_per_epoch,
    )


@pytest.mark.parametrize(("changes", "message"), IMPOSSIBLE, ids=str)
def test_what_the_trainer_refuses_is_refused_before_with_the_same_sentence(tiny, changes, message):
    config = replace(CONFIG, **changes)
    with pytest.raises(InputError) as planned:
        plan_of(config)
    with pytest.raises(InputError) as trained:
        next(iter(train(config)))
    assert str(planned.value) == str(trained.value)
    assert str(planned.value).startswith(message)
