import numpy as np
import pytest
import torch

from cnncore.inspection.label_safety import Safety, View, changed, measure
from cnncore.inspection.trained import trained
from cnncore.runs.record import Status
from cnncore.runs.store import open_store
from cnncore.runs.worker import record
from cnncore.training.config import RunConfig, Standardization

IMAGES = np.random.default_rng(0).integers(0, 256, (4, 3, 6, 6), dtype=np.uint8)


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (View.STORED, lambda x: x),
        (View.MIRRORED, lambda x: x.flip(3)),
        (View.QUARTER, lambda x: x.rot90(1, (2, 3))),
        (View.UPSIDE_DOWN, lambda x: x.rot90(2, (2, 3))),
    ],
)
def test_a_view_moves_pixels_as_torch_does(view, expected):
    np.testing.assert_array_equal(changed(IMAGES, view), expected(torch.from_numpy(IMAGES)).numpy())


def test_two_views_are_not_one_changed_image():
    with pytest.raises(ValueError, match="two views"):
        changed(IMAGES, View.BOTH)


@pytest.fixture
def run_id(tiny):
    config = RunConfig(
        dataset="tiny", network="classroom", epochs=10, batch_size=14, standardize=Standardization.CHANNEL
    )
    store = open_store()
    run_id = store.create(config, status=Status.RUNNING)
    record(store, run_id, config)
    return run_id


def test_the_counts_are_those_of_the_network_on_the_changed_images(run_id, tiny):
    found = measure(run_id, batch=32)
    network = trained(run_id)
    assert set(found.confusion) == set(View)

    def probabilities(view):
        with torch.inference_mode():
            return network.model(network.inputs(changed(tiny.test_images, view))).softmax(1).numpy()

    for view, counts in found.confusion.items():
        asked = (View.STORED, View.MIRRORED) if view is View.BOTH else (view,)
        answers = sum(probabilities(one) for one in asked).argmax(1)
        expected = np.zeros_like(counts)
        for label, answer in zip(tiny.test_labels, answers, strict=True):
            expected[label, answer] += 1
        np.testing.assert_array_equal(counts, expected)
        assert found.right(view) == (int((answers == tiny.test_labels).sum()), 70)
    assert (found.dataset, found.epoch, found.augment) == ("tiny", 10, ())


def test_left_and_right_fall_when_they_are_mirrored_and_colours_do_not(run_id, tiny):
    """The tiny set's classes "left" and "right" are a brighter half: its own digits."""
    found = measure(run_id)
    stored, mirrored = (found.by_class(view) for view in (View.STORED, View.MIRRORED))
    sides, colours = [tiny.classes.index(name) for name in ("left", "right")], [0, 1, 2]
    assert stored.min() > 0.9
    assert mirrored[sides].max() < 0.1
    assert mirrored[colours].min() > 0.9
    assert found.answer(View.MIRRORED, sides[0]) == ("right", pytest.approx(1.0, abs=0.1))


def test_a_class_without_images_has_no_accuracy():
    counts = np.array([[3, 1], [0, 0]])
    found = Safety("two", ("a", "b"), 1, (), {View.STORED: counts})
    assert found.by_class(View.STORED)[0] == 0.75
    assert np.isnan(found.by_class(View.STORED)[1])
    assert found.right(View.STORED) == (3, 4)
    assert found.answer(View.STORED, 1) == ("a", 0.0)
