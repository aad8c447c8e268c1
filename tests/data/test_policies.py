from collections import Counter

import numpy as np
import pytest
from torchvision.transforms import v2

from cnncore.data.policies import (
    CIFAR10,
    OPERATIONS,
    RANDOM,
    SIGNED,
    AutoAugment,
    RandAugment,
    TrivialAugment,
    magnitudes,
)
from cnncore.errors import InputError


def rows(transform, count=20_000, height=32, width=28, seed=0):
    return transform.draw(np.random.default_rng(seed), count, height, width)


@pytest.mark.parametrize(
    ("theirs", "bins", "wide"),
    [(v2.RandAugment, 31, False), (v2.TrivialAugmentWide, 31, True), (v2.AutoAugment, 10, False)],
)
def test_operations_magnitudes_and_signs_are_torchvisions(theirs, bins, wide):
    space = theirs._AUGMENTATION_SPACE
    assert set(space) == (set(OPERATIONS[1:]) if theirs is v2.AutoAugment else set(RANDOM))
    for name, (values, signed) in space.items():
        expected, mine = values(bins, 32, 28), magnitudes(name, bins, 32, 28, wide=wide)
        assert signed == (name in SIGNED)
        if expected is None:
            assert mine is None
            continue
        expected = expected.numpy().astype(np.float64)
        if name.startswith("Translate"):
            # torchvision cuts to whole pixels when it applies them, and its 15.999999 of 16 in float32 to 15.
            expected = np.trunc(expected + 1e-5)
        np.testing.assert_allclose(mine, expected, atol=1e-6)


def test_the_pairs_are_torchvisions_for_cifar10():
    theirs = v2.AutoAugment(v2.AutoAugmentPolicy.CIFAR10)._policies
    assert [tuple((name, p, level or 0) for name, p, level in pair) for pair in theirs] == list(CIFAR10)


def test_randaugment_draws_every_operation_alike_at_one_magnitude():
    draws = rows(RandAugment(operations=2, magnitude=9))
    for number in (1, 2):
        codes, values = draws[f"operation{number}"].astype(int), draws[f"magnitude{number}"]
        counts = np.bincount(codes, minlength=len(RANDOM))
        assert len(counts) == 14
        assert np.abs(counts - 20_000 / 14).max() < 5 * (20_000 / 14) ** 0.5
        for code, name in enumerate(RANDOM):
            drawn = Counter(values[codes == code].tolist())
            table = magnitudes(name, 31, 32, 28)
            strength = np.float32(0 if table is None else table[9])
            assert set(drawn) == ({strength, -strength} if name in SIGNED else {strength})
            if name in SIGNED:
                assert 0.4 < drawn[strength] / sum(drawn.values()) < 0.6
    assert (draws["operation1"] == draws["operation2"]).mean() == pytest.approx(1 / 14, abs=0.01)


def test_trivialaugment_draws_every_magnitude_of_its_wide_ranges():
    draws = rows(TrivialAugment(), 50_000)
    assert set(draws) == {"operation1", "magnitude1"}
    turned = draws["magnitude1"][draws["operation1"] == OPERATIONS.index("Rotate")]
    expected = np.linspace(0, 135, 31, dtype=np.float32)
    assert set(turned.tolist()) == set(np.concatenate([expected, -expected[1:]]).tolist())
    bits = draws["magnitude1"][draws["operation1"] == OPERATIONS.index("Posterize")]
    assert set(bits.tolist()) == {2, 3, 4, 5, 6, 7, 8}


def test_autoaugment_keeps_the_probabilities_of_its_pairs():
    draws = rows(AutoAugment(), 50_000)
    policy = draws["policy"].astype(int)
    assert np.abs(np.bincount(policy, minlength=25) - 2000).max() < 5 * 2000**0.5
    for number, pair in enumerate(CIFAR10):
        for step, (name, p, _) in enumerate(pair, start=1):
            codes = draws[f"operation{step}"][policy == number].astype(int)
            assert set(codes) <= {0, OPERATIONS.index(name)}
            assert (codes == OPERATIONS.index(name)).mean() == pytest.approx(p, abs=0.06)


@pytest.mark.parametrize("transform", [RandAugment(1, 9), RandAugment(2, 0), TrivialAugment(), AutoAugment()])
def test_the_number_of_outcomes_is_that_of_the_different_draws(transform):
    draws = rows(transform, 300_000, 28, 28)
    seen = np.unique(np.stack(list(draws.values())), axis=1).shape[1]
    # AutoAugment's rarest pairs of steps do not turn up in so many draws.
    assert transform.outcomes(28, 28) * (0.98 if isinstance(transform, AutoAugment) else 1) <= seen
    assert seen <= transform.outcomes(28, 28)


def test_randaugment_has_23_outcomes_a_step():
    """Nine operations with a sign, five without, worked out on paper."""
    assert RandAugment(2, 9).outcomes(32, 32) == (9 * 2 + 5) ** 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RandAugment(operations=0), r"`operations` \(=0\) must lie between 1 and 4"),
        (lambda: RandAugment(operations=1.5), r"`operations` \(=1.5\) must be a whole number between 1 and 4"),
        (lambda: RandAugment(magnitude=2.5), r"`magnitude` \(=2.5\) must be a whole number between 0 and 30"),
        (lambda: RandAugment(magnitude=31), r"`magnitude` \(=31\) must lie between 0 and 30"),
    ],
)
def test_a_bad_parameter_is_one_sentence(make, message):
    with pytest.raises(InputError, match=message):
        make()
