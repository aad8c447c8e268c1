"""What README.md and docs/recipes.md say is what was measured, and what they tell people to type is there."""

import json
import re
import statistics
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.explained import (
    MARK,
    PAGES,
    README,
    RECIPES,
    TYPED,
    UNKNOWN,
    core_time,
    everything,
    filled,
    full_length,
)
from benchmarks.explained import ingredients as ingredients_said
from benchmarks.files import RESULTS
from benchmarks.ladder import table
from benchmarks.recipe import table as ingredients_table
from cnncore.cli import COMMANDS
from cnncore.figures.measured import measured
from cnncore.figures.recipe import ADDED, LEFT_OUT, measurement
from cnncore.training.config import RunConfig
from cnncore.training.presets import BEYOND, CLASSROOM, PRESETS
from cnncore.training.recipe import INGREDIENTS

ROOT = Path(__file__).parents[1]
TEXTS = {path: path.read_text(encoding="utf-8") for path in PAGES}
PROSE = " ".join(TEXTS[RECIPES].split())
MEASURED = json.loads((RESULTS / "ladder-classroom-cpu.json").read_text(encoding="utf-8"))
SAID = everything()
# Marks of numbers and tables, page by page; those of docs/speed.md are in test_speed_page.py.
AGAIN = [f"measured {name}-plus, again" for name in ("classroom", "practical")]
MARKS = {
    README: [
        *(f"measured {name}" for name in BEYOND if name != "speedrun"),
        *AGAIN,
        *("core time classroom-speedrun", "clock, gpu", "full length", "speed in short", "ladder", *TYPED),
    ],
    RECIPES: [
        *(f"measured {name}" for name in BEYOND),
        *AGAIN,
        *("core time classroom-speedrun", "core time practical-plus", "full length"),
        *("ingredients", "recipe", "recipe-cifar10", "ladder-cifar10"),
    ],
}


def result(name):
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def between(path, marker):
    return TEXTS[path].partition(f"<!-- {marker} -->\n")[2].partition(f"<!-- /{marker} -->")[0]


def last(row, metric):
    """Return the percent of the only run's last epoch."""
    [run] = row["runs"]
    return f"{100 * run['curve'][metric][-1]:.1f}"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_number_between_marks_is_the_measured_one(path):
    text = TEXTS[path]
    assert filled(text, SAID) == text, "python -m benchmarks.explained writes what was measured"
    assert text.count("<!--") == 2 * len(MARK.findall(text)), "a mark has lost its end"
    broken = re.findall(r"^ *<!-- .+ -->.+$", text, re.MULTILINE)
    assert broken == [], "Markdown ends a paragraph before a line that begins with a mark"
    assert UNKNOWN not in MARK.sub(lambda found: found[2], text) or path.name == "speed.md", "it explains these words"


@pytest.mark.parametrize("path", MARKS, ids=lambda path: path.name)
def test_every_number_has_its_marks(path):
    assert sorted(name for name, _ in MARK.findall(TEXTS[path])) == sorted(MARKS[path])


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
@pytest.mark.parametrize("digit", range(3))
def test_another_number_between_marks_would_be_seen(path, digit):
    text = TEXTS[path]
    marks = [found for found in MARK.finditer(text) if found[1] not in TYPED and re.search(r"\d", found[2])]
    assert marks
    for found in marks:
        numbers = list(re.finditer(r"\d", found[2]))
        place = found.start(2) + numbers[digit % len(numbers)].start()
        other = text[:place] + str((int(text[place]) + 1) % 10) + text[place + 1 :]
        assert filled(other, SAID) == text


def test_what_people_type_is_left_as_it_is():
    text = "<!-- app -->\nrun 1\n<!-- /app -->"
    assert filled(text, {}) == text


def test_the_ladder_is_the_measured_one():
    assert between(README, "ladder").strip() == table(MEASURED)


