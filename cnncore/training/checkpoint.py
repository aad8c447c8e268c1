"""A run's state at the end of an epoch, in one file that is either the old one or the new one."""

import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from cnncore.errors import InputError
from cnncore.events import Epoch, from_dict, to_dict
from cnncore.training.config import RunConfig


@dataclass(frozen=True)
class Checkpoint:
    """Weights, optimizer state and the metrics of the last complete epoch.

    Nothing random needs keeping: every epoch draws from (seed, epoch), see `Batches.train_epoch`.
    """

    config: RunConfig
    last: Epoch
    model: dict[str, Any]
    optimizer: dict[str, Any]

    def save(self, path: Path) -> None:
        """Write the file; a crash or a full disk leaves the one that was there before."""
        buffer = io.BytesIO()
        state = {"model": self.model, "optimizer": self.optimizer, "last": to_dict(self.last)}
        torch.save(state | {"config": self.config.to_json()}, buffer)
        partial = path.with_suffix(f".{os.getpid()}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(buffer.getbuffer())
            partial.replace(path)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise InputError(
                f"the checkpoint of epoch {self.last.epoch} cannot be written to {path} ({error.strerror}): free "
                "space or allow writing there, then resume the run; everything up to the epoch before is kept."
            ) from error

    @classmethod
    def load(cls, path: Path, device: torch.device) -> "Checkpoint":
        """Read the file, its tensors put on `device`."""
        try:
            state = torch.load(path, map_location=device, weights_only=True)
            last = from_dict(state["last"])
            if not isinstance(last, Epoch):
                raise TypeError(f"the last event is a {last.kind}")
            return cls(RunConfig.from_json(state["config"]), last, state["model"], state["optimizer"])
        except FileNotFoundError:
            raise InputError(f"there is no checkpoint at {path}: start the run anew.") from None
        except Exception as error:
            raise InputError(
                f"the checkpoint {path} cannot be read ({type(error).__name__}): delete the run and start it anew."
            ) from error
