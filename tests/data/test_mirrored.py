import numpy as np
import pytest
from PIL import Image

from cnncore.data.images import ImageData
from cnncore.data.mirrored import PAIRS, SYMMETRIC, drawn_digits, pairs


def objects(classes=("boat", "car", "cat"), seed=0):
    rng = np.random.default_rng(seed)
    images, labels = rng.integers(0, 256, (30, 3, 8, 8), dtype=np.uint8), np.arange(30) % len(classes)
    return ImageData("things", "Things", classes, images, labels, images, labels)


def digits():
    return objects(tuple("0123456789"), seed=1)


@pytest.mark.parametrize("signs", [None, digits()])
def test_half_are_digits_and_the_truth_is_that_of_the_class(signs):
    found = pairs(0, objects(), signs)
    assert len(found) == PAIRS
    signs_found = [pair for pair in found if pair.label.isdigit()]
    assert sorted(pair.label for pair in signs_found) == list("0123456789")
    assert {pair.label for pair in signs_found if pair.stays} == {"0", "1", "8"}
    assert all(pair.stays for pair in found if not pair.label.isdigit())


def test_a_pair_is_an_image_and_its_mirror():
    for pair in pairs(3, objects(), digits()):
        np.testing.assert_array_equal(pair.mirrored, np.flip(pair.image, axis=2))


def test_images_are_test_images_of_their_label():
    things = objects()
    for pair in pairs(5, things, digits()):
        if not pair.label.isdigit():
            rows = [row for row in range(30) if (things.test_images[row] == pair.image).all()]
            assert [things.classes[things.test_labels[row]] for row in rows] == [pair.label]


def test_the_seed_decides():
    one, same, other = ([pair.label for pair in pairs(seed, objects(), None)] for seed in (1, 1, 2))
    assert one == same != other


def test_drawn_digits_are_visible_and_symmetric_ones_nearly_their_mirror_image():
    images, labels = drawn_digits(np.random.default_rng(0), 10)
    assert images.shape == (10, 1, 32, 32)
    assert images.dtype == np.uint8
    assert (images.max((1, 2, 3)) > 200).all()
    assert len({image.tobytes() for image in images}) == 10
    assert sorted(labels) == list("0123456789")
    alike = {label: likeness(image[0]) for image, label in zip(images, labels, strict=True)}
    assert min(alike[label] for label in SYMMETRIC) > 0.91
    assert max(alike[label] for label in alike if label not in SYMMETRIC) < 0.9


def likeness(image):
    """Return the largest correlation of an image (H, W) with its mirror image, over turns and shifts."""
    mirrored = Image.fromarray(image[:, ::-1])
    turned = [mirrored.rotate(angle, Image.Resampling.BILINEAR) for angle in range(-24, 25, 2)]
    return max(_correlation(image.astype(float), np.asarray(other, float)) for other in turned)


def _correlation(one, other):
    one, other = one - one.mean(), other - other.mean()
    over_shifts = np.fft.ifft2(np.fft.fft2(one) * np.conj(np.fft.fft2(other))).real
    return over_shifts.max() / (np.linalg.norm(one) * np.linalg.norm(other))
