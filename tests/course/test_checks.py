"""The numbers that questions ask for: right ones found another way here, slips told apart, input of all kinds."""

import math
from itertools import pairwise

import pytest
import torch
from torch import nn

from cnncore.architecture import named_network
from cnncore.architecture.build import build
from cnncore.course.check import Check, read_number
from cnncore.course.checks import checks, checks_for
from cnncore.errors import InputError
from cnncore.wording import number
from tests.pages.test_claims import field, largest, parts

CHECKS = [pytest.param(check, id=f"Q{check.question}-{place}") for place, check in enumerate(checks())]


def by_hand():
    """Return the right numbers in their order, from PyTorch's own modules or by hand."""
    filter_ = nn.Conv2d(3, 1, 5, padding=2)
    practical = build(named_network("practical"))
    weights = [parameter.numel() for parameter in practical.parameters() if parameter.dim() == 4]
    survivor = torch.nn.functional.dropout(torch.ones(100), 0.2).max().item()
    return [
        filter_.weight.numel(),
        math.prod((3, 32, 32)) * filter_(torch.zeros(1, 3, 32, 32)).numel(),
        largest("vgg16", 224),
        nn.Conv2d(1, 1, 7)(torch.zeros(1, 1, 384 // 32, 384 // 32)).shape[-1],
        field(parts())[0],
        2,
        2,
        weights[1],
        sum(parameter.numel() for parameter in practical.parameters()),
        1000 * 128 + 15 * (1000 + 1 + 1),
        len(torch.zeros(50_000, 0).split(512)),
        nn.functional.cross_entropy(torch.zeros(1, 10), torch.tensor([0])).item(),
        torch.zeros(3, 32, 32).numel() ** 2,
        50,
        0.1 * 0.95**50,
        10.0,
        torch.tensor([0.0] * 9 + [10.0]).var(correction=0).item(),
        survivor,
        sum(2 * channels for channels in (32, 64, 64)),
    ]


def test_the_right_numbers_are_right_as_people_write_them():
    for check, value in zip(checks(), by_hand(), strict=True):
        assert check.value == pytest.approx(value), check.asked
        written = [f"{value:,}", f" {value} "] if isinstance(check.value, int) else [number(value), f"{value:.4g}"]
        for text in written:
            assert check.judge(text) == (True, f"**Right.** {check.because}"), text


@pytest.mark.parametrize("check", CHECKS)
def test_every_slip_is_told_from_the_right_number_and_from_the_others(check):
    assert check.slips
    for value, why in check.slips.items():
        right, sentence = check.judge(f"{value}")
        assert not right
        assert sentence.startswith("Not ")
        assert sentence.endswith(f": {why}.")
    apart = 0 if isinstance(check.value, int) else 0.01
    assert not any(math.isclose(one, two, rel_tol=apart) for one, two in pairwise(sorted(check.slips)))


@pytest.mark.parametrize("check", CHECKS)
def test_another_number_gets_the_hint_and_not_the_answer(check):
    right, sentence = check.judge("123457")
    assert not right
    assert sentence == f"Not 123,457. {check.hint}"
    assert f"{check.value:,}" not in check.hint or check.value < 10


def test_checks_come_in_the_order_of_the_questions():
    numbers = [check.question for check in checks()]
    assert numbers == sorted(numbers)
    assert len(checks_for(1)) == 2
    assert checks_for(2) == ()


def test_a_measure_may_be_rounded_but_not_too_far():
    [loss] = checks_for(17)
    assert loss.judge("2.3").right
    assert "rounded too far" in loss.judge("2").sentence
    [rate] = checks_for(26)
    assert rate.judge("7.69e-3").right
    assert "rounded too far" in rate.judge("0.008").sentence
    assert loss.hint in loss.judge("3").sentence


@pytest.mark.parametrize(
    ("text", "counted", "value"),
    [
        ("1,191,170", True, 1191170),
        ("1.191.170", True, 1191170),
        ("1 191 170", True, 1191170),
        ("1\u202f191\u2009170", True, 1191170),
        ("1'191'170", True, 1191170),
        ("1_191_170", True, 1191170),
        ("1.191", True, 1191),
        ("1.191", False, 1.191),
        ("2,303", False, 2.303),
        ("1,234,567", False, 1234567),
        ("2.5", True, 2.5),
        ("−2.3", False, -2.3),
        (".5", False, 0.5),
        ("1e3", True, 1000),
        ("+7", True, 7),
    ],
)
def test_numbers_are_read_as_people_write_them(text, counted, value):
    assert read_number(text, counted) == value


@pytest.mark.parametrize(
    "text", ["", "?", "32x32", "1,19,117", "1/2", "ln 10", "nan", "inf", "1e", "--1", "1e9999", "9" * 31, "`$x$`", "²"]
)
def test_what_is_no_number_is_one_sentence(text):
    with pytest.raises(InputError, match=r"^`[^`]*` must be one number: write it in digits"):
        read_number(text, True)


def test_a_number_as_long_as_the_page_is_shortened():
    assert Check(1, "", 1.0, "", "Smaller.").judge("1e300").sentence == "Not 10³⁰⁰. Smaller."
    assert Check(1, "", 1, "", "Smaller.").judge("1e400").sentence == "Not ∞. Smaller."
