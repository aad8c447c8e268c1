"""The catalogue against torchvision layer by layer, and its receptive fields against gradients, to the pixel."""

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from cnncore.architecture import (
    NETWORKS,
    AdaptiveAvgPool2d,
    AvgPool2d,
    Branches,
    Conv2d,
    Field,
    MaxPool2d,
    Network,
    Residual,
    describe,
    named_network,
)
from cnncore.architecture.build import build
from cnncore.architecture.modules import torchvision_network
from cnncore.architecture.network import fully_convolutional
from cnncore.architecture.torchvision_names import TORCHVISION

SHARED = [name for name in NETWORKS if name in TORCHVISION]
SEEN = (Conv2d, MaxPool2d, AvgPool2d, Residual, Branches)  # the layers whose units see more than those before


def test_the_catalogue_has_what_the_lessons_need():
    wanted = {"alexnet", "vgg11", "vgg13", "vgg16", "vgg19", "resnet18", "resnet34", "resnet50", "googlenet"}
    assert wanted | {"squeezenet1_1", "mobilenet_v2"} <= set(SHARED)


@pytest.mark.parametrize("name", SHARED)
def test_every_layer_is_torchvisions(name):
    """Every layer with parameters or a new size; torchvision alone has an adaptive pool before VGG's dense layers."""
    ours, theirs = (
        [
            (row.kind, row.output, row.weights, row.biases, row.macs, row.receptive_field, row.jump)
            for row in describe(network).rows
            if row.kind not in ("relu", "relu6", "dropout", "adaptive-avg-pool")
        ]
        for network in (named_network(name), torchvision_network(name))
    )
    assert ours == theirs
    assert len(ours) > 10


def thin(layers):
    """Return the layers on one column of pixels with one channel, whose units depend on the same rows.

    Max-pools average, so that no pixel loses against another; with weights of one nothing cancels. What changes no
    extent is left out.
    """
    result = []
    for layer in layers:
        if isinstance(layer, (Residual, Branches)):
            result.append(layer.with_paths([thin(path) for path in layer.paths]))
        elif isinstance(layer, (Conv2d, MaxPool2d, AvgPool2d)):
            geometry = [(layer.kernel[0], 1), (layer.stride[0], 1), (layer.padding[0], 0)]
            result.append(
                Conv2d(1, *geometry, (layer.dilation[0], 1))
                if isinstance(layer, Conv2d)
                else AvgPool2d(*geometry, layer.ceil_mode)
            )
    return tuple(result)


def field_after(layer, field):
    """Return the field after a layer by Araujo's recursion; of a block, what all of its paths see together."""
    if isinstance(layer, (Residual, Branches)):
        ends = []
        for path in layer.paths:
            end = field
            for inner in path:
                end = field_after(inner, end)
            ends.append(end)
        whole = ends[0]
        for end in ends[1:]:
            whole = whole.joined(end)
        return whole
    if isinstance(layer, (Conv2d, MaxPool2d, AvgPool2d)):
        return field.through(layer.kernel[0], layer.stride[0], layer.padding[0], layer.dilation[0])
    return field


def to_the_last_map(network):
    """Return the network as it is before a global pool, its dense layers as convolutions; and what is said of it."""
    rows = describe(network).rows
    pools = [n for n, layer in enumerate(network.layers) if isinstance(layer, AdaptiveAvgPool2d)]
    if pools:
        return replace(network, layers=network.layers[: pools[0]]), rows[: pools[0]]
    shapes = [network.input, *(row.output for row in rows)][:-1]
    return fully_convolutional(network, shapes), describe(network, fully_convolutional=True).rows


def depends_on(layers, side):
    """Yield after each layer a function: unit -> the first and the last row of `side` that it has a gradient for."""
    modules = build(Network("thin", (1, side, 1), layers)).double()
    for parameter in modules.parameters():
        torch.nn.init.ones_(parameter)
    image = torch.ones(1, 1, side, 1, dtype=torch.double, requires_grad=True)
    output = image
    for module in modules:
        output = module(output)

        def rows(unit, output=output):
            [gradient] = torch.autograd.grad(output[0, :, unit].sum(), image, retain_graph=True)
            found = gradient[0, 0, :, 0].nonzero().flatten()
            return int(found[0]), int(found[-1])

        yield output.shape[2], rows


