"""Modules and torchvision's models as descriptions: structure, counts, and with their weights the same outputs."""

import re

import pytest
import torch
from torch import nn
from torchvision import models

from cnncore.architecture import (
    NETWORKS,
    Branches,
    Conv2d,
    Flatten,
    Linear,
    Network,
    ReLU,
    Residual,
    describe,
    named_network,
)
from cnncore.architecture.build import build
from cnncore.architecture.modules import from_module, torchvision_network
from cnncore.architecture.torchvision_names import TORCHVISION
from cnncore.errors import InputError
from tests.architecture.test_pytorch_source import in_order

# Of each family that cannot be described one is tried: these are the same with more layers.
LARGER = re.compile(r"convnext_(small|base|large)|efficientnet_(b[1-7]|v2_[ml])|swin_(v2_)?[sb]|vit_[lh]_.*|vit_b_32")


def torchvisions(name, **options):
    if name in ("googlenet", "inception_v3"):
        options |= {"aux_logits": False, "init_weights": False}
    return models.get_model(name, weights=None, **options)


def with_weights(module, shape):
    """Return the description of `module`, and what `build` makes of it with the module's weights, in eval()."""
    network = from_module(module, shape)
    ours = build(network).eval()
    ours.load_state_dict(dict(zip(ours.state_dict(), in_order(module, shape), strict=True)))
    return network, ours


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


@pytest.mark.parametrize("name", TORCHVISION)
def test_counts_of_every_model_are_torchvisions(name):
    network = torchvision_network(name)
    with torch.device("meta"):
        model = torchvisions(name).eval()
        shape = model(torch.zeros(2, *network.input)).shape
    weights = sum(p.numel() for n, p in model.named_parameters() if n.endswith("weight"))
    found = describe(network)
    assert (found.weights, found.parameters) == (weights, sum(p.numel() for p in model.parameters()))
    assert (network.name, found.rows[-1].output) == (name, (shape[1], 1, 1))
    assert Network.from_json(network.to_json()) == network


def test_the_list_has_all_that_can_be_described():
    others = set(models.list_models(module=models)) - set(TORCHVISION)
    assert len(others) + len(TORCHVISION) == len(models.list_models(module=models))
    for name in others:
        if LARGER.fullmatch(name):
            continue
        # RegNet's widths are calculated with tensors: it cannot be made on the meta device.
        if name.startswith("regnet"):
            with torch.device("meta"), pytest.raises(NotImplementedError, match="meta tensor"):
                torchvisions(name)
            continue
        with torch.device("meta"):
            model = torchvisions(name)
        with pytest.raises(InputError, match="is not among the layers"):
            from_module(model, (3, 224, 224))


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("alexnet", 64),
        ("densenet121", 64),
        ("googlenet", 64),
        ("inception_v3", 96),
        ("mnasnet0_5", 64),
        ("mobilenet_v2", 64),
        ("resnet18", 64),
        ("resnext50_32x4d", 64),
        ("squeezenet1_1", 64),
    ],
)
def test_with_its_weights_the_description_gives_the_models_outputs(name, size):
    model = torchvisions(name).eval()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):  # as if trained: otherwise eps and the statistics do not show
            nn.init.uniform_(module.running_mean, -0.01, 0.01)
            nn.init.uniform_(module.running_var, 0.01, 0.02)
            nn.init.constant_(module.weight, 0.1)
    _, ours = with_weights(model, (3, size, size))
    images = torch.rand(2, 3, size, size)
    with torch.no_grad():
        torch.testing.assert_close(ours(images), model(images))


@pytest.mark.parametrize("name", NETWORKS)
def test_what_build_makes_is_read_back(name):
    network = named_network(name)
    with torch.device("meta"):
        model = build(network)
    back = from_module(model, network.input, name)
    assert [layer.kind for layer in back.layers] == [layer.kind for layer in network.layers]
    ours, theirs = describe(back).rows, describe(network).rows
    assert [row.output for row in ours] == [row.output for row in theirs]
    assert [(row.weights, row.biases, row.macs) for row in ours] == [(r.weights, r.biases, r.macs) for r in theirs]
    assert [row.receptive_field for row in ours] == [row.receptive_field for row in theirs]


