import xml.etree.ElementTree as ET

import numpy as np
import pytest

from cnncore.baselines.config import BagOfWordsConfig, Descriptor
from cnncore.baselines.descriptors import describe, grid, patches
from cnncore.baselines.outcome import Dictionary
from cnncore.figures.visual_words import (
    as_words,
    descriptor_chart,
    gradient_star,
    histogram_chart,
    patch_grid,
    patch_picture,
    sheet,
    stretched,
    word_pictures,
)

SHAPE = (3, 16, 12)
CONFIG = BagOfWordsConfig(patch=4, stride=2)
SVG = "{http://www.w3.org/2000/svg}"


def test_every_patch_has_its_dot_and_the_chosen_one_its_frame():
    picture = ET.fromstring(patch_grid("data:image/png;base64,AA==", SHAPE, CONFIG, 9))
    corners = grid(CONFIG, SHAPE)
    dots = [(float(dot.get("cy")) - 2, float(dot.get("cx")) - 2) for dot in picture.iter(f"{SVG}circle")]
    assert dots == [tuple(corner) for corner in corners.tolist()]
    frames = {(int(frame.get("y")), int(frame.get("x")), frame.get("width")) for frame in picture.iter(f"{SVG}rect")}
    assert frames == {(*corners[9].tolist(), "4")}


def test_the_longest_ray_is_the_largest_number():
    descriptor = np.zeros(128, np.float32)
    descriptor[5 * 8 + 2] = 0.5  # row 1, column 1, 90 degrees: downwards on the screen
    descriptor[0] = 0.25
    path = list(ET.fromstring(gradient_star(descriptor)).iter(f"{SVG}path"))[1].get("d")
    rays = [[float(number) for point in ray.split("L") for number in point.split()] for ray in path.split("M")[1:]]
    lengths = [np.hypot(x2 - x1, y2 - y1) for x1, y1, x2, y2 in rays]
    assert len(rays) == 128
    assert np.argmax(lengths) == 5 * 8 + 2
    assert lengths[0] == pytest.approx(lengths[5 * 8 + 2] / 2, abs=0.1)
    x1, y1, x2, y2 = rays[5 * 8 + 2]
    assert x2 == pytest.approx(x1)
    assert y2 > y1


def test_an_image_whose_words_are_its_own_patches_is_itself():
    image = np.random.default_rng(0).integers(0, 256, (1, *SHAPE)).astype(np.uint8)
    own = patches(image, CONFIG)[0]
    assert (as_words(np.arange(len(own)), own, CONFIG, SHAPE) == image[0]).all()
    sparse = BagOfWordsConfig(patch=4, stride=5)
    seen = as_words(np.arange(len(patches(image, sparse)[0])), patches(image, sparse)[0], sparse, SHAPE)
    assert (seen[:, 4:5] == 128).any()  # between the patches nothing is known


def test_the_histogram_counts_and_leaves_empty_words_out():
    chart = histogram_chart(np.array([3, 0, 3, 7]), 9)
    assert chart.data == {"word": [0, 3, 7], "patches": [1, 2, 1]}


def test_a_descriptor_as_bars_and_as_a_picture():
    image = np.random.default_rng(0).integers(0, 256, (1, *SHAPE)).astype(np.uint8)
    config = BagOfWordsConfig(descriptor="patches", patch=4, stride=2)
    found = describe(image, config)[0, 3]
    assert descriptor_chart(found, config.descriptor).data["value"] == pytest.approx(found.tolist(), abs=1e-4)
    picture = patch_picture(found, config, 3)
    assert np.corrcoef(picture.ravel(), patches(image, config)[0, 3].ravel())[0, 1] > 0.999
    assert (patch_picture(np.zeros(48, np.float32), config, 3) == 128).all()


def test_a_sheet_has_its_pictures_in_rows():
    pictures = np.stack([np.full((1, 2, 2), value, np.uint8) for value in (10, 20, 30)])
    assert sheet(pictures, 2)[0].tolist() == [
        [10, 10, 128, 20, 20],
        [10, 10, 128, 20, 20],
        [128, 128, 128, 128, 128],
        [30, 30, 128, 128, 128],
        [30, 30, 128, 128, 128],
    ]


def test_words_of_gradients_are_grey_and_contrast_is_stretched():
    pictures = np.zeros((2, 3, 4, 4), np.uint8)
    pictures[1, 0] = 90
    dictionary = Dictionary(np.zeros((2, 128), np.float32), pictures, np.ones(2, np.int64))
    assert (word_pictures(dictionary, Descriptor.GRADIENTS)[1] == 30).all()
    assert word_pictures(dictionary, Descriptor.PATCHES) is pictures
    assert stretched(np.array([[[100, 110, 105]]], np.uint8)).tolist() == [[[0, 255, 128]]]
    assert stretched(np.full((1, 2, 2), 7, np.uint8)).max() == 0