@pytest.mark.parametrize("name", NETWORKS)
def test_every_receptive_field_is_where_the_image_has_a_gradient(name):
    """Size, jump and centre where the image holds the whole field; clipped at the border where it does not."""
    network, said = to_the_last_map(named_network(name))
    seen = [(layer, row) for layer, row in zip(network.layers, said, strict=True) if isinstance(layer, SEEN)]
    native = network.input[1]
    large = 2 * max(row.receptive_field for _, row in seen) + native
    field, largest = Field(), depends_on(thin(network.layers), large)
    for (layer, row), (count, rows), (few, clipped) in zip(
        seen, largest, depends_on(thin(network.layers), native), strict=True
    ):
        field = field_after(layer, field)
        assert (field.size, field.jump) == (row.receptive_field, row.jump)
        middle = count // 2
        first, last = rows(middle)
        assert (last - first + 1, (first + last + 1) / 2) == (row.receptive_field, field.start + middle * field.jump)
        assert rows(middle + 1)[0] - first == row.jump
        for unit in {few // 2, 0}:
            centre = field.start + unit * field.jump
            whole = (round(centre - field.size / 2), round(centre + field.size / 2) - 1)
            assert clipped(unit) == (max(0, whole[0]), min(native - 1, whole[1])), (row.name, unit)


class Nine(nn.Module):
    """Page's nine-layer residual network as one writes it by hand, with the mean of its last map."""

    def __init__(self):
        super().__init__()

        def conv(inputs, outputs):
            return nn.Sequential(
                nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
            )

        self.first = nn.Sequential(conv(3, 64), conv(64, 128), nn.MaxPool2d(2))
        self.block3 = nn.Sequential(conv(128, 128), conv(128, 128))
        self.middle = nn.Sequential(conv(128, 256), nn.MaxPool2d(2), conv(256, 512), nn.MaxPool2d(2))
        self.block6 = nn.Sequential(conv(512, 512), conv(512, 512))
        self.dense = nn.Linear(512, 10)

    def forward(self, images):
        maps = self.first(images)
        maps = self.middle(maps + self.block3(maps))
        maps = maps + self.block6(maps)
        return self.dense(maps.mean((2, 3)))


class Seven(nn.Module):
    """The seven convolutions of airbench94 as one writes them by hand, with the largest of the last map."""

    def __init__(self):
        super().__init__()

        def block(inputs, outputs):
            return nn.Sequential(
                nn.Conv2d(inputs, outputs, 3, padding="same", bias=False),
                nn.MaxPool2d(2),
                nn.BatchNorm2d(outputs),
                nn.GELU(),
                nn.Conv2d(outputs, outputs, 3, padding="same", bias=False),
                nn.BatchNorm2d(outputs),
                nn.GELU(),
            )

        self.first = nn.Conv2d(3, 24, 2)
        self.blocks = nn.Sequential(block(24, 64), block(64, 256), block(256, 256))
        self.dense = nn.Linear(256, 10)

    def forward(self, images):
        return self.dense(self.blocks(nn.functional.gelu(self.first(images))).amax((2, 3)))


@pytest.mark.parametrize(
    ("name", "handwritten", "parameters"), [("resnet9", Nine, 6_573_130), ("airbench", Seven, 1_972_802)]
)
def test_a_network_for_the_clock_is_the_handwritten_one(name, handwritten, parameters):
    by_hand, ours = handwritten().eval(), build(named_network(name)).eval()
    assert [tuple(value.shape) for value in ours.parameters()] == [tuple(v.shape) for v in by_hand.parameters()]
    with torch.no_grad():
        for mine, theirs in zip(ours.parameters(), by_hand.parameters(), strict=True):
            mine.copy_(theirs)
        images = torch.rand(2, 3, 32, 32)
        torch.testing.assert_close(ours(images), by_hand(images), rtol=1e-4, atol=1e-5)
        with FlopCounterMode(display=False) as counted:
            by_hand(images[:1])
    found = describe(named_network(name))
    assert (found.parameters, found.macs) == (parameters, counted.get_total_flops() // 2)


def test_the_network_of_1989_but_for_its_table_of_connections_and_its_biases():
    rows = {row.name: row for row in describe(named_network("lenet1989")).rows}
    assert [rows[name].output for name in ("conv1", "conv2", "fc3", "fc4")] == [
        (12, 8, 8),
        (12, 4, 4),
        (30, 1, 1),
        (10, 1, 1),
    ]
    # The paper: 768 + 192 biases in the first two layers, one a unit, and 8 of the 12 maps read by each of the second.
    biases = 12 * 8 * 8 + 12 * 4 * 4
    read = rows["conv2"].weights * 8 // 12
    dense = sum(rows[name].weights + rows[name].biases for name in ("fc3", "fc4"))
    assert rows["conv1"].weights + read + biases + dense == 9760
