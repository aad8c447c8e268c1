import io

import numpy as np
import pytest
import torch

from cnncore.data.pixels import HANDOUT_MEAN, HANDOUT_STD
from cnncore.data.spectrum import spectrum
from cnncore.data.standardize import WHITENING_EPSILON, Standardize, fit, whitened, whitening
from cnncore.errors import InputError
from cnncore.training.config import Standardization

RNG = np.random.default_rng(0)
# Neighbours alike, as in photographs: without correlation whitening would have nothing to do.
SMOOTH = RNG.normal(128, 40, (300, 3, 1, 1)) + RNG.normal(0, 12, (300, 3, 8, 8)).cumsum(3)
TRAIN = torch.from_numpy(SMOOTH.clip(0, 255).astype(np.uint8))
FLOATS = TRAIN.float() / 255


def test_channel_gives_every_channel_mean_zero_and_variance_one():
    result = fit(Standardization.CHANNEL, TRAIN)(FLOATS)
    torch.testing.assert_close(result.mean(dim=(0, 2, 3)), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(result.std(dim=(0, 2, 3), correction=0), torch.ones(3), atol=1e-5, rtol=0)


def test_mean_image_gives_every_pixel_mean_zero():
    result = fit(Standardization.MEAN_IMAGE, TRAIN)(FLOATS)
    torch.testing.assert_close(result.mean(dim=0), torch.zeros(3, 8, 8), atol=1e-5, rtol=0)
    assert float(result.std(correction=0)) == pytest.approx(1, abs=1e-5)


def test_image_gives_every_image_mean_zero_and_variance_one():
    result = fit(Standardization.IMAGE, TRAIN)(FLOATS)
    torch.testing.assert_close(result.mean(dim=(1, 2, 3)), torch.zeros(300), atol=1e-5, rtol=0)
    torch.testing.assert_close(result.std(dim=(1, 2, 3)), torch.ones(300), atol=1e-5, rtol=0)


def test_an_image_of_one_colour_stays_finite():
    flat = torch.full((1, 3, 8, 8), 0.5)
    assert fit(Standardization.IMAGE, TRAIN)(flat).abs().max() == 0


def test_handout_uses_the_practicals_constants():
    result = fit(Standardization.HANDOUT, TRAIN)(FLOATS)
    for channel in range(3):
        expected = (FLOATS[:, channel] - HANDOUT_MEAN[channel]) / HANDOUT_STD[channel]
        torch.testing.assert_close(result[:, channel], expected)


def test_zca_is_symmetric_and_flattens_the_spectrum():
    standardize = fit(Standardization.ZCA, TRAIN)
    torch.testing.assert_close(standardize.whitening, standardize.whitening.T, atol=1e-4, rtol=0)
    before = torch.linalg.eigvalsh(torch.cov((FLOATS - FLOATS.mean(0)).flatten(1).T, correction=0).double())
    after = torch.linalg.eigvalsh(torch.cov(standardize(FLOATS).flatten(1).T, correction=0).double())
    # Each eigenvalue l becomes l / (l + eps): the large ones 1, the small ones stay small.
    torch.testing.assert_close(after, before / (before + WHITENING_EPSILON), atol=1e-4, rtol=0)


@pytest.mark.parametrize("kind", [Standardization.ZCA, Standardization.PCA])
@pytest.mark.parametrize("eps", [1e-4, 0.1, 10.0])
def test_a_few_images_are_whitened_as_by_the_matrix(kind, eps):
    found = spectrum(TRAIN)
    expected = whitening(kind, found, TRAIN, eps)(FLOATS[:3])
    torch.testing.assert_close(whitened(kind, found, FLOATS[:3], eps), expected, atol=1e-4, rtol=1e-4)
    with pytest.raises(InputError, match=r"`whitening_eps` \(=-1\) must be above 0"):
        whitened(kind, found, FLOATS[:3], -1)


def test_pca_leaves_uncorrelated_components_the_strongest_first():
    result = fit(Standardization.PCA, TRAIN, eps=1e-3)(FLOATS).flatten(1)
    covariance = torch.cov(result.T, correction=0)
    before = torch.linalg.eigvalsh(torch.cov(FLOATS.flatten(1).T.double(), correction=0)).flip(0)
    torch.testing.assert_close(covariance.diagonal().double(), before / (before + 1e-3), atol=1e-3, rtol=0)
    assert (covariance - covariance.diagonal().diag()).abs().max() < 1e-3


def test_zca_is_pca_turned_back_into_pixels():
    pca, zca = (fit(kind, TRAIN, eps=0.01).whitening for kind in (Standardization.PCA, Standardization.ZCA))
    torch.testing.assert_close(zca @ zca, pca @ pca.T, atol=1e-3, rtol=1e-3)  # both are (C + eps I)^-1
    covariance = torch.cov(FLOATS.flatten(1).T.double(), correction=0)
    inverse = torch.linalg.inv(covariance + 0.01 * torch.eye(192, dtype=torch.float64))
    torch.testing.assert_close((pca @ pca.T).double(), inverse, atol=1e-3, rtol=1e-3)


def test_a_smaller_eps_whitens_more():
    spreads = [float(fit(Standardization.ZCA, TRAIN, eps=eps)(FLOATS).var(0).mean()) for eps in (1.0, 0.1, 1e-4)]
    assert spreads == sorted(spreads)
    assert spreads[0] < 0.3 < 0.8 < spreads[-1]


@pytest.mark.parametrize("kind", list(Standardization))
def test_a_state_gives_the_same_standardization_back_through_a_file(kind):
    fitted = fit(kind, TRAIN)
    file = io.BytesIO()
    torch.save(fitted.state(), file)
    file.seek(0)
    again = Standardize.from_state(torch.load(file, weights_only=True))
    assert torch.equal(again(FLOATS), fitted(FLOATS))


@pytest.mark.parametrize("state", [{"per_image": 1.0}, {"means": torch.zeros(1)}, {"mean": True}])
def test_a_state_that_is_none_is_refused(state):
    with pytest.raises(InputError, match=r"`standardize` of the checkpoint has an entry"):
        Standardize.from_state(state)


def test_none_leaves_the_pixels():
    assert fit(Standardization.NONE, TRAIN)(FLOATS) is FLOATS


def test_what_cannot_be_fitted_is_one_sentence():
    with pytest.raises(InputError, match=r"handout.* 3 channels .* have 1: use channel"):
        fit(Standardization.HANDOUT, TRAIN[:, :1])
    big = torch.zeros(2, 3, 64, 64, dtype=torch.uint8)
    with pytest.raises(InputError, match=r"zca.*4096"):
        fit(Standardization.ZCA, big)
    with pytest.raises(InputError, match=r"`whitening_eps` \(=0\) must be above 0"):
        fit(Standardization.PCA, TRAIN, eps=0)
