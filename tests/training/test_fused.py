"""A fused network against the very modules that it holds."""

import copy
import subprocess
import sys
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cnncore.architecture.build import build
from cnncore.training import kernels
from cnncore.training.average import Average
from cnncore.training.batches import Batches
from cnncore.training.config import RunConfig, Standardization
from cnncore.training.fused import Fused, beside, fused
from cnncore.training.graph import GraphStep
from cnncore.training.network import network_of
from cnncore.training.optimizers import optimizer_of
from cnncore.training.pool_first import pool_first
from cnncore.training.presets import PRESETS
from cnncore.training.side import Inline
from cnncore.training.step import EagerStep
from tests.conftest import tiny_images
from tests.training.test_graph import Played

CPU = torch.device("cpu")


def network(name):
    """Return a small network as it is trained: one of the course's, or one that has what those have not."""
    torch.manual_seed(3)
    if name == "odd":
        layers = OrderedDict(
            first=nn.Conv2d(3, 8, 3, padding=1),
            first_relu=nn.ReLU(inplace=True),  # behind a convolution alone, in place
            norm=nn.BatchNorm2d(8),
            second=nn.Conv2d(8, 8, 3, bias=False),
            pool=nn.MaxPool2d(3),
            flat=nn.Flatten(),
            dense=nn.Linear(72, 10),
            dense_relu=nn.ReLU(inplace=True),
            last=nn.Linear(10, 7),
        )
        return nn.Sequential(layers).to(memory_format=torch.channels_last)
    config = replace(PRESETS[name], dropout=0.0, augment=(), network="classroom")
    return pool_first(build(network_of(config, (3, 12, 12), 7))).to(memory_format=torch.channels_last)


def trained(model, images):
    """Return the logits of a training pass, with every gradient set."""
    model.train()
    model.zero_grad(set_to_none=True)
    logits = model(images)
    F.cross_entropy(logits.float(), torch.arange(len(images), device=images.device) % 7).backward()
    return logits


def off(ours, theirs):
    ours, theirs = ours.detach().float(), theirs.detach().float()
    return float((ours - theirs).norm() / theirs.norm().clamp_min(1e-9))


@pytest.fixture
def images():
    drawn = torch.randn(5, 3, 12, 12, generator=torch.Generator().manual_seed(1))
    return drawn.contiguous(memory_format=torch.channels_last)


NAMES = ["figure-6", "figure-9", "odd"]


@pytest.mark.parametrize("name", NAMES)
def test_without_kernels_it_computes_what_its_modules_do(images, name):
    plain = network(name)
    ours = Fused(OrderedDict(copy.deepcopy(plain).named_children()), with_kernels=False)
    assert torch.equal(trained(ours, images), trained(plain, images))
    for (key, theirs), mine in zip(plain.named_parameters(), ours.parameters(), strict=True):
        assert torch.allclose(mine.grad, theirs.grad, atol=1e-6), key
        assert mine.grad.stride() == mine.stride(), key


@pytest.mark.parametrize("name", NAMES)
def test_with_kernels_it_does_but_for_rounding(kernel_device, images, name):
    plain = network(name).to(kernel_device)
    ours = Fused(OrderedDict(copy.deepcopy(plain).named_children()))
    images = images.to(kernel_device)
    assert off(trained(ours, images), trained(plain, images)) < 1e-5
    assert list(ours.state_dict()) == list(plain.state_dict())
    followed = {key: theirs.grad for key, theirs in plain.named_parameters() if theirs.grad.norm() > 1e-5}
    for key, mine in ours.named_parameters():
        if key in followed:
            assert off(mine.grad, followed[key]) < 1e-4, key
        else:  # a batch norm takes this bias out again: PyTorch finds what rounding leaves, here it is nothing
            assert not mine.grad.any(), key
        assert mine.grad.stride() == mine.stride(), key
    for (key, theirs), mine in zip(plain.named_buffers(), ours.buffers(), strict=True):
        assert off(mine, theirs) < 1e-5, key
    ours.load_state_dict(plain.state_dict())
    for model in (plain, ours, copy.deepcopy(ours)):
        model.eval()
        with torch.inference_mode():
            assert off(model(images), plain(images)) < 1e-5


