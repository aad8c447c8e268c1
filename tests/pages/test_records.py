from pathlib import Path

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


def test_what_was_not_measured_on_cifar10_is_said_not_to_be(app_home):
    app = opened(data="CIFAR-10")
    assert app.segmented_control(key="data").value == "CIFAR-10"
    said = eras(app)["test accuracy"]
    for era in ERAS:
        if measured(era.configs["cifar10"]) is None:
            assert said[era.name] == NOT_MEASURED or "images and" in said[era.name]


@pytest.mark.parametrize(
    ("press", "key", "value"),
    [
        ("try_What did accuracy cost?", "across", Across.MACS),
        ("try_Is it the parameters?", "across", Across.PARAMETERS),
        ("try_And the real data?", "data", "CIFAR-10"),
    ],
)
def test_a_try_sets_the_controls_and_says_what_to_notice(app_home, press, key, value):
    app = opened(across="whole training")
    app.button(key=press).click().run()
    assert not app.exception
    assert app.segmented_control(key=key).value == value
    assert app.info[0].value


def test_every_ingredient_has_its_row(app_home):
    app = opened()
    table = next(frame.value for frame in app.dataframe if "ingredient" in frame.value)
    assert list(table["ingredient"]) == [i.name for i in recipe_of("classroom").ingredients]


def test_published_records_stand_beside_what_was_measured_here(app_home):
    app = opened()
    table = next(frame.value for frame in app.dataframe if "seconds to 94 %" in frame.value)
    assert list(table["by"]) == [*(record.name for record in RECORDS), "preset speedrun"]
    assert (table["seconds to 94 %"].iloc[-1] == NOT_MEASURED) == (measured(PRESETS["speedrun"]) is None)
