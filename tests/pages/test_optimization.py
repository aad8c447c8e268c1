from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.reading import metrics, said

PAGE = Path(__file__).parents[2] / "pages" / "optimization.py"
TRIES = ["Divide the rate", "Over the edge", "The ball of noise", "Shrink the ball", "Over too early", "On the ridge"]


def opened(**address):
    page = AppTest.from_file(str(PAGE), default_timeout=60)
    for key, value in address.items():
        page.query_params[key] = value
    return page.run()


def test_the_page_shows_something_sensible_at_once():
    page = opened()
    assert not page.exception
    assert not page.error
    assert not page.warning
    assert metrics(page)["Effective step of momentum"] == "1"
    assert metrics(page)["Largest rate: SGD, m, Nesterov"] == "0.25, 0.475, 0.17"
    assert list(page.dataframe[0].value["optimizer"]) == ["SGD", "Momentum"]


@pytest.mark.parametrize("name", TRIES)
def test_prompts_set_what_they_speak_of(name):
    page = opened()
    page.button(key=f"try_{name}").click().run()
    assert not page.exception
    assert not page.error
    assert len(page.info) == 1
    page.slider(key="opt_momentum").set_value(0.5).run()
    assert not page.info


def test_divided_momentum_has_the_plain_rates_effective_step():
    page = opened()
    page.toggle(key="opt_divided").set_value(True).run()
    assert metrics(page)["Effective step of momentum"] == "0.1"
    assert list(page.dataframe[0].value["learning rate"]) == ["0.1", "0.01"]


def test_the_ball_is_measured_and_computed():
    page = opened()
    page.button(key="try_The ball of noise").click().run()
    row = page.dataframe[0].value.iloc[0]
    assert float(row["distance, last 50 steps"]) == pytest.approx(float(row["by formula"]), rel=0.05)


def test_divergence_is_said_and_breaks_nothing():
    page = opened(opt_lr="1.0", opt_surface="Bend")
    assert not page.exception
    assert page.dataframe[0].value["end"][0].startswith("diverged at step")


def test_no_optimizer_is_an_empty_map():
    page = opened()
    page.pills(key="opt_rules").set_value([]).run()
    assert not page.exception
    assert not page.error


def test_the_address_holds_the_start_and_refuses_nonsense():
    page = opened(opt_x="2.5", opt_y="-1")
    assert (page.session_state["opt_x"], page.session_state["opt_y"]) == (2.5, -1.0)
    for bad in (
        {"opt_x": "banana", "opt_y": "1"},
        {"opt_x": "nan", "opt_y": "1"},
        {"opt_x": "1e9", "opt_y": "1"},
        {"opt_lr": "7"},
    ):
        page = opened(**bad)
        assert not page.exception
        assert not page.error
        key, value = next(iter(bad.items()))
        assert f"{key}={value}" in said(page)


def test_predictions_are_revealed_with_measured_numbers():
    page = opened()
    page.segmented_control(key="predict_momentum").set_value("0.1").run()
    assert "Not so: 0.01" in said(page)
    page.segmented_control(key="predict_momentum").set_value("0.01").run()
    assert "**Right.**" in said(page)
    page.segmented_control(key="predict_ball").set_value("doubles").run()
    page.segmented_control(key="claim_batch").set_value("false").run()
    assert "391 updates an epoch at a batch of 128 against 98" in said(page)
    assert not page.exception


def test_a_schedule_that_never_acts_is_said():
    page = opened()
    page.session_state["plans_unfolded"] = True
    page.run()
    page.number_input(key="plan_epochs").set_value(60).run()
    assert "Milestone 75 is never reached in 60 epochs" in said(page)
    page.number_input(key="plan_decay").set_value(1.0).run()
    assert "*exponential* never acts within 60 epochs" in said(page)
    page.text_input(key="plan_milestones").set_value("soon").run()
    assert "`milestones` (=soon)" in page.error[0].value
    assert not page.exception
