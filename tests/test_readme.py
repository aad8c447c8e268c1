"""What the README says is what was measured, and what it tells people to type is there."""

import json
import re
import statistics
from dataclasses import replace
from pathlib import Path

from benchmarks.explained import FULL_LENGTH, REACHED, TOOK, core_time, full_length, reached, took
from benchmarks.files import RESULTS
from benchmarks.ladder import table
from benchmarks.recipe import table as ingredients_table
from cnncore.cli import COMMANDS
from cnncore.figures.measured import measured
from cnncore.figures.recipe import ADDED, LEFT_OUT, measurement
from cnncore.training.config import RunConfig
from cnncore.training.presets import CLASSROOM, PRESETS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MEASURED = json.loads((RESULTS / "ladder-classroom-cpu.json").read_text(encoding="utf-8"))


def between(marker):
    return README.partition(f"<!-- {marker} -->\n")[2].partition(f"<!-- /{marker} -->")[0]


def test_the_ladder_is_the_measured_one():
    assert between("ladder").strip() == table(MEASURED)


def test_the_ladder_on_cifar10_is_the_measured_part():
    part = json.loads((RESULTS / "ladder-figure-cpu-part.json").read_text(encoding="utf-8"))
    assert between("ladder-cifar10").strip() == table(part)
    for name, preset in part["presets"].items():
        config = RunConfig.from_dict(preset["config"])
        assert (config.train_size, config.epochs, len(preset["runs"])) == (10_000, 30, 1)
        assert replace(config, train_size=None, epochs=100) == replace(PRESETS[name], device="cpu")


def test_the_recipe_is_the_measured_one():
    found = measurement("classroom")
    assert between("recipe").strip() == ingredients_table(found)
    ladder = measured(PRESETS["classroom-9"])
    assert f"`classroom-9` has {100 * ladder.accuracy:.1f} ± {100 * ladder.spread:.1f} (measured on" in README


def test_the_recipe_on_a_part_of_cifar10_is_the_measured_one():
    found = measurement("practical")
    assert between("recipe-cifar10").strip() == ingredients_table(found)
    assert (
        f"{found.images:,} train images, {found.epochs} epochs, two seeds, judged on {found.validation:,} others"
        in README
    )
    assert {len(worth.differences) for worth in found.worths} == {2}
    alone = {worth.ingredient: worth.mean for worth in found.worths if worth.how == ADDED}
    lost = {worth.ingredient: worth.mean for worth in found.worths if worth.how == LEFT_OUT}
    assert sorted(lost, key=lost.__getitem__)[-2:] == ["one-cycle", "Nesterov momentum"]
    assert (round(lost["averaged weights"]), round(alone["averaged weights"])) == (0, 8)
    words = {(worth.ingredient, worth.how): worth.words for worth in found.worths}
    assert "hurts, every seed" in words["pad-crop", ADDED]
    assert "hurts" not in words["pad-crop", LEFT_OUT]
    disagree = {ingredient for (ingredient, how), text in words.items() if how == ADDED and "disagree" in text}
    assert disagree == {"weight decay", "label smoothing", "no dropout"}


def test_what_the_presets_beyond_the_practical_gave_is_what_was_measured():
    assert reached(README) == README, "python -m benchmarks.explained writes what was measured"
    plus = [f"{family}-plus{asked}" for family in ("classroom", "practical") for asked in ("", ", again")]
    assert sorted(REACHED.findall(README)) == sorted(["classroom-speedrun", "speedrun", *plus])
    assert took(README) == README, "python -m benchmarks.explained writes what was measured"
    assert sorted(TOOK.findall(README)) == ["classroom-speedrun", "practical-plus"]
    final = json.loads((RESULTS / "recipe-practical-cpu.json").read_text(encoding="utf-8"))["final"]
    [erased] = final["new with erasing"]["runs"]
    assert f"as well gave {100 * erased['curve']['test_accuracy'][-1]:.1f} %, one seed" in README
    fell = [
        round(100 * row["runs"][0]["curve"]["train_accuracy"][-1]) for row in (final["new"], final["new with erasing"])
    ]
    assert "accuracy falls from {} to {} %".format(*fell) in README


def test_what_a_run_takes_of_a_core_is_not_what_the_clock_said_beside_other_work():
    runs = json.loads((RESULTS / "records-builtin-cpu.json").read_text(encoding="utf-8"))["eras"]["Small maps"]["runs"]
    minutes = statistics.mean(run["cpu_seconds"] for run in runs) / 60
    assert f"-->{core_time(60 * minutes)}<!-- /core time classroom-speedrun" in README
    assert abs(float(core_time(60 * minutes).split()[0]) - minutes) <= 0.25
    assert core_time(4132) == "69 minutes"


def test_what_runs_of_full_length_reached_is_what_was_measured():
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(RESULTS.glob("gpu-*.json"))]
    assert FULL_LENGTH.findall(README) == [f"<!-- full length -->{full_length(found)}<!-- /full length -->"]
    assert all(list(one["copies"]) == ["cifar10"] for one in found)
    assert "At\nfull length, on the same copies" in README
    rows = {"fp32": {"graph": [{"test_accuracy": 0.8}]}, "half": {"graph": [{"test_accuracy": 0.7512}]}, "tf32": {}}
    one = {"machine": {"gpu": "a GPU"}, "epochs": 100, "presets": {"a": rows, "b": {"fp32": rows["fp32"]}, "c": {}}}
    assert full_length([one, one | {"epochs": 3}]) == "`a` 75.1 to 80.0 %, `b` 80.0 % on a GPU"


def test_the_measured_ladder_is_of_the_presets_as_they_are():
    assert list(MEASURED["presets"]) == list(CLASSROOM)
    for name, preset in MEASURED["presets"].items():
        assert RunConfig.from_dict(preset["config"]) == replace(PRESETS[name], device="cpu")
        assert [run["seed"] for run in preset["runs"]] == [0, 1, 2]
        last = [run["curve"]["test_accuracy"][-1] for run in preset["runs"]]
        assert preset["test_accuracy"]["mean"] == round(statistics.mean(last), 4)
        assert preset["test_accuracy"]["spread"] == round(statistics.stdev(last), 4)
        assert all(len(run["curve"]["test_accuracy"]) == PRESETS[name].epochs for run in preset["runs"])


def test_every_command_and_picture_that_it_names_is_there():
    commands = re.findall(r"python -m cnncore (\w+)", README)
    assert commands
    assert set(commands) <= set(COMMANDS)
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if not link.startswith("http")]
    assert "docs/training.png" in links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_what_mirrored_test_images_add_to_the_recipe_is_the_measured_one():
    path = ROOT / "benchmarks" / "results" / "label-safety-practical-plus-cpu.json"
    found = json.loads(path.read_text(encoding="utf-8"))["presets"]["practical-plus"]
    stored, both = (100 * found["accuracy"][view]["mean"] for view in ("as stored", "with its mirror image"))
    assert len(found["runs"]) == 1
    assert f"has {both:.1f} instead of {stored:.1f} %" in README
