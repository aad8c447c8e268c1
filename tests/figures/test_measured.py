import json
import statistics
from dataclasses import replace

import pytest

from cnncore.figures import measured as module
from cnncore.figures import results
from cnncore.figures.measured import (
    measured,
    measured_in_part,
    time_added,
    time_taken,
)
from cnncore.figures.results import RESULTS, hardware, stored
from cnncore.training.presets import CLASSROOM, PRESETS

MACHINE = {"gpu": None, "cpu": "A CPU", "threads": 1, "date": "2026-01-01", "versions": {"torch": "2.1"}}
CONFIG, BUILTIN = PRESETS["figure-2"], PRESETS["classroom-2"]


def run(accuracy, seed=0, diverged=None):
    return {"seed": seed, "diverged": diverged, "seconds": 10.0, "curve": {"test_accuracy": [0.1, accuracy]}}


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Return a function that writes a result file into a folder of the test's own."""
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    module._known.cache_clear()

    def written(name, **content):
        (tmp_path / f"{name}.json").write_text(json.dumps({"machine": MACHINE, **content}))
        results._read.cache_clear()

    yield written
    module._known.cache_clear()


@pytest.mark.parametrize("name", CLASSROOM)
def test_the_measured_ladder_is_found_by_its_configurations(name):
    runs = json.loads((RESULTS / "ladder-classroom-cpu.json").read_text())["presets"][name]["runs"]
    last = [run["curve"]["test_accuracy"][-1] for run in runs]
    found = measured(PRESETS[name])
    assert (found.accuracy, found.spread) == pytest.approx((statistics.mean(last), statistics.stdev(last)))
    assert (found.seeds, found.seconds) == (3, pytest.approx(statistics.mean(run["seconds"]["train"] for run in runs)))


def test_device_and_seed_do_not_matter_and_everything_else_does(write):
    entry = {"config": replace(CONFIG, device="cpu").to_dict(), "runs": [run(0.5), run(0.7, 1), run(0, 2, "no number")]}
    write("any", eras={"one": entry})
    found = measured(replace(CONFIG, seed=9, device="cuda"))
    assert (found.accuracy, found.seeds, found.seconds) == (pytest.approx(0.6), 2, 10)
    assert found.machine == "A CPU, 1 thread, torch 2.1, 2026-01-01"
    assert measured(replace(CONFIG, lr=0.2)) is None


def test_of_two_measurements_the_one_with_more_seeds_stays_whatever_was_kept(write):
    few = {"config": replace(CONFIG, snapshots=False).to_dict(), "runs": [run(0.5), run(0.7, 1)]}
    write("a", eras={"one": few})
    write("b", eras={"one": {"config": CONFIG.to_dict(), "runs": [run(0.9)]}})
    assert measured(CONFIG).seeds == measured(replace(CONFIG, snapshots=False)).seeds == 2


def test_another_precision_stands_in_and_says_so(write):
    half = {"config": replace(CONFIG, precision="half").to_dict(), "runs": [run(0.5)]}
    write("a", eras={"one": half})
    assert measured(CONFIG).machine == "A CPU, 1 thread, torch 2.1, 2026-01-01, precision half"
    module._known.cache_clear()
    write("b", eras={"one": {"config": CONFIG.to_dict(), "runs": [run(0.6)]}})
    assert (measured(CONFIG).accuracy, measured(replace(CONFIG, precision="half")).accuracy) == (0.6, 0.5)
    assert measured(replace(CONFIG, precision="tf32")) is not None


def test_a_part_is_the_largest_one_and_never_taken_for_the_whole(write):
    parts = [replace(CONFIG, train_size=size, epochs=epochs) for size, epochs in ((100, 5), (1000, 5), (1000, 2))]
    write("a", presets={str(n): {"config": part.to_dict(), "runs": [run(0.3)]} for n, part in enumerate(parts)})
    assert measured(CONFIG) is None
    found = measured_in_part(CONFIG).config
    assert (found.train_size, found.epochs) == (1000, 5)
    assert measured_in_part(replace(CONFIG, momentum=0.9)) is None


def test_a_shorter_run_on_all_images_is_no_part(write):
    write("a", presets={"one": {"config": replace(CONFIG, epochs=5).to_dict(), "runs": [run(0.3)]}})
    assert measured_in_part(CONFIG) is None


