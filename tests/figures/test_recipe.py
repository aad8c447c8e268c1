import json
import statistics
from dataclasses import replace

import pytest

from benchmarks.recipe import rows
from benchmarks.runs import HELD_OUT
from cnncore.figures.recipe import ADDED, LEFT_OUT, Worth, measurement, worth_chart, worth_table
from cnncore.figures.results import RESULTS
from cnncore.training.config import RunConfig
from cnncore.training.recipe import TEST_TIME, recipe_of

CONTENT = json.loads((RESULTS / "recipe-classroom-cpu.json").read_text(encoding="utf-8"))


def last(row, metric="validation_accuracy"):
    runs = CONTENT["ingredients"][row]["runs"]
    return [run["curve"][metric][-1] for run in runs]


def compared(worth):
    """Return the accuracies that a worth is the difference of, one a seed."""
    if worth.ingredient == TEST_TIME.name:
        row = {LEFT_OUT: "new, asked again", ADDED: "old, asked again"}[worth.how]
        return last(row, "validation_tta_accuracy"), last(row)
    if worth.how == LEFT_OUT:
        return last("new"), last(f"new without {worth.ingredient}")
    return last(f"old with {worth.ingredient}"), last("old")


def test_the_measured_rows_are_of_the_recipe_as_it_is():
    expected = dict(rows(recipe_of("classroom")))
    assert {"new", "old"} <= CONTENT["ingredients"].keys() <= expected.keys()
    epochs = CONTENT["ingredients"]["new"]["config"]["epochs"]
    for row, entry in CONTENT["ingredients"].items():
        changed = replace(expected[row], epochs=epochs, validation_size=HELD_OUT["builtin"], device="cpu")
        assert RunConfig.from_dict(entry["config"]) == changed, row
        assert [run["seed"] for run in entry["runs"]] == list(range(len(entry["runs"])))


def test_a_worth_is_the_difference_seed_by_seed():
    found = measurement("classroom")
    left_out = {worth.ingredient for worth in found.worths if worth.how == LEFT_OUT}
    assert left_out == {ingredient.name for ingredient in recipe_of("classroom").ingredients}
    for worth in found.worths:
        differences = [100 * (one - other) for one, other in zip(*compared(worth), strict=False)]
        assert worth.differences == pytest.approx(differences, abs=0.01)
        assert worth.mean == pytest.approx(statistics.mean(differences), abs=0.01)
    assert found.new[0] == pytest.approx(statistics.mean(last("new")))
    assert found.new[2] == len(last("new"))


@pytest.mark.parametrize(
    ("differences", "words"),
    [
        ((0.1, 2.0), "helps, every seed"),
        ((-0.1, -2.0), "hurts, every seed"),
        ((0.0, 1.0), "seeds disagree"),
        ((9.0,), "one seed"),
    ],
)
def test_an_effect_is_claimed_only_where_every_seed_agrees(differences, words):
    assert Worth("salt", ADDED, differences).words == words


def test_what_was_tried_is_said_as_what_it_changes_in_the_recipe():
    new = recipe_of("classroom").new
    trials = measurement("classroom").trials
    assert len(trials) == len(CONTENT["trials"])
    for trial, entry in zip(trials, CONTENT["trials"].values(), strict=True):
        config = RunConfig.from_dict(entry["config"])
        assert (f"lr {config.lr:g}" in trial.changes.split(", ")) == (config.lr != new.lr)
        assert trial.epochs == config.epochs
        assert trial.accuracy == pytest.approx(
            statistics.mean(run["curve"]["validation_accuracy"][-1] for run in entry["runs"])
        )


def test_one_seed_has_no_spread():
    chart = worth_chart((Worth("salt", ADDED, (1.5,)),))
    assert (chart.data["mean"], chart.data["low"], chart.data["high"]) == ([1.5], [1.5], [1.5])
    assert worth_table((Worth("weight decay", ADDED, (1.5,)),))[ADDED] == ["+1.5 (one seed)"]


@pytest.mark.parametrize(("mean", "written"), [(-1.5, "−1.5"), (-0.04, "+0.0"), (0.0, "+0.0")])
def test_a_loss_has_the_axis_minus_and_a_zero_none(mean, written):
    assert worth_table((Worth("weight decay", ADDED, (mean,)),))[ADDED] == [f"{written} (one seed)"]


def test_the_chart_has_the_most_valuable_ingredient_first():
    worths = (Worth("a", LEFT_OUT, (1.0, 2.0)), Worth("b", LEFT_OUT, (3.0, 4.0)), Worth("b", ADDED, (0.0, 1.0)))
    chart = worth_chart(worths)
    assert chart.spec["layer"][1]["encoding"]["y"]["sort"] == ["b", "a"]
    assert worths[1].spread == pytest.approx(statistics.stdev((3.0, 4.0)))
    assert chart.data["low"][0] == pytest.approx(1.5 - statistics.stdev((1.0, 2.0)), abs=0.01)


def test_without_a_result_there_is_nothing():
    assert measurement("nothing") is None
