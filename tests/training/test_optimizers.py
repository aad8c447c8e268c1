"""Each optimizer against its formula, written out for one weight."""

import copy
import math
import subprocess
import sys

import pytest
import torch

from cnncore.training.config import Optimizer, RunConfig
from cnncore.training.optimizers import bare, optimizer_of, set_rate

GRADIENTS = [0.5, -1.0, 2.0, 0.25, 0.0, -0.75]
RATES = [0.1, 0.1, 0.05, 0.05, 0.2, 0.2]  # moves, as a schedule does


def sgd(w, momentum=0.0, nesterov=False, decay=0.0):
    v = None
    for g, lr in zip(GRADIENTS, RATES, strict=True):
        g += decay * w
        v = g if v is None else momentum * v + g
        w -= lr * (g + momentum * v if nesterov else v)
    return w


def rmsprop(w, momentum=0.0):
    square, v = 0.0, 0.0
    for g, lr in zip(GRADIENTS, RATES, strict=True):
        square = 0.99 * square + 0.01 * g * g
        v = momentum * v + g / (math.sqrt(square) + 1e-8)
        w -= lr * v
    return w


def adam(w, decay=0.0, decoupled=False):
    mean, square = 0.0, 0.0
    for t, (g, lr) in enumerate(zip(GRADIENTS, RATES, strict=True), start=1):
        if decoupled:
            w -= lr * decay * w
        else:
            g += decay * w
        mean, square = 0.9 * mean + 0.1 * g, 0.999 * square + 0.001 * g * g
        w -= lr * (mean / (1 - 0.9**t)) / (math.sqrt(square / (1 - 0.999**t)) + 1e-8)
    return w


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, sgd(0.7)),
        ({"weight_decay": 0.1}, sgd(0.7, decay=0.1)),
        ({"momentum": 0.9}, sgd(0.7, 0.9)),
        ({"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}, sgd(0.7, 0.9, True, 0.1)),
        ({"optimizer": Optimizer.RMSPROP}, rmsprop(0.7)),
        ({"optimizer": Optimizer.RMSPROP, "momentum": 0.5}, rmsprop(0.7, 0.5)),
        ({"optimizer": Optimizer.ADAM, "weight_decay": 0.1}, adam(0.7, 0.1)),
        ({"optimizer": Optimizer.ADAMW, "weight_decay": 0.1}, adam(0.7, 0.1, True)),
    ],
    ids=str,
)
def test_an_optimizer_is_its_formula(settings, expected):
    model = torch.nn.Linear(1, 1, bias=False).double()
    model.weight.data.fill_(0.7)
    optimizer = optimizer_of(RunConfig(lr=1.0, **settings), model)
    for gradient, lr in zip(GRADIENTS, RATES, strict=True):
        set_rate(optimizer, lr)
        model.weight.grad = torch.full_like(model.weight, gradient)
        optimizer.step()
    assert model.weight.item() == pytest.approx(expected, rel=1e-9)


def test_a_rate_that_is_a_tensor_is_set_in_place():
    rate = torch.tensor(0.1)
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=rate)
    set_rate(optimizer, 0.03)
    assert optimizer.param_groups[0]["lr"] is rate
    assert rate.item() == pytest.approx(0.03)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
@pytest.mark.parametrize("kind", list(Optimizer))
def test_on_cuda_the_rate_lives_on_the_device_and_moves_the_weights(kind):
    model = torch.nn.Linear(1, 1).cuda()
    optimizer = optimizer_of(RunConfig(optimizer=kind), model)
    assert optimizer.param_groups[0]["lr"].device.type == "cuda"
    moved = []
    for lr in (0.0, 0.1):
        before = model.weight.item()
        set_rate(optimizer, lr)
        model.weight.grad = torch.ones_like(model.weight)
        model.bias.grad = torch.ones_like(model.bias)
        optimizer.step()
        moved.append(abs(model.weight.item() - before))
    assert moved[0] == 0
    assert moved[1] > 0.01


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_on_cuda_grouped_descent_is_pytorchs_and_goes_on_from_its_state():
    config = RunConfig(lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01)
    models = [torch.nn.Sequential(torch.nn.Linear(70, 40), torch.nn.Linear(40, 7)).cuda() for _ in range(2)]
    models[1].load_state_dict(models[0].state_dict())
    ours = optimizer_of(config, models[0])
    theirs = torch.optim.SGD(models[1].parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01)
    for step in range(4):
        for model, optimizer in zip(models, (ours, theirs), strict=True):
            for parameter in model.parameters():
                parameter.grad = parameter.detach() * (step - 1) + 0.1
            optimizer.step()
        if step == 1:  # a checkpoint written by one is read by the other
            kept = copy.deepcopy(theirs.state_dict())  # as a file's, whose buffers are nobody else's
            ours.load_state_dict(kept | {"param_groups": ours.state_dict()["param_groups"]})
    for mine, other in zip(models[0].parameters(), models[1].parameters(), strict=True):
        assert torch.allclose(mine, other, atol=1e-6)


KINDS = {
    torch.optim.SGD: {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
    torch.optim.RMSprop: {"lr": 0.01, "momentum": 0.9},
    torch.optim.Adam: {"lr": 0.01},
    torch.optim.AdamW: {"lr": 0.01, "weight_decay": 0.1},
}


@pytest.mark.parametrize("kind", KINDS)
def test_bare_optimizers_compute_what_torchs_do_and_share_their_state(kind):
    weights = [torch.linspace(-1, 1, 12).requires_grad_() for _ in range(2)]
    theirs, ours = (maker([weight], **KINDS[kind]) for maker, weight in zip((kind, bare(kind)), weights, strict=True))
    seen = []
    ours.register_step_pre_hook(lambda *_: seen.append(True))
    for step in range(4):
        for weight, optimizer in zip(weights, (theirs, ours), strict=True):
            optimizer.zero_grad()
            (weight.pow(2) * torch.arange(12)).sum().backward()
            optimizer.step()
        if step == 1:
            ours.load_state_dict(copy.deepcopy(theirs.state_dict()))  # else they would share their buffers
        assert torch.equal(*weights)
    assert len(seen) == 4
    assert ours.state_dict()["state"].keys() == theirs.state_dict()["state"].keys()
    assert isinstance(ours, kind)


TRAINED = """
import sys
import torch
KEEP
from cnncore.training.config import RunConfig
from cnncore.training.trainer import train
list(train(RunConfig(dataset="tiny", network="classroom", epochs=1, batch_size=32, device="DEVICE", optimizer="KIND")))
print("torch._dynamo" in sys.modules)
"""
AS_IT_COMES = "import cnncore.training.optimizers as o; o.bare = lambda kind: kind"


def trained(kind, device="cpu", keep=""):
    """Train in a process of its own, and return whether it says that torch's compiler was imported."""
    code = TRAINED.replace("KIND", kind).replace("DEVICE", device).replace("KEEP", keep)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip() == "True"


@pytest.mark.parametrize("kind", list(Optimizer))
def test_a_run_never_imports_torchs_compiler(tiny, kind):
    assert not trained(kind)


def test_and_it_would_with_torchs_own_classes(tiny):
    assert trained("sgd", keep=AS_IT_COMES)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_on_cuda_it_does_not_either(tiny):
    assert not trained("sgd", "cuda")
