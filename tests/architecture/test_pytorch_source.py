"""PyTorch code read without running it, against what PyTorch makes of the same code when it does run.

Long, as each piece of code stands beside what it is to give.
"""

import contextlib
import dataclasses
import inspect

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from cnncore.architecture import (
    NETWORKS,
    AvgPool2d,
    BatchNorm2d,
    Branches,
    Conv2d,
    ConvTranspose2d,
    Dropout,
    Flatten,
    LeakyReLU,
    Linear,
    MaxPool2d,
    Network,
    ReLU,
    Residual,
    Tanh,
    describe,
    load_network,
    named_network,
    network_code,
)
from cnncore.architecture.build import build
from cnncore.architecture.pytorch_source import parse_pytorch
from cnncore.architecture.reading.pytorch_layers import FUNCTIONS, SIGNATURES
from cnncore.errors import InputError

TUTORIAL = """
import torch
import torch.nn as nn
import torch.nn.functional as F

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 5)
        self.pool = nn.MaxPool2d(2, 2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x)))
        x = self.pool(F.relu(self.conv2(x)))
        x = torch.flatten(x, 1)  # flatten all dimensions except batch
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)

net = Net()
"""
PRACTICAL = """
class ConvNet(nn.Module):
    def __init__(self):
        super(ConvNet, self).__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 6, (5, 5), stride=1, padding=2), nn.Tanh(), nn.MaxPool2d((2, 2), stride=2, padding=0),
            nn.Conv2d(6, 16, (5, 5), stride=1, padding=0), nn.Tanh(), nn.MaxPool2d((2, 2), stride=2, padding=0),
        )
        self.classifier = nn.Sequential(
            nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10)
        )
    def forward(self, input):
        bsize = input.size(0)
        output = self.features(input)
        output = output.view(bsize, -1)
        output = self.classifier(output)
        return output
"""
LOOP = """
layers, channels = [], 3
for filters in (8, 16, "pool", 32):
    if filters == "pool":
        layers += [nn.MaxPool2d(2)]
    else:
        layers.append(nn.Conv2d(channels, filters, 3, padding="same"))
        layers.append(nn.LeakyReLU(0.2, inplace=True))
        channels = filters
model = nn.Sequential(*layers, nn.AvgPool2d(2, ceil_mode=True), nn.Flatten(), nn.Linear(channels * 8 * 8, 10))
"""
BLOCKS = """
def normed(channels, filters, stride=1):
    return nn.Sequential(
        nn.Conv2d(channels, filters, 3, stride, 1, bias=False), nn.BatchNorm2d(filters, eps=1e-3), nn.ReLU6()
    )

class Block(nn.Module):
    def __init__(self, channels, filters, stride=1):
        super().__init__()
        self.first, self.second = normed(channels, filters, stride), normed(filters, filters)
        self.downsample = None
        if stride != 1 or channels != filters:
            self.downsample = nn.Conv2d(channels, filters, 1, stride)

    def forward(self, x):
        identity = x
        out = self.second(self.first(x))
        if self.downsample is not None:
            identity = self.downsample(x)
        out += identity
        return out.relu()

class Dense(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.parts = nn.ModuleList([nn.Conv2d(channels + 4 * i, 4, 3, padding=1) for i in range(3)])

    def forward(self, x):
        found = [x]
        for part in self.parts:
            found.append(F.silu(part(torch.cat(found, dim=1))))
        return torch.cat(found, 1)

class Net(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), Block(16, 16), Block(16, 32, 2))
        self.dense = Dense(32)
        self.up = nn.ConvTranspose2d(44, 8, 3, stride=2, padding=1, output_padding=1)
        self.fc = nn.Linear(8, classes)

    def forward(self, x):
        x = self.up(self.dense(self.stem(x)))
        x = F.gelu(x) + torch.sigmoid(x)
        x = F.adaptive_avg_pool2d(F.max_pool2d(x, 2), 1)
        x = F.dropout(x.flatten(1), 0.25, self.training)
        return self.fc(x)

model = Net()
"""
SUBCLASSES = """
class ConvBNReLU(nn.Sequential):
    def __init__(self, cin, cout, k=3, *, padding=1):
        super().__init__(nn.Conv2d(cin, cout, k, padding=padding), nn.BatchNorm2d(cout), nn.ReLU())

class Row(nn.Sequential):
    def __init__(self, *layers):
        super().__init__(*layers, nn.Tanh())

class Several(nn.ModuleList):
    def __init__(self, channels, count=2):
        super().__init__([nn.Conv2d(channels, channels, 1) for _ in range(count)])

    def forward(self, x):
        for layer in self:
            x = layer(x)
        return x

model = nn.Sequential(ConvBNReLU(3, 8), ConvBNReLU(8, 4, k=5, padding=0), Row(nn.Conv2d(4, 6, 3)), Several(6))
"""
PYTHON = """
class Net(nn.Module):
    def __init__(self, hidden=None, act=None, last=None):
        super().__init__()
        width: int
        self.act = act or nn.LeakyReLU(0.2)
        self.norm = (act or nn.BatchNorm2d)(3)
        layers, width = [], hidden or 6
        for number, filters in enumerate((8, width), 1):
            layers.append(nn.LazyConv2d(filters, number))
        for number, filters in enumerate((8, width), start=2):
            layers.append(nn.LazyConv2d(filters, number))
        for number, filters in zip((1, 2), (4, 5), strict=True):
            layers.append(nn.LazyConv2d(filters, number))
        else:
            layers.append(nn.Tanh() if last is not None and last > 3 else nn.Sigmoid())
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return self.layers(self.act(self.norm(x)))

model = Net()
"""
METHODS = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.rows = nn.ModuleList()
        self.build(8)
        self.prepare()
        self.draw_weights()

    def build(self, channels):
        self.stem = nn.Conv2d(3, channels, 3)
        self.add(channels, 4)
        self.add(4, 6)

    def add(self, channels, filters):
        self.rows.append(nn.Conv2d(channels, filters, 3, padding=1))

    def prepare(self):
        self.loss = nn.CrossEntropyLoss()

    def draw_weights(self):
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)

    def forward(self, x):
        x = self.stem(x)
        for row in self.rows:
            x = F.relu(row(x))
        return x

