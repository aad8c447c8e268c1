import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from cnncore.architecture.layers import PADDING_MODES
from cnncore.errors import InputError
from cnncore.figures.filtering import (
    LIBRARY,
    MOST,
    Kernel,
    Shown,
    filter_code,
    filtered,
    grey,
    kernel_sentence,
    picture_of,
    range_sentence,
    read_kernel,
)

IMAGE = np.random.default_rng(0).integers(0, 256, (3, 7, 9)).astype(np.uint8)


def by_torch(image, kernel, mode):
    p = kernel.size // 2
    padded = functional.pad(
        torch.from_numpy(image).double()[:, None], (p, p, p, p), "constant" if mode == "zeros" else mode
    )
    return functional.conv2d(padded, torch.from_numpy(kernel.values)[None, None])[:, 0].numpy()


@pytest.mark.parametrize("mode", PADDING_MODES)
@pytest.mark.parametrize("name", LIBRARY)
def test_every_kernel_gives_what_pytorch_gives(name, mode):
    found = filtered(IMAGE, LIBRARY[name], mode)
    assert found.shape == IMAGE.shape
    np.testing.assert_allclose(found, by_torch(IMAGE, LIBRARY[name], mode), atol=1e-9)


WEIGHTS = st.sampled_from([3, 5]).flatmap(
    lambda k: st.lists(st.lists(st.floats(-9, 9), min_size=k, max_size=k), min_size=k, max_size=k)
)


@given(WEIGHTS, st.floats(0.5, 300), st.sampled_from(PADDING_MODES))
def test_own_weights_give_what_pytorch_gives(weights, divisor, mode):
    kernel = Kernel(tuple(map(tuple, weights)), divisor)
    np.testing.assert_allclose(filtered(IMAGE, kernel, mode), by_torch(IMAGE, kernel, mode), atol=1e-9)


def test_the_library_is_what_its_names_say():
    image = IMAGE.astype(float)
    across, down = image[:, :, 2:] - image[:, :, :-2], image[:, 2:] - image[:, :-2]
    middle = image[:, 1:-1, 1:-1]
    cross = image[:, :-2, 1:-1] + image[:, 2:, 1:-1] + image[:, 1:-1, :-2] + image[:, 1:-1, 2:]
    square = sum(image[:, r : r + 5, c : c + 7] for r in range(3) for c in range(3))
    for name, expected in {
        "Sobel x": across[:, :-2] + 2 * across[:, 1:-1] + across[:, 2:],
        "Sobel y": down[:, :, :-2] + 2 * down[:, :, 1:-1] + down[:, :, 2:],
        "Laplacian": cross - 4 * middle,
        "Sharpen": middle - (cross - 4 * middle),
        "Box blur": square / 9,
        "Edge": 9 * middle - square,
        "Identity": middle,
    }.items():
        np.testing.assert_allclose(filtered(IMAGE, LIBRARY[name])[:, 1:-1, 1:-1], expected, atol=1e-9)
    sums = {name: round(float(kernel.values.sum()), 9) for name, kernel in LIBRARY.items()}
    assert {name for name, total in sums.items() if total == 0} == {"Sobel x", "Sobel y", "Laplacian", "Edge"}
    assert {name for name, total in sums.items() if total == 1} == set(LIBRARY) - {
        "Sobel x",
        "Sobel y",
        "Laplacian",
        "Edge",
    }
    row = np.convolve([1, 2, 1], [1, 2, 1])  # the larger Gaussian is the smaller one twice
    assert np.array_equal(LIBRARY["Gaussian 5 × 5"].weights, np.outer(row, row))


def test_a_sum_done_on_paper():
    image = np.array([[[1, 2], [3, 4]]], dtype=np.uint8)
    assert filtered(image, LIBRARY["Sobel x"]).tolist() == [[[8, -5], [10, -7]]]
    assert filtered(image, LIBRARY["Box blur"]).round(9).tolist() == [[[round(10 / 9, 9)] * 2] * 2]


