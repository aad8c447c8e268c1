import numpy as np

from cnncore.figures.palette import KERNEL
from cnncore.figures.saliency import gradient_text, heat_over, occlusion_text


def test_no_heat_is_grey_and_the_deepest_is_the_heats_colour():
    heat = np.zeros((10, 10), np.float32)
    heat[0, :2] = 4  # two of a hundred: the value that one in a hundred exceeds lies at full strength
    heat[5, 5] = 2
    heat[9, 9] = -7
    image = np.random.default_rng(0).integers(0, 256, (3, 10, 10), dtype=np.uint8)
    picture, most = heat_over(image, heat)
    assert most == 4
    colour = np.array([int(KERNEL[at : at + 2], 16) for at in (1, 3, 5)])
    assert picture[:, 0, 0].tolist() == colour.tolist()
    for place in ((3, 3), (9, 9)):  # nothing, and below nothing
        assert len(set(picture[:, *place].tolist())) == 1
    grey = 30 + 0.45 * (image[:, 5, 5] @ (0.299, 0.587, 0.114))
    np.testing.assert_allclose(picture[:, 5, 5], (grey + colour) / 2, atol=1)  # half as strong


def test_a_flat_heat_and_a_grey_image():
    picture, most = heat_over(np.full((1, 4, 4), 200, np.uint8), np.zeros((4, 4), np.float32))
    assert most == 0
    assert picture.shape == (3, 4, 4)
    assert set(picture.ravel().tolist()) == {120}


def test_what_stands_below_a_heat():
    assert gradient_text(False, 0.5123) == "Gradient: 0.512"
    assert gradient_text(True, 0.5) == "SmoothGrad: 0.5"
    assert occlusion_text(0.312) == "Occlusion: −31 points"
    assert occlusion_text(0.00312) == "Occlusion: −0.3 points"
