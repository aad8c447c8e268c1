import math
from collections import Counter
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncore.course.facts import REPORT
from cnncore.errors import InputError
from cnncore.statistics import fisher_exact, mcnemar, mean_and_spread, wilson_interval


@pytest.mark.parametrize(
    ("right", "low", "high"),
    [
        (91, 62.7, 78.2),
        (95, 66.0, 81.0),
        (105, 74.5, 87.7),
        (109, 78.0, 90.3),
        (114, 82.5, 93.4),
        (116, 84.3, 94.6),
    ],
)
def test_the_reports_readings_of_128_images(right, low, high):
    assert [round(100 * end, 1) for end in wilson_interval(right, 128)] == [low, high]


@given(total=st.integers(1, 10_000), share=st.floats(0, 1))
def test_the_ends_are_where_the_score_test_just_rejects(total, share):
    right = round(share * total)
    for end in wilson_interval(right, total):
        if 1e-9 < end < 1 - 1e-9:
            z = (right / total - end) / math.sqrt(end * (1 - end) / total)
            assert abs(z) == pytest.approx(1.959964, rel=1e-4)
    low, high = wilson_interval(right, total)
    assert 0 <= low <= right / total + 1e-12
    assert right / total - 1e-12 <= high <= 1


@pytest.mark.parametrize(("right", "total", "confidence"), [(1, 0, 0.95), (3, 2, 0.95), (-1, 2, 0.95), (1, 2, 1.0)])
def test_what_is_no_proportion_is_refused(right, total, confidence):
    with pytest.raises(InputError, match="must lie between 0 and"):
        wilson_interval(right, total, confidence)


@pytest.mark.parametrize(("first", "second"), [(0, 0), (1, 0), (0, 4), (3, 3), (2, 7), (9, 1), (5, 8)])
def test_mcnemar_is_the_share_of_coin_tosses_at_least_as_far_from_even(first, second):
    total = first + second
    tosses = [sum(toss) for toss in product((0, 1), repeat=total)]
    as_far = sum(abs(2 * heads - total) >= abs(first - second) for heads in tosses)
    assert mcnemar(first, second) == pytest.approx(as_far / 2**total)


@given(first=st.integers(0, 3000), second=st.integers(0, 3000))
def test_mcnemar_favours_neither_and_stays_a_probability(first, second):
    assert 0 <= mcnemar(first, second) == mcnemar(second, first) <= 1


def test_mcnemar_of_many_images_is_the_normal_approximation():
    z = (2600 - 2400 - 1) / math.sqrt(5000)
    assert mcnemar(2400, 2600) == pytest.approx(math.erfc(z / math.sqrt(2)), rel=0.01)


@given(data=st.data(), total=st.integers(1, 5), other=st.integers(1, 5))
def test_fisher_is_the_share_of_relabelings_no_likelier_than_what_was_seen(data, total, other):
    right, other_right = data.draw(st.integers(0, total)), data.draw(st.integers(0, other))
    # Every way to say which of all images are the right ones, given how many are.
    ways = [way for way in product((0, 1), repeat=total + other) if sum(way) == right + other_right]
    counts = Counter(sum(way[:total]) for way in ways)
    as_rare = sum(count for count in counts.values() if count <= counts[right])
    assert fisher_exact(right, total, other_right, other) == pytest.approx(as_rare / len(ways))


def test_fisher_on_the_reports_readings():
    readings = list(REPORT.values())
    neighbours = [round(fisher_exact(one, 128, other, 128), 2) for one, other in pairwise(readings)]
    assert neighbours == [0.67, 0.17, 0.61, 0.46, 0.84]
    assert round(fisher_exact(readings[0], 128, readings[-1], 128), 4) == 0.0001


def test_counts_below_zero_and_beyond_their_total_are_refused():
    with pytest.raises(InputError, match="are counts"):
        mcnemar(-1, 2)
    with pytest.raises(InputError, match="must lie between 0 and its total"):
        fisher_exact(3, 2, 0, 1)
    with pytest.raises(InputError, match="at least one"):
        mean_and_spread([])


def test_the_spread_is_the_samples_and_one_value_has_none():
    assert mean_and_spread([1.0, 2.0, 3.0]) == (2.0, 1.0)
    assert mean_and_spread([0.5]) == (0.5, None)
