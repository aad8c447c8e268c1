"""The GPU's benchmarks: their verdicts on results that are made up, and their way through, tried on a CPU."""

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from benchmarks import all_gpu, gpu, kernels, many_runs
from benchmarks.gpu_targets import targets
from cnncore.events import Epoch
from cnncore.training.config import RunConfig
from cnncore.training.trainer import train
from tests.training.test_trainer import EVERYTHING

ROOT = Path(__file__).parents[1]
RUN = {"seed": 0, "seconds": 12.0, "test_accuracy": 0.81}
RESULT = {
    "epochs": 100,
    "presets": {
        "figure-9": {
            "fp32": {"graph": [RUN | {"test_accuracy": accuracy} for accuracy in (0.80, 0.81, 0.82)]},
            "tf32": {"graph": [RUN, RUN | {"seconds": 14.0}], "eager / graph": 5.5, "usual / graph": 29.0},
            "half": {"graph": [RUN | {"test_accuracy": 0.83}], "eager / graph": 4.0, "usual / graph": 31.0},
        },
        "figure-6": {"tf32": {"graph": [RUN]}},
    },
    "cold_start_seconds": {"figure-9, tf32": 20.0, "figure-9, half": 25.1},
}


def met(result):
    return {target.name: target.met for target in targets(result)}


def test_every_target_is_judged():
    assert met(RESULT) == {
        "figure-9, tf32: seconds of 100 epochs": True,
        "figure-9, tf32: times as fast as kernel by kernel": True,
        "figure-9, tf32: times as fast as the usual way": False,
        "figure-9, tf32: test accuracy against fp32": True,  # the same mean; the spread is a point
        "figure-9, half: seconds of 100 epochs": False,
        "figure-9, half: times as fast as kernel by kernel": False,
        "figure-9, half: times as fast as the usual way": True,
        "figure-9, half: test accuracy against fp32": False,  # two points above
        "figure-6, tf32: seconds of 100 epochs": True,
        "figure-6, tf32: times as fast as kernel by kernel": None,
        "figure-6, tf32: times as fast as the usual way": None,
        "figure-6, tf32: test accuracy against fp32": None,
        "figure-6, half: seconds of 100 epochs": None,
        "figure-6, half: times as fast as kernel by kernel": None,
        "figure-6, half: times as fast as the usual way": None,
        "figure-6, half: test accuracy against fp32": None,
        "figure-9, tf32: seconds of a cold start": True,
        "figure-9, half: seconds of a cold start": False,
    }


def test_the_time_of_fewer_epochs_meets_no_target():
    assert met(RESULT | {"epochs": 10})["figure-9, tf32: seconds of 100 epochs"] is None


@pytest.fixture
def measured(tiny, tmp_path, monkeypatch):
    """Make the GPU's measurements with small runs on the CPU, and return them and their file."""

    def configured(preset, epochs, precision):
        return replace(EVERYTHING, epochs=int(epochs), snapshots=False, preset=preset)

    monkeypatch.setattr(gpu, "configured", configured)
    monkeypatch.setattr(gpu, "gpu_name", lambda: "none")
    monkeypatch.setattr(gpu, "usual", lambda *_: 7.0)
    monkeypatch.setattr(gpu, "RESULTS", tmp_path)
    return lambda budget=300.0: gpu.Measurement(["figure-6", "figure-9"], 2, budget), tmp_path / "gpu-none.json"


def test_a_measurement_is_written_and_gone_on_with(measured, monkeypatch):
    measurement, path = measured
    first = measurement()
    first.speed()
    first.usual(1)
    first.accuracy(2)
    read = json.loads(path.read_text())
    assert read == first.result
    rows = read["presets"]["figure-9"]
    assert [run["seed"] for run in rows["fp32"]["graph"]] == [run["seed"] for run in rows["half"]["graph"]] == [0, 1]
    epochs = [e for e in train(gpu.configured("figure-9", 2, "tf32")) if isinstance(e, Epoch)]
    assert rows["tf32"]["graph"][0]["test_accuracy"] == epochs[-1].test_accuracy
    median = sum(run["seconds"] for run in rows["tf32"]["graph"]) / 2 / 2  # of two runs, of two epochs
    assert rows["tf32"]["usual / graph"] == pytest.approx(7.0 / median, rel=0.01)
    assert rows["tf32"]["eager / graph"] == pytest.approx(rows["tf32"]["eager_seconds_an_epoch"] / median, rel=0.1)
    assert read["left_out"] == []

    monkeypatch.setattr(gpu, "whole", lambda *_: pytest.fail("what is there is not measured again"))
    again = measurement()
    again.speed()
    again.usual(1)
    again.accuracy(2)
    assert again.result["presets"] == first.result["presets"]


