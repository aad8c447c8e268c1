import json
from pathlib import Path
from statistics import fmean, stdev

import pytest

from cnncore.figures import ladder as figure
from tests.pages.reading import wilson

RESULT = json.loads(
    (Path(__file__).parents[2] / "benchmarks" / "results" / "ladder-classroom-cpu.json").read_text(encoding="utf-8")
)["presets"]
# What the source report printed: 91, 95, 105, 109, 114 and 116 of 128, as percentages with two places.
PRINTED = {"2": 71.09, "5": 74.22, "6": 82.03, "7": 85.16, "8": 89.06, "9": 90.63}


def last(name, metric="test_accuracy"):
    return [run["curve"][metric][-1] for run in RESULT[name]["runs"]]


@pytest.mark.parametrize("name", RESULT)
def test_a_measured_step_is_the_mean_of_its_seeds_and_one_deviation_to_each_side(name):
    [shown] = [one for one in figure.measured_before() if one.step == name.partition("-")[2]]
    seeds = last(name)
    assert len(seeds) == 3
    assert shown.value == pytest.approx(fmean(seeds), abs=2e-4)
    assert shown.high - shown.value == pytest.approx(stdev(seeds), abs=2e-4)
    assert shown.value - shown.low == pytest.approx(stdev(seeds), abs=2e-4)


def test_the_reports_readings_are_of_128_images_and_so_are_their_intervals():
    shown = {one.step: one for one in figure.reported()}
    assert shown.keys() == PRINTED.keys()
    for step, percentage in PRINTED.items():
        right = round(1.28 * percentage)
        assert 100 * shown[step].value == pytest.approx(percentage, abs=0.006)
        assert (shown[step].low, shown[step].high) == pytest.approx(wilson(right, 128), abs=1e-6)
    # 91 of 128: .7109 and z = 1.96 give 62.7 to 78.2 %.
    assert [round(100 * end, 1) for end in (shown["2"].low, shown["2"].high)] == [62.7, 78.2]


def test_the_curves_are_the_means_of_the_seeds_epoch_by_epoch():
    chart = figure.ladder()
    for step in ("2", "9"):
        entry = RESULT[f"classroom-{step}"]
        curves = [run["curve"]["test_accuracy"] for run in entry["runs"]]
        drawn = [
            (x, accuracy)
            for x, preset, accuracy in zip(chart.data["x"], chart.data["preset"], chart.data["accuracy"], strict=True)
            if preset == entry["title"]
        ]
        assert [x for x, _ in drawn] == list(range(1, len(curves[0]) + 1))
        means = [100 * fmean(values) for values in zip(*curves, strict=True)]
        assert [accuracy for _, accuracy in drawn] == pytest.approx(means, abs=0.006)


def test_one_seed_of_the_ladder_took_as_long_as_its_steps_together():
    seconds = [fmean(run["seconds"]["train"] for run in entry["runs"]) for entry in RESULT.values()]
    assert figure.seconds_measured() == pytest.approx(sum(seconds), rel=0.01)


def test_a_step_before_and_after_is_told_in_percent():
    told = figure.step_measured("classroom-5", "classroom-8")
    names = ("classroom-5", "classroom-8")
    for place, name in enumerate(names):
        train, test = last(name, "train_accuracy"), last(name)
        assert told["train accuracy"][place] == f"{100 * fmean(train):.1f} ± {100 * stdev(train):.1f} %"
        assert told["test accuracy"][place] == f"{100 * fmean(test):.1f} ± {100 * stdev(test):.1f} %"
        assert float(told["gap (points)"][place]) == pytest.approx(100 * (fmean(train) - fmean(test)), abs=0.11)
        first = fmean(run["curve"]["test_accuracy"][0] for run in RESULT[name]["runs"])
        assert float(told["test after one epoch"][place].removesuffix(" %")) == pytest.approx(100 * first, abs=0.11)


def test_a_reading_is_drawn_in_percent_with_a_rule_from_low_to_high():
    chart = figure.readings_chart([figure.Reading("5", figure.OWN, 0.75, 0.7, 0.79)])
    assert chart.data == {
        "step": ["+ standardization"],
        "source": [figure.OWN],
        "value": [75.0],
        "low": [70.0],
        "high": [79.0],
    }
    rule, point = (layer["encoding"] for layer in chart.spec["layer"])
    assert (rule["x"]["field"], rule["x2"]["field"], point["x"]["field"]) == ("low", "high", "value")


def test_the_steps_are_rows_from_the_first_to_the_last_and_sources_keep_their_colours():
    own = [figure.Reading(step, figure.OWN, 0.7, 0.6, 0.8) for step in PRINTED]
    charts = [figure.readings_chart(readings) for readings in (figure.reported(), [*own, *figure.reported()])]
    for chart in charts:
        row = chart.spec["layer"][0]["encoding"]["y"]
        assert (row["field"], row["sort"]) == ("step", list(figure.TITLES.values()))
        scale = chart.spec["layer"][1]["encoding"]["color"]["scale"]
        assert dict(zip(scale["domain"], scale["range"], strict=True)).items() <= figure._COLOURS.items()
    assert charts[0].spec["height"] < charts[1].spec["height"]  # a row has room for each source
