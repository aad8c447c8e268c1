"""The totals that stood in real reports come out of the descriptions; others are counted by PyTorch."""

import pytest
import torch

from cnncore.architecture import NETWORKS, describe, named_network
from cnncore.architecture.build import build
from cnncore.course.slips import Slip, totals

REPORTS = {
    Slip.NONE: 1_191_170,
    Slip.NO_BIASES: 1_190_000,
    Slip.CONVOLUTION_BIASES: 1_190_160,
    Slip.NO_DEPTH: 1_039_170,
    Slip.IMAGE_DEPTH: 12_000,
}


def test_the_reports_totals():
    found = totals(named_network("practical"))
    assert {slip: found[slip] for slip in REPORTS} == REPORTS
    assert found[Slip.NO_DENSE] == 1_191_170 - 1_025_000 - 10_010
    assert found[Slip.MAPS_FORGOTTEN] == 1_191_170 - 1_024_000 + 16 * 1000
    assert found[Slip.ZERO_TOO_MANY] == 1_191_170 + 9 * 102_400


@pytest.mark.parametrize("name", NETWORKS)
def test_the_right_total_is_the_descriptions_and_no_two_are_alike(name):
    found = totals(named_network(name))
    assert found[Slip.NONE] == describe(named_network(name)).parameters
    assert len(set(found.values())) == len(found)


def test_weights_only_by_pytorch():
    with torch.device("meta"):
        module = build(named_network("practical"))
    weights = sum(p.numel() for name, p in module.named_parameters() if name.endswith("weight"))
    assert totals(named_network("practical"))[Slip.NO_BIASES] == weights
