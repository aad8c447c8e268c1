import json
from pathlib import Path
from statistics import fmean, stdev

import pytest
from streamlit.testing.v1 import AppTest

from cnncore.course.eras import ERAS, RECORDS
from cnncore.figures.measured import measured
from cnncore.figures.records import NOT_MEASURED, Across
from cnncore.training.presets import PRESETS
from cnncore.training.recipe import recipe_of

PAGE = str(Path(__file__).parents[2] / "pages" / "records.py")


def opened(**address):
    app = AppTest.from_file(PAGE, default_timeout=60)
    for key, value in address.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception
    return app


def eras(app):
    return app.dataframe[0].value.set_index("era")


def test_it_opens_with_every_era_and_what_was_measured_of_it_on_the_built_in_data(app_home):
    app = opened()
    assert list(eras(app).index) == [era.name for era in ERAS]
    for era in ERAS:
        found = measured(era.configs["builtin"])
        said = NOT_MEASURED if found is None else f"{100 * found.accuracy:.1f} "
        assert eras(app).loc[era.name, "test accuracy"].startswith(said)
    assert eras(app).loc["LeNet-5", "parameters"] == 83_126


RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"


def result(name):
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def over_seeds(accuracies):
    """Return what a page should say of accuracies, one a seed."""
    if len(accuracies) == 1:
        return f"{100 * accuracies[0]:.1f} % (1 seed)"
    return f"{100 * fmean(accuracies):.1f} ± {100 * stdev(accuracies):.1f} % ({len(accuracies)} seeds)"


def last(entry, metric="test_accuracy"):
    return [run["curve"][metric][-1] for run in entry["runs"]]


def test_on_cifar10_an_era_shows_the_runs_of_its_file_and_the_others_that_nothing_was_measured(app_home):
    on_gpu = result("gpu-nvidia-h200")["presets"]
    modern = result("recipe-practical-cpu")["final"]["new"]
    expected = {
        "Zip code network": "not measured here",
        "LeNet-5": "not measured here",
        "AlexNet's ideas": over_seeds([run["test_accuracy"] for run in on_gpu["figure-8"]["half"]["graph"]]),
        "+ batch norm": over_seeds([run["test_accuracy"] for run in on_gpu["figure-9"]["fp32"]["graph"]]),
        "+ a modern recipe": over_seeds(last(modern)),
        "Residual network": "not measured here",
        "Small maps": over_seeds([run["test_accuracy"] for run in result("speedrun-nvidia-h200")["runs"]]),
    }
    app = opened(records_data="CIFAR-10")
    assert app.segmented_control(key="records_data").value == "CIFAR-10"
    assert eras(app)["test accuracy"].to_dict() == expected


def test_on_the_built_in_data_the_accuracies_are_those_of_the_result_files(app_home):
    before, ladder = result("records-builtin-cpu")["eras"], result("ladder-classroom-cpu")["presets"]
    said = eras(opened())["test accuracy"]
    for name in ("Zip code network", "LeNet-5", "Residual network", "Small maps"):
        assert said[name] == over_seeds(last(before[name]))
    assert said["AlexNet's ideas"] == over_seeds(last(ladder["classroom-8"]))
    assert said["+ batch norm"] == over_seeds(last(ladder["classroom-9"]))


def test_the_old_lenet_is_told_as_a_share_of_the_network_of_2012(app_home):
    table = eras(opened())
    lenet, ours = table.loc["LeNet-5"], table.loc["AlexNet's ideas"]
    app = opened()
    app.button(key="try_Is it the parameters?").click().run()
    share, work = (100 * lenet[column] / ours[column] for column in ("parameters", "multiply-adds"))
    assert share > 2 * work
    assert f"LeNet-5 has {share:.0f} % of the parameters" in app.info[0].value
    assert f"and {work:.0f} % of its multiply-adds" in app.info[0].value


@pytest.mark.parametrize(
    ("data", "name"), [("Built-in", "recipe-classroom-cpu"), ("CIFAR-10", "recipe-practical-cpu-part")]
)
def test_the_old_recipe_and_the_new_one_are_those_that_were_measured(app_home, data, name):
    ingredients = result(name)["ingredients"]
    old, new = (100 * fmean(last(ingredients[row], "validation_accuracy")) for row in ("old", "new"))
    text = next(
        element.value for element in opened(records_data=data).markdown if element.value.startswith("Old recipe")
    )
    assert f"**{old:.1f} %**, new one **{new:.1f} %**" in text


def test_published_times_are_those_that_their_authors_gave_and_ours_is_the_measured_one(app_home):
    table = next(frame.value for frame in opened().dataframe if "seconds to 94 %" in frame.value)
    published = dict(zip(table["by"], table["seconds to 94 %"], strict=True))
    mine = published.pop("preset speedrun")
    assert published == {
        "How to train your ResNet": "26",
        "hlb-CIFAR10": "6.3",
        "airbench94": "3.83",
        "airbench94, compiled": "3.09",
        "airbench94 with Muon": "2.59",
        "Hiverge": "1.99",
    }
    runs = result("speedrun-nvidia-h200")["runs"]
    seconds = fmean(run["seconds"] for run in runs)
    assert mine == f"{seconds:.1f} for {over_seeds([run['test_accuracy'] for run in runs])}"


def test_what_was_measured_on_copies_of_the_images_says_so(app_home):
    said = "cifar10-jpeg.tar.xz: these are not the original bytes"
    of_eras, of_ingredients, *others = (caption.value for caption in opened(records_data="CIFAR-10").caption)
    assert said in of_eras
    assert said in of_ingredients
    assert said in next(text for text in others if text.startswith("Published by their authors"))
    assert [said in caption.value for caption in opened().caption][:2] == [False, False]


@pytest.mark.parametrize(
    ("press", "key", "value"),
    [
        ("try_What did accuracy cost?", "records_across", Across.MACS),
        ("try_Is it the parameters?", "records_across", Across.PARAMETERS),
        ("try_And the real data?", "records_data", "CIFAR-10"),
    ],
)
def test_a_try_sets_the_controls_and_says_what_to_notice(app_home, press, key, value):
    app = opened(records_across="whole training")
    app.button(key=press).click().run()
    assert not app.exception
    assert app.segmented_control(key=key).value == value
    assert app.info[0].value


def test_every_ingredient_has_its_row(app_home):
    app = opened()
    table = next(frame.value for frame in app.dataframe if "ingredient" in frame.value)
    assert list(table["ingredient"]) == [i.name for i in recipe_of("classroom").ingredients]


def test_sentences_stand_in_lists_where_no_column_cuts_them_off(app_home):
    app = opened()
    lists = " ".join(element.value for element in app.markdown)
    for era in ERAS:
        assert f"- **{era.name}**: {era.new}" in lists
    for ingredient in recipe_of("classroom").ingredients:
        assert f"- **{ingredient.name}**: {ingredient.why}" in lists


def test_published_records_stand_beside_what_was_measured_here(app_home):
    app = opened()
    table = next(frame.value for frame in app.dataframe if "seconds to 94 %" in frame.value)
    assert list(table["by"]) == [*(record.name for record in RECORDS), "preset speedrun"]
    assert (table["seconds to 94 %"].iloc[-1] == NOT_MEASURED) == (measured(PRESETS["speedrun"]) is None)