model = Net()
"""
PREAMBLE = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\nfrom collections import OrderedDict\n"


def unnamed(layers):
    """Return the layers without their names: code that goes out has none."""
    return tuple(
        dataclasses.replace(
            layer.with_paths([unnamed(path) for path in layer.paths]) if hasattr(layer, "paths") else layer, name=""
        )
        for layer in layers
    )


@pytest.mark.parametrize("name", NETWORKS)
def test_exported_code_runs_and_is_read_back_as_the_same_network(name):
    network = named_network(name)
    code = network_code(network)
    scope = {}
    with torch.device("meta"):
        exec(code, scope)  # it checks its own output shape
        shape = scope["model"](torch.zeros(2, *network.input)).shape
    assert sum(p.numel() for p in scope["model"].parameters()) == describe(network).parameters
    assert tuple(shape) == (2, describe(network).rows[-1].output[0])
    back = parse_pytorch(code, name=name)
    assert back.input == network.input
    assert unnamed(back.layers) == unnamed(network.layers)


CODES = {
    "tutorial": TUTORIAL,
    "practical": PRACTICAL,
    "loop": LOOP,
    "blocks": BLOCKS,
    "subclasses": SUBCLASSES,
    "python": PYTHON,
    "methods": METHODS,
}


@pytest.mark.parametrize("code", CODES.values(), ids=CODES)
def test_code_means_what_running_it_gives(code):
    network = parse_pytorch(code)
    scope = {}
    exec(PREAMBLE + code, scope)
    model = (scope.get("model") or scope.get("net") or scope["ConvNet"]()).eval()
    with torch.no_grad():
        model(torch.zeros(2, *network.input))  # lazy layers get their weights
    ours = build(network).eval()
    ours.load_state_dict(dict(zip(ours.state_dict(), in_order(model, network.input), strict=True)))
    images = torch.rand(2, *network.input)
    with torch.no_grad():
        torch.testing.assert_close(ours(images), model(images))


def in_order(model, shape):
    """Return the parameters and running statistics of `model` in the order in which its layers are called."""
    found = []
    hooks = [
        leaf.register_forward_hook(lambda leaf, *_: found.extend(leaf.state_dict().values()))
        for leaf in model.modules()
        if not any(leaf.children())
    ]
    with torch.no_grad():
        model(torch.zeros(2, *shape))
    for hook in hooks:
        hook.remove()
    return found


def test_names_and_options_come_along():
    network = parse_pytorch(
        "from collections import OrderedDict\n"
        "model = nn.Sequential(OrderedDict([\n"
        "    ('conv1', nn.Conv2d(1, 20, kernel_size=(5, 3), stride=(2, 1), dilation=2, padding_mode='reflect')),\n"
        "    ('bn1', nn.BatchNorm2d(20)),\n"
        "    ('up', nn.ConvTranspose2d(20, 8, 3, 2, 1, 1, 2, False, 3)),\n"
        "    ('pool', nn.MaxPool2d(3, 2, 1, 1, False, True)),\n"
        "]))"
    )
    assert network.layers == (
        Conv2d(20, (5, 3), (2, 1), dilation=2, padding_mode="reflect", name="conv1"),
        BatchNorm2d(name="bn1"),
        ConvTranspose2d(8, 3, 2, 1, 1, 3, 2, False, "up"),
        MaxPool2d(3, 2, 1, 1, True, "pool"),
    )


def test_lazy_layers_state_nothing_and_take_anything():
    network = parse_pytorch("nn.Sequential(nn.LazyConv2d(8, 3), nn.Identity(), nn.Flatten(), nn.LazyLinear(10))")
    assert network.layers == (Conv2d(8, 3), Flatten(), Linear(10))


@pytest.mark.parametrize(
    ("code", "given", "expected"),
    [
        ("nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 62 * 62, 2))", None, (3, 64, 64)),
        ("nn.Sequential(nn.Flatten(), nn.Linear(784, 10))", None, (1, 28, 28)),
        ("nn.Sequential(nn.Conv2d(4, 4, 3))\ny = model(torch.randn(8, 4, 20, 30))", None, (4, 20, 30)),
        ("nn.Sequential(nn.Conv2d(3, 4, 3))", (3, 50, 40), (3, 50, 40)),
    ],
)
def test_the_image_is_found_out_unless_it_is_said(code, given, expected):
    assert parse_pytorch(code, given).input == expected


PARTS = st.recursive(
    st.one_of(
        st.builds(
            lambda f, k, d, b: Conv2d(f, k, padding=d * (k // 2), dilation=d, bias=b),
            *[st.integers(1, 5), st.sampled_from([1, 3, 5]), st.integers(1, 2), st.booleans()],
        ),
        st.sampled_from([ReLU(), BatchNorm2d(), BatchNorm2d(1e-3), Dropout(0.123456789), LeakyReLU(0.2)]),
        st.just(AvgPool2d(3, 1, 1)),
    ),
    lambda inner: st.lists(st.lists(inner, max_size=2).map(tuple), min_size=2, max_size=3).map(
        lambda paths: Branches(tuple(paths))
    ),
    max_leaves=6,
)


@given(st.lists(PARTS, min_size=1, max_size=5))
def test_what_goes_out_comes_back(layers):
    network = Network(
        "x", (3, 12, 12), (*layers, Residual((Conv2d(describe_channels(layers), 1),)), Flatten(), Linear(2))
    )
    assert parse_pytorch(network_code(network), name="x") == network


def describe_channels(layers):
    return describe(Network("x", (3, 12, 12), tuple(layers))).rows[-1].output[0]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "nn.Sequential(\n  nn.Conv2d(3, 32, 5),\n  nn.ReLU(),\n  nn.Conv2d(16, 8, 3))",
            r"^`nn.Conv2d` \(line 4\) expects 16 channels and receives 32 from `nn.Conv2d` \(line 2\): write 32, or "
            r"give that one 16 filters\.$",
        ),
        (
            TUTORIAL.replace("16 * 5 * 5", "16 * 4 * 4"),
            r"^`fc1` \(line 12\) expects 256 inputs and receives 400 \(16x5x5\) from an image of 3x32x32: write 400",
        ),
        (
            TUTORIAL.replace("Linear(120, 84)", "Linear(100, 84)"),
            r"`fc2` .* expects 100 inputs and receives 120 from `fc1`",
        ),
        ("nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(4))", r"expects 4 channels and receives 8 from `nn.Conv2d`"),
        (PRACTICAL.replace("bsize, -1", "-1, 16 * 6 * 6").replace("400", "576"), None),
        (
            TUTORIAL.replace("torch.flatten(x, 1)", "x.view(-1, 576)"),
            r"`view` \(line 19\) expects 576 inputs and receives 400",
        ),
        ("nn.Sequential(nn.Conv2d(3, 8, 3), nn.Linear(8, 2))", "needs a flat input and receives a map of 8x30x30"),
        (
            "nn.Sequential(nn.Transformer())",
            r"`nn.Transformer` \(line 1\) is not among the layers .*Conv2d, .*write it with",
        ),
        ("nn.Sequential(nn.Conv2d(3, 8, 3), nn.Softmax(1))", r"`nn.Softmax` .*cross-entropy loss contains it"),
        ("nn.Sequential(nn.Conv2d(3))", "needs `out_channels` and `kernel_size`"),
        ("nn.Sequential(nn.Conv2d(3, 8, 3, strides=2))", "is given `strides` but knows in_channels"),
        ("nn.Sequential(nn.Conv2d(3, 8, 3, kernel_size=3))", "is given `kernel_size` twice"),
        ("nn.Sequential(nn.ReLU(1, 2, 3))", "takes at most 1 arguments and is given 3"),
        ("nn.Sequential(nn.Conv2d('a', 8, 3))", r"`in_channels` \(=a\) must be a whole number"),
        ("nn.Sequential(nn.Conv2d(3, 8, 3, bias=2))", r"`bias` \(=2\), which must be True or False"),
        ("nn.Sequential(nn.Conv2d(3, 9, 3, groups=2))", r"`filters` \(=9\) must be divisible by `groups` \(=2\)"),
        ("nn.Sequential(nn.Conv2d(3, 8, 4, padding='same'))", "of an even `kernel_size`"),
        ("nn.Sequential(nn.Conv2d(3, 8, 3, 2, padding='same'))", "needs a stride of 1"),
        ("nn.Sequential(nn.AvgPool2d(3, padding=1, count_include_pad=False))", "`count_include_pad`"),
        (
            "nn.Sequential(nn.MaxPool2d(2, 0))",
            r"`nn.MaxPool2d` \(line 1\): `stride` \(=0\) must be a whole number from 1",
        ),
        ("nn.Sequential(nn.Flatten(0))", "`start_dim` 1 and `end_dim` -1"),
        ("nn.Sequential(nn.ReLU, nn.Tanh())", r"holds the class ReLU where .*: write ReLU\(\)"),
        ("nn.Sequential(conv)", "`conv` .* is not defined in what was pasted"),
        (TUTORIAL.replace("self.conv2(x)", "self.conv1(x)"), r"`conv1` \(line 9\) (is used in two places|expects 3)"),
        (TUTORIAL.replace("F.relu(self.fc1(x))", "F.softmax(self.fc1(x), 1)"), "`softmax` .*cross-entropy"),
        (
            TUTORIAL.replace("F.relu(self.fc1(x))", "self.fc1(x) * 2"),
            r"`self.fc1\(x\) \* 2` \(line 20\) calculates with a tensor",
        ),
        (TUTORIAL.replace("return self.fc3(x)", "self.fc3(x)"), "`forward` of Net must return one tensor"),
        ("model = torchvision.models.resnet18()", "choose resnet18 among its models"),
        ("features = nn.Sequential(nn.ReLU())\nfull = nn.Sequential(features, nn.Foo())", "`nn.Foo`"),
        ("import os\nos.system('true')", "`os.system`"),
        ("print('hello')", "no network was found"),
        ("x = 3", "no network was found"),
        ("", "no network was found"),
        ("model = nn.Sequential()", "does nothing to its input"),
        ("model = (", r"is not Python \(.*line 1\)"),
        ("x = '\0'", "is not Python"),
        ("(" * 300 + ")" * 300, "is not Python|nested too deeply"),
        ("a" * 400_001, "must have at most 400000"),
        ("def f():\n    return f()\nmodel = f()", "nested too deeply"),
        ("model = nn.Sequential(*[nn.ReLU() for i in range(10**9)])", "cannot be read without running it"),
        ("model = nn.Sequential(*[nn.ReLU() for i in range(1000000000)])", "cannot be read without running it"),
        ("m = nn.ReLU()\n" + "m = nn.Sequential(m, m)\n" * 40, "at most 2000 layers"),
        ("a = [1]\n" + "a = a + a\n" * 40 + "model = nn.Sequential(*a)", "cannot be read without running it"),
        (
            "a = [0 for i in range(10000)]\nb = []\nfor i in range(9):\n    b.extend(a)\nmodel = nn.Sequential(*b)",
            "cannot be read without running it",
        ),
        ("for i in range(99999999999999999999):\n    model = nn.ReLU()", "cannot be read"),
        ("a = int(1e400)\nmodel = nn.LazyLinear(a)", "cannot be read"),
        ("a = {[1]: 2}\nmodel = nn.LazyLinear(a)", "cannot be read"),
        (
            "def f():\n    for a in range(9999):\n        for b in range(9999):\n            c = a\nmodel = f()",
            "goes round too often",
        ),
        ("while True:\n    pass", "goes round too often"),
        *[
            (f"model = nn.Sequential(*[nn.ReLU() for i in {call}])", r"`.*\(.*" + r"cannot be read without running it")
            for call in (
                "enumerate((1, 2), first=1)",
                "enumerate((1, 2), 1, 2)",
                "zip((1,), (2,), short=True)",
                "zip((1,), (2, 3), strict=True)",
                "reversed((1, 2), (3,))",
                "range(1, step=2)",
            )
        ],
        (TUTORIAL.replace("return self.fc3(x)", "return x or self.fc3(x)"), r"`x` \(line 22\) cannot be read"),
        (TUTORIAL.replace("return self.fc3(x)", "return x.size(0) and x"), r"`x.size\(0\)` \(line 22\) cannot be read"),
        (METHODS.replace("self.build(8)", "self.build()"), r"`build` \(line 10\) needs `channels`"),
        (METHODS.replace("3, channels, 3)", "3, channels)"), r"`stem` \(line 11\) needs `kernel_size`"),
        (METHODS.replace("filters, 3, padding", "filters, -3, padding"), r"`nn.Conv2d` \(line 16\): `kernel` \(=-3\)"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(code, message):
    if message is None:  # a wrong size that is said in two places agrees with itself at another image
        assert parse_pytorch(code).input == (1, 32, 32)
        return
    with pytest.raises(InputError, match=message) as caught:
        parse_pytorch(code, (3, 32, 32) if "Linear(16" in code else None)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "made",
    [
        "layers = [nn.ReLU()]\nfor filters in (8, 16):\n    layers += [nn.LazyConv2d(filters, 3), nn.Mish()]",
        "layers = []\nfor size in (8, 16):\n    layers.append(nn.LazyConv2d(size, 3))\n    layers.append(nn.Mish())",
        "layers = [nn.ReLU()]\nlayers.append(nn.Mish())",
        "layers = [nn.ReLU()]\nlayers += [nn.Mish()]",
        "for name in (1, 2):\n    layers = [nn.ReLU(), nn.Mish()]",
    ],
)
def test_what_is_wrong_with_a_list_of_layers_is_told_where_it_is_used(made):
    with pytest.raises(InputError, match=r"`nn.Mish` \(line \d\) is not among the layers"):
        parse_pytorch(f"{made}\nmodel = nn.Sequential(*layers)")
    with pytest.raises(InputError, match=r"`nn.Mish` \(line \d\) is not among the layers"):
        parse_pytorch(
            f"{made}\nclass Net(nn.Module):\n    def __init__(self):\n        self.row = nn.Sequential(*layers)\n"
            "    def forward(self, x):\n        return self.row(x)"
        )


def test_layers_are_added_one_by_one():
    code = "layers = [nn.ReLU()]\nlayers.append(nn.LazyConv2d(4, 3))\nlayers.extend([nn.Tanh()])"
    assert [layer.kind for layer in parse_pytorch(f"{code}\nmodel = nn.Sequential(*layers)").layers] == [
        "relu",
        "conv",
        "tanh",
    ]
    assert parse_pytorch("model = nn.Sequential(nn.ReLU())\nmodel.add_module('a', nn.Tanh())").layers == (
        ReLU(),
        Tanh("a"),
    )


def test_a_loop_that_trains_the_network_is_no_matter():
    code = (
        "model = nn.Sequential(nn.ReLU())\nlosses = []\nfor epoch in range(3):\n    for x, y in loader:\n"
        "        loss = criterion(model(x), y)\n        losses.append(loss.item())\n        model = model.train()\n"
    )
    assert parse_pytorch(code).layers == (ReLU(),)


@given(st.text(alphabet="nn.Sequential(Conv2d)ReLU[]=,:\n 0123456789*+-xy'", max_size=80))
def test_no_text_is_a_traceback(text):
    with contextlib.suppress(InputError):
        parse_pytorch(text)


def test_nothing_of_the_text_is_run(tmp_path):
    mark = tmp_path / "ran"
    write = f"open({str(mark)!r}, 'w').write('x')\n"
    code = f"{write}model = nn.Sequential(nn.ReLU())\nclass A(nn.Module):\n    def forward(self, x):\n        {write}"
    assert parse_pytorch(code).layers == (ReLU(),)
    assert not mark.exists()


def test_a_file_with_code_is_a_network_too(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(TUTORIAL)
    network = load_network(str(path), classes=5)
    assert (network.name, network.layers[-1]) == ("mine", Linear(5, name="fc3"))
    with pytest.raises(InputError, match=r"missing.py\) cannot be read"):
        load_network(str(tmp_path / "missing.py"))


def test_the_arguments_are_those_of_pytorch():
    for name, arguments in SIGNATURES.items():
        real = [argument for argument in inspect.signature(getattr(nn, name)).parameters if argument != "args"]
        assert tuple(a for a in real if a not in ("device", "dtype", "kwargs", "bias_"))[: len(arguments)] == arguments
    for name, (_, arguments) in FUNCTIONS.items():
        function = getattr(F, name, None)
        if inspect.isfunction(function) and name not in ("max_pool2d", "relu_"):
            assert tuple(inspect.signature(function).parameters)[1:] == arguments


@pytest.mark.parametrize("text", ["{}", "{}()", "nn.{}(1)", "nn.Sequential({})"])
def test_a_very_long_name_is_quoted_in_part(text):
    with pytest.raises(InputError) as refused:
        parse_pytorch(text.format("x" * 50_000))
    assert len(str(refused.value)) < 600


def test_a_sum_with_a_factor_is_no_plain_sum():
    code = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 3, 3, padding=1)
    def forward(self, x):
        return torch.add(x, self.c(x), alpha=0.1)
model = Net()
"""
    with pytest.raises(InputError, match="`add`"):
        parse_pytorch(code)


