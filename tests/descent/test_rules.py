import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncore.descent.rules import Constants, Memory, Rule, effective_rate, step
from cnncore.errors import InputError

TORCH = {
    Rule.SGD: lambda p, lr, _: torch.optim.SGD(p, lr=lr),
    Rule.MOMENTUM: lambda p, lr, c: torch.optim.SGD(p, lr=lr, momentum=c.momentum),
    Rule.NESTEROV: lambda p, lr, c: torch.optim.SGD(p, lr=lr, momentum=c.momentum, nesterov=True),
    Rule.RMSPROP: lambda p, lr, c: torch.optim.RMSprop(p, lr=lr, alpha=c.alpha, eps=c.epsilon),
    Rule.ADAM: lambda p, lr, c: torch.optim.Adam(p, lr=lr, betas=c.betas, eps=c.epsilon),
    Rule.ADAMW: lambda p, lr, c: torch.optim.AdamW(p, lr=lr, betas=c.betas, eps=c.epsilon, weight_decay=c.weight_decay),
}


@pytest.mark.parametrize("rule", list(Rule))
@pytest.mark.parametrize("decay", [1.0, 0.9])
def test_every_step_is_pytorchs(rule, decay):
    constants = Constants(momentum=0.8, weight_decay=0.1)
    rng = np.random.default_rng(0)
    weights = rng.standard_normal((3, 2))
    memory = Memory.empty(weights)
    theirs = torch.from_numpy(weights.copy()).requires_grad_()
    optimizer = TORCH[rule]([theirs], 0.1, constants)
    for number in range(40):
        gradient = rng.standard_normal((3, 2))
        rate = 0.1 * decay**number
        weights, memory = step(rule, weights, gradient, rate, memory, constants)
        optimizer.param_groups[0]["lr"] = rate
        theirs.grad = torch.from_numpy(gradient)
        optimizer.step()
        np.testing.assert_allclose(weights, theirs.detach().numpy(), rtol=1e-10, atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 0.95), st.floats(1e-3, 10))
def test_a_steady_gradient_is_worth_the_effective_rate(momentum, lr):
    weights = np.zeros(1)
    memory = Memory.empty(weights)
    constants = Constants(momentum=momentum)
    for _ in range(600):
        before = weights
        weights, memory = step(Rule.MOMENTUM, weights, np.ones(1), lr, memory, constants)
    assert (before - weights)[0] == pytest.approx(effective_rate(lr, momentum), rel=1e-6)


def test_two_steps_of_momentum_worked_out_on_paper():
    weights, memory = step(Rule.MOMENTUM, np.array([1.0]), np.array([2.0]), 0.1, Memory.empty(np.ones(1)))
    assert weights[0] == pytest.approx(0.8)
    weights, _ = step(Rule.MOMENTUM, weights, np.array([1.0]), 0.1, memory)
    assert weights[0] == pytest.approx(0.8 - 0.1 * (0.9 * 2 + 1))


def test_what_cannot_be_is_a_sentence():
    with pytest.raises(InputError, match=r"`momentum` \(=1\)"):
        Constants(momentum=1)
    with pytest.raises(InputError, match=r"`weight_decay` \(=2\)"):
        Constants(weight_decay=2)
    with pytest.raises(InputError, match=r"`momentum` \(=1.0\)"):
        effective_rate(0.1, 1.0)
