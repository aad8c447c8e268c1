import numpy as np
import pytest

from cnncore.data import builtin
from cnncore.data.drawing import Canvas, Dice


@pytest.fixture(scope="module")
def data():
    return builtin.generate()


def test_every_machine_draws_the_same_bytes(data):
    assert builtin.digest(data) == builtin.SHA256


def test_the_classes_are_balanced_and_mixed(data):
    assert data.shape == (3, 32, 32)
    assert np.bincount(data.train_labels).tolist() == [500] * 10
    assert np.bincount(data.test_labels).tolist() == [100] * 10
    assert len(set(data.train_labels[:30])) > 5
    assert len(data.classes) == 10


def test_no_test_image_is_a_train_image(data):
    train = {image.tobytes() for image in data.train_images}
    assert len(train) == 5000
    assert not train & {image.tobytes() for image in data.test_images}


def test_colour_does_not_give_the_class_away(data):
    """The classes' mean colours differ by far less than the images of one class do."""
    colours = data.train_images.mean(axis=(2, 3))  # (5000, 3)
    means = np.stack([colours[data.train_labels == label].mean(0) for label in range(10)])
    assert means.std(0).max() < 0.15 * colours.std(0).min()


def test_shapes_lie_where_they_are_drawn():
    canvas = Canvas.blank(1, 32)
    disc = canvas.ellipse(0.0, 0.0, 0.5, 0.5)
    assert disc.mean() == pytest.approx(np.pi * 0.25 / 4, rel=0.02)
    box = canvas.box(-1, -1, 0, 0)
    assert box.mean() == 0.25
    assert box[0, :32, :32].all()
    triangle = canvas.triangle((-1.0, -1.0), (1.0, -1.0), (-1.0, 1.0))
    assert triangle.mean() == pytest.approx(0.5, abs=0.02)
    assert triangle[0, 0, 0]
    assert not triangle[0, -1, -1]


def test_a_half_turn_of_the_frame_is_a_rotation():
    canvas, dice = Canvas.blank(1, 32), Dice(0, 1)
    zero = np.zeros((1, 1, 1))
    canvas.place(zero, zero, zero + 1, zero + 1, zero, zero > 1)  # tan(90 degrees / 2) = 1
    np.testing.assert_allclose(canvas.u, canvas.y)
    np.testing.assert_allclose(canvas.v, -canvas.x)
    assert 0.2 <= dice.uniform(0.2, 0.4)[0, 0, 0] <= 0.4
