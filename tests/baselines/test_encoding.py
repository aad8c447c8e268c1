import numpy as np
import pytest

from cnncore.baselines import encoding
from cnncore.baselines.config import BagOfWordsConfig
from cnncore.baselines.descriptors import grid
from cnncore.baselines.encoding import cells, histograms, nearest


def test_the_nearest_word_is_the_nearest(monkeypatch):
    rng = np.random.default_rng(0)
    descriptors, words = rng.normal(size=(7, 5, 12)).astype(np.float32), rng.normal(size=(9, 12)).astype(np.float32)
    expected = [[np.argmin([np.linalg.norm(d - w) for w in words]) for d in row] for row in descriptors]
    assert nearest(descriptors, words).tolist() == expected
    monkeypatch.setattr(encoding, "_MEMORY", 4 * 9 * 2)  # two descriptors at a time
    assert nearest(descriptors, words).tolist() == expected


@pytest.mark.parametrize("pyramid", [False, True])
def test_histograms_against_counting(pyramid):
    shape, words = (3, 15, 14), 6
    config = BagOfWordsConfig(patch=4, stride=3, pyramid=pyramid)
    corners = grid(config, shape)
    assigned = np.random.default_rng(1).integers(0, words, (4, len(corners)))
    found = histograms(assigned, words, config, shape)
    assert found.shape == (4, (5 if pyramid else 1) * words)
    for image, row in zip(assigned, found, strict=True):
        counts = np.zeros((5, words))
        for word, (top, left) in zip(image, corners, strict=True):
            counts[0, word] += 1
            counts[1 + 2 * (top + 2 > 7.5) + (left + 2 > 7), word] += 1
        expected = np.sqrt(counts / counts.sum(axis=1, keepdims=True))[: 5 if pyramid else 1]
        np.testing.assert_allclose(row.reshape(-1, words), expected, rtol=1e-6)
        np.testing.assert_allclose((row.reshape(-1, words) ** 2).sum(axis=1), 1, rtol=1e-6)


def test_the_bag_forgets_where_its_words_were_and_the_pyramid_does_not():
    shape = (3, 16, 16)
    rng = np.random.default_rng(0)
    flat, pyramid = (BagOfWordsConfig(patch=8, stride=2, pyramid=on) for on in (False, True))
    assigned = rng.integers(0, 20, (1, len(grid(flat, shape))))
    shuffled = rng.permutation(assigned[0])[None]
    assert (histograms(assigned, 20, flat, shape) == histograms(shuffled, 20, flat, shape)).all()
    assert (histograms(assigned, 20, pyramid, shape) != histograms(shuffled, 20, pyramid, shape)).any()


def test_a_quarter_without_a_patch_is_empty_and_not_a_division_by_zero():
    config = BagOfWordsConfig(patch=8, stride=8, pyramid=True)
    assert cells(config, (3, 8, 8)).tolist() == [[0, 1]]
    found = histograms(np.array([[2]]), 3, config, (3, 8, 8)).reshape(5, 3)
    assert found.tolist() == [[0, 0, 1], [0, 0, 1], [0, 0, 0], [0, 0, 0], [0, 0, 0]]