def test_a_sequence_of_modules():
    module = nn.Sequential(
        nn.Conv2d(3, 8, 5, 2, "valid", bias=False), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 14 * 14, 2)
    )
    module.train()
    assert from_module(module, (3, 32, 32)).layers == (Conv2d(8, 5, 2, bias=False), ReLU(), Flatten(), Linear(2))
    assert module.training


class Sums(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 4, 1), nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x):
        x = self.first(x)
        return torch.cat([x + self.second(x), x], 1).relu()


class Twice(Sums):
    def forward(self, x):
        x = self.first(x)
        return self.second(self.second(x))


class Decides(Sums):
    def forward(self, x):
        return self.first(x) if x.sum() > 0 else x


class Scales(Sums):
    def forward(self, x):
        return self.first(x) * 2


class Returns(Sums):
    """Its forward returns `what`, of its input x and a second one y."""

    def __init__(self, what):
        super().__init__()
        self.what = eval(f"lambda self, x, y: {what}")

    def forward(self, x, y=None):
        return self.what(self, x, y)


def test_the_tensor_may_be_given_by_its_name():
    module = Returns("torch.relu(input=self.first(input=x))")
    assert from_module(module, (3, 8, 8)).layers == (Conv2d(4, 1, name="first"), ReLU())


@pytest.mark.parametrize(
    "join",
    [
        "torch.cat([self.first(x), x], 1)",
        "torch.cat((self.first(x), x), dim=-3)",
        "torch.concat((self.first(x), x), axis=1)",
        "torch.concatenate(tensors=[self.first(x), x], dim=1)",
    ],
)
def test_a_concatenation_has_several_names(join):
    (layer,) = from_module(Returns(join), (3, 8, 8)).layers
    assert layer.paths == ((Conv2d(4, 1, name="first"),), ())


def test_sums_and_concatenations_become_blocks():
    network, model = with_weights(module := Sums().eval(), (3, 6, 6))
    kept = ((Residual((Conv2d(4, 3, padding=1, name="second"),)),), ())
    assert network.layers == (Conv2d(4, 1, name="first"), Branches(kept), ReLU())
    images = torch.rand(1, 3, 6, 6)
    assert torch.equal(model(images), module(images))


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (Twice(), r"`second` \(Conv2d\) is used in two places"),
        (Decides(), "decides by its input's values"),
        (Scales(), "`mul` in forward is not among the layers"),
        (nn.Sequential(nn.Conv2d(3, 4, 3), nn.Hardswish()), r"`1` \(Hardswish\) is not among the layers"),
        (nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(3, 4, 3)), r"`1` \(Conv2d\) expects 3 channels and receives 4"),
        (nn.Sequential(nn.Conv2d(3, 4, 9)), r"`0` \(Conv2d\) receives 3x8x8: `kernel` \(=9\)"),
        (nn.Sequential(nn.MaxPool2d(2, return_indices=True)), "`return_indices`"),
        (nn.Sequential(nn.BatchNorm2d(3, affine=False)), "`affine`"),
        (Returns("(self.first(x), x)"), "^the module must return one tensor"),
        (Returns("None"), "^the module must return one tensor"),
        (Returns("self.first(y)"), "^the module reads a second input `y`"),
        (Returns("x + y"), "^the module reads a second input `y`"),
        (Returns("self.first([x])"), "^`first` must be called with one tensor alone"),
        (Returns("torch.cat(self.first(x), 1)"), "`cat` in forward must join maps along their"),
        (Returns("torch.cat([x, x])"), "`cat` in forward must join maps along their"),
        (Returns("torch.add(x, x, alpha=0.1)"), "`add` in forward is not among the layers"),
    ],
)
def test_what_cannot_be_described_is_one_sentence(module, message):
    with pytest.raises(InputError, match=message):
        from_module(module, (3, 8, 8))


@pytest.mark.parametrize(
    ("name", "message"),
    [("vit_b_16", "which layers here cannot express"), ("resnet19", "which torchvision does not have")],
)
def test_other_names_are_one_sentence(name, message):
    with pytest.raises(
        InputError, match=rf"`torchvision` \(='{name}', {message}\) must be one of alexnet, densenet121"
    ):
        torchvision_network(name)
