import base64
import io

import numpy as np
import pytest
from PIL import Image

from cnncore.architecture import Conv2d, ConvTranspose2d, Network, named_network, without_pools
from cnncore.architecture.reach import reach
from cnncore.figures.growing_field import WITH, WITHOUT, growth_chart, profile_chart, recursion
from cnncore.figures.receptive_field import Warmth, scene


def decoded(address):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.split(",")[1]))))


def number(network, name):
    return [layer.name for layer in network.layers].index(name)


def test_the_recursion_is_written_with_its_numbers():
    table = recursion(named_network("practical"))
    rows = {name: (size, jump) for name, size, jump in zip(table["layer"], table["size"], table["jump"], strict=True)}
    assert rows["conv1"] == ("1 + (5 − 1) · 1 = 5", "1 · 1 = 1")
    assert rows["pool2"] == ("14 + (2 − 1) · 2 = 16", "2 · 2 = 4")
    assert rows["fc4"] == ("36 + (4 − 1) · 8 = 60", "8")
    assert rows["fc5"] == ("60", "8")
    assert table["start"][:4] == [-2, -2, -6, -6]
    assert table["centre"][:4] == [0.5, 1, 1, 2]


@pytest.mark.parametrize("name", ["resnet18", "googlenet", "vgg16"])
def test_every_written_sum_is_right(name):
    table = recursion(named_network(name))
    for text in [*table["size"], *table["jump"]]:
        if "=" in text:
            left, right = text.split(" = ")
            left = left.split(" (its paths)")[0].replace("−", "-").replace("·", "*")
            assert eval(left) == int(right)


def test_dilation_and_layers_without_a_field():
    network = Network("x", (1, 20, 20), (Conv2d(1, 3, dilation=2), ConvTranspose2d(1, 2), Conv2d(1, 3)))
    table = recursion(network)
    assert table["size"] == ["1 + 2 · (3 − 1) · 1 = 5", "–", "–"]
    assert table["start"] == [0, None, None]


def test_the_scene_has_every_units_box():
    network = named_network("practical")
    at = number(network, "conv3")
    image = np.random.default_rng(0).integers(0, 256, (3, 32, 32), dtype=np.uint8)
    data = scene(network, at, (4, 3), reach(network.layers, network.input)[at], image)
    assert (data["rows"], data["columns"], data["size"], data["jump"]) == (8, 8, [32, 32], [4, 4])
    assert data["axes"][0][4] == [2, 34, 2, 32]
    assert data["axes"][1][0] == [-14, 18, 0, 18]
    assert np.array_equal(decoded(data["image"]["source"]), image.transpose(1, 2, 0))
    assert data["heat"] is None


def test_heat_and_map_are_drawn_by_strength():
    network = named_network("lenet5")
    heat = np.zeros((28, 28), np.float32)
    heat[3, 4], heat[5, 6] = 4, 1
    values = np.arange(784, dtype=np.float32).reshape(28, 28) - 100
    found = Warmth(heat, ("said",), values, "channel 1")
    seen = reach(network.layers, network.input)[0]
    data = scene(network, 0, (1, 1), seen, np.zeros((1, 28, 28), np.uint8), found)
    drawn = decoded(data["heat"]["source"])[..., 3]
    assert (drawn[3, 4], drawn[5, 6], drawn.sum()) == (255, 128, 255 + 128)  # a quarter is drawn half as strong
    map_drawn = decoded(data["map"])[..., 3]
    assert (map_drawn[0, 0], map_drawn[-1, -1]) == (0, 255)
    assert data["heat"]["text"] == ["said"]


def test_growth_with_and_without_pools():
    chart = growth_chart(named_network("practical"), 0)
    sizes = {name: [] for name in (WITH, WITHOUT)}
    for size, name in zip(chart.data["size"], chart.data["network"], strict=True):
        sizes[name].append(size)
    assert sizes[WITH] == [5, 6, 14, 16, 32, 36, 60, 60]
    assert sizes[WITHOUT][:6] == [5, 5, 9, 9, 13, 13]
    assert chart.spec["layer"][0]["data"]["values"][0]["side"] == 32


def test_profiles_are_percent_beside_an_even_field():
    rows = np.zeros(10)
    rows[2:6] = (0.1, 0.4, 0.4, 0.1)
    chart = profile_chart({"before training": rows, "after training": rows[::-1]}, (2, 6))
    assert chart.data["share"][:6] == [0, 0, 10, 40, 40, 10]
    assert chart.spec["layer"][1]["data"]["values"] == [{"row": 3, "share": 25}, {"row": 6, "share": 25}]


def test_pools_switched_off_keep_the_layers():
    plain = without_pools(named_network("practical"))
    assert [layer.name for layer in plain.layers] == [layer.name for layer in named_network("practical").layers]
