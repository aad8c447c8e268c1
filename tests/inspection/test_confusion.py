import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from cnncore.inspection.confusion import (
    class_scores,
    confusion,
    least_true,
    of_cell,
    surest_wrong,
    unbroken_since,
    worst_cell,
)


def test_counts_are_scikit_learns():
    rng = np.random.default_rng(0)
    labels, predicted = rng.integers(0, 5, (2, 300))
    np.testing.assert_array_equal(
        confusion(labels, predicted.astype(np.uint8), 5), confusion_matrix(labels, predicted, labels=range(5))
    )


def test_a_cells_images_come_with_the_surest_first():
    labels, predicted = np.array([0, 0, 1, 0]), np.array([1, 1, 1, 0])
    assert of_cell(labels, predicted, np.array([0.4, 0.9, 0.8, 0.7], np.float16), (0, 1)).tolist() == [1, 0]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=40))
def test_scores_are_scikit_learns(pairs):
    labels, predicted = np.array(pairs).T
    found = class_scores(confusion(labels, predicted, 5))
    precision, recall, f1, _ = precision_recall_fscore_support(
        labels, predicted, labels=range(5), zero_division=math.nan
    )
    np.testing.assert_allclose(found.precision, precision)
    np.testing.assert_allclose(found.recall, recall)
    # Where one of the two has no value scikit-learn's F1 is still TP / (TP + (FP + FN) / 2), as here.
    np.testing.assert_allclose(found.f1, f1)


def test_scores_worked_out_on_paper():
    found = class_scores(np.array([[8, 2, 0], [4, 6, 0], [0, 0, 0]]))
    assert found.precision[:2].tolist() == pytest.approx([8 / 12, 6 / 8])
    assert found.recall[:2].tolist() == pytest.approx([0.8, 0.6])
    assert found.f1[0] == pytest.approx(2 * (8 / 12) * 0.8 / (8 / 12 + 0.8))
    assert np.isnan([found.precision[2], found.recall[2], found.f1[2]]).all()


def test_the_worst_confusion_is_never_on_the_diagonal_unless_all_is_right():
    assert worst_cell(np.array([[90, 1, 2], [3, 70, 0], [0, 0, 50]])) == (1, 0)
    assert worst_cell(np.array([[1, 5, 0], [5, 1, 0], [0, 0, 9]])) == (0, 1)
    assert worst_cell(np.diag([1, 2, 3])) == (0, 0)


def test_the_gallery_is_sorted_like_one_by_one():
    rng = np.random.default_rng(1)
    confidence = rng.uniform(0.2, 1, 200).astype(np.float16)
    right = rng.uniform(size=200) < 0.5
    true = np.where(right, confidence, (1 - confidence) * rng.uniform(0, 1, 200)).astype(np.float16)
    true[rng.integers(0, 200, 40)] = 0
    wrong = [place for place in range(200) if not right[place]]
    assert least_true(right, confidence, true).tolist() == sorted(wrong, key=lambda p: (true[p], -confidence[p]))
    assert surest_wrong(right, confidence).tolist() == sorted(wrong, key=lambda p: -confidence[p])
    assert not len(surest_wrong(np.ones(3, bool), confidence[:3]))
    assert not len(least_true(np.ones(3, bool), confidence[:3], true[:3]))


@pytest.mark.parametrize(
    ("counts", "since"),
    [({0: 0, 1: 2, 2: 1}, 1), ({0: 3, 5: 1}, 0), ({0: 3, 1: 0}, None), ({0: 1, 3: 0, 6: 2}, 6), ({}, None)],
)
def test_since_when_a_confusion_has_been_there(counts, since):
    assert unbroken_since(counts) == since
