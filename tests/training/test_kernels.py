"""Each kernel against what PyTorch computes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from cnncore.training import kernels
from cnncore.training.batches import TrainBatch
from cnncore.training.kernels.compiler import MISSING
from cnncore.training.metrics import batch_sums
from cnncore.training.step import objective

ROOT = Path(__file__).parents[2]
# (N, C, H, W), kernel, padding, ceil_mode, ReLU: rows behind the last window, odd channels, more than a program takes.
# Each of them is compiled on its own where they are: no more than it takes.
POOLS = [
    ((3, 5, 7, 6), 2, 0, False, True),
    ((2, 7, 7, 7), 2, 0, True, False),
    ((2, 130, 5, 9), 2, 1, False, True),
    ((2, 32, 9, 10), 3, 0, False, True),
]
KINDS = [torch.float32, torch.bfloat16]


def last(tensor):
    return tensor.contiguous(memory_format=torch.channels_last)


def random(device, *shape, kind=torch.float32):
    tensor = torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape))).to(device, kind)
    return last(tensor) if len(shape) == 4 else tensor


def near(ours, theirs, kind, least=1e-5):
    """Assert that two tensors differ by rounding of `kind`."""
    error = (ours.float() - theirs.float()).norm() / theirs.float().norm().clamp_min(1e-12)
    assert error < (least if kind == torch.float32 else 2e-2), float(error)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("shape", "kernel", "padding", "ceil_mode", "relu"), POOLS)
def test_a_pool_with_bias_and_relu(kernel_device, shape, kernel, padding, ceil_mode, relu, kind):
    images, bias = random(kernel_device, *shape, kind=kind), random(kernel_device, shape[1])
    theirs = images.float().requires_grad_(), bias.clone().requires_grad_()
    expected = F.max_pool2d(theirs[0] + theirs[1][:, None, None], kernel, kernel, padding, ceil_mode=ceil_mode)
    expected = expected.relu() if relu else expected
    slope = random(kernel_device, *expected.shape, kind=kind)
    expected.backward(slope.float())
    pooled, chosen = kernels.pool(images, bias, relu=relu, kernel=kernel, padding=padding, ceil_mode=ceil_mode)
    behind = pooled if relu else None
    onward, parts = kernels.pool_backward(
        slope, behind, chosen, images.shape, bias=True, kernel=kernel, padding=padding
    )
    near(pooled, expected, kind)
    near(onward, theirs[0].grad, kind)
    near(kernels.added(parts), theirs[1].grad, kind)


def test_of_equal_values_the_first_is_taken_and_what_is_no_number_stays(kernel_device):
    images = last(torch.zeros(1, 1, 2, 4, device=kernel_device))
    images[0, 0, 1, 2] = torch.nan
    pooled, chosen = kernels.pool(images, None, relu=True, kernel=2, padding=0, ceil_mode=False)
    assert chosen.flatten().tolist() == [0, 2]
    assert pooled[0, 0, 0, 0] == 0
    assert pooled[0, 0, 0, 1].isnan()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("shape", "kernel", "padding", "ceil_mode", "relu"), POOLS)
def test_a_pool_behind_a_batch_norm(kernel_device, shape, kernel, padding, ceil_mode, relu, kind):
    channels = shape[1]
    images = last((random(kernel_device, *shape) * 2 + 5).to(kind))  # a mean that is large beside the spread
    weight, bias, shift = (random(kernel_device, channels) + place for place in range(3))
    running = torch.zeros(channels, device=kernel_device), torch.ones(channels, device=kernel_device)
    expected_running = [value.clone() for value in running]
    updates = torch.tensor(6, device=kernel_device)
    theirs = [value.float().requires_grad_() for value in (images, weight, bias)]
    normal = F.batch_norm(theirs[0] + shift[:, None, None], *expected_running, *theirs[1:], True, 0.1, 1e-5)
    expected = F.max_pool2d(normal, kernel, kernel, padding, ceil_mode=ceil_mode)
    expected = expected.relu() if relu else expected
    slope = random(kernel_device, *expected.shape, kind=kind)
    expected.backward(slope.float())

    mean, scale = kernels.statistics(images, shift, *running, updates, momentum=0.1, eps=1e-5)
    window = {"kernel": kernel, "padding": padding}
    pooled, chosen, peaks = kernels.norm_pool(
        images, mean, scale, weight, bias, relu=relu, ceil_mode=ceil_mode, **window
    )
    behind = pooled if relu else None
    onward, sums = kernels.norm_pool_backward(slope, behind, chosen, peaks, images, mean, scale, weight, **window)
    near(pooled, expected, kind, 1e-4)
    near(onward, theirs[0].grad, kind, 1e-3)
    near(sums[0], theirs[2].grad, kind, 1e-4)
    near(sums[1], theirs[1].grad, kind, 1e-4)
    assert updates == 7
    for ours, other in zip(running, expected_running, strict=True):
        near(ours, other, torch.float32)


def test_statistics_of_more_rows_than_a_part_has(kernel_device):
    images = last(random(kernel_device, 6, 3, 40, 41) + 100)
    running = torch.zeros(3, device=kernel_device), torch.ones(3, device=kernel_device)
    updates = torch.tensor(0, device=kernel_device)
    mean, scale = kernels.statistics(images, None, *running, updates, momentum=1.0, eps=1e-9)
    near(mean, images.mean((0, 2, 3)), torch.float32, 1e-6)
    near(scale, 1 / images.double().std((0, 2, 3), correction=0), torch.float32)
    near(running[1], images.double().var((0, 2, 3)), torch.float32)


@pytest.mark.parametrize(("kernel", "stride", "padding", "columns"), [(5, 1, 2, 80), (2, 1, 0, 16), (3, 2, 1, 32)])
def test_a_product_with_patches_is_a_convolution(kernel_device, kernel, stride, padding, columns):
    images, filters = random(kernel_device, 3, 3, 9, 8), random(kernel_device, 6, 3, kernel, kernel)
    expected = F.conv2d(images.double(), filters.double(), stride=stride, padding=padding)
    patches = last(torch.full((3, columns, *expected.shape[2:]), 7.0, device=kernel_device))
    kernels.patches(last(F.pad(images, (padding,) * 4)), patches, kernel=kernel, stride=stride)
    matrix = F.pad(filters.permute(0, 2, 3, 1).flatten(1), (0, columns - filters[0].numel()))
    near(torch.einsum("nkhw,fk->nfhw", patches.double(), matrix.double()), expected, torch.float32)
    assert not patches[:, filters[0].numel() :].any()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize(("count", "classes"), [(5, 10), (300, 7), (7, 3), (20, 200)])
def test_loss_and_metrics(kernel_device, count, classes, mixed, kind):
    # A part of a wider tensor, as a last layer with more outputs gives it.
    logits = (random(kernel_device, count, classes + 6) * 3).to(kind)[:, :classes]
    labels = torch.arange(count, device=kernel_device) * 7 % classes
    share = torch.linspace(0, 1, count, device=kernel_device) if mixed else None
    theirs = logits.float().requires_grad_()
    batch = TrainBatch(theirs, labels, share)
    loss = objective(theirs, batch, 0.1)
    loss.backward()
    gradient, sums = kernels.cross_entropy(logits, labels, share, smoothing=0.1, top=5)
    expected = batch_sums(theirs, labels, loss, share)
    near(gradient, theirs.grad, kind)
    near(sums[:1], expected[:1], torch.float32)
    if kind == torch.float32:  # else some logits are equal, and PyTorch takes any of them
        near(sums[1:], expected[1:], torch.float32)


def test_logits_may_lie_in_memory_as_they_like(kernel_device):
    logits, labels = random(kernel_device, 6, 9).t(), torch.arange(9, device=kernel_device) % 6
    found = kernels.cross_entropy(logits, labels, None, smoothing=0.0, top=5)
    expected = kernels.cross_entropy(logits.contiguous(), labels, None, smoothing=0.0, top=5)
    assert all(torch.equal(ours, theirs) for ours, theirs in zip(found, expected, strict=True))


def test_of_equal_logits_the_first_counts_as_the_larger(kernel_device):
    logits = torch.tensor([[1.0, 1.0, 0.0]] * 3, device=kernel_device)
    labels = torch.tensor([0, 1, 2], device=kernel_device)
    _, sums = kernels.cross_entropy(logits, labels, None, smoothing=0.0, top=2)
    assert sums[1:].tolist() == [1, 2]


@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")  # numpy's, in the interpreter
@pytest.mark.parametrize("wrong", [torch.nan, torch.inf])
def test_a_logit_that_is_no_number_makes_a_loss_that_is_none(kernel_device, wrong):
    logits = torch.zeros(4, 3, device=kernel_device)
    logits[1, 2] = wrong
    labels = torch.zeros(4, dtype=torch.long, device=kernel_device)
    assert not kernels.cross_entropy(logits, labels, None, smoothing=0.0, top=5)[1][0].isfinite()


@pytest.mark.parametrize(("momentum", "nesterov", "decay"), [(0.0, False, 0.0), (0.9, False, 0.01), (0.9, True, 0.05)])
def test_descent_is_that_of_pytorch(kernel_device, momentum, nesterov, decay):
    shapes = [(3,), (2100,), (10, 7), (4, 3, 5, 5), (1,), (5,), (6,), (7,), (4097,), (2, 2)]  # more than one launch has
    ours = [random(kernel_device, *shape) for shape in shapes]
    theirs = [torch.nn.Parameter(value.clone()) for value in ours]
    momenta = [torch.zeros_like(value) for value in ours] if momentum else None
    optimizer = torch.optim.SGD(theirs, lr=0.1, momentum=momentum, nesterov=nesterov, weight_decay=decay)
    rate = torch.tensor(0.1, device=kernel_device)
    for step in range(2):
        gradients = [value * (step + 1) + 0.5 for value in ours]
        for parameter, gradient in zip(theirs, gradients, strict=True):
            parameter.grad = gradient.clone()
        optimizer.step()
        kernels.descend(ours, gradients, momenta, rate, decay=decay, momentum=momentum, nesterov=nesterov)
        for value, parameter in zip(ours, theirs, strict=True):
            near(value, parameter, torch.float32, 1e-6)


@pytest.mark.skipif(bool(MISSING), reason=MISSING)
def test_every_kernel_compiles_for_an_old_and_a_new_card(tmp_path):
    """What the interpreter lets pass the compiler may not; it needs no GPU."""
    environment = dict(os.environ) | {"TRITON_INTERPRET": "0", "TRITON_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "tests.training.kernels_compiled", "75", "90"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["24"]


WITHOUT_TRITON = """
import sys

sys.modules["triton"] = None
import torch
from cnncore.training import kernels, trainer

kernels.why_not.__wrapped__(torch.device("cuda", 0)) == kernels.MISSING or sys.exit("it should be missed")
print(kernels.MISSING)
"""


def test_without_triton_all_can_be_imported_and_it_is_said():
    done = subprocess.run([sys.executable, "-c", WITHOUT_TRITON], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Triton cannot be imported (")


def test_why_there_are_none():
    assert kernels.why_not(torch.device("cpu")) == "the kernels are CUDA's"


def test_what_cannot_be_compiled_is_said_in_one_line(monkeypatch):
    def refused(*_, **__):
        raise RuntimeError("Failed to find C compiler.\nPlease specify via CC environment variable.")

    monkeypatch.setattr(kernels, "MISSING", "")
    monkeypatch.setattr(kernels, "pool", refused)
    monkeypatch.setattr(kernels.torch, "arange", lambda *_, **__: torch.zeros(32))
    said = kernels.why_not.__wrapped__(torch.device("cuda", 0))
    assert said == (
        "Triton, which wants a C compiler and Python's headers, cannot compile (Failed to find C compiler.)"
    )
