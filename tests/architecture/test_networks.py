"""Descriptions, the catalogue, PyTorch modules and code, against PyTorch and torchvision."""

import json
from dataclasses import replace

import pytest
import torch

from cnncore.architecture import (
    NETWORKS,
    AdaptiveAvgPool2d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    Linear,
    Network,
    ReLU,
    Residual,
    Tanh,
    describe,
    load_network,
    named_network,
    network_code,
    outputs,
    with_batch_norm,
    with_classes,
    with_dropout,
)
from cnncore.architecture.build import build
from cnncore.errors import InputError

# The practical's table (Q10): output, weights, biases, multiply-adds.
TABLE = {
    "conv1": ((32, 32, 32), 2_400, 32, 2_457_600),
    "pool1": ((32, 16, 16), 0, 0, 0),
    "conv2": ((64, 16, 16), 51_200, 64, 13_107_200),
    "pool2": ((64, 8, 8), 0, 0, 0),
    "conv3": ((64, 8, 8), 102_400, 64, 6_553_600),
    "pool3": ((64, 4, 4), 0, 0, 0),
    "fc4": ((1000, 1, 1), 1_024_000, 1_000, 1_024_000),
    "fc5": ((10, 1, 1), 10_000, 10, 10_000),
}


def fields(network):
    return [row.receptive_field for row in describe(network).rows if row.kind in ("conv", "max-pool", "linear")]


def test_the_practicals_table():
    description = describe(named_network("practical"))
    rows = {row.name: (row.output, row.weights, row.biases, row.macs) for row in description.rows if row.name in TABLE}
    assert rows == TABLE
    assert (description.weights, description.biases, description.parameters) == (1_190_000, 1_170, 1_191_170)
    assert description.macs == 23_152_400


def test_the_crop_keeps_the_map_and_saves_work():
    description = describe(named_network("practical", (3, 28, 28)))
    assert [row.output[1] for row in description.rows if row.kind == "max-pool"] == [14, 7, 4]
    assert description.parameters == 1_191_170
    assert description.macs == pytest.approx(17.97e6, abs=0.005e6)


def test_batch_norm_adds_320_parameters_and_dropout_none():
    network = named_network("practical")
    assert describe(with_batch_norm(network)).parameters == 1_191_170 + 320
    assert describe(with_dropout(network, 0.5)).parameters == 1_191_170
    kinds = [layer.kind for layer in with_dropout(with_batch_norm(network), 0.5).layers]
    assert kinds[:4] == ["conv", "batch-norm", "relu", "max-pool"]
    assert kinds[-4:] == ["linear", "relu", "dropout", "linear"]


def test_receptive_fields_of_the_practical_and_of_vgg16():
    assert fields(named_network("practical"))[:7] == [5, 6, 14, 16, 32, 36, 60]
    jumps = [row.jump for row in describe(named_network("practical")).rows if row.kind in ("conv", "max-pool")]
    assert jumps == [1, 2, 2, 4, 4, 8]
    vgg = [3, 5, 6, 10, 14, 16, 24, 32, 40, 44, 60, 76, 92, 100, 132, 164, 196, 212, 404]
    assert fields(named_network("vgg16"))[:19] == vgg


@pytest.mark.parametrize(("depth", "expected"), [(3, 5), (6, 14), (7, 32)])
def test_a_receptive_field_is_where_the_input_has_a_gradient(depth, expected):
    torch.manual_seed(0)
    network = named_network("practical", (3, 96, 96))
    layers = [layer for layer in network.layers if layer.kind in ("conv", "max-pool")][: {3: 1, 6: 3, 7: 5}[depth]]
    module = build(Network("part", (3, 96, 96), tuple(layer for layer in layers if layer.kind == "conv")))
    # Max-pooling picks one of its inputs: averaging shows all that can matter.
    convolutions = iter(module)
    parts = [next(convolutions) if layer.kind == "conv" else torch.nn.AvgPool2d(2) for layer in layers]
    image = torch.rand(1, 3, 96, 96, requires_grad=True)
    output = torch.nn.Sequential(*parts)(image)
    middle = output.shape[-1] // 2
    output[0, :, middle, middle].sum().backward()
    seen = (image.grad[0].abs().sum(0) > 0).any(1).sum()
    assert int(seen) == expected


