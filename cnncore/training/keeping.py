"""The snapshots of a run as the trainer keeps them: from tensors on the device to files."""

from pathlib import Path

import numpy as np
from torch import nn

from cnncore.training.config import RunConfig
from cnncore.training.evaluation import Evaluation
from cnncore.training.snapshots import Folder, Snapshot, kept_epochs, weight_epochs


class Keeper:
    """Writes a run's snapshots into the folder beside its checkpoint; does nothing where none are wanted."""

    def __init__(self, config: RunConfig, checkpoint: Path | None, model: nn.Module) -> None:
        wanted = config.snapshots and checkpoint is not None
        self._folder = Folder(checkpoint.with_suffix("")) if wanted and checkpoint is not None else None
        self._model = model
        self._epochs = kept_epochs(config.epochs) if wanted else frozenset()
        size = sum(value.numel() * value.element_size() for value in model.state_dict().values())
        self._weights = weight_epochs(config.epochs, size) if wanted else frozenset()

    def wants(self, epoch: int) -> bool:
        """True if `epoch` gets a snapshot."""
        return epoch in self._epochs

    def forget(self, first: int) -> None:
        """Remove what an interrupted process left of epoch `first` and later ones, which will be trained again."""
        if self._folder is not None:
            self._folder.forget(first if first > 1 else 0)

    def keep(self, epoch: int, tested: Evaluation) -> None:
        """Write what is due after `epoch`; an `InputError` if the disk is full."""
        if self._folder is None or not self.wants(epoch):
            return
        first = next((module for module in self._model.modules() if isinstance(module, nn.Conv2d)), None)
        classes = np.uint8 if tested.classes <= 256 else np.uint16
        filters = np.zeros((0, 0, 0, 0), np.float32) if first is None else first.weight.detach().float().cpu().numpy()
        self._folder.keep(
            Snapshot(
                epoch,
                tested.predicted.cpu().numpy().astype(classes),
                tested.confidence.cpu().numpy().astype(np.float16),
                tested.true.cpu().numpy().astype(np.float16),
                filters,
            )
        )
        if epoch in self._weights:
            state = self._model.state_dict()
            self._folder.keep_weights(epoch, {name: value.cpu().numpy() for name, value in state.items()})
