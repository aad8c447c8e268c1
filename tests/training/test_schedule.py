import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cnncore.errors import InputError
from cnncore.training.config import RunConfig, Schedule
from cnncore.training.schedule import Plateau, learning_rate, planned, rate, read_milestones

BATCHES = 7


def torchs(make, config, steps):
    """Return the rates that a scheduler of torch's sets for so many steps."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=config.lr)
    scheduler = make(optimizer)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


BY_EPOCH = {
    "exponential": (
        RunConfig(schedule=Schedule.EXPONENTIAL, decay=0.9),
        lambda o: torch.optim.lr_scheduler.ExponentialLR(o, 0.9),
    ),
    "step": (
        RunConfig(schedule=Schedule.STEP, factor=0.3, milestones=(2, 5, 40)),
        lambda o: torch.optim.lr_scheduler.MultiStepLR(o, [2, 5, 40], 0.3),
    ),
    "cosine": (RunConfig(schedule=Schedule.COSINE), lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 10)),
}


@pytest.mark.parametrize("name", BY_EPOCH)
def test_schedules_by_epoch_are_torchs(name):
    config, make = BY_EPOCH[name]
    ours = [learning_rate(config, epoch) for epoch in range(1, 11)]
    assert ours == pytest.approx(torchs(make, config, 10), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("epochs", [1, 3, 10])
def test_one_cycle_is_torchs(epochs):
    config = RunConfig(schedule=Schedule.ONE_CYCLE, lr=0.4, epochs=epochs)
    total = epochs * BATCHES
    theirs = torchs(
        lambda o: torch.optim.lr_scheduler.OneCycleLR(o, 0.4, total_steps=total, cycle_momentum=False),
        config,
        total - 1,  # it refuses a step beyond the last
    )
    ours = planned(config, BATCHES, None).lr
    assert ours[:-1].tolist() == pytest.approx(theirs, rel=1e-9)
    assert ours[-1] == pytest.approx(0.4 / 25 / 1e4)
    assert ours.max() == pytest.approx(0.4, rel=0.1 if epochs == 1 else 0.02)


def test_warm_up_is_torchs_linear_ramp():
    config = RunConfig(lr=0.1, warmup_epochs=2, epochs=4)
    ramp = 2 * BATCHES
    theirs = torchs(lambda o: torch.optim.lr_scheduler.LinearLR(o, 1 / ramp, total_iters=ramp - 1), config, 4 * BATCHES)
    assert planned(config, BATCHES, None).lr.tolist() == pytest.approx(theirs, rel=1e-9)


@pytest.mark.parametrize("schedule", list(Schedule))
def test_warm_up_multiplies_any_schedule(schedule):
    plain = RunConfig(schedule=schedule, epochs=6)
    warm = planned(replace(plain, warmup_epochs=1.5), BATCHES, None).lr / planned(plain, BATCHES, None).lr
    ramp = round(1.5 * BATCHES)
    assert warm.tolist() == pytest.approx([min(1, (n + 1) / ramp) for n in range(6 * BATCHES)])


def test_one_cycle_has_no_rate_of_an_epoch():
    with pytest.raises(InputError, match="moves with every update"):
        learning_rate(RunConfig(schedule=Schedule.ONE_CYCLE), 1)


@given(
    schedule=st.sampled_from(Schedule),
    epochs=st.integers(1, 300),
    batches=st.integers(1, 400),
    warmup=st.sampled_from([0, 0.5, 3]),
    points=st.integers(2, 60),
)
def test_a_plan_is_the_rate_of_its_updates_from_the_first_to_the_last(schedule, epochs, batches, warmup, points):
    config = RunConfig(schedule=schedule, epochs=epochs, warmup_epochs=warmup, lr=0.2)
    plan = planned(config, batches, points)
    total = epochs * batches
    assert len(plan.step) == min(points, total)
    assert (plan.step[0], plan.step[-1]) == (1, total)
    assert plan.epoch[-1] == epochs
    assert plan.exact == (schedule is not Schedule.PLATEAU)
    for step, lr in zip(plan.step.tolist(), plan.lr.tolist(), strict=True):
        assert lr == rate(config, (step - 1) // batches + 1, (step - 1) % batches, batches)
        assert 0 <= lr <= 0.2 * (1 + 1e-12)


@given(st.lists(st.floats(0.01, 3), max_size=40), st.integers(0, 4), st.sampled_from([0.1, 0.5]))
def test_the_plateau_is_torchs(losses, patience, factor):
    ours = Plateau(factor, patience)
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=factor, patience=patience, eps=0)
    for loss in losses:
        ours.after(loss)
        theirs.step(loss)
        assert ours.scale == pytest.approx(optimizer.param_groups[0]["lr"])


def test_a_plateau_goes_on_from_its_state_and_is_inert_elsewhere():
    first = Plateau.of(RunConfig(schedule=Schedule.PLATEAU, patience=1, factor=0.5))
    for loss in (1.0, 1.1):
        first.after(loss)
    second = Plateau.of(RunConfig(schedule=Schedule.PLATEAU, patience=1, factor=0.5))
    second.restore(first.state())
    second.after(1.2)
    assert second.scale == 0.5
    inert = Plateau.of(RunConfig(patience=0))
    for _ in range(5):
        inert.after(1.0)
    assert inert.scale == 1
    inert.restore({})
    assert inert.lowest == math.inf


def test_milestones_are_read_from_a_text_and_nonsense_is_a_sentence():
    assert read_milestones("50,75") == read_milestones("50 75") == (50, 75)
    assert read_milestones("") == ()
    with pytest.raises(InputError, match=r"`milestones` \(=50, x\) must be epochs with commas between: try 50, 75"):
        read_milestones("50, x")
