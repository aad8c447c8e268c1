"""Runs that share a process give what they give alone, bit for bit."""

from dataclasses import replace

import pytest
import torch

from cnncore.errors import InputError
from cnncore.events import Diverged, Finished, Started
from cnncore.training import evaluation, many, session
from cnncore.training.config import Precision, RunConfig
from cnncore.training.many import train_many
from cnncore.training.readout import Readout
from cnncore.training.trainer import train
from tests.training.test_trainer import EVERYTHING, MODERN, curve

cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
SEEDS = [replace(EVERYTHING, seed=seed, epochs=2) for seed in range(3)]


@pytest.fixture
def turn_by_turn(monkeypatch):
    """Make every update a burst, so that the runs take turns in the middle of their epochs."""
    monkeypatch.setattr("cnncore.training.readout.BURST", 0.0)


class Late(Readout):
    """A readout of a device with a queue: each burst arrives only when it has been asked for three times."""

    asked = 0

    def send(self):
        super().send()
        self.asked = 0

    @property
    def arrived(self):
        self.asked += 1
        return self.under_way and self.asked > 3


def together(configs):
    events = {number: [] for number in range(len(configs))}
    for number, event in train_many(configs):
        events[number].append(event)
    return events


@pytest.mark.parametrize("late", [False, True])
def test_each_run_is_the_run_alone(tiny, turn_by_turn, monkeypatch, late):
    configs = [*SEEDS, replace(MODERN, epochs=3)]
    alone = [curve(list(train(config))) for config in configs]
    if late:
        monkeypatch.setattr(session, "Readout", Late)
        monkeypatch.setattr(evaluation, "Readout", Late)
    found = together(configs)
    assert [curve(events) for events in found.values()] == alone
    assert all(isinstance(events[0], Started) and isinstance(events[-1], Finished) for events in found.values())


def test_their_masks_would_be_others_if_the_generator_were_shared(tiny, turn_by_turn, monkeypatch):
    class Shared(many._Randomness):
        def __enter__(self):
            pass

        def __exit__(self, *_):
            pass

    alone = [curve(list(train(config))) for config in SEEDS]
    monkeypatch.setattr(many, "_Randomness", Shared)
    assert [curve(events) for events in together(SEEDS).values()] != alone


def test_runs_take_turns(tiny, turn_by_turn):
    numbers = [number for number, _ in train_many(SEEDS)]
    assert numbers[:6] == [0, 1, 2, 0, 1, 2]


def test_the_generator_is_left_as_it_was(tiny):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    for _ in train_many(SEEDS[:2]):
        assert torch.equal(torch.get_rng_state(), before)


def test_one_that_diverges_leaves_the_others_alone(tiny):
    found = together([replace(SEEDS[0], lr=1e4, batch_norm=False), SEEDS[1]])
    assert isinstance(found[0][-1], Diverged)
    assert curve(found[1]) == curve(list(train(SEEDS[1])))


@pytest.mark.parametrize(
    ("configs", "message"),
    [
        ([], r"`configs` \(=0 runs\) must be 1 to 8"),
        ([RunConfig()] * 9, r"`configs` \(=9 runs\) must be 1 to 8: train the rest afterwards"),
        ([RunConfig(device="cpu"), RunConfig()], r"`device` \(=auto, cpu\) must be the same"),
        ([RunConfig(), RunConfig(precision=Precision.HALF)], r"`precision` \(=fp32, half\) must be the same"),
    ],
)
def test_what_cannot_be_trained_together_is_said(configs, message):
    runs = train_many(configs)
    with pytest.raises(InputError, match=message):
        next(runs)


@pytest.mark.gpu
@cuda
@pytest.mark.parametrize("precision", [Precision.FP32, Precision.HALF])
def test_graphs_on_streams_are_bit_for_bit_the_run_alone(tiny, precision):
    configs = [replace(EVERYTHING, device="cuda", precision=precision, seed=seed, epochs=20) for seed in range(4)]
    alone = [curve(list(train(config))) for config in configs]
    found = together(configs)
    assert all("each update one CUDA graph" in events[0].device_reason for events in found.values())
    assert [curve(events) for events in found.values()] == alone
