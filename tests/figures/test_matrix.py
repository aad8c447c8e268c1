import numpy as np
import pytest

from cnncore.architecture import Conv2d, ConvTranspose2d
from cnncore.errors import InputError
from cnncore.figures.matrix import matrix, matrix_picture
from cnncore.figures.sliding import lines, slide

WEIGHTS = np.array([[1, -2, 3], [4, 5, -6], [7, 8, 9]])


@pytest.mark.parametrize(
    "layer",
    [
        Conv2d(1, 3),
        Conv2d(1, 3, 2, 1),
        Conv2d(1, 3, 1, 2, 2),
        Conv2d(1, 3, 1, 1, padding_mode="circular"),
        Conv2d(1, 3, 1, 1, padding_mode="replicate"),
        ConvTranspose2d(1, 3, 2, 1, 1),
    ],
)
def test_the_matrix_does_what_the_window_does(layer):
    shape = (1, 6, 5)
    image = np.arange(30).reshape(6, 5) % 7
    found = matrix(layer, shape, WEIGHTS)
    expected = slide(layer, *lines(layer, shape), image, WEIGHTS)
    assert (found @ image.ravel()).tolist() == expected.ravel().tolist()


def test_transposed_is_the_transpose():
    there = matrix(Conv2d(1, 3, 2, 1), (1, 7, 7), WEIGHTS)
    back = matrix(ConvTranspose2d(1, 3, 2, 1), (1, 4, 4), WEIGHTS)
    assert there.shape == (16, 49)
    assert (back == there.T).all()


def test_a_matrix_on_paper_and_its_picture():
    found = matrix(Conv2d(1, (1, 2)), (1, 1, 3), np.array([[5, -1]]))
    assert found.tolist() == [[5, -1, 0], [0, 5, -1]]
    drawn = matrix_picture(found)
    assert drawn.count("<rect") == 4
    assert "output 1, input 2: -1" in drawn


def test_a_matrix_too_large_to_be_seen_is_one_sentence():
    with pytest.raises(InputError, match=r"`input` \(=32x32\) makes a matrix of 921,600 entries"):
        matrix(Conv2d(1, 3), (1, 32, 32), WEIGHTS)
