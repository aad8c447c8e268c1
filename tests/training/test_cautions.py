import pytest

from cnncore.data.augmentation import HorizontalFlip
from cnncore.training.cautions import warnings
from cnncore.training.config import TTA, Optimizer, RunConfig, Schedule, Standardization
from cnncore.training.presets import PRESETS

SILENT = (
    RunConfig(),
    RunConfig(epochs=50, schedule=Schedule.STEP, milestones=(20, 49)),
    RunConfig(epochs=2, schedule=Schedule.STEP),
    RunConfig(schedule=Schedule.PLATEAU, validation_size=500),
    RunConfig(schedule=Schedule.PLATEAU, validation_size=500, epochs=8),
    RunConfig(optimizer=Optimizer.ADAM, lr=0.001),
    RunConfig(standardize=Standardization.PCA, whitening_eps=1.0),
    RunConfig(tta=TTA.SHIFTS, augment=(HorizontalFlip(),)),
    *PRESETS.values(),
)


@pytest.mark.parametrize("config", SILENT, ids=str)
def test_a_sound_configuration_gives_no_warning(config):
    assert warnings(config) == []


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (RunConfig(epochs=50, schedule=Schedule.STEP, milestones=(30, 80)), "Milestone 80 is never reached in 50"),
        (RunConfig(epochs=50, schedule=Schedule.STEP, milestones=(50,)), "Milestone 50 is never reached in 50"),
        (RunConfig(epochs=1, schedule=Schedule.STEP, milestones=(1,)), "Milestone 1 is never reached in 1 epoch:"),
        (RunConfig(milestones=(5,)), "`milestones` are for the step schedule"),
        (RunConfig(schedule=Schedule.PLATEAU), "Without a validation split"),
        (RunConfig(schedule=Schedule.PLATEAU, validation_size=9, patience=10), "does not run out within 10 epochs"),
        (RunConfig(schedule=Schedule.PLATEAU, validation_size=9, epochs=7), "does not run out within 7 epochs"),
        (RunConfig(epochs=3, warmup_epochs=3), "The warm-up of 3 epochs is as long as the run"),
        (RunConfig(epochs=1, warmup_epochs=1), "The warm-up of 1 epoch is"),
        (RunConfig(epochs=1, warmup_epochs=1.5), "The warm-up of 1.5 epochs is"),
        (RunConfig(schedule=Schedule.ONE_CYCLE, warmup_epochs=1), "a warm-up of its own"),
        (RunConfig(optimizer=Optimizer.ADAM), "0.001 is usual"),
        (RunConfig(average=10), "reaches back to the beginning"),
        (RunConfig(norm_bias_rate=64), "this network has none"),
        (RunConfig(whitening_eps=1.0), "`whitening_eps` is for zca and pca"),
        (RunConfig(tta=TTA.MIRROR), "this network trains on none"),
    ],
)
def test_each_caution_is_one_sentence(config, expected):
    [text] = warnings(config)
    assert expected in text
