"""The clock's script where there is no CUDA device, and what it reads off a run, on a CPU."""

import sys
from dataclasses import replace

import pytest
import torch

from benchmarks import speedrun
from benchmarks.gpu import whole
from cnncore.events import Epoch
from cnncore.training.config import TTA, RunConfig
from cnncore.training.presets import PRESETS
from cnncore.training.trainer import train

CONFIG = RunConfig(network="lenet5", epochs=3, batch_size=10, train_size=300, test_size=200, average=1)


def test_without_cuda_it_says_so_and_measures_nothing(monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(sys, "argv", ["speedrun"])
    assert speedrun.main() == 2
    assert "`device` (=cuda) is not there" in capsys.readouterr().err


def test_it_times_the_preset_and_nothing_else():
    config = speedrun.configured(PRESETS["speedrun"].epochs, 0)
    assert config == replace(PRESETS["speedrun"], device="cuda", snapshots=False)


def test_a_trial_is_judged_on_images_that_left_the_train_set():
    jobs = list(speedrun.trials("speedrun", ["as it is", "network=resnet9,lr=0.5,epochs=16"], "cuda", 2))
    assert [job.config.seed for job in jobs] == [0, 0, 1, 1]
    assert {job.config.validation_size for job in jobs} == {5000}
    epochs = PRESETS["speedrun"].epochs
    assert jobs[0].config == replace(speedrun.configured(epochs, 0), validation_size=5000, preset=None)
    changed = replace(jobs[0].config, network="resnet9", lr=0.5, epochs=16)
    assert jobs[1].config == changed
    [small] = speedrun.trials("classroom-speedrun", ["average=2"], "cpu", 1)
    expected = replace(PRESETS["classroom-speedrun"], average=2, device="cpu", validation_size=1000)
    assert small.config == replace(expected, snapshots=False, preset=None)


@pytest.mark.parametrize("tta", TTA)
def test_a_reading_has_the_accuracy_of_one_look_and_that_of_all(drawn_once, tta):
    config = replace(CONFIG, device="cpu", tta=tta)
    [*_, last] = [event for event in train(config) if isinstance(event, Epoch)]
    found = whole(config)
    assert found["test_accuracy"] == last.test_accuracy
    assert found.get("test_tta_accuracy") == last.test_tta_accuracy
    assert ("test_tta_accuracy" in found) == (tta is not TTA.NONE)
