"""A stored run's network, before training or as its last checkpoint has it, ready to be looked into.

For the compute pool: importing this imports torch. What is loaded stays loaded, so that a page which asks twice
about one network pays once.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cnncore.architecture import Network
from cnncore.architecture.build import build
from cnncore.data.images import ImageData
from cnncore.data.prepared import load
from cnncore.data.standardize import Standardize, fit
from cnncore.data.transform import centre, centre_window
from cnncore.inspection.moment import Moment as Moment  # re-exported: who asks for a network names the moment
from cnncore.runs.store import open_store
from cnncore.runs.worker import checkpoint_path
from cnncore.training.batches import DeviceData
from cnncore.training.checkpoint import Checkpoint
from cnncore.training.config import RunConfig
from cnncore.training.network import network_of

_CPU = torch.device("cpu")


@dataclass(frozen=True, eq=False)  # modules and arrays do not compare
class Trained:
    """A network with its weights of some moment, in eval() mode on the CPU, and what its run trains on.

    `epoch` counts the complete epochs behind these weights, 0 before training.
    """

    config: RunConfig
    epoch: int
    network: Network
    model: nn.Sequential
    data: ImageData
    standardize: Standardize

    def inputs(self, images: NDArray[np.uint8]) -> Tensor:
        """Return what the network sees of uint8 images (N, C, H, W) at test time: cut, standardized (N, C, H', W')."""
        # A memory-mapped array is read-only and torch wants to own writable memory.
        return self.standardize(centre(torch.from_numpy(np.array(images)), self.config.augment))


def trained(run_id: str, moment: Moment = Moment.LAST) -> Trained:
    """Return the network of the run `run_id`.

    Before training means the very weights with which the run began: they follow from its seed. An `InputError` if
    there is no such run, no checkpoint yet, or the data set has gone.
    """
    run = open_store().get(run_id)
    path = checkpoint_path(run.id)
    saved = path.stat().st_mtime_ns if moment is Moment.LAST and path.exists() else 0
    return _load(run.id, moment, saved)


@lru_cache(maxsize=4)
def _load(run_id: str, moment: Moment, saved: int) -> Trained:  # noqa: ARG001 `saved` tells a newer checkpoint apart
    found = _begun(open_store().get(run_id).config)
    if moment is Moment.BEFORE:
        return found
    checkpoint = Checkpoint.load(checkpoint_path(run_id), _CPU)
    found.model.load_state_dict(checkpoint.model)
    return replace(found, epoch=checkpoint.last.epoch)


@lru_cache(maxsize=4)
def untrained(config: RunConfig) -> Trained:
    """Return the network of `config` with the weights that training it would begin with; no run is needed."""
    return _begun(config)


def _begun(config: RunConfig) -> Trained:
    data = load(config.dataset)
    network = network_of(config, data.shape, len(data.classes))
    torch.manual_seed(config.seed)
    return Trained(config, 0, network, build(network).eval(), data, _standardization(config))


def chosen(run_id: str | None, moment: str, config: RunConfig) -> Trained:
    """Return the network of the run `run_id` at `moment`, or, with None, the one that `config` would begin with."""
    return untrained(config) if run_id is None else trained(run_id, Moment(moment))


@lru_cache(maxsize=4)
def _standardization(config: RunConfig) -> Standardize:
    """Return what the run standardizes with: fitted on its own train images, as the trainer does."""
    data = load(config.dataset)
    train = DeviceData.of(data.train_images, data.train_labels, config.train_size, "train_size", _CPU)
    return fit(config.standardize, centre_window(train.images, config.augment))