def test_what_the_ladder_shows_is_what_was_measured():
    def points(preset, metric="test_accuracy", of="mean"):
        return 100 * MEASURED["presets"][f"classroom-{preset}"][metric][of]

    gaps = {preset: points(preset, "train_accuracy") - points(preset) for preset in ("2", "7", "8")}
    assert f"its train accuracy is {gaps['2']:.0f} points above its test accuracy" in PROSE
    assert f"({gaps['7']:.1f} points to {gaps['8']:.1f})" in PROSE
    spreads = f"{points('7', of='spread'):.1f} instead of {points('6', of='spread'):.1f}"
    assert f"(a spread of {spreads}, over only three seeds)" in PROSE
    assert points("7") < points("6")
    assert points("8") < points("7")
    assert points("7-momentum") > points("7")


def test_the_ladder_on_cifar10_is_the_measured_part():
    part = result("ladder-figure-cpu-part")
    assert between(RECIPES, "ladder-cifar10").strip() == table(part)
    for name, preset in part["presets"].items():
        config = RunConfig.from_dict(preset["config"])
        assert (config.train_size, config.epochs, len(preset["runs"])) == (10_000, 30, 1)
        assert replace(config, train_size=None, epochs=100) == replace(PRESETS[name], device="cpu")
    assert f"after a test loss of {part['presets']['figure-6']['lowest_test_loss']:.2f}" in PROSE
    assert "JPEG copies" in PROSE
    assert list(part["copies"]) == ["cifar10"]


def test_the_recipe_is_the_measured_one():
    found = measurement("classroom")
    assert between(RECIPES, "recipe").strip() == ingredients_table(found)
    assert f"of validation accuracy after {found.epochs} epochs, mean and standard deviation over three seeds" in PROSE
    assert {len(worth.differences) for worth in found.worths} == {3}
    alone = {worth.ingredient: worth.mean for worth in found.worths if worth.how == ADDED}
    assert max(alone, key=alone.__getitem__) == "averaged weights"
    ladder = measured(PRESETS["classroom-9"])
    for text in (PROSE, TEXTS[README]):
        assert f"`classroom-9` has {100 * ladder.accuracy:.1f} ± {100 * ladder.spread:.1f} (measured on" in text


def test_what_padding_before_the_crop_costs_is_what_was_measured():
    found = result("recipe-classroom-cpu")
    padded, cut = found["trials"]["10 epochs, pad-crop: new"], found["ingredients"]["new"]
    [with_it] = [run["curve"]["validation_accuracy"][-1] for run in padded["runs"]]
    [without] = [run["curve"]["validation_accuracy"][-1] for run in cut["runs"] if run["seed"] == 0]
    assert round(100 * (without - with_it)) == 10
    assert "costs ten points here (one seed)" in PROSE


