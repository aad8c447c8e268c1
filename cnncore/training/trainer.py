"""The trainer: `train(config)` is a generator of events. It neither prints, plots nor stores."""

import importlib.metadata
import math
import os
import platform
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from cnncore.data.prepared import load
from cnncore.errors import InputError
from cnncore.events import Batch, Changed, Diverged, Epoch, Event, Finished, Started
from cnncore.training.allocator import keep_freed_memory
from cnncore.training.average import Average
from cnncore.training.batches import Batches
from cnncore.training.checkpoint import Checkpoint
from cnncore.training.config import RunConfig
from cnncore.training.device import choose_device, set_precision
from cnncore.training.diagnosis import overflow
from cnncore.training.graph import step_of
from cnncore.training.keeping import Keeper
from cnncore.training.live import Live
from cnncore.training.metrics import Evaluation, Mean, Stopwatch, evaluate
from cnncore.training.schedule import rate
from cnncore.training.state import seed_dropout, state_of

BURST = 0.1  # seconds between two reads of the metrics: smooth to the eye, and the device never waits for it


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
    On CUDA each update is one graph where it can be recorded; with `graph=False` it goes kernel by kernel.

    The same configuration gives the same numbers on one device. Raises `InputError` for a data set that is not
    prepared, a network that does not fit the images, a device that is not there, or a disk that is full.
    """
    device, reason = choose_device(config.device)
    set_precision(config.precision, device)
    _make_deterministic(device)
    data = load(config.dataset)
    saved = _saved(config, checkpoint, device) if resume else None
    state = state_of(config, data, device, saved)
    batches, model, optimizer = state.batches, state.model, state.optimizer
    average, plateau = state.average, state.plateau
    last, factor = state.last, state.lr_factor  # the last complete epoch; what a hand has made of the learning rate
    step, how = step_of(config, batches, model, optimizer, average, graph)
    live = live or Live(factor)
    keeper = Keeper(config, checkpoint, average.model)
    first_epoch = last.epoch + 1 if last else 1
    updates = last.step if last else 0

    yield Started(
        config=config.to_dict(),
        device=str(device),
        device_reason=f"{reason}; {how}" if how else reason,
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        train_size=len(batches.train),
        test_size=len(batches.test),
        batches_per_epoch=len(batches),
        classes=len(data.classes),
        first_epoch=first_epoch,
        versions=versions() | {"threads": str(torch.get_num_threads())},  # sums in another order differ by rounding
    )
    keeper.forget(first_epoch)
    if keeper.wants(0) and first_epoch == 1:
        keeper.keep(0, evaluate(average.model, batches.test_batches(), config.precision))
    total_seconds = 0.0
    for epoch in range(first_epoch, config.epochs + 1):
        seed_dropout(config, epoch)
        model.train()
        mean = Mean()
        waiting: list[tuple[int, float, Tensor]] = []  # (size, lr, sums on the device) of batches not yet reported
        watch = Stopwatch()
        watch.start()
        burst_due = BURST
        step.begin(epoch)
        for number in range(len(batches)):
            if live.lr_factor != factor:
                factor = live.lr_factor
                watch.stop()
                yield Changed(epoch, updates + 1, factor)
                watch.start()
            lr = rate(config, epoch, number, len(batches)) * plateau.scale * factor
            waiting.append((batches.size(number), lr, step(lr)))
            updates += 1

            if watch.seconds < burst_due and number + 1 < len(batches) and not live.single:
                continue
            rows = torch.stack([sums for _, _, sums in waiting]).tolist()  # waits for the device
            watch.stop()
            burst_due = watch.seconds + BURST
            for behind, ((size, lr, _), sums) in enumerate(zip(waiting, rows, strict=True), start=1 - len(waiting)):
                if not math.isfinite(sums[0]):
                    live.more = False
                    yield Diverged(epoch, number + behind, overflow(config, epoch, number + behind, lr))
                    return
                live.more = behind < 0
                mean.add(sums, size)
                loss, accuracy, accuracy5 = (value / size for value in sums)
                yield Batch(
                    epoch, number + behind, updates + behind, size, loss, accuracy, accuracy5, lr, watch.seconds
                )
            waiting.clear()
            watch.start()
        watch.stop()
        total_seconds += watch.seconds

        evaluation = Stopwatch()
        evaluation.start()
        scores = _scores(config, average, batches)
        evaluation.stop()
        if not all(math.isfinite(score.mean.loss) for score in scores.values()):
            yield Diverged(epoch, len(batches) - 1, overflow(config, epoch, len(batches) - 1, lr))
            return
        plateau.after(scores["validation"].mean.loss if "validation" in scores else mean.loss)
        last = Epoch(
            epoch=epoch,
            step=updates,
            train_loss=mean.loss,
            train_accuracy=mean.accuracy,
            train_accuracy5=mean.accuracy5,
            seconds=watch.seconds,
            test_seconds=evaluation.seconds,
            images_per_second=len(batches.train) / watch.seconds,
            lr=lr,
            **{f"{split}_{name}": value for split, score in scores.items() for name, value in score.mean.items()},
        )
        yield last
        keeper.keep(epoch, scores["test"])
        if checkpoint is not None:
            kept = average.state(), plateau.state(), factor, batches.standardize.state()
            Checkpoint(config, last, model.state_dict(), optimizer.state_dict(), *kept).save(checkpoint)
    if last is not None:
        yield Finished(config.epochs, total_seconds, last.test_loss, last.test_accuracy)


def _saved(config: RunConfig, checkpoint: Path | None, device: torch.device) -> Checkpoint | None:
    if checkpoint is None or not checkpoint.exists():
        return None
    saved = Checkpoint.load(checkpoint, device)
    if saved.config != config:
        raise InputError(f"the checkpoint {checkpoint} belongs to another configuration: start a new run for this one.")
    return saved


def _scores(config: RunConfig, average: Average, batches: Batches) -> dict[str, Evaluation]:
    """Evaluate the network as it is now on the test set, and on the other splits that the run asks for."""
    splits = {"test": batches.test}
    if len(batches.validation):
        splits["validation"] = batches.validation
    if config.train_eval:
        splits["train_eval"] = batches.train
    return {name: evaluate(average.model, batches.in_order(split), config.precision) for name, split in splits.items()}


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


def _make_deterministic(device: torch.device) -> None:
    if device.type == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.benchmark = False
