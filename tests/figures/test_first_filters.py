import numpy as np
import pytest

from cnncore.figures.first_filters import change_chart, filter_pictures
from cnncore.inspection.filters import FilterHistory


def test_one_scale_for_all_filters():
    filters = np.zeros((2, 3, 1, 2), np.float32)
    filters[0, 0, 0] = (0.5, -0.5)
    filters[1, 2, 0] = (0.25, 9)
    pictures = filter_pictures(filters, 0.5)
    assert pictures.shape == (2, 3, 1, 2)
    assert pictures[0, 0, 0].tolist() == [255, 0]
    assert pictures[0, 1, 0].tolist() == [128, 128]
    assert pictures[1, 2, 0].tolist() == [191, 255]
    assert filter_pictures(np.ones((4, 8, 3, 3), np.float32), 2).shape == (4, 1, 3, 3)
    assert filter_pictures(np.ones((4, 1, 3, 3), np.float32), 2).shape == (4, 1, 3, 3)


def test_the_chart_is_median_and_ends_of_the_changes():
    filters = np.random.default_rng(0).normal(size=(4, 5, 3, 3, 3)).astype(np.float32)
    history = FilterHistory((0, 1, 2, 4), filters)
    data = change_chart(history, 2).data
    moved = [np.linalg.norm(filters[2, n] - filters[0, n]) / np.linalg.norm(filters[0, n]) for n in range(5)]
    assert data["epoch"] == [0, 1, 2, 4]
    assert data["median"][2] == pytest.approx(100 * np.median(moved), abs=0.01)
    assert (data["least"][2], data["most"][2]) == pytest.approx((100 * min(moved), 100 * max(moved)), abs=0.01)
    assert data["here"] == [False, False, True, False]
