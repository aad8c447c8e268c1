import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncore.data.subset import balanced
from cnncore.errors import InputError
from cnncore.training.config import RunConfig
from cnncore.training.split import rows_of_test, rows_of_train, size_of_train

LABELS = np.random.default_rng(0).integers(0, 7, 300)


def test_a_subset_is_balanced_and_independent_of_the_seed():
    labels = np.array([0] * 50 + [1] * 30 + [2] * 20)
    chosen = balanced(labels, 30, "train_size")
    assert np.bincount(labels[chosen]).tolist() == [10, 10, 10]
    assert np.bincount(labels[balanced(labels, 90, "train_size")]).tolist() == [40, 30, 20]
    assert balanced(labels, None, "train_size").tolist() == list(range(100))


@given(validation=st.integers(0, 200), train=st.none() | st.integers(1, 100))
def test_train_and_validation_share_no_image_and_each_class_has_its_part(validation, train):
    config = RunConfig(validation_size=validation, train_size=train)
    kept, apart = rows_of_train(config, LABELS)
    assert not set(kept) & set(apart)
    assert len(apart) == validation
    assert len(kept) == size_of_train(config, 300) == (300 - validation if train is None else train)
    counts, all_of_them = np.bincount(LABELS[apart], minlength=7), np.bincount(LABELS)
    assert np.abs(counts - validation * all_of_them / 300).max() <= 1
    assert (np.diff(kept) > 0).all()


def test_a_rare_class_keeps_its_share_and_classes_of_one_size_their_last_images():
    labels = np.array([0] * 1000 + [1] * 50 + [2] * 1000)
    kept, apart = rows_of_train(RunConfig(validation_size=205), labels)
    assert np.bincount(labels[apart]).tolist() == [100, 5, 100]
    assert np.bincount(labels[kept]).tolist() == [900, 45, 900]
    equal = np.arange(60) % 3
    last = np.sort(59 - balanced(equal[::-1], 7, "validation_size"))
    assert rows_of_train(RunConfig(validation_size=7), equal)[1].tolist() == last.tolist()


def test_a_split_that_takes_all_of_a_class_is_refused():
    labels = np.array([0] * 100 + [1])
    rows_of_train(RunConfig(validation_size=20), labels)
    with pytest.raises(InputError, match=r"`validation_size` \(=90\) leaves 1 of the classes without an image"):
        rows_of_train(RunConfig(validation_size=90), labels)


def test_a_train_subset_stays_when_a_validation_split_is_added():
    before, _ = rows_of_train(RunConfig(train_size=70), LABELS)
    after, _ = rows_of_train(RunConfig(train_size=70, validation_size=100), LABELS)
    assert before.tolist() == after.tolist()


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (RunConfig(validation_size=300), r"`validation_size` \(=300\) must leave some of the 300"),
        (RunConfig(validation_size=200, train_size=101), r"`train_size` \(=101\) must not exceed the 100 images"),
    ],
)
def test_more_than_there_are_is_refused(config, message):
    with pytest.raises(InputError, match=message):
        rows_of_train(config, LABELS)
    with pytest.raises(InputError, match=message):
        size_of_train(config, len(LABELS))


def test_the_test_images_are_the_runs():
    assert rows_of_test(RunConfig(), LABELS).tolist() == list(range(300))
    assert rows_of_test(RunConfig(test_size=14), LABELS).tolist() == balanced(LABELS, 14, "test_size").tolist()
