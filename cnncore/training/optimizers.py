"""torch.optim's optimizers as a run configures them."""

import torch
from torch import Tensor, nn

from cnncore.training.config import Optimizer, RunConfig


def optimizer_of(config: RunConfig, model: nn.Module) -> torch.optim.Optimizer:
    """Return the optimizer for all parameters of `model`, which are on their device already.

    On CUDA the learning rate is a tensor on the device, so that an update which was captured there sees it change, and
    the update is one fused kernel where torch has one; elsewhere it is a number, with which torch computes as ever.
    RMSprop and Adam keep torch's defaults: alpha 0.99, betas 0.9 and 0.999, eps 1e-8.
    """
    parameters = list(model.parameters())
    cuda = parameters[0].device.type == "cuda"
    lr = torch.tensor(config.lr, device=parameters[0].device) if cuda else config.lr
    decay = config.weight_decay
    match config.optimizer:
        case Optimizer.SGD:
            return torch.optim.SGD(
                parameters, lr, config.momentum, weight_decay=decay, nesterov=config.nesterov, fused=cuda or None
            )
        case Optimizer.RMSPROP:
            return torch.optim.RMSprop(parameters, lr, momentum=config.momentum, weight_decay=decay, capturable=cuda)
        case Optimizer.ADAM:
            return torch.optim.Adam(parameters, lr, weight_decay=decay, fused=cuda or None, capturable=cuda)
        case Optimizer.ADAMW:
            return torch.optim.AdamW(parameters, lr, weight_decay=decay, fused=cuda or None, capturable=cuda)


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Set the learning rate of the next update, in place where it is a tensor."""
    for group in optimizer.param_groups:
        if isinstance(group["lr"], Tensor):
            group["lr"].fill_(rate)
        else:
            group["lr"] = rate
