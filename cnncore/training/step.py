"""One update: forward, loss, backward, optimizer, average; its metrics stay on the device."""

from collections.abc import Callable
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cnncore.training import kernels
from cnncore.training.average import Average
from cnncore.training.batches import Batches, Tables, TrainBatch
from cnncore.training.config import RunConfig
from cnncore.training.device import autocast
from cnncore.training.fused import Fused, Loss
from cnncore.training.metrics import TOP, batch_sums
from cnncore.training.optimizers import set_rate
from cnncore.training.side import Inline, Side


class Step(Protocol):
    """What the trainer's loop calls: it makes the updates of an epoch, one after the other."""

    def begin(self, epoch: int) -> None:
        """Draw what is random in `epoch`; its first update comes next."""
        ...

    def __call__(self, rate: float) -> Tensor:
        """Make the next update at this learning rate and return the batch's sums (3,), see `batch_sums`.

        The sums are the batch's before its update, on the device: whoever reads them waits for it. The next update
        may write to the same place.
        """
        ...

    @property
    def together(self) -> int:
        """How many of the next updates `several` would make at once; 1 where they can only be made one by one."""
        ...

    def several(self, rate: float) -> Tensor:
        """Make the next `together` updates at this learning rate and return their sums (together, 3)."""
        ...


class EagerStep:
    """Updates operation by operation, as PyTorch is usually written."""

    together = 1

    def __init__(
        self,
        config: RunConfig,
        batches: Batches,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        average: Average,
    ) -> None:
        self._config = config
        self._batches, self._model, self._optimizer, self._average = batches, model, optimizer, average
        self._tables: Tables | None = None
        self._number = 0

    def begin(self, epoch: int) -> None:
        """Draw order and augmentation of `epoch`."""
        self._tables, self._number = self._batches.tables(epoch), 0

    def __call__(self, rate: float) -> Tensor:
        """Make the next update at this learning rate and return the batch's sums (3,)."""
        assert self._tables is not None, "begin() comes first"
        batch = self._batches.batch(self._tables, self._number)
        self._number += 1
        set_rate(self._optimizer, rate)
        sums = update(self._config, self._model, self._optimizer, batch)
        self._average.update()
        return sums

    def several(self, rate: float) -> Tensor:
        """Make the next update and return the batch's sums (1, 3)."""
        return self(rate)[None]


def update(
    config: RunConfig,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    batch: TrainBatch,
    side: Side | Inline | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> Tensor:
    """Make one update with the batch and return its sums (3,), see `batch_sums`: the batch's before its update.

    `meanwhile` runs on the `side` from the beginning of the update on; all work that was begun there has ended before
    the optimizer's step.
    """
    side = side or Inline()
    side.begin()
    optimizer.zero_grad(set_to_none=True)
    with autocast(config.precision, batch.inputs.device):
        logits = model(batch.inputs)  # (N, C, H, W) -> (N, classes)
    if meanwhile:
        with side.beside(early=True):
            meanwhile()
    if isinstance(model, Fused) and model.with_kernels:
        gradient, sums = kernels.cross_entropy(
            logits.detach(), batch.labels, batch.share, smoothing=config.label_smoothing, top=TOP
        )
        Loss.apply(logits, sums[0], gradient).backward()
    else:
        logits = logits.float()
        loss = objective(logits, batch, config.label_smoothing)
        sums = batch_sums(logits, batch.labels, loss, batch.share)
        loss.backward()  # type: ignore[no-untyped-call]  # torch's own
    side.join()
    optimizer.step()
    return sums


def objective(logits: Tensor, batch: TrainBatch, smoothing: float = 0.0) -> Tensor:
    """Return what an update minimises: the mean cross-entropy (N, classes) -> ().

    Where images are mixed, mean(share * CE(y) + (1 - share) * CE(partner's y)), Zhang et al. 2018.
    """
    if batch.share is None:
        return F.cross_entropy(logits, batch.labels, label_smoothing=smoothing)
    return image_losses(logits, batch, smoothing).mean()


def image_losses(logits: Tensor, batch: TrainBatch, smoothing: float = 0.0) -> Tensor:
    """Return each image's part of the objective, (N, classes) -> (N,): their mean is what an update minimises."""
    own = F.cross_entropy(logits, batch.labels, reduction="none", label_smoothing=smoothing)
    if batch.share is None:
        return own
    partner = F.cross_entropy(logits, batch.labels.roll(1), reduction="none", label_smoothing=smoothing)
    return batch.share * own + (1 - batch.share) * partner
