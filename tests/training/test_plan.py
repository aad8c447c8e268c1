from dataclasses import replace

import numpy as np
import pytest

from cnncore.architecture import Conv2d, Flatten, Linear, MaxPool2d, Network
from cnncore.data import ImageData, save
from cnncore.errors import InputError
from cnncore.events import Started
from cnncore.training.config import RunConfig, Standardization
from cnncore.training.plan import plan_of
from cnncore.training.trainer import train

CONFIG = RunConfig(dataset="tiny", network="classroom", epochs=1, batch_size=32, device="cpu", snapshots=False)
POOLS = Network("pools", (3, 12, 12), (MaxPool2d(2), Flatten(), Linear(7)))
MANY = Network("many", (3, 12, 12), (Conv2d(8, 1), Flatten(), Linear(7)))
IMPOSSIBLE = (
    ({"dataset": "nosuch"}, "`dataset` (=nosuch) is unknown here"),
    ({"dataset": "cifar10"}, "`dataset` (=cifar10) is not prepared"),
    ({"train_size": 99_999}, "`train_size` (=99999) must not exceed the 140 images"),
    ({"validation_size": 140}, "`validation_size` (=140) must leave some of the 140"),
    ({"train_size": 100, "validation_size": 50}, "`train_size` (=100) must not exceed the 90 images"),
    ({"test_size": 71}, "`test_size` (=71) must not exceed the 70 images"),
    ({"network": "vgg16"}, "layer `pool4` of vgg16"),
    ({"whitened_patches": True, "network": POOLS.to_json()}, "`whitened_patches` is for a network that begins with"),
    (
        {"whitened_patches": True, "network": MANY.to_json()},
        "`whitened_patches` needs a first convolution of at most 6",
    ),
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


def test_a_standardization_that_is_not_for_the_images_is_refused(app_home):
    grey = np.zeros((14, 1, 12, 12), np.uint8)
    labels = np.arange(14) % 7
    save(ImageData("grey", "Grey", tuple("abcdefg"), grey, labels, grey, labels, ()))
    large = np.zeros((14, 3, 40, 40), np.uint8)
    save(ImageData("large", "Large", tuple("abcdefg"), large, labels, large, labels, ()))
    for dataset, kind, message in (("grey", "handout", "has constants for 3"), ("large", "zca", "4800 x 4800")):
        config = replace(CONFIG, dataset=dataset, standardize=Standardization(kind))
        for act in (plan_of, lambda config: next(iter(train(config)))):
            with pytest.raises(InputError, match=message):
                act(config)
