"""Rows come back in order and none is lost, whether or not there is a queue before them."""

from contextlib import nullcontext
from typing import ClassVar

import pytest
import torch

from cnncore.training import readout
from cnncore.training.readout import Readout
from cnncore.training.timer import Timer

CPU = torch.device("cpu")
cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")


class Copy:
    """A copy under way, as CUDA's event tells of it."""

    def __init__(self):
        self.there = False

    def query(self):
        return self.there

    def synchronize(self):
        self.there = True


def row(number, device=CPU):
    return torch.tensor([float(number), -number, 0.5], device=device)


def test_rows_come_back_in_order(monkeypatch):
    monkeypatch.setattr(readout, "BURST", 0.0)
    rows = Readout(CPU, 10, 3)
    got = []
    for number in range(25):
        rows.start()
        rows.put(row(number))
        assert rows.due
        if number % 7 == 0 or number == 24:
            rows.send()
            assert rows.arrived
            got += rows.take().rows
            assert not rows.under_way
    assert got == [[float(number), -number, 0.5] for number in range(25)]


def test_a_burst_is_due_when_its_time_is_over_or_its_place_full(monkeypatch):
    rows = Readout(CPU, 3, 3)
    rows.start()
    monkeypatch.setattr(readout, "BURST", 3600.0)
    for number in range(3):
        assert not rows.due
        rows.put(row(number))
    assert rows.due
    rows.send()
    rows.take()
    rows.start()
    rows.put(row(3))
    assert not rows.due
    monkeypatch.setattr(readout, "BURST", 0.0)
    assert rows.due


def test_without_rows_nothing_is_sent():
    rows = Readout(CPU, 3, 3)
    rows.start()
    rows.send()
    assert not rows.under_way
    assert list(rows.awaited()) == []


@pytest.mark.parametrize("blocking", [True, False])
def test_while_one_burst_is_copied_the_next_one_fills_the_other_place(blocking):
    rows = Readout(CPU, 3, 3, blocking=blocking)
    rows.start()
    rows.put(row(1))
    rows.send()
    copy = Copy()
    rows._under_way[0].copied = copy
    rows.start()
    rows.put(row(2))
    assert rows.under_way
    assert not rows.arrived
    with pytest.raises(AssertionError, match="the last burst comes first"):
        rows.send()
    waiting = rows.awaited()
    if blocking:
        assert list(waiting) == []
    else:
        assert next(waiting) is None
        assert next(waiting) is None
        copy.there = True
        assert list(waiting) == []
    assert rows.take().rows == [[1.0, -1.0, 0.5]]
    rows.send()
    assert rows.take().rows == [[2.0, -2.0, 0.5]]


def test_the_time_between_bursts_does_not_count(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    rows = Readout(CPU, 3, 3)
    seconds = []
    for _ in range(2):
        rows.start()
        now[0] += 2.0
        rows.start()  # it has begun: nothing changes
        rows.put(row(1))
        rows.send()
        now[0] += 100.0  # somebody holds the run
        seconds.append(rows.take().seconds)
    assert seconds == [2.0, 2.0]


def test_waiting_after_everything_is_told_is_nobodys_time(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: clock[0])
    readout = Readout(torch.device("cpu"), 10, 1)
    readout.start()
    readout.send()  # nothing was put: the consumer is told of something else, and waits
    clock[0] = 100.0
    readout.start()
    clock[0] = 101.0
    readout.put(torch.ones(1))
    readout.send()
    assert readout.take().seconds == 1.0


class Queue:
    """A stream, an event and a timer, which note what is asked of them."""

    log: ClassVar[list[str]] = []

    def wait_stream(self, _):
        self.log.append("after the updates")

    def record(self):
        self.log.append("copied")

    def query(self):
        return True

    def start(self):
        pass

    def stop(self):
        self.log.append("stopped")


def test_with_a_queue_a_burst_is_as_many_rows_as_the_last_one_had_time_for(monkeypatch):
    """What is done on CUDA, with stand-ins for its streams and events."""
    monkeypatch.setattr(torch.cuda, "current_stream", lambda: None)
    monkeypatch.setattr(torch.cuda, "stream", lambda _: nullcontext())
    rows = Readout(CPU, 64, 3)
    rows._stream, Queue.log = Queue(), []
    for place in (rows._filling, rows._other):
        place.copied, place.timer = Queue(), Queue()
    sizes, got, pace = [], [], 0.01  # seconds a row
    for number in range(100):
        rows.start()
        rows.put(row(number))
        if rows.due:
            sizes.append(rows._filling.count)
            rows._filling.timer.seconds = sizes[-1] * pace
            rows.send()
            got += rows.take().rows
            pace = 0.01 if number < 30 else 0.001
    assert sizes[:4] == [1, 10, 10, 10]
    assert sizes[4] == 10, "it takes a burst to see that the device has become faster"
    assert sizes[5:] == [], "a hundred rows would be due, of which the place has 64"
    assert [first for first, *_ in got] == list(range(41))
    assert Queue.log[:3] == ["stopped", "after the updates", "copied"], "the copy's time does not count"


@pytest.mark.gpu
@cuda
def test_rows_come_back_from_a_long_queue():
    device = torch.device("cuda", 0)
    work, got = torch.ones(2048, 2048, device=device), []
    rows = Readout(device, 16, 3)
    for number in range(200):
        rows.start()
        work = work @ work / 2048
        rows.put(work[0, 0] * row(number, device))
        if rows.due:
            list(rows.awaited())
            if rows.arrived:
                got += rows.take().rows
            rows.send()
    for _ in range(2):
        list(rows.awaited())
        if rows.arrived:
            got += rows.take().rows
        rows.send()
    assert [first for first, *_ in got] == pytest.approx(list(range(200)), rel=1e-3)


@pytest.mark.gpu
@cuda
def test_the_devices_time_counts_and_not_the_hosts():
    device = torch.device("cuda", 0)
    work, timer = torch.ones(4096, 4096, device=device), Timer(device)
    timer.start()
    for _ in range(20):
        work = work @ work / 4096
    timer.stop()
    torch.cuda.synchronize()
    assert (
        20 * 2 * 4096**3 / 2e15 < timer.seconds < 60
    )  # no device makes two thousand million million operations a second