@pytest.mark.parametrize("name", NETWORKS)
def test_the_module_has_the_described_shapes_and_parameters(name):
    network = named_network(name)
    description = describe(network)
    with torch.device("meta"):
        module = build(network)
        image = torch.zeros(2, *network.input)
        for row, part in zip(description.rows, module, strict=True):
            image = part(image)
            assert tuple(image.shape[1:]) == tuple(row.output[: image.dim() - 1])
            weights = sum(p.numel() for n, p in part.named_parameters() if n.endswith("weight"))
            assert (weights, sum(p.numel() for p in part.parameters()) - weights) == (row.weights, row.biases)


def test_a_block_that_begins_with_a_relu_leaves_the_other_path_its_input():
    torch.manual_seed(0)
    module = build(Network("x", (2, 6, 6), (Residual((ReLU(), Conv2d(2, 3, padding=1))),)))
    image = torch.randn(1, 2, 6, 6)
    before = image.clone()
    output = module(image)
    assert torch.equal(image, before)
    assert torch.allclose(output, before + module[0].body[1](before.relu()))


def test_a_relu_after_a_tanh_has_a_gradient():
    module = build(Network("x", (1, 4, 4), (Conv2d(2, 3), Tanh(), ReLU(), Flatten(), Linear(2))))
    module(torch.ones(1, 1, 4, 4)).sum().backward()
    assert module[0].weight.grad is not None


def test_every_layer_is_built_whatever_it_is_called():
    names = ("a-3", "a", "a", "forward", "training", "x.y", "")
    module = build(Network("x", (1, 4, 4), tuple(Conv2d(1, 1, name=name) for name in names)))
    assert len(module) == len(names)


def test_toggles_do_not_change_how_the_other_layers_begin():
    network = named_network("classroom")
    torch.manual_seed(0)
    plain = {n: p for n, p in build(network).named_parameters() if n.startswith(("conv", "fc"))}
    torch.manual_seed(0)
    toggled = dict(build(with_dropout(with_batch_norm(network), 0.5)).named_parameters())
    for name, parameter in plain.items():
        assert torch.equal(parameter, toggled[name]), name


@pytest.mark.parametrize("size", range(32, 40))
def test_the_practical_takes_32_to_39_pixels(size):
    assert describe(named_network("practical"), (3, size, size)).rows[-1].output == (10, 1, 1)


def test_the_wall_is_explained():
    with pytest.raises(
        InputError, match=r"`fc4` of practical expects 1024 inputs \(64x4x4\) and receives 1600 \(64x5x5\)"
    ):
        describe(named_network("practical"), (3, 40, 40))
    with pytest.raises(InputError, match=r"`linear2` of mlp expects 784 inputs \(1x28x28\) and receives 1024"):
        describe(Network("mlp", (1, 28, 28), (Flatten(), Linear(10))), (1, 32, 32))
    with pytest.raises(  # a dropout stands between the flatten and the dense layer
        InputError,
        match=r"9216 inputs \(256x6x6\) and receives 16384 \(256x8x8\), .* changes every map from conv1 to pool5:",
    ):
        describe(named_network("alexnet"), (3, 300, 300))
    with pytest.raises(InputError, match=r"784 inputs \(1x28x28\) and receives 900 \(1x30x30\), .* has another size:"):
        describe(Network("mlp", (1, 28, 28), (Flatten(), Dropout(), Linear(10))), (1, 30, 30))
    assert describe(named_network("vgg16"), (3, 255, 255)).rows[-1].output == (1000, 1, 1)
    with pytest.raises(InputError, match=r"`fc6` of vgg16 expects 25088"):
        describe(named_network("vgg16"), (3, 256, 256))


@pytest.mark.parametrize(
    ("name", "size", "map_size"),
    [
        *[
            ("vgg16", size, n)
            for size, n in [(224, 1), (255, 1), (256, 2), (288, 3), (320, 4), (384, 6), (448, 8), (512, 10)]
        ],
        *[("practical", size, n) for size, n in [(32, 1), (40, 2), (48, 3), (64, 5), (96, 9), (128, 13)]],
    ],
)
def test_dense_layers_as_convolutions_take_every_size(name, size, map_size):
    description = describe(named_network(name), (3, size, size), fully_convolutional=True)
    assert description.rows[-1].output[1:] == (map_size, map_size)
    assert description.parameters == describe(named_network(name)).parameters


