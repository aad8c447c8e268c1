import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.calibration import calibration_curve

from cnncore.errors import InputError
from cnncore.inspection.calibration import reliability, sureness

ANSWERS = st.integers(1, 60).flatmap(
    lambda count: st.tuples(
        hnp.arrays(np.float16, count, elements=st.floats(0, 1, width=16)), hnp.arrays(np.bool_, count)
    )
)


@given(ANSWERS, st.integers(1, 15))
def test_bins_and_error_are_those_of_counting_one_by_one(answers, bins):
    confidence, right = answers
    found = reliability(confidence, right, bins)
    error = 0.0
    for b in range(bins):
        low, high = b / bins, (b + 1) / bins
        inside = [
            place for place, sure in enumerate(confidence.tolist()) if low < sure <= high or (b == 0 and sure == 0)
        ]
        assert found.count[b] == len(inside)
        assert found.right[b] == sum(bool(right[place]) for place in inside)
        if not inside:
            assert math.isnan(found.confidence[b])
            assert math.isnan(found.accuracy[b])
            continue
        mean = math.fsum(float(confidence[place]) for place in inside) / len(inside)
        assert found.confidence[b] == pytest.approx(mean)
        share = found.right[b] / len(inside)
        assert found.accuracy[b] == pytest.approx(share)
        error += len(inside) / len(right) * abs(share - mean)
    assert found.error == pytest.approx(error)


def test_scikit_learn_draws_the_same_curve():
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.1, 1, 500)
    right = rng.uniform(size=500) < confidence**2
    found = reliability(confidence, right)
    accuracy, mean = calibration_curve(right, confidence, n_bins=10)
    filled = found.count > 0
    np.testing.assert_allclose(found.accuracy[filled], accuracy)
    np.testing.assert_allclose(found.confidence[filled], mean)


def test_worked_out_on_paper():
    # (0.8, 0.9]: one of two right at 0.85: gap 0.35. (0.9, 1]: two of two right at 0.95: gap 0.05. Their mean: 0.2.
    found = reliability(np.array([0.95, 0.85, 0.85, 0.95]), np.array([True, True, False, True]))
    assert found.error == pytest.approx(0.2)
    told = sureness(np.array([0.9, 0.8, 0.7, 0.3]), np.array([True, True, False, False]))
    assert (told.accuracy, told.right, told.wrong) == (0.5, pytest.approx(0.85), pytest.approx(0.5))
    assert told.error == pytest.approx((0.1 + 0.2 + 0.7 + 0.3) / 4)


def test_an_edge_belongs_to_the_bin_below_it_and_a_network_that_knows_its_odds_has_no_error():
    found = reliability(np.array([0.5, 0.5, 1.0]), np.array([True, False, True]))
    assert found.count.tolist() == [0, 0, 0, 0, 2, 0, 0, 0, 0, 1]
    assert found.error == 0


def test_a_mean_over_no_answers_is_none():
    assert sureness(np.array([0.9]), np.array([True])).wrong is None
    assert sureness(np.array([0.9]), np.array([False])).right is None


def test_nothing_to_sort_is_refused():
    with pytest.raises(InputError, match="`confidence`"):
        reliability(np.array([]), np.array([], bool))
    with pytest.raises(InputError, match=r"`bins` \(=0\)"):
        reliability(np.array([0.5]), np.array([True]), 0)
