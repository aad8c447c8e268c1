"""Which device trains, and how images lie in its memory."""

import pytest
import torch

from cnncore.errors import InputError
from cnncore.training.device import choose_device, layout


@pytest.fixture
def mac(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: True)


def test_a_mac_trains_on_its_cpu_unless_mps_is_named(mac):
    device, reason = choose_device("auto")
    assert device.type == "cpu"
    assert "MPS is here" in reason
    assert choose_device("mps")[0].type == "mps"
    assert choose_device("cpu") == (torch.device("cpu"), "the CPU was asked for")


def test_a_device_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    for name in ("cuda", "mps"):
        with pytest.raises(InputError, match=rf"`device` \(={name}\) .*use auto or cpu"):
            choose_device(name)
    assert choose_device()[0].type == "cpu"


@pytest.mark.parametrize("name", ["cpu", "cuda", "mps"])
def test_images_lie_channels_last_but_on_mps(name):
    expected = torch.contiguous_format if name == "mps" else torch.channels_last
    assert layout(torch.device(name)) is expected
