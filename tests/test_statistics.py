import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncore.errors import InputError
from cnncore.statistics import wilson_interval


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
