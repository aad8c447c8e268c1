from dataclasses import replace

from cnncore.data.augmentation import HorizontalFlip, RandomCrop
from cnncore.runs.differences import by_setting, differences, short_names
from cnncore.training.config import DeviceChoice, RunConfig
from cnncore.training.presets import PRESETS
from tests.runs.conftest import CONFIG


def test_only_fields_that_differ_are_named_with_each_ones_value():
    one = RunConfig()
    other = replace(one, lr=0.01, augment=(RandomCrop(28), HorizontalFlip(0.5)), batch_norm=True, train_size=500)
    found = differences([one, other, one])
    assert found == {
        "lr": ("0.1", "0.01", "0.1"),
        "augment": ("none", "crop + flip", "none"),
        "batch_norm": ("off", "on", "off"),
        "train_size": ("all", "500", "all"),
    }


def test_a_label_and_a_device_are_no_difference():
    assert differences([RunConfig(), RunConfig(preset="figure-2", device=DeviceChoice.CPU)]) == {}


def test_each_step_of_the_ladder_changes_one_thing():
    steps = [PRESETS[f"classroom-{step}"] for step in ("2", "5", "6")]
    assert [list(differences(pair)) for pair in (steps[:2], steps[1:])] == [["standardize"], ["augment"]]


def test_runs_that_differ_in_the_seed_alone_are_together(store):
    configs = [RunConfig(), RunConfig(lr=0.01), RunConfig(seed=1, preset="figure-2"), RunConfig(lr=0.01, seed=5)]
    runs = [store.get(run_id) for run_id in store.create_many(configs)]
    assert by_setting(runs) == [[runs[0], runs[2]], [runs[1], runs[3]]]


def test_runs_are_called_by_what_differs(store):
    one, other, same = (store.get(store.create(replace(CONFIG, dropout=p))) for p in (0.0, 0.5, 0.5))
    assert short_names([one, other]) == ["dropout 0", "dropout 0.5"]
    assert short_names([one, other, same]) == [
        "dropout 0",
        f"dropout 0.5 ({other.id[-4:]})",
        f"dropout 0.5 ({same.id[-4:]})",
    ]
    assert short_names([one]) == [one.label]
    assert short_names([one, other], most=5) == [one.label, other.label]