def test_what_the_budget_has_no_time_for_is_left_out_and_said(measured):
    measurement, path = measured
    nothing = measurement(budget=-1.0)
    nothing.speed()
    nothing.usual(1)
    left_out = json.loads(path.read_text())["left_out"]
    assert "figure-6 tf32 seed 0" in left_out
    assert "usual" in left_out
    with pytest.raises(gpu.OverBudgetError):
        gpu.whole(gpu.configured("figure-6", 2, "tf32"), deadline=time.monotonic())


def test_runs_at_once_are_read_and_held_against_themselves(tiny):
    configs = [replace(EVERYTHING, epochs=2, seed=seed, snapshots=False) for seed in range(3)]
    alone = many_runs.reading(configs, at_once=False)
    together = many_runs.reading(configs, at_once=True)
    assert len(set(together["curves"])) == 3
    for found in (alone, together):
        assert found["images_per_second"] == pytest.approx(3 * 2 * 140 / found["seconds"], rel=0.05)
    rows = many_runs.compared(alone, {3: together, 2: together | {"curves": alone["curves"][1::-1]}})
    assert rows["3"]["bit for bit as alone"] is True
    assert rows["2"]["bit for bit as alone"] is False
    ratio = together["images_per_second"] / alone["images_per_second"]
    assert rows["3"]["at once / one after another"] == pytest.approx(ratio, abs=0.01)


@pytest.mark.skipif(torch.cuda.is_available(), reason="says what happens without a CUDA device")
@pytest.mark.parametrize("module", ["gpu", "many_runs"])
def test_without_a_device_it_is_one_sentence(module):
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{module}"], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "`device` (=cuda) is not there: run this on a machine with a CUDA device.\n"


def test_parts_end_in_time_and_say_how(monkeypatch):
    monkeypatch.setattr(all_gpu, "PARTS", {"slow": ["timeit", "-n1", "-r1", "import time; time.sleep(60)"]})
    assert all_gpu.part("slow", 0.2) == "ended: its time was over"
    monkeypatch.setattr(all_gpu, "PARTS", {"fails": ["timeit", "no name"], "none": ["nowhere"], "good": ["this"]})
    assert all_gpu.part("fails", 60.0) == "exit status 1"
    assert all_gpu.part("none", 60.0) == "there is no nowhere"
    assert all_gpu.part("good", 60.0) == "ok"


def test_presets_are_configured_for_the_device():
    config = gpu.configured("figure-9", "3", "half")
    assert isinstance(config, RunConfig)
    assert (config.device, config.precision, config.epochs, config.snapshots) == ("cuda", "half", 3, False)
    assert config.preset == "figure-9"


@pytest.mark.skipif(sys.platform == "win32", reason="processes have no groups there")
def test_what_a_part_has_started_ends_with_it():
    child = "import time; print('there', flush=True); time.sleep(30); print('still there', flush=True)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    process = subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, start_new_session=True)
    with process.stdout:
        assert process.stdout.readline() == b"there\n"
        all_gpu._end(process)
        assert process.stdout.read() == b""


def test_kernels_are_summed_by_their_names():
    started = [("short", 1.0), ("long", 4.0)] * 4 + [("l" * 200, 100.0)]
    assert kernels.summed(started, 4) == [
        {"kernel": "l" * 170, "starts": 0.2, "microseconds": 25.0},
        {"kernel": "long", "starts": 1.0, "microseconds": 4.0},
        {"kernel": "short", "starts": 1.0, "microseconds": 1.0},
    ]
