"""What docs/speed.md says of speed is what was measured, and what it names is there."""

import json
import re
from pathlib import Path

import pytest

from benchmarks.explained import MARK, SPEED, UNKNOWN, clocks, everything, filled, numbers, table
from cnncore.architecture import describe
from cnncore.architecture.catalogue import named_network
from cnncore.cli import COMMANDS
from cnncore.figures.recipe import LEFT_OUT, measurement

ROOT = Path(__file__).parents[1]
TEXT = SPEED.read_text(encoding="utf-8")
PROSE = " ".join(TEXT.split())
RANGE = {"median": 1.5, "least": 1.25, "most": 2.0}


def one(accuracy, diverged=None):
    return {"diverged": diverged, "curve": {"validation_accuracy": [0.1, accuracy]}}


def test_every_number_is_the_measured_one():
    assert filled(TEXT, everything()) == TEXT, "python -m benchmarks.explained writes the numbers of the results"


def test_what_fewer_passes_over_memory_gain_is_what_was_measured():
    before, after = (
        json.loads((ROOT / "benchmarks" / "results" / f"kernels-nvidia-h200{name}.json").read_text())["updates"]
        for name in ("-before-fusing", "")
    )
    shares, gains = [], []
    for name in ("figure-9, tf32", "figure-9, half"):
        kernels = before[name]["kernels"]
        products = [row for row in kernels if re.search("gemm|conv|nvjet|cutlass|grad|fprop", row["kernel"], re.I)]
        shares.append(sum(row["microseconds"] for row in products) / sum(row["microseconds"] for row in kernels))
        gains.append(before[name]["microseconds"] / after[name]["microseconds"])
    assert shares == pytest.approx([1 / 2, 1 / 3], abs=0.02)
    assert "took half of the kernels' time in TF32 and a third in half precision" in PROSE
    assert 1.9 < min(gains) < 2.1 < 2.7 < max(gains) < 3
    assert "made an update two to three times as fast" in PROSE
    first, second = (
        sum(row["microseconds"] for row in found["figure-9, tf32"]["kernels"] if kernel in row["kernel"])
        for found, kernel in ((before, "FusedSgd"), (after, "_descend"))
    )
    assert second < first / 2
    assert "In smaller blocks this takes less than half the time." in PROSE


def test_what_several_runs_at_once_gain_is_what_was_measured():
    runs = json.loads((ROOT / "benchmarks" / "results" / "many-runs-nvidia-h200.json").read_text())["runs"]
    gains = {int(count): row["at once / one after another"] - 1 for count, row in runs.items()}
    assert gains[2] == pytest.approx(1 / 3, abs=0.02)
    assert gains[8] <= gains[2]
    assert "two runs at once are a third faster than one after the other, and eight gain no more than that" in PROSE


def test_the_ingredient_that_does_not_help_is_named():
    found = measurement("classroom-clock")
    hurting = [worth.ingredient for worth in found.worths if worth.how == LEFT_OUT and "hurts" in worth.words]
    assert hurting == ["small logits"]
    assert "without small logits the network is a little better, in every seed" in PROSE


def test_the_readmes_rows_are_some_of_the_whole_table(tmp_path):
    few, all_of_it = (table(tmp_path, short).splitlines() for short in (True, False))
    assert 8 <= len(few) - 2 <= 10
    assert [line for line in all_of_it if line in few] == few


def test_every_script_that_the_table_names_is_there(tmp_path):
    rows = [line.split("|")[1:-1] for line in table(tmp_path).splitlines()[2:]]
    assert {value.strip() for _, value, _, _ in rows} == {UNKNOWN}
    assert all((ROOT / "benchmarks" / f"{script.strip(' `')}.py").exists() for *_, script in rows)


def test_the_table_says_the_worst_of_pages_and_refreshes(tmp_path):
    pages = {"home": {"first setting": {"median_ms": 14.0}}, "dropout": {"first setting": {"median_ms": 101.6}}}
    (tmp_path / "pages-cpu.json").write_text(json.dumps({"pages": pages}))
    runs = [{"bytes": {"most": size}, "server_cpu_ms": cost} for size, cost in ((44_802, 16.0), (37_549, 17.4))]
    (tmp_path / "live-page-cpu.json").write_text(json.dumps({"runs": runs}))
    said = table(tmp_path)
    assert "| 102 ms (dropout) | 200 ms |" in said
    assert "| 45 kB, 17 ms of processor | 50 kB, 30 ms |" in said


def test_every_result_has_its_place_once():
    assert sorted(name for name, _ in MARK.findall(TEXT)) == sorted([*numbers(), "speed"])


def test_without_results_nothing_is_claimed(tmp_path):
    assert set(numbers(tmp_path).values()) == {UNKNOWN}