def test_what_is_read_can_be_kept():
    made = "".join(f"        self.c{n} = nn.Conv2d(3, 3, 3, padding=1)\n" for n in range(10))
    convolutions = "".join(f"        x{n + 1} = self.c{n}(x{n})\n" for n in range(10))
    sums = "".join(f"        y = y + x{n}\n" for n in range(9, -1, -1))
    code = (
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        f"{made}    def forward(self, x0):\n{convolutions}        y = x10\n{sums}        return y\nmodel = Net()\n"
    )
    with pytest.raises(InputError, match="at most 8 deep"):
        parse_pytorch(code)


def test_names_that_a_loop_repeats_are_told_apart_in_the_description():
    block = "nn.Conv2d(3, 3, 3, padding=1)"
    network = parse_pytorch(f"nn.Sequential({block}, {block})")
    network = dataclasses.replace(
        network, layers=tuple(dataclasses.replace(layer, name="conv") for layer in network.layers)
    )
    assert [row.name for row in describe(network).rows] == ["conv", "conv (2)"]


SUMS = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
    def forward(self, x):
        maps = [self.stem(x)]
        for _ in range({times}):
            total = maps[0]
            for one in maps[1:]:
                total = total + one
            maps.append(F.relu(total))
        return maps[-1]
"""


def test_sums_of_all_earlier_maps_are_refused_where_they_double_too_often():
    """Each holds all before it: written out, thirty of them are a thousand million layers."""
    assert parse_pytorch(SUMS.format(times=3)).layers
    with pytest.raises(InputError):
        parse_pytorch(SUMS.format(times=30))


@pytest.mark.parametrize("prompt", ["", ">>> "])
def test_code_that_is_nested_too_deeply_is_one_sentence(prompt):
    with pytest.raises(InputError, match="nested too deeply"):
        parse_pytorch(f"{prompt}k = {'+'.join(['1'] * 3000)}")


@pytest.mark.parametrize(
    ("code", "kinds"),
    [
        ("model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU())\nmodel.add_module('1', nn.Tanh())", [Conv2d, Tanh]),
        ("model = nn.Sequential(nn.Conv2d(3, 8, 3))\nmodel.add_module('1', nn.Tanh())", [Conv2d, Tanh]),
        (
            "m = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU())\nif type(m[1]) is nn.ReLU:\n    m[1] = nn.Tanh()",
            [Conv2d, Tanh],
        ),
    ],
)
def test_layers_that_are_exchanged(code, kinds):
    assert [type(layer) for layer in parse_pytorch(code).layers] == kinds


def test_a_set_has_each_entry_once():
    [layer] = parse_pytorch("model = nn.Sequential(nn.Conv2d(3, len({8, 8, 16}), 3))").layers
    assert layer.filters == 2


@pytest.mark.parametrize(
    "code",
    [
        "from collections.abc import Iterable\nk = 3 if isinstance((3, 3), Iterable) else 5\nm = nn.Conv2d(3, 8, k)",
        "m = nn.Sequential(nn.BatchNorm2d(3))\nk = 3 if isinstance(m[0], nn.modules.batchnorm._BatchNorm) else 5\n"
        "m.append(nn.Conv2d(3, 8, k))",
    ],
)
def test_a_kind_that_is_not_known_is_not_guessed(code):
    with pytest.raises(InputError, match="cannot be read"):
        parse_pytorch(code)