@pytest.mark.parametrize("mode", PADDING_MODES)
def test_the_code_does_the_same(mode):
    for kernel in (LIBRARY["Gaussian 5 × 5"], LIBRARY["Sobel x"], Kernel(((0.5, 0, 1), (0, 2, 0), (1, 0, -0.25)), 3)):
        scope = {"image": torch.from_numpy(IMAGE).float()}
        exec(filter_code(kernel, mode), scope)
        np.testing.assert_allclose(scope["result"].numpy(), filtered(IMAGE, kernel, mode), atol=1e-3)


def test_how_bright_a_colour_looks():
    colours = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]], dtype=np.uint8).T[:, None]
    assert grey(colours).tolist() == [[[76, 150, 29, 255]]]
    assert grey(IMAGE[:1]) is not None
    assert np.array_equal(grey(IMAGE[:1]), IMAGE[:1])


def test_what_is_negative_is_shown_and_said():
    values = np.array([[-100.0, 0, 50]])
    picture, legend = picture_of(values)
    assert picture.tolist() == [[0, 128, 191]]
    assert legend == "Grey is 0, white 100, black −100."
    picture, legend = picture_of(values, Shown.ABSOLUTE)
    assert picture.tolist() == [[255, 0, 128]]
    assert legend == "Black is 0, white 100 or −100."
    picture, legend = picture_of(values, Shown.CLIPPED)
    assert picture.tolist() == [[0, 0, 50]]
    assert legend == "Black is 0 or less, white 255 or more: 33 % of the values are cut off."
    assert range_sentence(values) == "Values from **−100 to 50**, 33 % of them negative."


def test_what_is_a_brightness_is_shown_as_it_is():
    picture, legend = picture_of(IMAGE.astype(float))
    assert np.array_equal(picture, IMAGE)
    assert "is shown as it is" in legend
    assert picture_of(np.zeros((1, 2)), Shown.SIGNED)[0].tolist() == [[128, 128]]


@pytest.mark.parametrize(
    ("kernel", "words"),
    [
        (LIBRARY["Sobel x"], ("add up to **0**", "3 + 3 = 6 products a pixel can do what 9 do")),
        (LIBRARY["Gaussian 5 × 5"], ("add up to **1**", "5 + 5 = 10")),
        (Kernel(((0, 0, 0), (0, -2, 0), (0, 1, 1.5))), ("add up to **0.5**: flat parts become 0.5 times as bright.",)),
        (Kernel(((0, 0, 0),) * 3), ("nothing is left",)),
    ],
)
def test_what_the_weights_alone_tell(kernel, words):
    assert all(word in kernel_sentence(kernel) for word in words)
    assert "separable" not in kernel_sentence(LIBRARY["Laplacian"])


def test_a_kernel_is_read_as_it_is_written():
    for kernel in LIBRARY.values():
        assert read_kernel(kernel.written(), kernel.divisor) == kernel
    assert read_kernel("0, 0.5 ,0/1,-1,1/0,0,0").weights[0] == (0, 0.5, 0)


@pytest.mark.parametrize(
    "text",
    ["", "1,2,3", "1,2/3,4", "a,b,c/1,2,3/1,2,3", "nan,0,0/0,0,0/0,0,0", f"{MOST + 1},0,0/0,0,0/0,0,0", "1,2,3/1,2/1"],
)
def test_what_is_no_kernel_is_one_sentence(text):
    with pytest.raises(InputError, match="must be 3 x 3 or 5 x 5 numbers from -99 to 99"):
        read_kernel(text)


def test_a_larger_grid_has_zeros_around_and_a_smaller_one_loses_its_border():
    large = LIBRARY["Sobel x"].resized(5)
    assert np.array(large.weights)[1:4, 1:4].tolist() == np.array(LIBRARY["Sobel x"].weights).tolist()
    assert np.abs(large.weights).sum() == np.abs(LIBRARY["Sobel x"].weights).sum()
    assert large.resized(3) == LIBRARY["Sobel x"]
    np.testing.assert_allclose(filtered(IMAGE, large), filtered(IMAGE, LIBRARY["Sobel x"]))


def test_an_image_too_small_to_be_mirrored_is_one_sentence():
    with pytest.raises(InputError, match=r"`padding` \(=2\) with `padding_mode` \(=reflect\)"):
        filtered(np.zeros((1, 2, 2), np.uint8), LIBRARY["Gaussian 5 × 5"], "reflect")