def test_a_timed_speedrun_is_found(write):
    content = {"test_accuracy": {"mean": 0.94, "spread": 0.001}, "warm_seconds": {"mean": 9.5}, "runs": [{}, {}]}
    write("speedrun-gpu", config=PRESETS["speedrun"].to_dict(), **content)
    found = measured(PRESETS["speedrun"])
    assert (found.accuracy, found.spread, found.seeds, found.seconds) == (0.94, 0.001, 2, 9.5)


def test_whole_runs_on_a_gpu_are_found(write):
    runs = [{"seed": seed, "seconds": 30.0 + seed, "test_accuracy": 0.8 + seed / 100} for seed in range(3)]
    rows = {"fp32": {"graph": runs}, "tf32": {"graph": runs[:1], "eager / graph": 12.0}, "half": {"graph": []}}
    write("gpu-any", epochs=100, presets={"figure-9": rows}, cold_start_seconds={})
    found = measured(PRESETS["figure-9"])
    assert (found.accuracy, found.seeds, found.seconds) == (pytest.approx(0.81), 3, pytest.approx(31))
    assert measured(replace(PRESETS["figure-9"], precision="tf32")).seeds == 1
    assert measured(replace(PRESETS["figure-9"], epochs=50)) is None


def test_that_the_images_were_copies_is_said_of_their_data_set_alone(write):
    runs = {"one": {"config": CONFIG.to_dict(), "runs": [run(0.5)]}}
    write("a", copies={"cifar10": "Read from elsewhere."}, eras=runs)
    write("b", copies={"cifar10": "Read from elsewhere."}, eras={"one": runs["one"] | {"config": BUILTIN.to_dict()}})
    assert measured(CONFIG).copies == "Read from elsewhere."
    assert measured(BUILTIN).copies == ""


@pytest.mark.parametrize("path", sorted(RESULTS.glob("*.json")), ids=lambda path: path.stem)
def test_every_accuracy_on_cifar10_says_whether_the_images_were_the_original_ones(path):
    """Here they never were; a script leaves `copies` empty where they are."""
    for entry in module._entries(stored(path.stem)):
        assert bool(entry.copies) == (entry.config.dataset == "cifar10")


def test_what_a_run_takes_of_its_cores_is_the_mean_of_those_that_were_read(write):
    runs = [run(0.5) | {"cpu_seconds": 30.0}, run(0.6, 1) | {"cpu_seconds": 50.0}, run(0.7, 2)]
    write("a", eras={"one": {"config": CONFIG.to_dict(), "runs": runs}})
    assert measured(CONFIG).core_seconds == 40
    assert measured(PRESETS["classroom-2"]) is None


def test_what_a_preset_takes_more_is_of_runs_in_one_precision_on_one_machine(write):
    rows = {"tf32": 14.0, "half": 8.0}, {"tf32": 16.1, "half": 10.0, "fp32": 99.0}
    presets = {
        name: {precision: {"graph": [run(0.5) | {"seconds": s, "test_accuracy": 0.5}]} for precision, s in row.items()}
        for name, row in zip(("figure-8", "figure-9"), rows, strict=True)
    }
    gpu = {"machine": MACHINE | {"gpu": "A GPU"}, "epochs": 100, "cold_start_seconds": {}}
    write("gpu-a", presets=presets, **gpu)
    assert time_added("figure-8", "figure-9") == "15 to 25 % on A GPU"
    assert time_added("figure-7", "figure-9") == ""
    assert time_taken(replace(PRESETS["figure-9"], precision="fp32")) == "1 min 39 s on A GPU"
    module._known.cache_clear()
    del presets["figure-9"]["half"]
    write("gpu-a", presets=presets, **gpu)
    assert time_added("figure-8", "figure-9") == "15 % on A GPU"


def test_what_a_preset_took_names_the_machine(write):
    write("a", eras={"one": {"config": CONFIG.to_dict(), "runs": [run(0.5) | {"seconds": 78.0}]}})
    assert time_taken(CONFIG) == "1 min 18 s on A CPU, 1 thread"
    assert time_taken(replace(CONFIG, lr=0.2)) == ""


def test_what_was_not_measured_is_none(write):
    assert measured(CONFIG) is None
    assert stored("recipe-nothing") == {}


def test_a_gpu_is_named_where_there_was_one():
    assert hardware(MACHINE | {"gpu": "A GPU"}).startswith("A GPU, torch 2.1")
    assert "2 threads" in hardware(MACHINE | {"threads": 2})
