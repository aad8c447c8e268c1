"""What docs/speed.md says of speed is what was measured, and what it names is there."""

import json
import re
from pathlib import Path

import pytest

from benchmarks.explained import MARK, PAGE, README, TABLE, UNKNOWN, filled, numbers, table
from cnncore.architecture import describe
from cnncore.architecture.catalogue import named_network
from cnncore.cli import COMMANDS
from cnncore.figures.recipe import LEFT_OUT, measurement

ROOT = Path(__file__).parents[1]
TEXT = PAGE.read_text(encoding="utf-8")
RANGE = {"median": 1.5, "least": 1.25, "most": 2.0}


def one(accuracy, diverged=None):
    return {"diverged": diverged, "curve": {"validation_accuracy": [0.1, accuracy]}}


def test_every_number_is_the_measured_one():
    assert filled(TEXT, numbers()) == TEXT, "python -m benchmarks.explained writes the numbers of the results"


def test_the_ingredient_that_does_not_help_is_named():
    found = measurement("classroom-clock")
    hurting = [worth.ingredient for worth in found.worths if worth.how == LEFT_OUT and "hurts" in worth.words]
    assert hurting == ["small logits"]
    assert "without small logits the network is a little better, in every seed" in TEXT


def test_the_readmes_table_is_the_measured_one():
    found = TABLE.findall(README.read_text(encoding="utf-8"))
    assert found == [f"{table()}\n"], "python -m benchmarks.explained writes the table of the results"


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
    assert sorted(name for name, _ in MARK.findall(TEXT)) == sorted(numbers())


def test_without_results_nothing_is_claimed(tmp_path):
    assert set(numbers(tmp_path).values()) == {UNKNOWN}


def test_a_result_is_said_with_its_range(tmp_path):
    cpu = {"trainer / usual": RANGE, "trainer / bare": RANGE, "stored / trainer": RANGE, "peak_memory_mb": 640}
    (tmp_path / "cpu-builtin.json").write_text(json.dumps(cpu))
    waits = {"median_ms": 300, "least": 200, "most": 900}
    start = {"machine": {"logical_cores": 2}, "load": 3.5, "first page": waits}
    (tmp_path / "start.json").write_text(json.dumps(start))
    rows = {"fp32": {"eager / graph": 4.0, "usual / graph": 20}, "tf32": {"eager / graph": 6.04, "usual / graph": 30}}
    gpu = {"machine": {"gpu": "a GPU"}, "presets": {"figure-6": rows | {"half": {"graph": []}}}}
    (tmp_path / "gpu-a.json").write_text(json.dumps(gpu))
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
    assert said["eager / graph"] == "4.0 to 6.0 times on a GPU"
    assert said["ours / usual layout"] == UNKNOWN


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
    said = re.search(r"multiplies and adds (\d\.\d)\s+thousand million times for (\d+) images", TEXT)
    assert float(said[1]) == round(passes * int(said[2]) / 1e9, 1)
