"""Descriptors against the slow way: one patch at a time, one pixel at a time, plain Python."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncore.architecture.arithmetic import conv_output_size
from cnncore.baselines.config import BagOfWordsConfig
from cnncore.baselines.descriptors import describe, grid, orientations, patches, places
from cnncore.errors import InputError


def slow_grey(image):
    weights = (0.299, 0.587, 0.114) if len(image) == 3 else (1.0,)
    return [
        [sum(w * value for w, value in zip(weights, colours, strict=True)) / 255 for colours in zip(*rows, strict=True)]
        for rows in zip(*image, strict=True)
    ]


def slow_sift(image, top, left, size):
    """One descriptor by the definition: every pixel of the patch votes for cells and orientations near it."""
    grey = slow_grey(image)
    height, width = len(grey), len(grey[0])
    votes = [[[0.0] * 8 for _ in range(4)] for _ in range(4)]
    weight_sum = 0.0
    for y in range(size):
        for x in range(size):
            row, column = top + y, left + x
            down = (grey[min(row + 1, height - 1)][column] - grey[max(row - 1, 0)][column]) / 2
            right = (grey[row][min(column + 1, width - 1)] - grey[row][max(column - 1, 0)]) / 2
            length = math.hypot(down, right)
            turn = (math.degrees(math.atan2(down, right)) % 360) / 45
            low = math.floor(turn)
            for cell_y in range(4):
                for cell_x in range(4):
                    near_y = max(0.0, 1 - abs((y + 0.5) * 4 / size - 0.5 - cell_y))
                    near_x = max(0.0, 1 - abs((x + 0.5) * 4 / size - 0.5 - cell_x))
                    away = (y + 0.5 - size / 2) ** 2 + (x + 0.5 - size / 2) ** 2
                    weight = near_y * near_x * math.exp(-away / (2 * (size / 2) ** 2))
                    weight_sum += weight
                    votes[cell_y][cell_x][low % 8] += weight * length * (1 - (turn - low))
                    votes[cell_y][cell_x][(low + 1) % 8] += weight * length * (turn - low)
    flat = [value for rows in votes for cell in rows for value in cell]
    if sum(flat) / weight_sum < 0.01:
        return [0.0] * 128
    norm = math.sqrt(sum(value**2 for value in flat))
    clipped = [min(0.2, value / norm) for value in flat]
    norm = math.sqrt(sum(value**2 for value in clipped))
    return [value / norm for value in clipped]


def slow_pixels(image, top, left, size):
    values = [float(plane[top + y][left + x]) / 255 for plane in image for y in range(size) for x in range(size)]
    mean = sum(values) / len(values)
    values = [value - mean for value in values]
    norm = math.sqrt(sum(value**2 for value in values))
    return [0.0] * len(values) if norm / math.sqrt(len(values)) < 0.01 else [value / norm for value in values]


def slow_grid(height, width, patch, stride):
    def starts(length):
        count = 0
        while count * stride + patch <= length:
            count += 1
        spare = length - ((count - 1) * stride + patch)
        return [spare // 2 + number * stride for number in range(count)]

    return [(top, left) for top in starts(height) for left in starts(width)]


@pytest.mark.parametrize(
    ("shape", "patch", "stride"), [((3, 13, 11), 8, 2), ((1, 9, 12), 6, 3), ((3, 12, 12), 12, 1), ((3, 10, 9), 5, 4)]
)
@pytest.mark.parametrize(("kind", "slow"), [("gradients", slow_sift), ("patches", slow_pixels)])
def test_descriptors_are_what_the_definition_says(shape, patch, stride, kind, slow):
    rng = np.random.default_rng(3)
    images = rng.integers(0, 256, (2, *shape)).astype(np.uint8)
    images[1, :, : shape[1] // 2] = 77  # half of it has no contrast
    config = BagOfWordsConfig(descriptor=kind, patch=patch, stride=stride)
    found = describe(images, config)
    corners = slow_grid(*shape[1:], patch, stride)
    assert grid(config, shape).tolist() == [list(corner) for corner in corners]
    expected = [[slow(image.tolist(), *corner, patch) for corner in corners] for image in images]
    np.testing.assert_allclose(found, np.array(expected), atol=2e-5)
    windows = patches(images, config)
    for number, (top, left) in enumerate(corners):
        assert (windows[1, number] == images[1, :, top : top + patch, left : left + patch]).all()


@given(length=st.integers(1, 80), patch=st.integers(1, 40), stride=st.integers(1, 9))
def test_there_are_as_many_places_as_outputs_of_a_convolution(length, patch, stride):
    if patch > length:
        with pytest.raises(InputError, match=rf"`patch` \(={patch}\) must not exceed the image's {length} pixels"):
            places(length, patch, stride)
        return
    found = places(length, patch, stride)
    assert len(found) == conv_output_size(length, patch, stride)
    assert found[0] >= 0
    before, after = found[0], length - (found[-1] + patch)
    assert after - before in (0, 1)


def test_a_ramp_has_one_orientation_by_hand():
    # Brighter to the right by 10 a pixel: every gradient inside is 10/255 at 0 degrees, half of that at both ends.
    image = np.tile(np.arange(8) * 10, (8, 1)).astype(np.uint8)[None, None]
    found = orientations(image)[0]
    np.testing.assert_allclose(found[0, :, 1:-1], 10 / 255, rtol=1e-5)
    np.testing.assert_allclose(found[0, :, [0, -1]], 5 / 255, rtol=1e-5)
    np.testing.assert_allclose(found[1:], 0, atol=1e-6)


def test_descriptors_have_length_one_and_ignore_brightness():
    rng = np.random.default_rng(0)
    images = rng.integers(50, 150, (3, 3, 16, 16)).astype(np.uint8)
    for kind in ("gradients", "patches"):
        config = BagOfWordsConfig(descriptor=kind, patch=8, stride=4)
        found = describe(images, config)
        np.testing.assert_allclose(np.linalg.norm(found, axis=-1), 1, rtol=1e-5)
        np.testing.assert_allclose(describe(images + np.uint8(60), config), found, atol=2e-5)
    assert not describe(np.full((1, 3, 16, 16), 200, np.uint8), config).any()
