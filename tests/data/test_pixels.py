import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncore.data.pixels import PixelCounts, darkened, image_counts, mean_std, standing
from cnncore.errors import InputError

IMAGES = np.random.default_rng(0).integers(10, 240, (50, 3, 6, 5), dtype=np.uint8)


def counts(images):
    return sum(image_counts(image) for image in images)


def test_mean_and_deviation_are_those_of_the_pixels():
    mean, std = mean_std(counts(IMAGES))
    np.testing.assert_allclose(mean, IMAGES.mean((0, 2, 3)) / 255, rtol=1e-12)
    np.testing.assert_allclose(std, IMAGES.std((0, 2, 3)) / 255, rtol=1e-12)


@given(brightness=st.floats(0, 1))
def test_darkening_the_counts_is_darkening_the_images(brightness):
    dark = np.rint(IMAGES * brightness).astype(np.uint8)
    np.testing.assert_array_equal(darkened(counts(IMAGES), brightness), counts(dark))


def test_all_is_both_splits():
    both = PixelCounts({"train": counts(IMAGES[:30]), "test": counts(IMAGES[30:])}, np.zeros(3))
    np.testing.assert_array_equal(both.of("all"), counts(IMAGES))
    np.testing.assert_array_equal(both.of("test"), counts(IMAGES[30:]))


def test_own_statistics_hide_a_shift_and_those_of_the_train_set_show_it():
    train = counts(IMAGES)
    dark = darkened(train, 0.5)
    own, honest = standing(dark, dark), standing(dark, train)
    np.testing.assert_allclose(own.mean, 0, atol=1e-12)
    np.testing.assert_allclose(own.std, 1)
    # Half as bright: the mean m becomes m/2, which lies m/2 below, in units of the deviation.
    mean, std = mean_std(train)
    np.testing.assert_allclose(honest.mean, -mean / 2 / std, atol=0.01)
    np.testing.assert_allclose(honest.std, 0.5, atol=0.01)


def test_an_image_of_one_grey_stays_finite():
    one = image_counts(np.full((1, 4, 4), 77, np.uint8))
    assert mean_std(one)[1] == pytest.approx([0])
    assert np.isfinite(standing(counts(IMAGES[:, :1]), one).mean).all()


def test_more_light_than_there_is_is_refused():
    with pytest.raises(InputError, match=r"`brightness` \(=1.5\) must lie between 0 and 1"):
        darkened(counts(IMAGES), 1.5)
