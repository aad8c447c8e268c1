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
from cnncore.data.prepared import info, load
from cnncore.data.standardize import Standardize
from cnncore.data.transform import centre
from cnncore.inspection.moment import Moment as Moment  # re-exported for those who ask for a network
from cnncore.runs.snapshots import check_images, checkpoint_path, checkpoint_time, snapshot_folder
from cnncore.runs.store import open_store
from cnncore.training.batches import Batches, DeviceData, fitted
from cnncore.training.checkpoint import Checkpoint
from cnncore.training.config import RunConfig
from cnncore.training.initial import initialize
from cnncore.training.network import network_of
from cnncore.training.split import rows_of_train

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


def trained(run_id: str, at: Moment | int = Moment.LAST) -> Trained:
    """Return the network of the run `run_id` at a moment or after the epoch `at`, with which its figures were made.

    Before training (epoch 0) its weights are the very ones that the run began with: they follow from its seed. After
    the last epoch they are the checkpoint's, which a crash may have left an epoch behind (`Trained.epoch` tells), after
    others those that were kept, see `cnncore.runs.snapshots.snapshots_of`. Where a run averages its weights, these are
    the averaged ones. An `InputError` if there is no such run, nothing was kept of this epoch, or the data set has gone
    or has other images by now.
    """
    run = open_store().get(run_id)
    check_images(run)
    if at in (0, Moment.BEFORE):
        return _load(run.id, 0, 0)
    folder = snapshot_folder(run.id)
    if at is Moment.LAST or (at == run.epoch and at not in folder.weights()):
        return _load(run.id, None, checkpoint_time(run.id))
    return _load(run.id, int(at), folder.written(int(at), "weights"))


@lru_cache(maxsize=4)
def _load(run_id: str, epoch: int | None, saved: int) -> Trained:  # noqa: ARG001 `saved` tells a newer checkpoint apart
    config, standardize = open_store().get(run_id).config, standardization_of(run_id)
    if epoch == 0:
        return _begun(config, standardize)
    found = _drawn(config, standardize)
    if epoch is None:
        checkpoint = Checkpoint.load(checkpoint_path(run_id), _CPU)
        found.model.load_state_dict(checkpoint.evaluated)
        epoch = checkpoint.last.epoch
    else:
        weights = snapshot_folder(run_id).read_weights(epoch)
        found.model.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    return replace(found, epoch=epoch)


def untrained(config: RunConfig) -> Trained:
    """Return the network of `config` with the weights that training it would begin with; no run is needed."""
    data = info(config.dataset)
    return _untrained(config, data.version if data else "")


@lru_cache(maxsize=4)
def _untrained(config: RunConfig, version: str) -> Trained:  # noqa: ARG001 of the data: a set prepared anew
    return _begun(config, _fitted(config))


def _begun(config: RunConfig, standardize: Standardize) -> Trained:
    found = _drawn(config, standardize)
    initialize(config, found.model, Batches.of(config, found.data, _CPU, standardize))
    return found


def _drawn(config: RunConfig, standardize: Standardize) -> Trained:
    """Return the network with its weights as PyTorch draws them from the run's seed."""
    data = load(config.dataset)
    network = network_of(config, data.shape, len(data.classes))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        model = build(network)
    return Trained(config, 0, network, model.eval(), data, standardize)


def chosen(run_id: str | None, moment: str | int, config: RunConfig) -> Trained:
    """Return the network of the run `run_id` at `moment`, or, with None, the one that `config` would begin with.

    `moment` is a `Moment` or the number of an epoch that was kept.
    """
    if run_id is None:
        return untrained(config)
    return trained(run_id, moment if isinstance(moment, int) else Moment(moment))


@lru_cache(maxsize=4)
def standardization_of(run_id: str) -> Standardize:
    """Return the run's standardization: its checkpoint's, else fitted on its train images, as the run will do it."""
    path = checkpoint_path(run_id)
    if path.exists():
        checkpoint = Checkpoint.load(path, _CPU)
        if checkpoint.standardize is not None:
            return Standardize.from_state(checkpoint.standardize)
    return _fitted(open_store().get(run_id).config)


def _fitted(config: RunConfig) -> Standardize:
    data = load(config.dataset)
    rows, _ = rows_of_train(config, data.train_labels)
    return fitted(config, DeviceData.of(data.train_images, data.train_labels, rows, _CPU))
