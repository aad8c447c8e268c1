"""What a recorder leaves behind, with a device that is made up; what really is recorded has tests in test_graph.py."""

from contextlib import contextmanager, nullcontext
from types import SimpleNamespace

import pytest
import torch

from cnncore.training.recorder import Recorder


class Stream:
    device_index = 0

    def __init__(self, priority=0):  # noqa: ARG002 torch's own takes it
        self.waited_for = []

    def wait_stream(self, other):
        self.waited_for.append(other)


class Generator:
    """A generator whose state, here a name, can be taken and exchanged."""

    state = "own"

    def graphsafe_get_state(self):
        return self.state

    def graphsafe_set_state(self, state):
        self.state = state

    def clone_state(self):
        return f"copy of {self.state}"


@pytest.fixture
def device(monkeypatch):
    """Return a device that is made up: whether its recordings `break` off, and what was done to it."""
    found = SimpleNamespace(caller=Stream(), generator=Generator(), breaks=False, recorded_with=[], current=None)

    @contextmanager
    def recording(*_, **__):
        found.recorded_with.append(found.generator.state)
        found.current = "the recorder's"
        yield
        if found.breaks:
            raise RuntimeError("operation not permitted when stream is capturing")
        found.current = found.caller

    made_up = {
        "Stream": Stream,
        "stream": lambda _: nullcontext(),
        "current_stream": lambda: found.caller,
        "set_stream": lambda stream: setattr(found, "current", stream),
        "graph_pool_handle": lambda: (0, 1),
        "CUDAGraph": object,
        "graph": recording,
        "default_generators": [found.generator],
    }
    for name, value in made_up.items():
        monkeypatch.setattr(torch.cuda, name, value)
    monkeypatch.setattr(
        torch._C, "_cuda_endAllocateToPool", lambda *_: found.recorded_with.append("ended"), raising=False
    )
    return found


@pytest.mark.parametrize(("random", "used"), [(True, "own"), (False, "copy of own")])
def test_a_recording_leaves_stream_and_generator_as_they_were(device, random, used):
    Recorder().record(lambda: None, random=random)
    assert device.recorded_with == [used]
    assert (device.generator.state, device.current) == ("own", device.caller)


@pytest.mark.parametrize(("random", "used", "left"), [(True, "own", "copy of own"), (False, "copy of own", "own")])
def test_the_state_that_a_broken_recording_was_made_with_is_never_drawn_from(device, random, used, left):
    device.breaks = True
    recorder = Recorder()
    with pytest.raises(RuntimeError, match="not permitted"):
        recorder.record(lambda: None, random=random)
    assert device.recorded_with == [used, "ended"]
    assert (device.generator.state, device.current) == (left, device.caller)
    assert device.caller.waited_for == [recorder._stream]
    assert recorder.usable
    recorder.give_up()
    assert not recorder.usable


def test_a_rehearsal_that_fails_is_waited_for(device):
    def failing():
        raise RuntimeError("out of memory")

    recorder = Recorder()
    with pytest.raises(RuntimeError, match="out of memory"):
        recorder.rehearse(failing)
    assert device.caller.waited_for == [recorder._stream]