def test_an_adaptive_pool_that_changes_nothing_may_come_before_other_layers():
    layers = (AdaptiveAvgPool2d(8), Conv2d(4, 3), ReLU(), Flatten(), Linear(10))
    network = Network("x", (3, 8, 8), layers)
    converted = describe(network, fully_convolutional=True)
    assert converted.parameters == describe(network).parameters
    assert converted.rows[-1].kernel == (6, 6), "the size of the map that the dense layer reads"
    assert converted.rows[-1].output == (10, 1, 1)


def test_too_small_an_image_is_still_an_error():
    with pytest.raises(InputError, match="`kernel`"):
        describe(named_network("vgg16"), (3, 192, 192), fully_convolutional=True)


@pytest.mark.parametrize("name", NETWORKS)
def test_json_gives_the_same_network_back(name):
    network = named_network(name)
    assert Network.from_json(network.to_json()) == network


def test_the_stride_of_a_pool_may_be_left_out_of_a_description():
    text = '{{"name": "x", "input": [3, 8, 8], "layers": [{{"kind": "{}", "kernel": [2, 3]{}}}]}}'
    for kind in ("max-pool", "avg-pool"):
        for left_out in ("", ', "stride": null'):
            assert Network.from_json(text.format(kind, left_out)).layers[0].stride == (2, 3)
        assert Network.from_json(text.format(kind, ', "stride": 1')).layers[0].stride == (1, 1)
        for zero in ("0", "[0, 0]", "[2, 0]"):
            with pytest.raises(
                InputError, match=r"`stride` \(=0\) must be a whole number from 1 to 1000000: change it"
            ):
                Network.from_json(text.format(kind, f', "stride": {zero}'))


def test_a_description_is_loaded_by_name_path_and_text(tmp_path):
    network = named_network("practical")
    path = tmp_path / "mine.json"
    path.write_text(network.to_json())
    assert load_network("practical") == load_network(str(path)) == load_network(network.to_json()) == network
    assert load_network(network.to_json(), (3, 64, 64), 5).input == (3, 64, 64)
    assert with_classes(network, 5).layers[-1] == Linear(5, name="fc5")


def test_the_code_of_a_network_that_ends_in_a_map_runs():
    scope = {}
    exec(network_code(Network("x", (3, 8, 8), (Conv2d(4, 3),))), scope)
    assert scope["model"](torch.zeros(1, 3, 8, 8)).shape == (1, 4, 6, 6)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not json", "is not JSON"),
        ('{"name": "x", "input": [3, 32, ' + "9" * 5000 + '], "layers": [{"kind": "relu"}]}', "is not JSON"),
        ('{"name": "x", "input": [3, 32, 32], "layers": [{"kind": []}]}', r"`kind` \(=\[\]\)"),
        ('{"name": "x", "input": [3, 32, 32], "layers": [{"kind": "relu", "name": 5}]}', r"`name` \(=5\)"),
        ("[1, 2]", "must be an object with"),
        ('{"name": "x", "input": [3, 32, 32], "layers": []}', "`layers` must be a list of 1 to"),
        ('{"name": "x", "input": 3, "layers": [{"kind": "relu"}]}', r"`input` \(=3\)"),
        ('{"name": "x", "input": [3, 32], "layers": [{"kind": "relu"}]}', "must be channels, height, width"),
        ('{"name": "x", "input": [3, 32, 1e9], "layers": [{"kind": "relu"}]}', "`input`"),
        ('{"name": "x", "input": [3, 32, 32], "layers": [{"kind": "attention"}]}', r"`kind` \(='attention'\)"),
        ('{"name": "x", "input": [3, 32, 32], "layers": ["relu"]}', r"`kind` \(='relu'\)"),
        ('{"name": "x", "input": [3, 32, 32], "layers": [{"kind": "conv", "kernel": 3}]}', "needs filters, kernel"),
        ('{"name": "x", "input": [3, 32, 32], "layers": [{"kind": "conv", "filters": "a", "kernel": 3}]}', "`filters`"),
        ('{"name": "x", "input": [3, 32, 32], "layers": [{"kind": "conv", "filters": 1, "kernel": "33"}]}', "`kernel`"),
        (
            '{"name": "x", "input": [3, 32, 32], "layers": [{"kind": "conv", "filters": 1, "kernel": 3, "bias": 2}]}',
            "`bias`",
        ),
    ],
)
def test_nonsense_in_json_is_one_sentence(text, message):
    with pytest.raises(InputError, match=message):
        Network.from_json(text)


