import dataclasses

import numpy as np
import pytest
import torch

from cnncore.data import standardized
from cnncore.data.prepared import folder, info, save
from cnncore.data.standardize import fit
from cnncore.training.config import Standardization

KINDS = tuple(Standardization)


@pytest.fixture(autouse=True)
def fresh():
    yield
    standardized._spectrum.cache_clear()
    standardized._fitted.cache_clear()


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_is_what_training_makes_of_the_image(tiny, kind):
    found = standardized.pictures("tiny", "1", tiny.train_images[3], KINDS, 0.02)
    expected = fit(kind, torch.from_numpy(tiny.train_images), eps=0.02)(torch.from_numpy(tiny.train_images[3:4]) / 255)
    np.testing.assert_allclose(found[kind], expected[0].numpy(), atol=1e-4)


def test_eigenvalues_are_numpys(tiny):
    values, images = standardized.eigenvalues("tiny", "1")
    flat = tiny.train_images.reshape(140, -1) / 255
    np.testing.assert_allclose(values, np.linalg.eigvalsh(np.cov(flat.T, bias=True))[::-1], atol=1e-12)
    assert images == 140


def test_the_histogram_counts_the_values_of_the_test_images(tiny):
    found = standardized.histogram("tiny", "1", Standardization.CHANNEL, 0.1, bins=20)
    mean, std = (getattr(tiny.train_images, name)((0, 2, 3)) for name in ("mean", "std"))
    values = (tiny.test_images - mean[:, None, None]) / std[:, None, None]
    np.testing.assert_allclose(found.mean, values.mean((0, 2, 3)), atol=1e-5)
    np.testing.assert_allclose(found.std, values.std((0, 2, 3)), atol=1e-5)
    np.testing.assert_allclose(found.share.sum(1), 1)
    green = np.histogram(values[:, 1], found.edges)[0]
    np.testing.assert_allclose(found.share[1], green / green.sum(), atol=0.01)


def test_neighbours_are_correlated_until_they_are_whitened(app_home):
    """Rows of running sums: alike, and known to be: the correlation is that of numpy, place by place."""
    from cnncore.data.images import ImageData
    from cnncore.data.prepared import save

    rng = np.random.default_rng(0)
    images = (128 + rng.normal(0, 12, (3000, 1, 6, 6)).cumsum(3)).clip(0, 255).astype(np.uint8)
    labels = np.zeros(3000, np.int64)
    save(ImageData("smooth", "Smooth", ("one", "two"), images[:2000], labels[:2000], images[2000:], labels[2000:]))
    found = standardized.neighbours("smooth", "1", (Standardization.NONE, Standardization.ZCA), 1e-5, farthest=3)
    raw, white = found[Standardization.NONE], found[Standardization.ZCA]
    assert raw[0] == pytest.approx(1)
    centred = images[2000:] - images[2000:].mean(0)
    left, right = centred[..., :-1].ravel(), centred[..., 1:].ravel()
    assert raw[1] == pytest.approx((left @ right) / np.sqrt((left @ left) * (right @ right)), abs=1e-4)
    assert raw[1] > 0.7
    assert np.abs(white[1:]).max() < 0.05


def test_pixels_are_counted_in_every_channel_of_both_splits(tiny):
    found = standardized.pixel_counts("tiny", "")
    for split, images in (("train", tiny.train_images), ("test", tiny.test_images)):
        for channel in range(3):
            expected = [(images[:, channel] == level).sum() for level in range(256)]
            np.testing.assert_array_equal(found.of(split)[channel], expected)
    np.testing.assert_allclose(found.image_std, tiny.train_images.std((2, 3)).mean(0) / 255, rtol=1e-5)


def test_the_components_are_kept_beside_the_set_until_it_is_prepared_anew(tiny, monkeypatch):
    version = info("tiny").version
    found, _ = standardized.eigenvalues("tiny", version)
    assert (folder("tiny") / version / "spectrum.npz").exists()
    standardized._spectrum.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(standardized, "spectrum", None)  # not called: the next process reads
        assert np.array_equal(standardized.eigenvalues("tiny", version)[0], found)
    save(dataclasses.replace(tiny, train_images=255 - tiny.train_images[:, :, :, ::-1] // 2))
    assert not np.allclose(standardized.eigenvalues("tiny", info("tiny").version)[0], found)


def test_a_set_without_a_version_keeps_nothing(tiny):
    standardized.eigenvalues("tiny", "")
    assert list(folder("tiny").rglob("spectrum.npz")) == []