def test_which_layers_are_taken_together():
    def named(block):
        return block.convolution, block.norm, block.pool, block.relu, block.dense, block.other

    layers = OrderedDict(network("figure-9").named_children())
    together = [named(block) for block in Fused(layers)._blocks]
    assert together[0] == ("conv1", "bn-conv1", "pool1", True, "", "")
    assert [block[-1] or block[-2] for block in together[3:]] == ["flatten13", "fc4", "relu15", "fc5"]
    apart = [named(block) for block in Fused(layers, with_kernels=False)._blocks]
    assert apart[:2] == [("conv1", "", "", False, "", ""), ("", "", "", False, "", "bn-conv1")]


@pytest.mark.parametrize(
    "pool",
    [nn.MaxPool2d(3, 2), nn.MaxPool2d(2, dilation=2), nn.MaxPool2d((2, 1)), nn.AvgPool2d(2), nn.MaxPool2d(4)],
    ids=["overlapping", "dilated", "oblong", "average", "large"],
)
def test_other_pools_stay_as_they_are(pool):
    blocks = Fused(OrderedDict(conv=nn.Conv2d(3, 4, 3), pool=pool))._blocks
    assert [(block.convolution, block.pool, block.other) for block in blocks] == [("conv", "", ""), ("", "", "pool")]


def test_a_batch_norm_without_fixed_momentum_stays_as_it_is():
    for norm in (nn.BatchNorm2d(4, momentum=None), nn.BatchNorm2d(4, affine=False)):
        blocks = Fused(OrderedDict(conv=nn.Conv2d(3, 4, 3), norm=norm, pool=nn.MaxPool2d(2)))._blocks
        assert [block.norm for block in blocks] == ["", "", ""]


def test_what_takes_patches_and_what_does_not(images):
    def taken(layer):
        return Fused(OrderedDict(conv=layer)).takes(images)[1]

    patches = taken(nn.Conv2d(3, 8, 5, stride=2, padding=2))
    assert patches is not None
    assert (patches.kernel, patches.stride, patches.padding, patches.shape) == (5, 2, 2, (80, 6, 6))
    for layer in (
        nn.Conv2d(3, 8, 1),  # the image is its own patches
        nn.Conv2d(3, 8, 7),  # too large
        nn.Conv2d(3, 8, (3, 5)),
        nn.Conv2d(3, 6, 3, groups=3),
        nn.Conv2d(3, 8, 3, dilation=2),
        nn.Conv2d(3, 8, 3, padding="same"),
    ):
        assert taken(layer) is None
    assert Fused(OrderedDict(flat=nn.Flatten())).takes(images) == (torch.float32, None)


def test_patches_in_place_of_images_give_the_same(kernel_device, images):
    ours = Fused(OrderedDict(network("figure-6").to(kernel_device).named_children()))
    images = images.to(kernel_device)
    _, patches = ours.takes(images)
    place = torch.zeros(len(images), *patches.shape, device=kernel_device).contiguous(memory_format=torch.channels_last)
    grown = F.pad(images, (patches.padding,) * 4).contiguous(memory_format=torch.channels_last)
    kernels.patches(grown, place, kernel=patches.kernel, stride=patches.stride)
    expected, gradients = trained(ours, images), [parameter.grad for parameter in ours.parameters()]
    assert off(trained(ours, place), expected) < 1e-5
    for parameter, gradient in zip(ours.parameters(), gradients, strict=True):
        assert off(parameter.grad, gradient) < 1e-4


