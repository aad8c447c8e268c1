import numpy as np
import pytest

from cnncore.errors import InputError
from cnncore.figures.schedules import idle, plans, plans_chart, plans_table
from cnncore.training.config import RunConfig, Schedule
from cnncore.training.schedule import learning_rate

PRACTICAL = RunConfig(epochs=100, lr=0.1, decay=0.95)


def of(found, schedule):
    return next(plan for plan in found if plan.schedule is schedule)


def test_the_practicals_decay_is_worth_two_and_over_after_about_sixty_epochs():
    plan = of(plans(PRACTICAL), Schedule.EXPONENTIAL)
    assert plan.total == pytest.approx(0.1 * (1 - 0.95**100) / (1 - 0.95))
    assert round(plan.total, 1) == 2.0
    assert 55 <= plan.over <= 60
    table = plans_table(plans(PRACTICAL), 50)
    row = table["schedule"].index("exponential")
    assert table["rate after 50 epochs"][row] == "0.00769"
    assert table["sum of all rates"][row] == "1.99"


def test_every_schedule_that_can_be_planned_is_drawn_as_the_trainer_will_set_it():
    found = plans(PRACTICAL)
    assert len(found) >= 4
    for plan in found:
        config = RunConfig(epochs=100, lr=0.1, decay=0.95, schedule=plan.schedule)
        np.testing.assert_allclose(plan.rates, [learning_rate(config, epoch) for epoch in range(1, 101)])
    chart = plans_chart(found, 50)
    assert len(chart.data["rate"]) == 100 * len(found)
    assert chart.spec["layer"][0]["encoding"]["color"]["scale"]["domain"] == [str(plan.schedule) for plan in found]


def test_a_schedule_that_only_the_data_can_tell_is_left_out(monkeypatch):
    def refuse(config, epoch):
        if config.schedule is Schedule.COSINE:
            raise InputError("`schedule` (=cosine) follows the data: train to see it.")
        return learning_rate(config, epoch)

    monkeypatch.setattr("cnncore.figures.schedules.learning_rate", refuse)
    assert Schedule.COSINE not in [plan.schedule for plan in plans(PRACTICAL)]


def test_a_milestone_that_is_never_reached_is_said():
    assert idle(plans(PRACTICAL)) == ""
    short = idle(plans(RunConfig(epochs=1)))
    assert "*step*" in short
    assert "never act within 1 epoch:" in short
    assert "*exponential* never acts within 20 epochs" in idle(plans(RunConfig(epochs=20, decay=1.0)))
