"""Everything that a run trains with, on its device: made anew, or taken up where a checkpoint left it."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from cnncore.architecture.build import build
from cnncore.data.prepared import load
from cnncore.data.standardize import Standardize
from cnncore.errors import InputError
from cnncore.events import Epoch, Started
from cnncore.training.average import Average
from cnncore.training.batches import Batches
from cnncore.training.checkpoint import Checkpoint
from cnncore.training.config import RunConfig
from cnncore.training.device import choose_device, set_precision
from cnncore.training.evaluation import Evaluator
from cnncore.training.graph import evaluator_of, step_of
from cnncore.training.metrics import SUMS
from cnncore.training.network import network_of
from cnncore.training.optimizers import optimizer_of
from cnncore.training.readout import Readout
from cnncore.training.recorder import recorder_of
from cnncore.training.schedule import Plateau
from cnncore.training.step import Step

_ROWS = 4096  # updates whose numbers the device keeps until they are read, at most


@dataclass(frozen=True)
class Setting:
    """A run at the end of its last complete epoch `last` (None: before the first).

    `lr_factor` is what a hand has made of the learning rate. `device_reason` says why this device, and how it works.
    """

    config: RunConfig
    device: torch.device
    device_reason: str
    classes: int
    model: nn.Module
    optimizer: torch.optim.Optimizer
    batches: Batches
    average: Average
    plateau: Plateau
    step: Step
    evaluator: Evaluator
    readout: Readout
    last: Epoch | None
    lr_factor: float

    @classmethod
    def of(
        cls, config: RunConfig, checkpoint: Path | None = None, graph: bool = True, *, blocking: bool = True
    ) -> "Setting":
        """Return the setting of `config`: as its seed makes it, or as the `checkpoint` has it if there is one.

        `blocking` is for `Readout`. Raises what `train` raises.
        """
        device, reason = choose_device(config.device)
        set_precision(config.precision, device)
        _make_deterministic(device)
        data = load(config.dataset)
        network = network_of(config, data.shape, len(data.classes))
        torch.manual_seed(config.seed)
        model = build(network).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub omits it
        saved = _saved(config, checkpoint, device)
        fitted = Standardize.from_state(saved.standardize) if saved and saved.standardize else None
        batches = Batches.of(config, data, device, fitted)
        optimizer = optimizer_of(config, model)
        average = Average(config, model, len(batches))
        plateau = Plateau.of(config)
        if saved:
            model.load_state_dict(saved.model)
            optimizer.load_state_dict(saved.optimizer)
            average.restore(saved.averaged, saved.last.step)
            plateau.restore(saved.plateau)
        recorder = recorder_of(device, graph)
        step, updates = step_of(config, batches, model, optimizer, average, recorder)
        evaluator, scoring = evaluator_of(config, batches, average.model, recorder, blocking=blocking)
        return cls(
            config,
            device,
            "; ".join(text for text in (reason, updates, scoring) if text),
            len(data.classes),
            model,
            optimizer,
            batches,
            average,
            plateau,
            step,
            evaluator,
            Readout(device, min(len(batches), _ROWS), SUMS, blocking=blocking),
            saved.last if saved else None,
            saved.lr_factor if saved else 1.0,
        )

    @property
    def first_epoch(self) -> int:
        """The epoch that comes next, from 1."""
        return self.last.epoch + 1 if self.last else 1

    def started(self, versions: dict[str, str]) -> Started:
        """Return the event with which the run begins."""
        return Started(
            config=self.config.to_dict(),
            device=str(self.device),
            device_reason=self.device_reason,
            parameters=sum(parameter.numel() for parameter in self.model.parameters()),
            train_size=len(self.batches.train),
            test_size=len(self.batches.test),
            batches_per_epoch=len(self.batches),
            classes=self.classes,
            first_epoch=self.first_epoch,
            versions=versions,
        )

    def checkpoint(self, last: Epoch, lr_factor: float) -> Checkpoint:
        """Return the state as it is now, after epoch `last`."""
        state: tuple[Any, ...] = (
            self.average.state(),
            self.plateau.state(),
            lr_factor,
            self.batches.standardize.state(),
        )
        return Checkpoint(self.config, last, self.model.state_dict(), self.optimizer.state_dict(), *state)


def _saved(config: RunConfig, checkpoint: Path | None, device: torch.device) -> Checkpoint | None:
    if checkpoint is None or not checkpoint.exists():
        return None
    saved = Checkpoint.load(checkpoint, device)
    if saved.config != config:
        raise InputError(f"the checkpoint {checkpoint} belongs to another configuration: start a new run for this one.")
    return saved


def _make_deterministic(device: torch.device) -> None:
    if device.type == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.benchmark = False