def test_a_result_is_said_with_its_range(tmp_path):
    cpu = {"trainer / usual": RANGE, "trainer / bare": RANGE, "stored / trainer": RANGE, "peak_memory_mb": 640}
    (tmp_path / "cpu-builtin.json").write_text(json.dumps(cpu))
    waits = {"median_ms": 300, "least": 200, "most": 900}
    start = {"machine": {"logical_cores": 2}, "load": 3.5, "first page": waits}
    (tmp_path / "start.json").write_text(json.dumps(start))
    runs = [{"seconds": seconds} for seconds in (14.0, 15.04, 90.0)]
    presets = {
        "figure-6": {"fp32": {"usual / graph": 2}, "tf32": {"graph": runs, "eager / graph": 4.0, "usual / graph": 30}},
        "figure-9": {"tf32": {"graph": runs[:1], "eager / graph": 6.04}, "half": {"graph": [], "eager / graph": 7.0}},
    }
    cold = {"figure-9, tf32": 25.15, "figure-9, half": 18.58}
    gpu = {"machine": {"gpu": "a GPU"}, "epochs": 100, "presets": presets, "cold_start_seconds": cold}
    (tmp_path / "gpu-a.json").write_text(json.dumps(gpu))
    clock = {"test_accuracy": {"mean": 0.9, "spread": 0.001}, "warm_seconds": {"mean": 2.53}, "cold_seconds": [12.9]}
    clock |= {"runs": [{}, {}], "machine": {"gpu": "a GPU"}}
    (tmp_path / "speedrun-a.json").write_text(json.dumps(clock))
    rows = {str(count): {"at once / one after another": ratio} for count, ratio in ((1, 1.0), (8, 3.26))}
    (tmp_path / "many-runs-a.json").write_text(json.dumps({"machine": {"gpu": "a GPU"}, "runs": rows}))
    row = {"config": {"epochs": 7}, "runs": [one(0.5), one(0.75), one(None, diverged="it did")]}
    clock = {"ingredients": {"old": row, "new": row | {"runs": [one(0.9)]}}}
    (tmp_path / "recipe-classroom-clock-cpu.json").write_text(json.dumps(clock))
    said = numbers(tmp_path)
    assert said["clock, epochs"] == "7"
    assert said["clock, old"] == "62.5 ± 17.7 % (2 seeds)"
    assert said["clock, new"] == "90.0 % (1 seed)"
    assert said["at once"] == "1.0 times with 1, 3.3 times with 8 on a GPU"
    assert said["trainer / usual"] == "1.50 times (1.25 to 2.00)"
    assert said["peak memory, builtin"] == "640 MB"
    assert said["peak memory, cifar10"] == UNKNOWN
    assert said["first page"] == "300 ms (200 to 900, on 2 cores at a load of 3.5)"
    assert said["eager / graph"] == "4.0 to 6.0 times in TF32, 7.0 to 7.0 times in half precision on a GPU"
    assert said["usual / graph"] == "30.0 to 30.0 times in TF32 on a GPU", "fp32 has no target"
    assert said["100 epochs, tf32"] == "14.0 to 15.0 s on a GPU", "the median of a preset's runs"
    assert said["100 epochs, half"] == UNKNOWN
    assert said["cold start"] == "25.15 s in TF32, 18.58 s in half precision on a GPU"
    assert said["clock, gpu"] == "90.0 ± 0.1 % (2 seeds) in 2.5 s warm, 12.9 s cold on a GPU"
    assert said["ours / usual layout"] == UNKNOWN


def test_what_was_measured_on_copies_of_the_images_is_said_to_be():
    clock = {"test_accuracy": {"mean": 0.9, "spread": None}, "warm_seconds": {"mean": 2.5}, "cold_seconds": [12.9]}
    clock |= {"runs": [{}], "machine": {"gpu": "a GPU"}}
    assert clocks([clock | {"copies": {}}]) == "90.0 % (1 seed) in 2.5 s warm, 12.9 s cold on a GPU"
    copied = clocks([clock | {"copies": {"cifar10": "Read from elsewhere."}}])
    assert copied == "90.0 % (1 seed) on copies of the images, in 2.5 s warm, 12.9 s cold on a GPU"


def test_a_mark_without_a_result_is_an_error():
    with pytest.raises(KeyError, match="guess"):
        filled("<!-- guess -->7 times<!-- /guess -->", numbers())


def test_the_files_and_commands_that_it_names_are_there():
    files = re.findall(r"`((?:cnncore|benchmarks)/[\w/.]*)`", TEXT)
    assert files
    assert [file for file in files if not (ROOT / file).exists()] == []
    assert set(re.findall(r"python -m cnncore (\w+)", TEXT)) <= set(COMMANDS)


def test_an_update_multiplies_as_often_as_it_says():
    network = named_network("practical", (3, 28, 28), 10)
    passes = describe(network).macs * 3 - describe(network).rows[0].macs  # nobody needs the image's own gradient
    said = re.search(r"takes (\d\.\d) billion multiply-adds for (\d+) images", PROSE)
    assert float(said[1]) == round(passes * int(said[2]) / 1e9, 1)
