"""Every choice that a run offers trains an epoch of the built-in data, and is seen in its numbers."""

import dataclasses
import functools
import math
from dataclasses import replace

import pytest
import torch

from cnncore.data.augmentation import AUGMENTATIONS
from cnncore.errors import InputError
from cnncore.events import Batch, Epoch, Finished, Started
from cnncore.training.config import DeviceChoice, Optimizer, Precision, RunConfig, Schedule, Standardization
from cnncore.training.device import bfloat16_units
from cnncore.training.trainer import train

# Two short epochs, so that what moves from epoch to epoch does move.
BASE = RunConfig(
    dataset="builtin", network="classroom", epochs=2, batch_size=32, lr=0.02, train_size=96, test_size=40, device="cpu"
)
SGD = replace(BASE, lr=1e-4, weight_decay=0.05)  # without weight decay Adam and AdamW are the same
RMSPROP, ADAM, ADAMW = (replace(SGD, optimizer=kind) for kind in (Optimizer.RMSPROP, Optimizer.ADAM, Optimizer.ADAMW))
MOMENTUM = replace(BASE, momentum=0.9)
# Whitening takes the eigenvectors of all pixels: of 12x12 images in no time, of 32x32 in many seconds.
SMALL = replace(BASE, dataset="tiny")
ZCA, PCA = (replace(SMALL, standardize=kind) for kind in (Standardization.ZCA, Standardization.PCA))
STEP = replace(BASE, schedule=Schedule.STEP, milestones=(1,))
PLATEAU = replace(BASE, schedule=Schedule.PLATEAU, epochs=4, patience=0, lr=1e-8)  # the loss cannot fall at this rate
# A field of the configuration: pairs of a run and what it must differ from.
VARIANTS: dict[str, list[tuple[RunConfig, RunConfig]]] = {
    "network": [(BASE, replace(BASE, network="practical"))],
    "epochs": [(BASE, replace(BASE, epochs=1))],
    "batch_size": [(BASE, replace(BASE, batch_size=24))],
    "lr": [(BASE, replace(BASE, lr=0.01))],
    "optimizer": [(SGD, RMSPROP), (SGD, ADAM), (ADAM, ADAMW)],
    "momentum": [(BASE, MOMENTUM)],
    "nesterov": [(MOMENTUM, replace(MOMENTUM, nesterov=True))],
    "weight_decay": [(BASE, replace(BASE, weight_decay=0.05))],
    "label_smoothing": [(BASE, replace(BASE, label_smoothing=0.1))],
    "average": [(BASE, replace(BASE, average=1))],
    "norm_bias_rate": [(replace(BASE, batch_norm=True), replace(BASE, batch_norm=True, norm_bias_rate=8))],
    "logit_scale": [(BASE, replace(BASE, logit_scale=0.5))],
    "identity_start": [(BASE, replace(BASE, identity_start=True))],
    "whitened_patches": [(BASE, replace(BASE, whitened_patches=True))],
    "schedule": [(BASE, replace(BASE, schedule=kind)) for kind in Schedule if kind not in ("none", "plateau")],
    "decay": [(BASE, replace(BASE, schedule=Schedule.EXPONENTIAL, decay=0.5))],
    "factor": [(STEP, replace(STEP, factor=0.5))],
    "milestones": [(replace(STEP, milestones=(2,)), STEP)],
    "patience": [(replace(PLATEAU, patience=9), PLATEAU)],
    "warmup_epochs": [(BASE, replace(BASE, warmup_epochs=1))],
    "standardize": [
        *((BASE, replace(BASE, standardize=kind)) for kind in Standardization if kind not in ("none", "zca", "pca")),
        *((SMALL, ZCA), (SMALL, PCA), (ZCA, PCA)),
    ],
    "whitening_eps": [(ZCA, replace(ZCA, whitening_eps=1))],
    "augment": [(BASE, replace(BASE, augment=(kind(),))) for kind in AUGMENTATIONS.values()],
    "dropout": [(BASE, replace(BASE, dropout=0.5))],
    "batch_norm": [(BASE, replace(BASE, batch_norm=True))],
    "train_size": [(BASE, replace(BASE, train_size=90))],
    "validation_size": [(BASE, replace(BASE, validation_size=20))],
    "test_size": [(BASE, replace(BASE, test_size=30))],
    "train_eval": [(BASE, replace(BASE, train_eval=True))],
    "tta": [(BASE, replace(BASE, tta="mirror")), (replace(BASE, tta="mirror"), replace(BASE, tta="mirror-shift"))],
    "seed": [(BASE, replace(BASE, seed=1))],
}
# What has tests of its own: other data sets, labels, files, and what this machine may not have.
ELSEWHERE = {"dataset", "preset", "snapshots", "device", "precision"}
CASES = [pytest.param(*pair, id=f"{name}-{n}") for name, pairs in VARIANTS.items() for n, pair in enumerate(pairs)]


