"""A run's state at the end of an epoch, in one file that is either the old one or the new one."""

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from cnncore.errors import InputError
from cnncore.events import Epoch, from_dict, to_dict
from cnncore.training.config import RunConfig
from cnncore.training.saving import save


@dataclass(frozen=True)
class Checkpoint:
    """Weights, optimizer state and the metrics of the last complete epoch.

    `averaged` are the averaged weights where the run averages; `plateau` is how far the losses have lowered the
    learning rate, and `lr_factor` what multiplies it by hand; `standardize` is the fitted standardization (None in
    files of earlier versions), `contents` the hash of its data set, see `DatasetInfo` (empty where unknown). Nothing
    random needs keeping: every epoch draws from (seed, epoch), see `Batches.tables`.
    """

    config: RunConfig
    last: Epoch
    model: dict[str, Any]
    optimizer: dict[str, Any]
    averaged: dict[str, Any] | None = None
    plateau: dict[str, float] = field(default_factory=dict)
    lr_factor: float = 1.0
    standardize: dict[str, Any] | None = None
    contents: str = ""

    @property
    def evaluated(self) -> dict[str, Any]:
        """The weights behind the run's test figures: the averaged ones where the run averages."""
        return self.model if self.averaged is None else self.averaged

    def check(self, config: RunConfig, contents: str) -> None:
        """Raise an `InputError` for another configuration, or a data set whose `contents` have changed since."""
        if self.config != config:
            raise InputError("the checkpoint belongs to another configuration: start a new run for this one.")
        if self.contents and contents and self.contents != contents:
            raise InputError(
                f"`dataset` (={config.dataset}) was prepared again and has other images now than when this run "
                "began: start a new run, or prepare the earlier images again."
            )

    def save(self, path: Path) -> None:
        """Write the file; a crash or a full disk leaves the one that was there before."""
        buffer = io.BytesIO()
        state = {
            "config": self.config.to_json(),
            "last": to_dict(self.last),
            **{name: getattr(self, name) for name in _STATE},
        }
        torch.save(state, buffer)
        save(path, buffer.getbuffer(), f"the checkpoint of epoch {self.last.epoch}")

    @classmethod
    def load(cls, path: Path, device: torch.device) -> "Checkpoint":
        """Read the file, its tensors put on `device`."""
        try:
            state = torch.load(path, map_location=device, weights_only=True)
            last = from_dict(state["last"])
            if not isinstance(last, Epoch):
                raise TypeError(f"the last event is a {last.kind}")
            kept = {name: state[name] for name in _STATE if name in state}
            return cls(RunConfig.from_json(state["config"]), last, **kept)
        except FileNotFoundError:
            raise InputError(f"there is no checkpoint at {path}: start the run anew.") from None
        # A virus scanner, a network drive, a GPU that others fill: nothing is wrong with the file.
        except (OSError, MemoryError, torch.OutOfMemoryError) as error:
            raise InputError(f"the checkpoint {path} cannot be opened now ({error}): try again in a minute.") from error
        except Exception as error:
            raise InputError(
                f"the checkpoint {path} cannot be read ({type(error).__name__}): delete the run and start it anew."
            ) from error


_STATE = ("model", "optimizer", "averaged", "plateau", "lr_factor", "standardize", "contents")
