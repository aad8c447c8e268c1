"""What `doctor` says of speed is tried on the machine, and says what to do."""

import sys
from contextlib import nullcontext
from types import SimpleNamespace

import pytest
import torch

from cnncore.commands import acceleration
from cnncore.data.augmentation import AUGMENTATIONS
from cnncore.errors import InputError
from cnncore.training import device
from cnncore.training.config import Precision
from cnncore.training.device import set_precision
from cnncore.training.graph import _RECORDABLE


def test_every_subject_is_looked_at_once():
    found = acceleration.findings()
    subjects = [subject for subject, _, _ in found]
    assert subjects == [
        "device",
        "threads",
        "allocator",
        "denormals",
        "channels_last",
        "bfloat16",
        "CUDA graph",
        "own kernels",
    ]
    assert all(text for _, _, text in found)


@pytest.mark.parametrize(("physical", "used", "good"), [(4, 4, True), (4, 8, False), (4, 1, False), (None, 3, True)])
def test_threads_are_the_physical_cores(physical, used, good, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    subject, says, text = acceleration.threads(physical, used)
    assert (subject, says) == ("threads", good)
    assert f"training uses {used} of" in text
    assert ("OMP_NUM_THREADS=4" in text) == (not good)


def test_fewer_threads_are_put_down_to_what_set_them(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert "because OMP_NUM_THREADS says so" in acceleration.threads(2, 1)[2]


def test_the_allocator_is_glibcs_or_left_alone(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert acceleration.allocator()[1] is False
    assert "only glibc" in acceleration.allocator()[2]


def test_denormals_are_looked_at_and_left_as_they_were():
    small = torch.tensor([1e-38])
    _, good, text = acceleration.denormals()
    assert float(small / 10) > 0  # still exact in this process
    assert good == torch.set_flush_denormal(True)
    torch.set_flush_denormal(False)
    assert ("become zero" in text) == good


def test_denormals_that_stay_are_said_to(monkeypatch):
    monkeypatch.setattr(torch, "set_flush_denormal", lambda _: False)
    assert acceleration.denormals()[1:] == (
        False,
        "cannot be turned off on this processor: training goes on with them",
    )


def test_the_convolution_keeps_its_layout():
    assert acceleration.channels_last()[1] is True


@pytest.mark.parametrize(
    ("able", "taken", "says"),
    [
        ({}, False, "refused on cpu, where training is always in float32: this processor has neither AMX nor"),
        ({"avx512_bf16": True, "amx_bf16": False}, True, "is there on cpu: this processor has AVX512_BF16,"),
        ({"avx512_bf16": True, "amx_bf16": True}, True, "has AMX_BF16 and AVX512_BF16,"),
    ],
)
def test_bfloat16_is_taken_on_a_cpu_that_has_units_for_it(able, taken, says, monkeypatch):
    monkeypatch.setattr(device, "processor", lambda: able)
    monkeypatch.setattr(acceleration, "bfloat16_speed", lambda: 1.5)
    _, good, text = acceleration.bfloat16(torch.device("cpu"))
    assert good is taken
    assert says in text
    assert "ran 1.5 times as fast" in text
    with nullcontext() if taken else pytest.raises(InputError, match=r"`precision` \(=half\) needs .*: use fp32"):
        set_precision(Precision.HALF, torch.device("cpu"))  # and that is what the trainer does


def test_bfloat16_that_is_slower_is_no_good_news(monkeypatch):
    monkeypatch.setattr(device, "processor", lambda: {"avx512_bf16": True})
    monkeypatch.setattr(acceleration, "bfloat16_speed", lambda: 0.1)
    _, good, text = acceleration.bfloat16(torch.device("cpu"))
    assert not good
    assert "ran 0.1 times as fast" in text


def test_the_speed_of_bfloat16_is_a_ratio_of_like_work(monkeypatch):
    """The same clock for both: eight seconds a pass in float32 and two in bfloat16, and a slow pass that counts not."""
    now, kinds = [0.0], []

    def convolution(kind):
        def forward(inputs):
            kinds.append(kind)
            slow = 100 if len(kinds) in (7, 8) else 0
            now[0] += slow + (8 if kind is torch.float32 else 2)

        return forward, None

    monkeypatch.setattr(acceleration, "_convolution", convolution)
    monkeypatch.setattr(acceleration.time, "perf_counter", lambda: now[0])
    assert acceleration.bfloat16_speed() == 4
    assert kinds[:4] == [torch.float32, torch.bfloat16] * 2


def test_the_graph_is_for_cuda(monkeypatch):
    assert acceleration.cuda_graph(torch.device("cpu"))[1] is False
    assert "not on cpu, because graphs are CUDA's" in acceleration.cuda_graph(torch.device("cpu"))[2]
    monkeypatch.setattr(acceleration, "recording", lambda _: "")
    _, good, text = acceleration.cuda_graph(torch.device("cuda"))
    assert good
    for kind, augmentation in AUGMENTATIONS.items():
        assert (kind in text) == (not issubclass(augmentation, _RECORDABLE))
    monkeypatch.setattr(acceleration, "recording", lambda _: "recording failed (no room)")
    _, good, text = acceleration.cuda_graph(torch.device("cuda"))
    assert not good
    assert text.startswith("not on cuda, because recording failed (no room): ")


class Played:
    """A recorder whose graph does the work again `times` times a replay, or that cannot record at all."""

    def __init__(self, times):
        self.times = times

    def rehearse(self, work):
        work()

    def record(self, work):
        if not self.times:
            raise RuntimeError("operation not permitted\nmore")
        return SimpleNamespace(replay=lambda: [work() for _ in range(self.times)])


@pytest.mark.parametrize(
    ("times", "says"),
    [(1, ""), (2, "three replays of +1 gave 6"), (0, "recording failed (operation not permitted)")],
)
def test_a_graph_is_tried(times, says, monkeypatch):
    monkeypatch.setattr(acceleration, "Recorder", lambda: Played(times))
    assert acceleration.recording(torch.device("cpu")) == says


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_on_cuda_a_graph_is_recorded():
    assert acceleration.recording(torch.device("cuda", 0)) == ""
