import numpy as np
import pytest
import torch

from cnncore.data.spectrum import covariance, kept, spectrum
from cnncore.errors import InputError

RNG = np.random.default_rng(0)
SMOOTH = RNG.normal(128, 40, (2500, 3, 1, 1)) + RNG.normal(0, 12, (2500, 3, 6, 5)).cumsum(3)
IMAGES = torch.from_numpy(SMOOTH.clip(0, 255).astype(np.uint8))


def test_the_covariance_is_numpys_in_float64():
    mean, matrix = covariance(IMAGES)
    flat = IMAGES.flatten(1).numpy() / 255
    np.testing.assert_allclose(mean.numpy(), flat.mean(0), rtol=1e-12)
    np.testing.assert_allclose(matrix.numpy(), np.cov(flat.T, bias=True), atol=1e-13, rtol=0)


def test_sums_in_float32_stay_exact_at_their_largest():
    """Black images alone: every product is 2^14, and a chunk of 1,024 of them reaches 2^24."""
    black = torch.zeros(5000, 1, 2, 2, dtype=torch.uint8)
    black[0, 0, 0, 0] = 255
    mean, matrix = covariance(black)
    assert float(mean[1]) == 0
    assert float(matrix[1, 1]) == 0
    np.testing.assert_allclose(matrix[0, 0], (1 / 5000) * (1 - 1 / 5000), rtol=1e-9)


def test_the_components_are_orthonormal_sorted_and_give_the_covariance_back():
    found = spectrum(IMAGES)
    values = found.eigenvalues
    assert (values[:-1] >= values[1:]).all()
    torch.testing.assert_close(found.vectors.T @ found.vectors, torch.eye(90, dtype=torch.float64))
    torch.testing.assert_close((found.vectors * values) @ found.vectors.T, covariance(IMAGES)[1])
    expected = np.linalg.eigvalsh(np.cov(IMAGES.flatten(1).numpy().T / 255, bias=True))[::-1]
    np.testing.assert_allclose(values.numpy(), expected, atol=1e-12)


def test_a_vectors_largest_entry_is_positive():
    vectors = spectrum(IMAGES).vectors
    assert (vectors.gather(0, vectors.abs().argmax(0, keepdim=True)) > 0).all()


def test_the_scales_are_those_of_the_eigenvalues():
    found = spectrum(IMAGES)
    torch.testing.assert_close(found.scales(0.1), 1 / (found.eigenvalues + 0.1).sqrt())


def test_one_image_has_no_covariance():
    assert float(spectrum(IMAGES[:1]).eigenvalues.max()) == 0


def test_images_that_are_too_large_are_refused():
    with pytest.raises(InputError, match=r"`standardize=pca` .* 12288 x 12288.*4096.*use channel"):
        spectrum(torch.zeros(2, 3, 64, 64, dtype=torch.uint8), "standardize=pca")


def never():
    raise AssertionError("found anew")


def test_what_is_kept_is_what_was_found(tmp_path):
    found = kept(tmp_path, lambda: spectrum(IMAGES))
    again = kept(tmp_path, never)
    for name in ("mean", "eigenvalues", "vectors"):
        assert torch.equal(getattr(again, name), getattr(found, name))
        assert getattr(again, name).dtype == torch.float64
    assert [path.name for path in tmp_path.iterdir()] == ["spectrum.npz"]


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut off"])
def test_a_damaged_file_is_found_anew(tmp_path, content):
    (tmp_path / "spectrum.npz").write_bytes(content)
    found = kept(tmp_path, lambda: spectrum(IMAGES))
    assert torch.equal(kept(tmp_path, never).vectors, found.vectors)


def test_without_its_folder_nothing_is_kept(tmp_path):
    found = kept(tmp_path / "gone", lambda: spectrum(IMAGES))
    assert torch.equal(found.mean, spectrum(IMAGES).mean)
    assert list(tmp_path.iterdir()) == []
