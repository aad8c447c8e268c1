"""torch.optim's optimizers as a run configures them, and the parts of a network that learn at a rate of their own."""

import inspect
from collections.abc import Iterator
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from cnncore.training import kernels
from cnncore.training.config import Optimizer, RunConfig

_Kind = TypeVar("_Kind", bound=torch.optim.Optimizer)
_WRAPPED = ("add_param_group", "zero_grad", "state_dict", "load_state_dict")
_RATE = "rate"  # of a group of parameters: what the learning rate is multiplied by


def optimizer_of(config: RunConfig, model: nn.Module) -> torch.optim.Optimizer:
    """Return the optimizer for all parameters of `model`, which are on their device already.

    On CUDA the learning rate is a tensor on the device, so that a recorded update sees it change, and the update is one
    fused kernel where torch has one; elsewhere it is a plain number, torch's default.
    RMSprop and Adam keep torch's defaults: alpha 0.99, betas 0.9 and 0.999, eps 1e-8.
    """
    device = next(model.parameters()).device
    cuda = device.type == "cuda"
    groups = list(_groups(config, model))
    for group in groups:
        lr = config.lr * group[_RATE]
        group["lr"] = torch.tensor(lr, device=device) if cuda else lr
    match config.optimizer:
        case Optimizer.SGD:
            kind = GroupedSGD if cuda and not kernels.why_not(device) else torch.optim.SGD
            return bare(kind)(groups, momentum=config.momentum, nesterov=config.nesterov, fused=cuda or None)
        case Optimizer.RMSPROP:
            return bare(torch.optim.RMSprop)(groups, momentum=config.momentum, capturable=cuda)
        case Optimizer.ADAM:
            return bare(torch.optim.Adam)(groups, fused=cuda or None, capturable=cuda)
        case Optimizer.ADAMW:
            return bare(torch.optim.AdamW)(groups, fused=cuda or None, capturable=cuda)


def bare(kind: type[_Kind]) -> type[_Kind]:
    """Return an optimizer's class without what torch wraps around its methods for `torch.compile`.

    Nothing is compiled here, and the bare methods compute the same. The wrappers import `torch._dynamo` and with it
    eight hundred modules: most of the time from a trainer's import to its first update (`benchmarks/first_update.py`).
    """
    methods = {name: inspect.unwrap(getattr(kind, name)) for name in _WRAPPED}
    return type(kind.__name__, (kind,), methods | {"step": torch.no_grad()(inspect.unwrap(kind.step))})


class GroupedSGD(torch.optim.SGD):
    """torch.optim.SGD with a step whose kernels share the work of a large tensor among more of the device.

    PyTorch's fused step gives 65,536 numbers to a block, and a million of them keep sixteen of an H200's 132
    multiprocessors busy: 19 microseconds of an update of 250. State and settings are the other's.
    """

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]  # nobody here has a closure
        """Make one update of all parameters that have a gradient."""
        assert closure is None, "an update's loss is known before"
        for group in self.param_groups:
            known = [parameter for parameter in group["params"] if parameter.grad is not None]
            if not known:
                continue
            momenta = None
            if group["momentum"]:
                momenta = [self._momentum(parameter) for parameter in known]
            settings = {"decay": group["weight_decay"], "momentum": group["momentum"], "nesterov": group["nesterov"]}
            kernels.descend(known, [parameter.grad for parameter in known], momenta, group["lr"], **settings)

    def _momentum(self, parameter: Tensor) -> Tensor:
        state = self.state[parameter]
        if state.get("momentum_buffer") is None:
            state["momentum_buffer"] = torch.zeros_like(parameter)
        return state["momentum_buffer"]  # type: ignore[no-any-return]  # torch types no state


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Set the learning rate of the next update, in place where it is a tensor."""
    for group in optimizer.param_groups:
        if isinstance(group["lr"], Tensor):
            group["lr"].fill_(rate * group.get(_RATE, 1.0))
        else:
            group["lr"] = rate * group.get(_RATE, 1.0)


def last_dense(model: nn.Module) -> nn.Linear:
    """Return the dense layer that puts out the logits."""
    return [module for module in model.modules() if isinstance(module, nn.Linear)][-1]


def _groups(config: RunConfig, model: nn.Module) -> Iterator[dict[str, Any]]:
    """Yield the parameters that share a rate and a weight decay; all in one, in the model's order, as a rule.

    `norm_bias_rate` multiplies the learning rate of batch norms' biases and divides their weight decay: an update
    shrinks them as it shrinks all others (Page 2019, Jordan 2024).

    `logit_scale` s is exact for SGD: logits s (V x + c) with V and c that learn at rate r and decay d are the logits
    W x + b of weights that begin s times smaller, as W = s V, and learn at rate s^2 r with decay d / s^2. So the last
    dense layer is all that changes, and whoever reads its weights reads the logits' own. Page (2018) takes 1/8.
    """
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    biases = [norm.bias for norm in norms] if config.norm_bias_rate != 1 else []
    head = list(last_dense(model).parameters()) if config.logit_scale != 1 else []
    own = {id(parameter) for parameter in (*biases, *head)}
    others = [parameter for parameter in model.parameters() if id(parameter) not in own]
    for parameters, rate in ((others, 1.0), (biases, config.norm_bias_rate), (head, config.logit_scale**2)):
        if parameters:
            yield {"params": parameters, _RATE: rate, "weight_decay": config.weight_decay / rate}
