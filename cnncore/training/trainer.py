"""The trainer: `train(config)` is a generator of events. It neither prints, plots nor stores."""

import math
import os
import platform
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
import torchvision
from torch import Tensor

from cnncore.architecture.build import build
from cnncore.data.prepared import load
from cnncore.errors import InputError
from cnncore.events import Batch, Diverged, Epoch, Event, Finished, Started
from cnncore.training.allocator import keep_freed_memory
from cnncore.training.batches import Batches
from cnncore.training.checkpoint import Checkpoint
from cnncore.training.config import RunConfig
from cnncore.training.device import choose_device
from cnncore.training.metrics import Mean, Stopwatch, batch_sums, evaluate
from cnncore.training.network import network_of
from cnncore.training.schedule import learning_rate

BURST = 0.1  # seconds between two reads of the metrics: smooth to the eye, and the device never waits for it


def train(config: RunConfig, *, checkpoint: Path | None = None, resume: bool = False) -> Iterator[Event]:
    """Train the network of `config` and yield what happens: Started, Batch ..., Epoch, ..., Finished or Diverged.

    Batch events come in bursts, about ten a second, one event for every batch. To pause, do not ask for the next
    event; to stop, close the generator. With a `checkpoint` path the state is saved after each epoch, once its
    Epoch event has been taken; with `resume` the run goes on after the epoch saved there and gives the same curve
    as if it had never been interrupted (on the same device, bit for bit). `Started.first_epoch` says where.

    The same configuration gives the same numbers on one device. Raises `InputError` for a data set that is not
    prepared, a network that does not fit the images, a device that is not there, or a disk that is full.
    """
    device, reason = choose_device(config.device)
    _make_deterministic(device)
    data = load(config.dataset)
    network = network_of(config, data.shape, len(data.classes))
    torch.manual_seed(config.seed)
    model = build(network).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub omits it
    batches = Batches.of(config, data, device)
    optimizer = torch.optim.SGD(model.parameters(), lr=config.lr, momentum=config.momentum)

    last: Epoch | None = None
    if resume and checkpoint is not None and checkpoint.exists():
        saved = Checkpoint.load(checkpoint, device)
        if saved.config != config:
            raise InputError(
                f"the checkpoint {checkpoint} belongs to another configuration: start a new run for this one."
            )
        model.load_state_dict(saved.model)
        optimizer.load_state_dict(saved.optimizer)
        last = saved.last
    first_epoch = last.epoch + 1 if last else 1
    step = last.step if last else 0

    yield Started(
        config=config.to_dict(),
        device=str(device),
        device_reason=reason,
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        train_size=len(batches.train),
        test_size=len(batches.test),
        batches_per_epoch=len(batches),
        classes=len(data.classes),
        first_epoch=first_epoch,
        versions=versions(),
    )
    total_seconds = 0.0
    for epoch in range(first_epoch, config.epochs + 1):
        rate = learning_rate(config, epoch)
        for group in optimizer.param_groups:
            group["lr"] = rate
        # Dropout draws on the device, from the global generator: seeded here, an epoch depends on no other one.
        torch.manual_seed(int(np.random.SeedSequence([config.seed, epoch]).generate_state(1)[0]))
        model.train()
        mean = Mean()
        waiting: list[tuple[int, Tensor]] = []  # (size, sums on the device) of batches not yet reported
        watch = Stopwatch()
        watch.start()
        burst_due = BURST
        for number, (inputs, labels) in enumerate(batches.train_epoch(epoch)):  # (N, C, H, W), (N,)
            optimizer.zero_grad(set_to_none=True)
            logits = model(inputs)  # (N, classes)
            loss = F.cross_entropy(logits, labels)
            loss.backward()  # type: ignore[no-untyped-call]  # torch's own
            optimizer.step()
            waiting.append((len(labels), batch_sums(logits, labels, loss)))
            step += 1

            if watch.seconds < burst_due and number + 1 < len(batches):
                continue
            rows = torch.stack([sums for _, sums in waiting]).tolist()  # waits for the device
            watch.stop()
            burst_due = watch.seconds + BURST
            for behind, ((size, _), sums) in enumerate(zip(waiting, rows, strict=True), start=1 - len(waiting)):
                if not math.isfinite(sums[0]):
                    yield Diverged(epoch, number + behind, _divergence(config, epoch, number + behind, rate))
                    return
                mean.add(sums, size)
                loss_mean, accuracy, accuracy5 = (value / size for value in sums)
                yield Batch(
                    epoch, number + behind, step + behind, size, loss_mean, accuracy, accuracy5, rate, watch.seconds
                )
            waiting.clear()
            watch.start()
        watch.stop()
        total_seconds += watch.seconds

        evaluation = Stopwatch()
        evaluation.start()
        test = evaluate(model, batches)
        evaluation.stop()
        if not math.isfinite(test.loss):
            yield Diverged(epoch, len(batches) - 1, _divergence(config, epoch, len(batches) - 1, rate))
            return
        last = Epoch(
            epoch=epoch,
            step=step,
            train_loss=mean.loss,
            train_accuracy=mean.accuracy,
            train_accuracy5=mean.accuracy5,
            test_loss=test.loss,
            test_accuracy=test.accuracy,
            test_accuracy5=test.accuracy5,
            seconds=watch.seconds,
            test_seconds=evaluation.seconds,
            images_per_second=len(batches.train) / watch.seconds,
            lr=rate,
        )
        yield last
        if checkpoint is not None:
            Checkpoint(config, last, model.state_dict(), optimizer.state_dict()).save(checkpoint)
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


def _make_deterministic(device: torch.device) -> None:
    if device.type == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.benchmark = False


def _divergence(config: RunConfig, epoch: int, batch: int, rate: float) -> str:
    step = f"learning rate {rate:.3g}"
    if config.momentum:
        step += f" with momentum {config.momentum:g} (an effective step of {rate / (1 - config.momentum):.3g})"
    remedy = f"`lr` {config.lr / 10:g}" + (f" or `momentum` 0 with `lr` {config.lr:g}" if config.momentum else "")
    return (
        f"The loss stopped being a number in epoch {epoch}, batch {batch} (from 0), at {step}: steps that are too "
        f"large make the weights grow until they overflow. Try {remedy}."
    )
