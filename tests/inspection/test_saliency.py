"""The three heats: small steps, networks whose answer is known, and every patch by itself."""

import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cnncore.architecture import Conv2d, Flatten, Linear, Network, Tanh
from cnncore.data.augmentation import RandomCrop
from cnncore.errors import InputError
from cnncore.inspection import saliency
from cnncore.inspection.heats import rank_correlation
from cnncore.inspection.moment import Moment
from cnncore.inspection.saliency import gradients, occlusion
from cnncore.inspection.trained import _untrained, trained, untrained
from cnncore.training.config import RunConfig, Standardization
from tests.pages.stored_run import store_run

LINEAR = Network("linear", (3, 12, 12), (Flatten(), Linear(7)))
SMOOTH = Network("smooth", (3, 12, 12), (Conv2d(4, 3), Tanh(), Flatten(), Linear(7)))
BEFORE = (None, Moment.BEFORE)


def of(network, **values):
    return RunConfig(dataset="tiny", network=network.to_json(), **values)


def test_a_linear_network_answers_to_its_weights_however_it_is_asked(tiny):
    config = of(LINEAR, standardize=Standardization.CHANNEL)
    found = untrained(config)
    weights = found.model[1].weight[4].view(3, 12, 12).detach()
    expected = (weights / found.standardize.std[0]).abs().amax(0).numpy()  # through the division by the deviation
    for place in (0, 9):
        told = gradients(*BEFORE, config, tiny.test_images[place], 4, sigma=0.3)
        np.testing.assert_allclose(told.plain, expected, rtol=1e-5)
        np.testing.assert_allclose(told.smooth, expected, rtol=1e-4)


@pytest.mark.parametrize("kind", [Standardization.NONE, Standardization.IMAGE])
def test_the_gradient_is_that_of_the_score_by_small_steps(tiny, kind):
    config = of(SMOOTH, standardize=kind)
    found = untrained(config)
    model = found.model.double()
    image = torch.from_numpy(tiny.test_images[2]).double()[None] / 255
    step, expected = 1e-5, np.zeros((3, 12, 12))
    with torch.no_grad():
        for place in np.ndindex(3, 12, 12):
            moved = [image.clone(), image.clone()]
            moved[0][(0, *place)] += step
            moved[1][(0, *place)] -= step
            up, down = (float(model(found.standardize(one))[0, 3]) for one in moved)
            expected[place] = abs(up - down) / (2 * step)
    model.float()
    told = gradients(*BEFORE, config, tiny.test_images[2], 3)
    np.testing.assert_allclose(told.plain, expected.max(0), rtol=1e-3, atol=1e-5)


def test_smoothgrad_is_the_mean_over_noisy_copies(tiny):
    config, image = of(SMOOTH), tiny.test_images[7]
    told = gradients(*BEFORE, config, image, 1, sigma=0.2, copies=40, seed=5)
    pixels = torch.from_numpy(image).float() / 255
    spread = 0.2 * float(pixels.max() - pixels.min())
    noise = torch.randn(40, 3, 12, 12, generator=torch.Generator().manual_seed(5))
    total = torch.zeros(3, 12, 12)
    for one in noise:  # one copy at a time
        copy = (pixels + spread * one)[None].requires_grad_()
        untrained(config).model(copy)[0, 1].backward()
        total += copy.grad[0]
    np.testing.assert_allclose(told.smooth, (total / 40).abs().amax(0), rtol=1e-3, atol=1e-6)
    assert (told.sigma, told.copies) == (pytest.approx(spread), 40)
    again, other = (gradients(*BEFORE, config, image, 1, 0.2, 40, seed) for seed in (5, 6))
    np.testing.assert_array_equal(again.smooth, told.smooth)
    assert not np.array_equal(other.smooth, told.smooth)
    still = gradients(*BEFORE, config, image, 1, sigma=0)
    np.testing.assert_allclose(still.smooth, still.plain, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize(("patience", "stride"), [(5e9, 1), (100_000, 3)])
def test_occlusion_is_every_patch_by_itself(tiny, monkeypatch, patience, stride):
    monkeypatch.setattr(saliency, "_PATIENCE", patience)
    config = RunConfig(
        dataset="tiny", network="classroom", epochs=2, standardize=Standardization.CHANNEL, augment=(RandomCrop(9),)
    )
    run_id, image, label = store_run(config), tiny.test_images[4], 2
    found = trained(run_id, 1)
    told = occlusion(run_id, 1, config, image, label, patch=4)
    if stride > 1:
        assert told.stride > 1
    top = (12 - 9) // 2

    def chance(pixels):
        with torch.no_grad():
            return float(found.model(found.inputs(pixels[None]))[0].double().softmax(0)[label])

    places = sorted({*range(0, 6, told.stride), 5})
    falls = {}
    for row in places:
        for column in places:
            covered = np.array(image)
            covered[:, top + row : top + row + 4, top + column : top + column + 4] = 128
            falls[row, column] = chance(image) - chance(covered)
    for row, column in np.ndindex(9, 9):
        over = [fall for (r, c), fall in falls.items() if 0 <= row - r < 4 and 0 <= column - c < 4]
        assert told.drop[row, column] == pytest.approx(np.mean(over), abs=1e-5)
    assert told.positions == len(falls)
    assert told.chance == pytest.approx(chance(image), abs=1e-6)
    assert told.least == pytest.approx(told.chance - max(falls.values()), abs=1e-5)
    assert falls[told.worst] == pytest.approx(max(falls.values()), abs=1e-5)


def test_where_a_network_is_blind_nothing_matters(tiny):
    config = of(LINEAR, seed=7)
    with torch.no_grad():
        untrained(config).model[1].weight.view(7, 3, 12, 12)[..., 6:] = 0
    slopes = gradients(*BEFORE, config, tiny.test_images[1], 0)
    hidden = occlusion(*BEFORE, config, tiny.test_images[1], 0, patch=2)
    for heat in (slopes.plain, slopes.smooth, hidden.drop):
        assert np.abs(heat[:, 7:]).max() < 1e-7  # a patch over column 7 begins at column 6
        assert np.abs(heat[:, :5]).max() > 1e-4
    _untrained.cache_clear()


def test_what_cannot_be_is_a_sentence(tiny):
    config, image = of(LINEAR), tiny.test_images[0]
    for label in (-1, 7):
        with pytest.raises(InputError, match=rf"`label` \(={label}\) must be from 0 to 6"):
            gradients(*BEFORE, config, image, label)
    with pytest.raises(InputError, match=r"`patch` \(=13\) must be from 1 to 12 pixels"):
        occlusion(*BEFORE, config, image, 0, patch=13)
    with pytest.raises(InputError, match=r"`sigma` \(=2\) must be a share"):
        gradients(*BEFORE, config, image, 0, sigma=2)
    with pytest.raises(InputError, match=r"`copies` \(=0\) must be from 1 to 256"):
        gradients(*BEFORE, config, image, 0, copies=0)


heats = arrays(np.float32, (3, 4), elements=st.integers(-5, 5).map(float))


@given(heats, heats)
def test_rank_correlation_is_spearmans(first, second):
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        assert rank_correlation(first, second) == 0
    else:
        expected = scipy.stats.spearmanr(first.ravel(), second.ravel()).statistic
        assert rank_correlation(first, second) == pytest.approx(expected, abs=1e-9)
