import numpy as np
import pytest

from cnncore.data.images import ImageData, dataset_name
from cnncore.errors import InputError

IMAGES = np.zeros((4, 3, 8, 8), np.uint8)
LABELS = np.array([0, 1, 0, 1])


def data(**changes: object) -> ImageData:
    values = {"name": "x", "title": "X", "classes": ("a", "b"), "train_images": IMAGES, "train_labels": LABELS}
    values |= {"test_images": IMAGES, "test_labels": LABELS}
    return ImageData(**(values | changes))


def test_shape_is_that_of_one_image() -> None:
    images = np.zeros((4, 1, 28, 20), np.uint8)
    assert data(train_images=images, test_images=images).shape == (1, 28, 20)


@pytest.mark.parametrize("name", ["cifar10", "my-images", "a_b", "0", "a" * 40])
def test_good_names(name: str) -> None:
    assert dataset_name(name) == name


@pytest.mark.parametrize("name", ["", "X", "a b", "../x", "a/b", "-a", "a" * 41, "con", "com1", "uploads", "ä", "a\n"])
def test_bad_names(name: str) -> None:
    with pytest.raises(InputError, match="`dataset`"):
        dataset_name(name)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"train_images": IMAGES.astype(np.float32)}, "uint8"),
        ({"test_images": np.zeros((4, 1, 8, 8), np.uint8)}, "test_images"),
        ({"train_labels": LABELS.astype(np.int32)}, "int64"),
        ({"train_labels": LABELS[:3]}, "train_labels"),
        ({"test_labels": np.array([0, 1, 2, 0])}, "indices"),
        ({"test_labels": np.array([0, 1, -1, 0])}, "indices"),
        ({"test_images": IMAGES[:0], "test_labels": LABELS[:0]}, "test_labels"),
    ],
)
def test_arrays_that_do_not_fit_are_a_defect(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        data(**changes)
