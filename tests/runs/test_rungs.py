from dataclasses import replace

import pytest

from cnncore.errors import InputError
from cnncore.events import Finished
from cnncore.runs.differences import differences
from cnncore.runs.rungs import STEPS, experiments, rungs, training_seconds
from cnncore.training.presets import PRESETS
from tests.runs.conftest import epoch_end, started


def ended(store, config, accuracy):
    run_id = store.create(config)
    store.claim(run_id, "me", 1)
    store.append(
        run_id,
        [
            replace(started(), test_size=1000),
            replace(epoch_end(1), test_accuracy=accuracy),
            Finished(1, 1.0, 0.9, accuracy),
        ],
        "me",
    )
    return store.get(run_id)


def test_each_step_differs_from_the_one_before_in_one_thing():
    for step, before in STEPS.items():
        if before:
            found = differences([PRESETS[f"figure-{before}"], PRESETS[f"figure-{step}"]])
            assert len(found.keys() - {"decay"}) == 1, (step, found)


def test_all_steps_of_the_first_seed_come_first():
    configs = experiments("figure", 3)
    assert [config.seed for config in configs] == [0] * 9 + [1] * 9 + [2] * 9
    assert [replace(config, seed=0) for config in configs[9:18]] == configs[:9]
    with pytest.raises(InputError, match="`family`"):
        experiments("other", 1)


def test_the_time_is_that_of_the_newest_like_run(store):
    configs = experiments("classroom", 1)
    assert training_seconds(configs, 5000, []) is None
    run = ended(store, configs[0], 0.7)
    assert run.images_per_second == 100
    assert training_seconds(configs, 5000, [run]) == pytest.approx(9 * 50 * 5000 / 100)
    assert training_seconds(experiments("figure", 1), 50_000, [run]) is None


def test_a_rung_has_mean_spread_and_its_gain_over_seeds_that_finished_both(store):
    two, five = PRESETS["classroom-2"], PRESETS["classroom-5"]
    runs = [ended(store, replace(two, seed=seed), value) for seed, value in enumerate((0.70, 0.72))]
    runs += [ended(store, replace(five, seed=seed), value) for seed, value in enumerate((0.74, 0.78, 0.90))]
    queued = store.get(store.create(PRESETS["classroom-6"]))
    first, second, third = rungs([*runs, queued][::-1])
    assert (first.step, first.gain, first.over) == ("2", None, 2)
    assert (first.accuracy, first.spread) == (pytest.approx(0.71), pytest.approx(0.02 / 2**0.5))
    assert second.gain == pytest.approx(0.05)
    assert second.pair is None  # no predictions were kept
    assert (third.accuracy, third.gain, third.over) == (None, None, 0)
