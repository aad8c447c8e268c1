import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cnncore.architecture.build import build
from cnncore.architecture.catalogue import named_network
from cnncore.training.pool_first import pool_first


def an_update(model, inputs, labels):
    torch.manual_seed(1)  # dropout
    logits = model(inputs)
    F.cross_entropy(logits, labels).backward()
    return logits, [parameter.grad for parameter in model.parameters()]


@pytest.mark.parametrize(("name", "size"), [("practical", 32), ("classroom", 32), ("alexnet", 64)])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_not_a_bit_of_outputs_and_gradients_changes(name, size, layout):
    network = named_network(name, input=(3, size, size))
    inputs = torch.randn(8, *network.input).contiguous(memory_format=layout)
    labels = torch.arange(8)
    found = []
    for arrange in (lambda model: model, pool_first):
        torch.manual_seed(0)
        model = arrange(build(network)).to(memory_format=layout)
        found.append(an_update(model, inputs, labels))
    (logits, gradients), (other_logits, other_gradients) = found
    assert torch.equal(logits, other_logits)
    assert all(torch.equal(a, b) for a, b in zip(gradients, other_gradients, strict=True))


def test_windows_of_ties_and_of_nothing_above_zero_agree_too():
    values = torch.tensor([-2.0, -1.0, 0.0, 1.0, 2.0])
    inputs = values[torch.randint(5, (4, 3, 9, 9), generator=torch.Generator().manual_seed(0))]
    usual = nn.Sequential(nn.ReLU(), nn.MaxPool2d(3, 2, 1, ceil_mode=True))
    gradients = []
    for model in (usual, pool_first(usual)):
        leaf = inputs.clone().requires_grad_()
        (model(leaf) * torch.arange(1.0, 26.0).view(5, 5)).sum().backward()
        gradients.append(leaf.grad)
    assert torch.equal(*gradients)


def test_it_moves_only_a_relu_that_stands_before_a_max_pool_and_keeps_the_names():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AvgPool2d(2), nn.Tanh(), nn.MaxPool2d(2), nn.ReLU())
    assert list(pool_first(model).named_children()) == list(model.named_children())
    network = build(named_network("practical"))
    moved = pool_first(network)
    assert list(moved.state_dict()) == list(network.state_dict())
    assert [name for name, _ in moved.named_children()][:3] == ["conv1", "pool1", "relu2"]
