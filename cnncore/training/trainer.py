"""The trainer: `train(config)` is a generator of events. It neither prints, plots nor stores."""

import math
import platform
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
import torchvision

from cnncore.events import Changed, Diverged, Epoch, Event, Finished
from cnncore.training.allocator import keep_freed_memory
from cnncore.training.config import RunConfig
from cnncore.training.diagnosis import overflow
from cnncore.training.keeping import Keeper
from cnncore.training.live import Live
from cnncore.training.report import Report
from cnncore.training.schedule import rate
from cnncore.training.setting import Setting


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
    setting = Setting.of(config, checkpoint if resume else None, graph)
    for event in progress(setting, checkpoint=checkpoint, live=live):
        if event is not None:
            yield event


def progress(setting: Setting, *, checkpoint: Path | None = None, live: Live | None = None) -> Iterator[Event | None]:
    """Yield what `train` yields, from `setting` on.

    Where the setting is not blocking, None comes in place of waiting for the device: its work goes on, and something
    else may be done until the next event is asked for.
    """
    config, batches, average, plateau, step = (
        setting.config,
        setting.batches,
        setting.average,
        setting.plateau,
        setting.step,
    )
    evaluator, readout = setting.evaluator, setting.readout
    last, factor = setting.last, setting.lr_factor  # the last complete epoch; what a hand has made of the learning rate
    live = live or Live(factor)
    keeper = Keeper(config, checkpoint, average.model)
    first_epoch, updates = setting.first_epoch, last.step if last else 0

    yield setting.started(versions())
    keeper.forget(first_epoch)
    if keeper.wants(0) and first_epoch == 1:
        evaluator.start("test")
        yield from evaluator.readout.awaited()
        keeper.keep(0, evaluator.scores()[0]["test"])
    total_seconds = 0.0
    for epoch in range(first_epoch, config.epochs + 1):
        # Dropout draws on the device, from the global generator: seeded here, an epoch depends on no other one.
        torch.manual_seed(int(np.random.SeedSequence([config.seed, epoch]).generate_state(1)[0]))
        setting.model.train()
        report = Report(config, epoch, readout, live)
        readout.start()
        step.begin(epoch)
        for number in range(len(batches)):
            if live.lr_factor != factor:
                yield from report.told(everything=True)
                factor = live.lr_factor
                yield Changed(epoch, updates + 1, factor)
            lr = rate(config, epoch, number, len(batches)) * plateau.scale * factor
            updates += 1
            readout.start()
            report.add(step(lr), number, updates, batches.size(number), lr)
            everything = live.single or number + 1 == len(batches)
            if everything or readout.due:
                yield from report.told(everything)
            if report.diverged:
                return
        total_seconds += report.seconds

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
            setting.checkpoint(last, factor).save(checkpoint)
    if last is not None:
        yield Finished(config.epochs, total_seconds, last.test_loss, last.test_accuracy)


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
        "torchvision": torchvision.__version__,
        "numpy": np.__version__,
        "platform": platform.platform(),
    }
