import numpy as np
from sklearn.metrics import confusion_matrix

from cnncore.inspection.confusion import confusion, of_cell


def test_counts_are_scikit_learns():
    rng = np.random.default_rng(0)
    labels, predicted = rng.integers(0, 5, (2, 300))
    np.testing.assert_array_equal(
        confusion(labels, predicted.astype(np.uint8), 5), confusion_matrix(labels, predicted, labels=range(5))
    )


def test_a_cells_images_come_with_the_surest_first():
    labels, predicted = np.array([0, 0, 1, 0]), np.array([1, 1, 1, 0])
    assert of_cell(labels, predicted, np.array([0.4, 0.9, 0.8, 0.7], np.float16), (0, 1)).tolist() == [1, 0]