def test_unknown_names_are_one_sentence(tmp_path):
    with pytest.raises(InputError, match=r"`network` \(='nosuch'\) must be one of lenet1989, lenet5, practical"):
        load_network("nosuch")
    with pytest.raises(InputError, match=r"missing.json\) cannot be read"):
        load_network(str(tmp_path / "missing.json"))
    with pytest.raises(InputError, match="has no dense layer"):
        with_dropout(Network("x", (3, 8, 8), (Conv2d(1, 3),)), 0.5)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ((AdaptiveAvgPool2d(1), Linear(2)), "`linear2` of x needs a flat input and receives a map of 3x1x1"),
        ((Flatten(), Conv2d(2, 1)), "`conv2` of x needs a map and stands after a flatten"),
        ((Flatten(), BatchNorm2d(), Linear(2)), "`batch-norm2` of x needs a map"),
    ],
)
def test_maps_and_columns_are_not_mixed_up(layers, message):
    network = Network("x", (3, 8, 8), layers)
    with pytest.raises((RuntimeError, ValueError)):
        build(network)(torch.zeros(2, 3, 8, 8))
    with pytest.raises(InputError, match=message):
        describe(network)


def test_an_error_names_its_layer():
    network = Network(
        "mine", (3, 8, 8), (Conv2d(4, 3, name="first"), Conv2d(4, 9, name="second"), Flatten(), Linear(2))
    )
    with pytest.raises(InputError, match=r"layer `second` of mine, which receives 4x6x6: `kernel` \(=9\)"):
        describe(network)
    assert BatchNorm2d() == replace(BatchNorm2d())
    assert json.loads(Network("x", (1, 2, 2), (Dropout(0.25),)).to_json())["layers"] == [{"kind": "dropout", "p": 0.25}]


@pytest.mark.parametrize("name", ["a<b", "$x$", "`a`", "![x](y)", "a\nb", "x" * 81, 'a"b', "[a]", "a&b", "*a*", "a~b"])
def test_a_layer_cannot_be_called_like_markup(name):
    with pytest.raises(InputError, match=r"`name` \(=.*\) of a layer must be at most 80 letters, digits, spaces"):
        Network("x", (3, 8, 8), (Residual((Conv2d(3, 1, name=name),)),))
    text = Network("x", (3, 8, 8), (Conv2d(3, 1, name="a"),)).to_json().replace('"a"', json.dumps(name))
    with pytest.raises(InputError, match="rename the layer"):
        Network.from_json(text)


@pytest.mark.parametrize(
    "name", ["", "conv1", "bn-conv1", "größe 2", "block3.1/a_b (3x3), + #2: x = y", "畳み込み", "x" * 80]
)
def test_what_a_layer_may_be_called(name):
    network = Network("x", (3, 8, 8), (Conv2d(3, 1, name=name),))
    assert Network.from_json(network.to_json()) == network
    assert Network.from_json(with_batch_norm(network).to_json()) == with_batch_norm(network)


def test_an_input_without_three_sizes_is_one_sentence():
    with pytest.raises(InputError, match=r"`input` \(=\(3, 32\)\) must be channels, height, width"):
        describe(named_network("practical"), (3, 32))


def one_by_one(network, images, convolutional):
    """Return what `outputs` should, by one description an image."""
    ends = []
    for image in images:
        try:
            ends.append(describe(network, image, convolutional).rows[-1].output)
        except InputError:
            ends.append(None)
    return ends


@pytest.mark.parametrize("convolutional", [False, True])
@pytest.mark.parametrize("name", ["practical", "lenet5", "vgg16", "resnet18", "googlenet", "lenet1989"])
def test_the_outputs_of_many_images_are_those_of_each(name, convolutional):
    network = named_network(name)
    channels, side, _ = network.input
    sides = [(side, side), *((size, size + size % 3) for size in range(16, 513, 31)), (side, side + 1)]
    images = [*((channels, *size) for size in sides), (channels + 1, side, side)]
    try:
        found = outputs(network, images, convolutional)
    except InputError:
        found = [None] * len(images)
        with pytest.raises(InputError):
            describe(network, None, convolutional)
    else:
        assert found[0] is not None
    assert found == one_by_one(network, images, convolutional)


def test_outputs_refuse_a_network_that_fits_no_image_of_its_own():
    with pytest.raises(InputError, match="put a flatten"):
        outputs(Network("n", (3, 8, 8), (Conv2d(4, 3), Linear(10))), [(3, 8, 8)])
