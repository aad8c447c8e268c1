import numpy as np

from cnncore.figures.feature_maps import bars_chart, chances_chart, shaded, size_text
from cnncore.inspection.activations import LayerMaps


def test_shades_run_from_black_over_green_to_white():
    picture = shaded(np.array([[0, 140, 255]], np.uint8))
    assert picture.shape == (3, 1, 3)
    assert picture[:, 0, 0].tolist() == [0, 0, 0]
    assert picture[:, 0, 2].tolist() == [255, 255, 255]
    assert np.abs(picture[:, 0, 1].astype(int) - (0, 0x9E, 0x73)).max() <= 2  # the output's green
    brightness = shaded(np.arange(256, dtype=np.uint8)[None]).sum(0)[0].astype(int)
    assert (np.diff(brightness) >= 0).all()


def test_the_true_class_is_always_among_the_bars():
    chances = np.array([0.02, 0.3, 0.25, 0.2, 0.13, 0.1])
    names = "abcdef"
    chart = chances_chart(chances, names, 0)
    assert chart.data["name"] == ["b", "c", "d", "e", "f", "a ✓"]
    assert chart.data["percent"] == [30, 25, 20, 13, 10, 2]
    assert chart.data["text"][0] == "30.0 %"
    assert chart.data["strength"] == [0.55] * 5 + [1.0]
    assert chances_chart(chances, names, 1).data["name"] == ["b ✓", "c", "d", "e", "f"]
    assert len(chances_chart(chances, names, None).data["name"]) == 5


def test_bars_by_number_or_by_name():
    assert bars_chart(np.array([1.5, -2])).data == {"unit": [1, 2], "value": [1.5, -2]}
    assert bars_chart(np.array([1.5, -2]), ("cat", "dog")).data["unit"] == ["cat", "dog"]


def test_the_size_of_a_layer_in_words():
    def layer(shape, dense):
        zero = np.zeros(shape[0], np.float32)
        return LayerMaps(0, "fc", "x", dense, np.zeros(shape, np.uint8), zero, zero, zero, np.zeros((shape[0], 2), int))

    assert size_text(layer((8, 4, 5), False)) == "fc: 8 × 4 × 5"
    assert size_text(layer((8, 1, 1), True)) == "fc: 8 units"