@functools.cache
def story(config):
    return tuple(train(config))


def numbers(config):
    """Return all that a run reports, without seconds."""
    rows = []
    for event in story(config):
        if isinstance(event, Batch | Epoch):
            values = dataclasses.asdict(event)
            rows.append({k: v for k, v in values.items() if "second" not in k and v is not None})
    return rows


def check_sensible(config):
    events = story(config)
    started, *_, last = events
    assert isinstance(started, Started)
    assert isinstance(last, Finished)
    epochs = [event for event in events if isinstance(event, Epoch)]
    assert [epoch.epoch for epoch in epochs] == list(range(1, config.epochs + 1))
    assert sum(isinstance(event, Batch) for event in events) == config.epochs * started.batches_per_epoch
    for row in numbers(config):
        assert all(math.isfinite(value) for value in row.values())
        for name, value in row.items():
            if "accuracy" in name:
                assert 0 <= value <= 1, name
                assert row.get(name + "5", 1) >= value, name
            if "loss" in name:
                assert 0 < value < 3 * math.log(started.classes), name  # of guessing: ln(classes)
    for epoch in epochs:
        assert (epoch.validation_loss is not None) == (config.validation_size > 0)
        assert (epoch.train_eval_loss is not None) == config.train_eval
        assert (epoch.test_tta_loss is not None) == (config.tta != "none" and epoch.epoch == config.epochs)


@pytest.mark.parametrize(("before", "after"), CASES)
def test_an_option_trains_and_is_seen_in_the_numbers(request, before, after):
    request.getfixturevalue("tiny" if after.dataset == "tiny" else "drawn_once")
    check_sensible(after)
    assert numbers(after) != numbers(before)


def test_every_field_of_a_configuration_is_among_them():
    fields = {field.name for field in dataclasses.fields(RunConfig)}
    assert set(VARIANTS) | ELSEWHERE == fields
    assert not set(VARIANTS) & ELSEWHERE


@pytest.mark.parametrize("name", ["optimizer", "schedule", "standardize"])
def test_every_member_of_a_choice_is_among_them(name):
    used = {getattr(config, name) for pairs in VARIANTS.values() for pair in pairs for config in pair}
    assert used == set(type(getattr(BASE, name)))


@pytest.mark.parametrize(
    ("field", "value"),
    [*(("device", value) for value in DeviceChoice), *(("precision", value) for value in Precision)],
)
def test_a_choice_that_depends_on_the_machine_trains_or_says_why_not(drawn_once, field, value):
    config = replace(BASE, **{field: value})
    able = {"auto", "cpu", "fp32", *(("half",) if bfloat16_units() else ())}
    if value in able or (torch.cuda.is_available() and value in ("cuda", "tf32", "half")):
        check_sensible(config if field == "device" else replace(config, device="auto"))
    elif value != "mps" or not torch.backends.mps.is_available():
        with pytest.raises(InputError, match=f"`{field}`"):
            story(config)
