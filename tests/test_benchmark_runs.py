"""Result files that fill with runs: nothing is trained twice, nothing of another configuration stays."""

import argparse
import json
from concurrent.futures import Future
from dataclasses import replace

import pytest

from benchmarks import recipe, records
from benchmarks.machine import copies
from benchmarks.runs import Job, fill, lacks, measure, put
from cnncore.course.eras import ERAS
from cnncore.data.originals import ORIGINAL
from cnncore.data.prepared import save
from cnncore.training.config import TTA, RunConfig
from cnncore.training.presets import PRESETS
from tests.conftest import tiny_images

CONFIG = RunConfig(network="lenet1989", epochs=2, train_size=60, validation_size=50, test_size=40, device="cpu")
JOB = Job("trials", "as it is", CONFIG)


def run(seed=0, accuracy=0.5):
    return {"seed": seed, "diverged": None, "seconds": 1.0, "curve": {"test_accuracy": [accuracy]}}


def test_a_run_that_is_there_is_not_lacking_whatever_its_order():
    result = {}
    assert lacks(result, JOB)
    other = replace(JOB, config=replace(CONFIG, seed=1))
    put(result, other, run(1))
    put(result, JOB, run(0))
    assert [lacks(result, job) for job in (JOB, other)] == [False, False]
    assert [one["seed"] for one in result["trials"]["as it is"]["runs"]] == [0, 1]
    assert lacks(result, replace(JOB, config=replace(CONFIG, seed=2)))


def test_runs_of_another_configuration_under_the_same_name_go():
    result = {}
    put(result, JOB, run())
    changed = replace(JOB, config=replace(CONFIG, lr=0.5))
    assert lacks(result, changed)
    put(result, changed, run(accuracy=0.7))
    assert result["trials"]["as it is"]["runs"] == [run(accuracy=0.7)]
    assert lacks(result, JOB)


def test_a_file_is_filled_once(tmp_path, drawn_once, monkeypatch):
    made = []
    monkeypatch.setattr("benchmarks.runs.own_process", lambda: None)  # it would set up the tests' own process
    monkeypatch.setattr("benchmarks.runs.ProcessPoolExecutor", lambda *_: Here(made))
    path = tmp_path / "one.json"
    fill(path, [JOB])
    fill(path, [JOB, replace(JOB, config=replace(CONFIG, seed=3))])
    assert [config.seed for config in made] == [0, 3]
    [first, second] = json.loads(path.read_text())["trials"]["as it is"]["runs"]
    assert (first["seed"], second["seed"]) == (0, 3)
    assert {name: len(values) for name, values in first["curve"].items()} == dict.fromkeys(first["curve"], 2)


def test_a_script_says_that_the_images_were_copies_and_of_which_set(app_home):
    assert copies("cifar10") == {}, "not prepared"
    save(replace(tiny_images(), name="cifar10", notes=("Read from elsewhere.", "And cut.")))
    assert copies("cifar10") == {"cifar10": "Read from elsewhere."}
    save(replace(tiny_images(), name="cifar10", notes=(ORIGINAL,)))
    assert copies("cifar10") == {}
    save(replace(tiny_images(), name="mine", notes=("There are no test images in the source.",)))
    assert copies("mine") == copies("unknown") == {}


def test_what_a_file_was_filled_on_is_in_it(tmp_path, app_home, monkeypatch):
    save(replace(tiny_images(size=32), name="cifar10", notes=("Read from elsewhere.",)))
    monkeypatch.setattr("benchmarks.runs.own_process", lambda: None)
    monkeypatch.setattr("benchmarks.runs.ProcessPoolExecutor", lambda *_: Here([]))
    config = replace(CONFIG, dataset="cifar10", train_size=70, validation_size=0, test_size=None)
    fill(tmp_path / "one.json", [replace(JOB, config=config)])
    assert json.loads((tmp_path / "one.json").read_text())["copies"] == {"cifar10": "Read from elsewhere."}


class Here:
    """A pool of no processes: what is submitted is done at once, in this one."""

    def __init__(self, made):
        self.made = made

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def submit(self, function, config):
        assert function is measure
        self.made.append(config)
        done = Future()
        done.set_result(function(config))
        return done


def asked(**changes):
    plain = {
        "family": "classroom",
        "dataset": "builtin",
        "seeds": 2,
        "epochs": None,
        "train_size": None,
        "device": "cpu",
        "precision": None,
        "trial": None,
        "final": False,
        "only": None,
    }
    return argparse.Namespace(**(plain | changes))


def test_ingredients_are_judged_on_images_that_left_the_train_set():
    jobs = list(recipe.jobs(asked(epochs=20)))
    assert {job.config.validation_size for job in jobs} == {1000}
    rows = [job.row for job in jobs if job.config.seed == 0]
    assert rows[:2] == ["new", "old"]
    assert rows == [job.row for job in jobs if job.config.seed == 1]
    again = ["new, asked again", "old, asked again"]
    assert rows[-2:] == again
    assert len(rows) == len(set(rows)) == 4 + 2 * sum(row.startswith("new without") for row in rows)
    assert {job.row for job in jobs if job.config.tta is not TTA.NONE} == set(again)


def test_the_final_runs_are_the_presets():
    jobs = list(recipe.jobs(asked(final=True, seeds=1)))
    expected = [PRESETS["classroom-plus"], PRESETS["classroom-9"]]
    assert [job.config for job in jobs] == [replace(config, device="cpu") for config in expected]


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("lr=0.02,average=2", {"lr": 0.02, "average": 2}),
        ("schedule=cosine,warmup_epochs=2", {"schedule": "cosine", "warmup_epochs": 2}),
        ("as it is", {}),
    ],
)
def test_a_trial_changes_what_it_names(text, changes):
    base = PRESETS["classroom-plus"]
    assert recipe.trial(base, text) == replace(base, preset=None, **changes)


def test_every_era_is_measured_on_its_data():
    jobs = list(records.jobs(asked(seeds=1, dataset="cifar10", epochs=30, train_size=10_000)))
    assert [job.row for job in jobs] == [era.name for era in ERAS]
    assert {(job.config.dataset, job.config.epochs, job.config.train_size) for job in jobs} == {("cifar10", 30, 10_000)}
