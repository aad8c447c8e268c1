import xml.etree.ElementTree as ET

import pytest

from cnncore.architecture import NETWORKS, named_network
from cnncore.architecture.diagnosis import at_size
from cnncore.architecture.editing import layer_at, places
from cnncore.figures.network_bill import group
from cnncore.figures.network_diagram import network_diagram

SVG = "{http://www.w3.org/2000/svg}"


def boxes(network):
    root = ET.fromstring(network_diagram(network))
    _, _, width, height = map(float, root.get("viewBox").split())
    return root, width, height, root.findall(f"{SVG}rect")


@pytest.mark.parametrize("name", NETWORKS)
def test_every_layer_that_makes_a_map_is_a_box_inside_of_the_picture(name):
    network = named_network(name)
    _, width, height, rects = boxes(network)
    drawn = [tuple(map(int, rect.get("data-place").split(","))) for rect in rects if rect.get("data-place")]
    assert sorted(drawn) == sorted(place for place, layer in places(network) if group(layer) != "other")
    assert len(rects) == len(drawn) + 1  # and the image
    for rect in rects:
        x, y, w, h = (float(rect.get(key)) for key in ("x", "y", "width", "height"))
        assert x >= 0
        assert x + w <= width
        assert y >= 0
        assert y + h <= height
    assert width / 0.62 < 4000


def test_boxes_do_not_cover_each_other():
    _, _, _, rects = boxes(named_network("googlenet"))
    frames = [tuple(float(rect.get(key)) for key in ("x", "y", "width", "height")) for rect in rects]
    for n, (x, y, w, h) in enumerate(frames):
        for ox, oy, ow, oh in frames[n + 1 :]:
            assert x + w <= ox or ox + ow <= x or y + h <= oy or oy + oh <= y


def test_larger_maps_are_higher_and_more_channels_wider():
    network = named_network("practical")
    _, _, _, rects = boxes(network)
    sizes = {}
    for rect in rects[1:]:
        name = layer_at(network, tuple(map(int, rect.get("data-place").split(",")))).name
        sizes[name] = (float(rect.get("width")), float(rect.get("height")))
    assert sizes["conv1"][1] > sizes["conv2"][1] > sizes["conv3"][1] > sizes["pool3"][1]
    assert sizes["conv2"][0] > sizes["conv1"][0]


def test_what_fails_is_marked():
    _, _, _, rects = boxes(at_size(named_network("practical"), (3, 40, 40)))
    assert [rect.find(f"{SVG}title").text.split()[0] for rect in rects if rect.get("class") == "bad"] == ["fc4"]
