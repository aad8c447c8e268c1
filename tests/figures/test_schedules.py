from dataclasses import replace

import numpy as np
import pytest

from cnncore.figures.schedules import AT_MOST, UPDATES, idle, plans, plans_chart, plans_table
from cnncore.training.config import RunConfig, Schedule
from cnncore.training.schedule import rate

PRACTICAL = RunConfig(epochs=100, lr=0.1, decay=0.95)


def of(found, schedule):
    return next(plan for plan in found if plan.schedule is schedule)


def test_the_practicals_decay_is_worth_two_and_over_after_about_sixty_epochs():
    plan = of(plans(PRACTICAL), Schedule.EXPONENTIAL)
    assert plan.total == pytest.approx(0.1 * (1 - 0.95**100) / (1 - 0.95))
    assert round(plan.total, 1) == 2.0
    assert 55 <= plan.over <= 60
    assert of(plans(PRACTICAL), Schedule.NONE).over == 95
    table = plans_table(plans(PRACTICAL), 50)
    row = table["schedule"].index("exponential")
    assert table["rate after 50 epochs"][row] == "0.00769"
    assert table["sum of all rates"][row] == "1.99"


def test_every_schedule_is_drawn_as_the_trainer_will_set_it():
    config = replace(PRACTICAL, epochs=10, warmup_epochs=2.0)
    found = plans(config)
    assert [plan.schedule for plan in found] == list(Schedule)
    for plan in found:
        set_to = replace(config, schedule=plan.schedule)
        expected = [rate(set_to, 1 + update // UPDATES, update % UPDATES, UPDATES) for update in range(10 * UPDATES)]
        np.testing.assert_allclose(plan.rates, expected)
        assert plan.epochs == 10
    chart = plans_chart(found, 5)
    names = plans_table(found, 5)["schedule"]
    assert chart.spec["layer"][0]["encoding"]["color"]["scale"]["domain"] == names
    for plan, shown in zip(found, names, strict=True):  # the drawn points, held until the next, give every rate back
        rows = [row for row, name in enumerate(chart.data["schedule"]) if name == shown]
        at, rates = (np.array([chart.data[name][row] for row in rows]) for name in ("epoch", "rate"))
        held = rates[np.searchsorted(at, np.arange(len(plan.rates)) / UPDATES + 1e-9, side="right") - 1]
        np.testing.assert_allclose(held, plan.rates, rtol=1e-3, atol=1e-9)


def test_what_the_losses_decide_is_said_and_is_not_idle():
    found = plans(PRACTICAL)
    assert [plan.schedule for plan in found if not plan.exact] == [Schedule.PLATEAU]
    assert "plateau (at most)" in plans_table(found, 10)["schedule"]
    dashes = plans_chart(found, 10).spec["layer"][0]["encoding"]["strokeDash"]["scale"]
    dashed = [name for name, dash in zip(dashes["domain"], dashes["range"], strict=True) if dash == AT_MOST]
    assert dashed == ["plateau (at most)"], "through it the constant rate is seen, which it never left"
    assert "plateau" not in idle(plans(RunConfig(epochs=1)))


def test_small_rates_are_written_as_above_on_the_page():
    table = plans_table(plans(RunConfig(epochs=100, lr=1e-5)), 100)
    rates = table["rate after 100 epochs"]
    assert rates[0] == "10⁻⁵"
    assert not any("e-" in rate for rate in rates)


def test_what_begins_on_the_constant_rate_leaves_it_to_be_seen():
    found = plans(RunConfig(epochs=100))
    constant, *others = found
    assert constant.schedule is Schedule.NONE, "the first is drawn below the others"
    assert any((plan.rates[: 40 * UPDATES] == constant.rates[0]).all() for plan in others)
    encoding = plans_chart(found, 10).spec["layer"][0]["encoding"]
    width = dict(zip(*(encoding["strokeWidth"]["scale"][end] for end in ("domain", "range")), strict=True))
    assert width.pop("none") > 2 * max(width.values())


def test_a_milestone_that_is_never_reached_is_said():
    assert idle(plans(PRACTICAL)) == ""
    short = idle(plans(RunConfig(epochs=1)))
    assert "*step*" in short
    assert "never act within 1 epoch:" in short
    assert "*exponential* never acts within 20 epochs" in idle(plans(RunConfig(epochs=20, decay=1.0)))
