"""A run's state between two updates: all that the next one reads and changes, and nothing of how it is reported."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from cnncore.architecture import describe
from cnncore.architecture.build import build
from cnncore.data.images import ImageData
from cnncore.data.standardize import Standardize
from cnncore.events import Epoch
from cnncore.training.average import Average
from cnncore.training.batches import Batches
from cnncore.training.checkpoint import Checkpoint
from cnncore.training.config import DeviceChoice, RunConfig
from cnncore.training.device import layout
from cnncore.training.fused import fused
from cnncore.training.initial import freeze, initialize
from cnncore.training.memory import check_memory
from cnncore.training.network import check_batches, network_of
from cnncore.training.optimizers import optimizer_of
from cnncore.training.pool_first import pool_first
from cnncore.training.schedule import Plateau
from cnncore.training.split import size_of_train


@dataclass(frozen=True, eq=False)  # modules do not compare
class State:
    """The data and the network of a run on their device, the optimizer with its own state, averages and plateau.

    `last` is the last complete epoch, None before the first; `lr_factor` multiplies the schedule, as set by hand.
    """

    batches: Batches
    model: nn.Sequential
    optimizer: torch.optim.Optimizer
    average: Average
    plateau: Plateau
    last: Epoch | None = None
    lr_factor: float = 1.0


def state_of(
    config: RunConfig,
    data: ImageData,
    device: torch.device,
    saved: Checkpoint | None = None,
    standardize: Standardize | None = None,
    as_drawn: bool = False,
) -> State:
    """Return the state in which the run of `config` begins, or goes on from what was `saved`, on `device`.

    The initial weights are drawn from the seed. A standardization that was fitted before is reused: the saved one, else
    `standardize`. The device may differ from that of the checkpoint. `as_drawn` is for those who inspect the network:
    each ReLU stays before its max pool, and the numbers are the same. An `InputError` where the weights need more
    memory than there is, and where a batch of one image cannot be normalized, see `check_memory` and `check_batches`.
    """
    network = network_of(config, data.shape, len(data.classes))
    # With the device that was chosen: for `auto` less is known of what the machine's memory will hold.
    check_memory(replace(config, device=DeviceChoice(device.type)), network.name, describe(network).parameters)
    check_batches(config, network, size_of_train(config, len(data.train_labels)))
    torch.manual_seed(config.seed)
    model = build(network) if as_drawn else fused(pool_first(build(network)), device)
    model = model.to(device, memory_format=layout(device))  # type: ignore[call-overload]  # torch's stub omits it
    if saved and saved.standardize:
        standardize = Standardize.from_state(saved.standardize)
    batches = Batches.of(config, data, device, standardize)
    if saved is None:  # else all weights are the checkpoint's
        initialize(config, model, batches)
    freeze(config, model)
    optimizer = optimizer_of(config, model)
    average = Average(config, model, len(batches))
    plateau = Plateau.of(config)
    if saved is None:
        return State(batches, model, optimizer, average, plateau)
    model.load_state_dict(saved.model)
    # Each parameter's state comes from the checkpoint, the settings from this device: an optimizer that was fused or
    # capturable on CUDA cannot be so elsewhere.
    optimizer.load_state_dict(saved.optimizer | {"param_groups": optimizer.state_dict()["param_groups"]})
    average.restore(saved.averaged, saved.last.step)
    plateau.restore(saved.plateau)
    return State(batches, model, optimizer, average, plateau, saved.last, saved.lr_factor)


def seed_dropout(config: RunConfig, epoch: int) -> None:
    """Seed torch's generator for `epoch`, so that its dropout depends on no other epoch."""
    torch.manual_seed(int(np.random.SeedSequence([config.seed, epoch]).generate_state(1)[0]))
