"""The trainer: `train(config)` is a generator of events. It neither prints, plots nor stores."""

import importlib.metadata
import math
import os
import platform
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from cnncore.data.prepared import info, load
from cnncore.errors import InputError
from cnncore.events import Changed, Diverged, Epoch, Event, Finished, Started
from cnncore.training import kernels
from cnncore.training.allocator import keep_freed_memory
from cnncore.training.checkpoint import Checkpoint
from cnncore.training.config import RunConfig
from cnncore.training.device import choose_device, set_precision
from cnncore.training.diagnosis import overflow
from cnncore.training.graph import TOGETHER, evaluator_of, step_of
from cnncore.training.keeping import Keeper
from cnncore.training.live import Live
from cnncore.training.metrics import SUMS
from cnncore.training.readout import Readout
from cnncore.training.recorder import recorder_of
from cnncore.training.report import Report
from cnncore.training.schedule import rate
from cnncore.training.state import seed_dropout, state_of

ROWS = 4096  # updates whose numbers the device keeps until they are read, at most


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
    On CUDA updates are graphs, up to four in one, where they can be recorded; with `graph=False` they go kernel by
    kernel.

    The same configuration gives the same numbers on one device. Raises `InputError` for a data set that is not
    prepared, a network that does not fit the images, a device that is not there, or a disk that is full.
    """
    for event in progress(config, checkpoint=checkpoint, resume=resume, live=live, graph=graph):
        if event is not None:
            yield event


def progress(
    config: RunConfig,
    *,
    checkpoint: Path | None = None,
    resume: bool = False,
    live: Live | None = None,
    graph: bool = True,
    blocking: bool = True,
) -> Iterator[Event | None]:
    """Yield what `train` yields; where this is not `blocking`, None comes in place of waiting for the device.

    Its work goes on then, and something else may be done until the next event is asked for.
    """
    device, reason = choose_device(config.device)
    set_precision(config.precision, device)
    _make_deterministic(device)
    data = load(config.dataset)
    contents = _contents(config)
    saved = _saved(config, contents, checkpoint, device) if resume else None
    state = state_of(config, data, device, saved)
    batches, model, optimizer = state.batches, state.model, state.optimizer
    average, plateau = state.average, state.plateau
    last, factor = state.last, state.lr_factor  # the last complete epoch; what a hand has made of the learning rate
    recorder = recorder_of(device, graph)
    step, updating = step_of(config, batches, model, optimizer, average, recorder)
    evaluator, scoring = evaluator_of(config, batches, average.model, recorder, blocking=blocking)
    without = kernels.why_not(device) if device.type == "cuda" else ""
    computing = f"PyTorch's own kernels alone, because {without}" if without else ""
    readout = Readout(device, min(len(batches), ROWS), SUMS, at_once=TOGETHER, blocking=blocking)
    live = live or Live(factor)
    keeper = Keeper(config, checkpoint, average.model)
    first_epoch = last.epoch + 1 if last else 1
    updates = last.step if last else 0

    yield Started(
        config=config.to_dict(),
        device=str(device),
        device_reason="; ".join(text for text in (reason, updating, scoring, computing) if text),
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        train_size=len(batches.train),
        test_size=len(batches.test),
        batches_per_epoch=len(batches),
        classes=len(data.classes),
        first_epoch=first_epoch,
        # Sums in another order differ by rounding, hence the threads.
        versions=versions() | {"threads": str(torch.get_num_threads()), "data": contents},
    )
    keeper.forget(first_epoch)
    if keeper.wants(0) and first_epoch == 1:
        evaluator.start("test")
        yield from evaluator.readout.awaited()
        keeper.keep(0, evaluator.scores()[0]["test"])
    total_seconds = 0.0
    for epoch in range(first_epoch, config.epochs + 1):
        seed_dropout(config, epoch)
        model.train()
        report = Report(config, epoch, readout, live)
        readout.start()
        step.begin(epoch)
        number = 0
        while number < len(batches):
            if live.lr_factor != factor:
                yield from report.told(everything=True)
                if report.diverged:
                    return
                factor = live.lr_factor
                yield Changed(epoch, updates + 1, factor)
            coming = range(number, number + (1 if live.single else step.together))
            rates = {rate(config, epoch, place, len(batches)) for place in coming}
            lr = rate(config, epoch, number, len(batches)) * plateau.scale * factor
            readout.start()
            sums = step.several(lr) if len(coming) > 1 and len(rates) == 1 else step(lr)[None]
            report.add(sums, number, updates + 1, [batches.size(number + place) for place in range(len(sums))], lr)
            updates, number = updates + len(sums), number + len(sums)
            everything = live.single or number == len(batches)
            if everything or readout.due:
                evaluate = evaluator.start if number == len(batches) and device.type == "cuda" else None
                yield from report.told(everything, evaluate)  # a GPU goes on while the last updates are told
            if report.diverged:
                return
        total_seconds += report.seconds

        if device.type != "cuda":
            evaluator.start()
        yield from evaluator.readout.awaited()
        scores, test_seconds = evaluator.scores()
        if not all(math.isfinite(score.mean.loss) for score in scores.values()):
            yield Diverged(epoch, len(batches) - 1, overflow(config, epoch, len(batches) - 1, lr))
            return
        plateau.after(scores["validation"].mean.loss if "validation" in scores else report.mean.loss)
        last = Epoch(
            epoch=epoch,
            step=updates,
            train_loss=report.mean.loss,
            train_accuracy=report.mean.accuracy,
            train_accuracy5=report.mean.accuracy5,
            seconds=report.seconds,
            test_seconds=test_seconds,
            images_per_second=len(batches.train) / report.seconds,
            lr=lr,
            **{f"{split}_{name}": value for split, score in scores.items() for name, value in score.mean.items()},
        )
        yield last
        keeper.keep(epoch, scores["test"])
        if checkpoint is not None:
            kept = average.state(), plateau.state(), factor, batches.standardize.state(), contents
            Checkpoint(config, last, model.state_dict(), optimizer.state_dict(), *kept).save(checkpoint)
    if last is not None:
        yield Finished(config.epochs, total_seconds, last.test_loss, last.test_accuracy)


def _contents(config: RunConfig) -> str:
    found = info(config.dataset)
    return found.contents if found else ""


def _saved(config: RunConfig, contents: str, checkpoint: Path | None, device: torch.device) -> Checkpoint | None:
    if checkpoint is None or not checkpoint.exists():
        return None
    saved = Checkpoint.load(checkpoint, device)
    if saved.config != config:
        raise InputError(f"the checkpoint {checkpoint} belongs to another configuration: start a new run for this one.")
    if saved.contents and contents and saved.contents != contents:
        raise InputError(
            f"`dataset` (={config.dataset}) was prepared anew, and has other images than those that this run began "
            "with: start a new run, or prepare the former ones again."
        )
    return saved


def _make_deterministic(device: torch.device) -> None:
    if device.type == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.benchmark = False


def own_process() -> None:
    """Set up a process that does nothing but train.

    Weights that die out leave numbers below 1e-38, with which a CPU computes up to a hundred times slower: they become
    zero. That holds for the whole process and whatever else computes in it, so `train` itself does not do it.
    """
    keep_freed_memory()
    torch.set_flush_denormal(True)


def versions() -> dict[str, str]:
    """Return the versions that a run's numbers depend on."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "torchvision": importlib.metadata.version("torchvision"),  # its import takes as long as torch's
        "numpy": np.__version__,
        "platform": platform.platform(),
    }