def test_the_recipe_on_a_part_of_cifar10_is_the_measured_one():
    found = measurement("practical")
    assert between(RECIPES, "recipe-cifar10").strip() == ingredients_table(found)
    assert (
        f"{found.images:,} train images, {found.epochs} epochs, two seeds, judged on {found.validation:,} others"
        in PROSE
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


def test_each_ingredient_of_the_tables_is_explained_once():
    both = [worth.ingredient for family in ("classroom", "practical") for worth in measurement(family).worths]
    lines = between(RECIPES, "ingredients").splitlines()
    assert [line[3:].partition("*")[0] for line in lines] == [one.name for one in INGREDIENTS if one.name in both]
    assert ingredients_said() == ""


def test_what_was_tried_and_not_kept_is_what_was_measured():
    trials = result("recipe-practical-cpu-part")["trials"]
    found = {name: last(row, "validation_accuracy") for name, row in trials.items()}
    assert found.pop("lr=0.05") == found["lr=0.2"]
    kept, rate, dropout = (found.pop(name) for name in ("as it is", "lr=0.2", "dropout=0.5"))
    least, most = min(found.values()), max(found.values())
    assert len(found) == 5, "the rows that the sentence names together"
    assert f"{kept} % as it is, {rate} % with half or twice the learning rate, {dropout} % with dropout" in PROSE
    assert f"and {least} to {most} % with twice the weight decay" in PROSE
    final = result("recipe-practical-cpu")["final"]
    erasing = final["new with erasing"]
    assert f"gave {last(erasing, 'test_accuracy')} % of the test images at full length, one seed" in PROSE
    fell = [round(100 * row["runs"][0]["curve"]["train_accuracy"][-1]) for row in (final["new"], erasing)]
    assert "accuracy falls from {} to {} %".format(*fell) in PROSE
    long = result("recipe-practical-cpu-long")["trials"]
    mixed, plain = (long[name] for name in ("augment=pad-crop+flip+cutmix", "as it is"))
    curves = [row["runs"][0]["curve"]["validation_accuracy"] for row in (mixed, plain)]
    assert sum(ours < theirs for ours, theirs in zip(*curves, strict=True)) > len(curves[0]) / 2
    assert f"ends {100 * (curves[0][-1] - curves[1][-1]):.1f} points ahead" in PROSE
    config = RunConfig.from_dict(mixed["config"])
    ends = " and ".join(last(row, "validation_accuracy") for row in (mixed, plain))
    assert f"{ends} % of {config.validation_size:,} validation images after {config.epochs} epochs of" in PROSE


def test_what_a_run_takes_of_a_core_is_not_what_the_clock_said_beside_other_work():
    runs = result("records-builtin-cpu")["eras"]["Small maps"]["runs"]
    minutes = statistics.mean(run["cpu_seconds"] for run in runs) / 60
    for text in (TEXTS[README], TEXTS[RECIPES]):
        assert f"-->{core_time(60 * minutes)}<!-- /core time classroom-speedrun" in text
    assert abs(float(core_time(60 * minutes).split()[0]) - minutes) <= 0.25
    assert core_time(4132) == "69 minutes"


def test_what_runs_of_full_length_reached_is_what_was_measured():
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(RESULTS.glob("gpu-*.json"))]
    assert SAID["full length"] == full_length(found)
    assert all(list(one["copies"]) == ["cifar10"] for one in found)
    assert "At full length, on the same copies" in PROSE
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
    commands = re.findall(r"python -m cnncore (\w+)", TEXTS[README])
    assert commands
    assert set(commands) <= set(COMMANDS)
    assert "(docs/training.png)" in TEXTS[README]


@pytest.mark.parametrize("path", [README, *sorted((ROOT / "docs").glob("*.md"))], ids=lambda path: path.name)
def test_every_link_leads_to_a_file_and_a_heading(path):
    links = re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8"))
    for link in (link for link in links if not link.startswith("http")):
        name, _, anchor = link.partition("#")
        file = (path.parent / name).resolve() if name else path
        assert file.exists(), link
        assert not anchor or anchor in anchors(file.read_text(encoding="utf-8")), link


def anchors(text):
    """Return the addresses of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


def test_a_heading_is_found_by_its_anchor():
    assert anchors("# Why: `it` is\ntext\n## 12. All that was measured") == [
        "why-it-is",
        "12-all-that-was-measured",
    ]


def test_the_readme_is_short():
    assert len(TEXTS[README].splitlines()) <= 170


def test_what_mirrored_test_images_add_to_the_recipe_is_the_measured_one():
    found = result("label-safety-practical-plus-cpu")["presets"]["practical-plus"]
    stored, both = (100 * found["accuracy"][view]["mean"] for view in ("as stored", "with its mirror image"))
    assert len(found["runs"]) == 1
    assert f"has {both:.1f} instead of {stored:.1f} %" in PROSE
    plus = measured(PRESETS["practical-plus"])
    assert 0.4 < (both - stored) / (100 * (plus.again[0] - plus.accuracy)) < 0.65, "about half of what six views do"