def test_in_16_bits_the_weights_are_rounded_once_and_their_gradients_are_in_32(images):
    plain = network("figure-6")
    ours = Fused(OrderedDict(copy.deepcopy(plain).named_children()), with_kernels=False)
    with torch.autocast("cpu", torch.bfloat16):
        found, expected = ours(images), plain(images)
    assert found.dtype == torch.bfloat16
    assert off(found, expected) < 1e-2
    found.float().sum().backward()
    assert {parameter.grad.dtype for parameter in ours.parameters()} == {torch.float32}


class Noted(Inline):
    """Writes down what is put beside."""

    def __init__(self):
        self.count = 0

    @contextmanager
    def beside(self, *_, early=False):
        self.count += not early
        yield


def test_gradients_of_weights_go_beside_where_another_gradient_follows(images):
    ours, side = Fused(OrderedDict(network("figure-6").named_children()), with_kernels=False), Noted()
    with beside(ours, side):
        trained(ours, images)
    assert side.count == 2 + 2  # two of three convolutions, two dense layers
    trained(ours, images)
    assert side.count == 4, "and only within the context"


def test_frozen_weights_get_no_gradient(images):
    ours = Fused(OrderedDict(network("odd").named_children()), with_kernels=False)
    ours.first.weight.requires_grad_(False)
    ours.dense.weight.requires_grad_(False)
    trained(ours, images)
    assert {key for key, value in ours.named_parameters() if value.grad is None} == {"first.weight", "dense.weight"}


def test_on_other_devices_the_model_stays_itself():
    model = network("odd")
    assert fused(model, CPU) is model


@pytest.mark.parametrize("batch_norm", [False, True])
def test_updates_with_everything_fused_are_the_plain_ones_but_for_rounding(kernel_device, batch_norm):
    data = tiny_images(train=35, test=7)
    config = RunConfig(
        dataset="tiny",
        network="classroom",
        batch_size=15,  # two full batches and a short one
        lr=0.05,
        momentum=0.9,
        label_smoothing=0.1,
        standardize=Standardization.CHANNEL,
        augment=PRESETS["figure-6"].augment[1:],
        batch_norm=batch_norm,
    )
    batches = Batches.of(config, data, kernel_device)
    found = []
    for with_kernels in (False, True):
        torch.manual_seed(1)
        model = pool_first(build(network_of(config, data.shape, 7))).to(memory_format=torch.channels_last)
        model = model.to(kernel_device).train()
        if with_kernels:
            model = Fused(OrderedDict(model.named_children()))
        optimizer = optimizer_of(config, model)
        average = Average(config, model, len(batches))
        step = (
            GraphStep(config, batches, model, optimizer, average, Played())
            if with_kernels
            else EagerStep(config, batches, model, optimizer, average)
        )
        for epoch in (1, 2):
            step.begin(epoch)
            found += [step(0.05).clone() for _ in range(3)]
    plain, ours = torch.stack(found[:6]), torch.stack(found[6:])
    assert torch.allclose(ours[:, 0], plain[:, 0], rtol=1e-3)
    assert torch.equal(ours[0], plain[0]) or off(ours[0], plain[0]) < 1e-5


GRADIENT = """
import sys
import torch
from cnncore.training.fused import Loss
from cnncore.training.fused.blocks import patches_under
patches_under(torch.nn.Conv2d(3, 8, 5, padding=2), torch.zeros(2, 3, 9, 9))
weight = torch.tensor([[1.0, 2.0]], requires_grad=True)
logits, gradient = 3 * weight, torch.tensor([[5.0, 7.0]])
BACKWARD
print(weight.grad.tolist(), "sympy" in sys.modules)
"""


@pytest.mark.parametrize(
    ("backward", "imported"),
    [("Loss.apply(logits, torch.ones(3)[0], gradient).backward()", False), ("logits.backward(gradient)", True)],
)
def test_a_given_gradient_goes_backward_and_autograd_does_not_import_sympy_for_it(backward, imported):
    code = GRADIENT.replace("BACKWARD", backward)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[0] == f"[[15.0, 21.0]] {imported}"
