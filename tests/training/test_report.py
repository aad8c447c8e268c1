"""Updates are told in order, in bursts, whenever their numbers arrive."""

import math

import pytest
import torch

from cnncore.events import Batch, Diverged
from cnncore.training.config import RunConfig
from cnncore.training.live import Live
from cnncore.training.readout import Readout
from cnncore.training.report import Report

CPU = torch.device("cpu")


class Held(Readout):
    """A readout of a device that is done with a burst when `done` says so."""

    done = False

    @property
    def arrived(self):
        return self.under_way and self.done


def report_of(readout, live=None):
    return Report(RunConfig(), 2, readout, live or Live())


def add(report, readout, *steps, loss=None):
    for step in steps:
        readout.start()
        sums = torch.tensor([2.0 * step if loss is None else loss, 1.0, 2.0])
        report.add(sums, step - 11, step, [2], 0.1)


def test_each_update_is_told_once_with_its_own_numbers():
    readout = Readout(CPU, 8, 3)
    live = Live()
    report = report_of(readout, live)
    add(report, readout, 11, 12, 13)
    told = [(event, live.more) for event in report.told(everything=False)]
    add(report, readout, 14)
    told += [(event, live.more) for event in report.told(everything=True)]
    assert [(e.epoch, e.batch, e.step, e.size, e.loss, e.accuracy, e.accuracy5, e.lr) for e, _ in told] == [
        (2, step - 11, step, 2, float(step), 0.5, 1.0, 0.1) for step in (11, 12, 13, 14)
    ]
    assert [more for _, more in told] == [True, True, False, False]
    assert report.mean.loss == pytest.approx(12.5)
    assert report.mean.count == 8
    times = [event.seconds for event, _ in told]
    assert times[-1] == report.seconds
    assert 0 < times[0] < times[1] < times[2] < times[3]
    assert times[1] - times[0] == pytest.approx(times[0])  # the burst's time, shared out
    assert list(report.told(everything=True)) == []


def test_a_burst_that_is_under_way_is_told_with_the_next_one():
    readout = Held(CPU, 8, 3, blocking=False)
    report = report_of(readout)
    add(report, readout, 11, 12)
    assert list(report.told(everything=False)) == [], "nobody waits for it"
    add(report, readout, 13)
    second = report.told(everything=False)
    assert next(second) is None, "two bursts under way are one too many"
    readout.done = True
    assert next(second).step == 11
    assert next(second).step == 12
    readout.done = False
    assert list(second) == []
    rest = report.told(everything=True)
    assert [next(rest), next(rest)] == [None, None]
    readout.done = True
    assert [event.step for event in rest] == [13]


def test_a_pause_of_who_is_told_is_not_the_devices_time(monkeypatch):
    now = 0.0
    monkeypatch.setattr("cnncore.training.timer.time.perf_counter", lambda: now)
    readout = Held(CPU, 8, 3, blocking=False)
    report = report_of(readout)

    def update(step):
        nonlocal now
        readout.start()
        now += 1.0
        add(report, readout, step)

    update(11)
    assert list(report.told(everything=False)) == []
    update(12)
    update(13)
    readout.done = True
    events = report.told(everything=True)
    assert next(events).step == 11
    now += 1000.0  # while 12 and 13 are still to be told
    assert [event.step for event in events] == [12, 13]
    assert report.seconds == 3.0


def test_when_somebody_goes_step_by_step_everything_made_is_told():
    readout = Held(CPU, 8, 3, blocking=False)
    live = Live()
    report = report_of(readout, live)
    add(report, readout, 11)
    assert list(report.told(everything=False)) == []
    add(report, readout, 12)
    readout.done = True
    events = report.told(everything=False)
    assert next(events).step == 11
    live.single, readout.done = True, False  # what the consumer of that event wants, while 12 is not there yet
    assert next(events) is None
    readout.done = True
    assert [event.step for event in events] == [12]


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_after_a_loss_that_is_no_number_nothing_is_told(loss):
    readout = Held(CPU, 8, 3)
    readout.done = True
    report = report_of(readout)
    add(report, readout, 11)
    add(report, readout, 12, loss=loss)
    add(report, readout, 13)
    events = list(report.told(everything=True))
    assert [type(event) for event in events] == [Batch, Diverged]
    assert (events[1].epoch, events[1].batch) == (2, 1)
    assert report.diverged
    assert report.mean.count == 2
