"""Numbers that stand in the course's answers without a fact: each is computed here, and looked for there."""

import pytest

from cnncore.architecture import named_network
from cnncore.architecture.build import build
from cnncore.course import QUESTIONS
from tests.pages.test_claims import NAMES, field, largest, parts


def answers():
    """Yield the number of each question, and what its answer or its usual mistake must say."""
    side = 7
    yield 4, f"{side} × {side} × 512 = {side * side * 512:,} numbers"
    vgg = largest("vgg16", 224)
    yield 4, f"so 224 to {vgg} pixels still give 7 × 7 and work; at {vgg + 1} the map is {(vgg + 1) // 32} × 8 and"
    yield 4, f"rounding down five times leaves {vgg - 224} pixels to spare"
    ours = largest("practical", 32)
    yield 4, f"takes 32 to {ours} pixels and fails at {ours + 1}"
    yield 7, f"without the pool would give {field(parts(pools=False)[:2])[0]}."
    yield 8, f"$p = (k-1)/2 = {(5 - 1) // 2}$"
    yield 9, ", ".join(str(32 // 2**pools) for pools in range(4))
    wrong = [filters * 3 * 5 * 5 for filters in (32, 64, 64)]
    right = sum(p.numel() for p in build(named_network("practical")).parameters())
    yield (
        10,
        f"{' + '.join(f'{count:,}' for count in wrong)} = {sum(wrong):,}, {NAMES[right // sum(wrong)]} times too few",
    )
    yield 11, f"With the {sum(wrong):,} of Q10's mistake"
    assert round(50_000 / sum(wrong)) == 4
    yield 11, '"four images a parameter, no danger"'
    yield 12, f"over 1,001 words and a bias: 15 · {1001 + 1:,} ="
    yield 17, f"the error {100 - 100 // 10} %, the top-5 error {100 - 5 * 100 // 10} %"
    yield 21, f"({3 * 32 * 32:,} values"
    # Largest over smallest variance of CIFAR-10's 3,072 components: too much data for a test, written as measured.
    yield 21, "has a condition number of 3.6 · 10⁷"
    yield 22, f"{(32 - 28 + 1) ** 2} crops times 2 flips"
    rates = [0.1 * 0.95**epoch for epoch in range(100)]
    yield 26, f"{100 * sum(rates[:60]) / sum(rates):.0f} % of that in the first 60: after them"
    yield 27, f"up to $1/(1-m) = {1 / (1 - 0.9):.0f}$ times"


@pytest.mark.parametrize(("number", "claim"), [*answers()], ids=lambda value: str(value)[:40])
def test_an_answer_of_the_course_claims_what_is_true(number, claim):
    question = QUESTIONS[number - 1]
    assert claim in " ".join(f"{question.answer()} {question.mistake}".split())


def test_by_60_epochs_the_decayed_rates_have_given_all_but_a_twentieth():
    rates = [0.1 * 0.95**epoch for epoch in range(1000)]
    assert sum(rates[60:]) < 0.05 * sum(rates) < sum(rates[50:])
