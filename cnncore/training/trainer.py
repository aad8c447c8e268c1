"""The trainer: `train(config)` is a generator of events. It neither prints, plots nor stores."""

from collections.abc import Iterator
from pathlib import Path

import torch

from cnncore.events import Event
from cnncore.training.allocator import keep_freed_memory
from cnncore.training.config import RunConfig
from cnncore.training.live import Live
from cnncore.training.session import Session


def train(
    config: RunConfig,
    *,
    checkpoint: Path | None = None,
    resume: bool = False,
    live: Live | None = None,
    graph: bool = True,
) -> Iterator[Event]:
    """Train the network of `config` and yield what happens: Started, Batch ..., Epoch, ..., Finished or Diverged.

    Batch events come in bursts, about ten a second, one event for every batch. To pause, do not ask for the next
    event; to stop, close the generator; to change the learning rate or go step by step, change `live` between two
    events. With a `checkpoint` path the state is saved after each epoch, once its Epoch event has been taken, and
    snapshots in the folder beside it; with `resume` the run goes on after the epoch saved there and gives the same
    curve as if it had never been interrupted (on the same device, bit for bit). `Started.first_epoch` says where.
    On CUDA updates are recorded as graphs where they can be, up to four in one; with `graph=False` they are launched
    kernel by kernel.

    The same configuration gives the same numbers on one device, see `make_deterministic`, as long as nothing else draws
    from torch's generator meanwhile: for several runs at once there is `train_many`. Raises `InputError` for a data set
    that is not prepared, a network that does not fit the images or the memory, a device that is not there, or a disk
    that is full.
    """
    for event in Session(config, checkpoint, resume=resume, live=live, graph=graph).events():
        if event is not None:
            yield event


def own_process() -> None:
    """Set up a process that does nothing but train.

    Weights that decay towards zero become denormal numbers, below 1e-38, with which a CPU computes up to a hundred
    times slower: here they become zero. That affects the whole process, so `train` itself does not do it.
    """
    keep_freed_memory()
    torch.set_flush_denormal(True)
