"""Training on a CPU: this trainer against the usual way, against a bare loop of steps, and with its store.

    python -m benchmarks.cpu                       the built-in data: what the README quotes
    python -m benchmarks.cpu --dataset cifar10     the same on CIFAR-10, with the peak memory of a whole epoch

figure-6: the practical's network at batch 128 with crop, flip and standardization. Every reading is a process of its
own (an allocator's settings hold for a process), the sides take turns, and what is compared are ratios within a
round: these are readings of one machine at one time. The first epoch of each process warms up and is not counted.

usual      torchvision's transforms image by image, a DataLoader (with no workers or two: the better counts), .item()
bare       the same network and batches that are there already: forward, backward, update, nothing else
trainer    `train(config)`: gathers, augments, standardizes, counts loss and accuracies, yields every batch's event
stored     the same, each event into the store and a checkpoint and snapshot after every epoch, as the app runs it
half       the trainer with `--precision half`, on a processor with units for bfloat16
"""

import argparse
import itertools
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader

from benchmarks.files import RESULTS, write
from benchmarks.machine import machine, peak_memory
from benchmarks.ratio import compare
from cnncore.architecture.build import build
from cnncore.data.images import ImageData
from cnncore.data.pixels import HANDOUT_MEAN, HANDOUT_STD
from cnncore.data.prepared import load
from cnncore.data.subset import balanced
from cnncore.events import Epoch
from cnncore.training.config import DeviceChoice, Precision, RunConfig
from cnncore.training.device import bfloat16_units
from cnncore.training.network import network_of
from cnncore.training.pool_first import pool_first
from cnncore.training.presets import PRESETS
from cnncore.training.trainer import own_process, train

CPU = torch.device("cpu")


def usual(config: RunConfig, data: ImageData, workers: int = 0) -> float:
    """Return the usual loop's images per second."""
    # Only here: the trainer imports no torchvision, so its memory is measured without.
    from benchmarks.usual import Pictures, train_epoch, transform

    chosen = balanced(np.asarray(data.train_labels), config.train_size, "train_size")
    torch.manual_seed(config.seed)
    model = build(network_of(config, data.shape, len(data.classes)))
    optimizer = torch.optim.SGD(model.parameters(), lr=config.lr)
    pictures = Pictures(data.train_images[chosen], data.train_labels[chosen], transform(HANDOUT_MEAN, HANDOUT_STD))
    loader = DataLoader(pictures, config.batch_size, shuffle=True, num_workers=workers, persistent_workers=workers > 0)
    return _rate(len(pictures), config.epochs, lambda: [*train_epoch(model, loader, optimizer, CPU)])


def bare(config: RunConfig, data: ImageData) -> float:
    """Return the images per second of steps alone, on one batch that lies there ready."""
    own_process()
    torch.manual_seed(config.seed)
    network = network_of(config, data.shape, len(data.classes))
    model = pool_first(build(network)).to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), lr=config.lr)
    inputs = torch.randn(config.batch_size, *network.input).contiguous(memory_format=torch.channels_last)
    labels = torch.randint(0, len(data.classes), (config.batch_size,))
    steps = (config.train_size or len(data.train_labels)) // config.batch_size

    def epoch() -> None:
        for _ in range(steps):
            optimizer.zero_grad(set_to_none=True)
            F.cross_entropy(model(inputs), labels).backward()  # type: ignore[no-untyped-call]  # torch's own
            optimizer.step()

    return _rate(steps * config.batch_size, config.epochs, epoch)


def trainer(config: RunConfig, data: ImageData) -> float:
    """Return the trainer's images per second, events taken and thrown away."""
    own_process()
    return _of_epochs([event for event in train(config) if isinstance(event, Epoch)], len(data.train_labels), config)


def half(config: RunConfig, data: ImageData) -> float:
    """Return the trainer's images per second in bfloat16."""
    return trainer(replace(config, precision=Precision.HALF), data)


def stored(config: RunConfig, data: ImageData) -> float:
    """Return the images per second of wall time with store, checkpoint and snapshots, evaluation apart."""
    from cnncore.runs.record import Status
    from cnncore.runs.store import RunStore
    from cnncore.runs.worker import record

    own_process()
    epochs: list[tuple[float, Epoch]] = []

    def note(event: Any) -> None:
        if isinstance(event, Epoch):
            epochs.append((time.perf_counter(), event))

    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(Path(folder) / "runs.sqlite")
        record(store, store.create(config, status=Status.RUNNING), config, on_event=note)
        store.close()
    # From one epoch's event to the next: training, what is stored of it, and the evaluation, which is taken off.
    seconds = [b[0] - a[0] - b[1].test_seconds for a, b in itertools.pairwise(epochs)]
    return (config.train_size or len(data.train_labels)) / statistics.median(seconds)


def memory(config: RunConfig, data: ImageData) -> float:  # noqa: ARG001 one signature for all
    """Return the peak resident memory of one whole epoch with its evaluation, in megabytes (POSIX)."""
    own_process()
    for _ in train(replace(config, epochs=1, train_size=None)):
        pass
    return peak_memory()


def memory_with_validation(config: RunConfig, data: ImageData) -> float:
    """Return that peak where a tenth of the train images is held out."""
    return memory(replace(config, validation_size=len(data.train_labels) // 10), data)


def _rate(images: int, epochs: int, epoch: Callable[[], object]) -> float:
    epoch()
    seconds = []
    for _ in range(epochs - 1):
        start = time.perf_counter()
        epoch()
        seconds.append(time.perf_counter() - start)
    return images / statistics.median(seconds)


def _of_epochs(epochs: list[Epoch], available: int, config: RunConfig) -> float:
    return (config.train_size or available) / statistics.median(epoch.seconds for epoch in epochs[1:])


SIDES: dict[str, Callable[..., float]] = {
    "usual": usual,
    "usual-2": lambda config, data: usual(config, data, workers=2),
    "bare": bare,
    "trainer": trainer,
    "stored": stored,
    "half": half,
    "memory": memory,
    "memory-validation": memory_with_validation,
}


def reading(side: str, dataset: str, size: int, epochs: int) -> float:
    """Return what a process of its own reads for one side."""
    command = [sys.executable, "-m", "benchmarks.cpu", "--side", side, "--dataset", dataset]
    command += ["--train-size", str(size), "--epochs", str(epochs)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout.splitlines()[-1])


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", default="builtin")
    parser.add_argument("--train-size", type=int, default=5000)
    parser.add_argument("--epochs", type=int, default=5, help="of each reading; the first is not counted")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--side", choices=list(SIDES), help="one reading in this process, printed")
    args = parser.parse_args()
    if args.side:
        config = replace(
            PRESETS["figure-6"],
            dataset=args.dataset,
            train_size=args.train_size,
            test_size=1000,
            epochs=args.epochs,
            device=DeviceChoice.CPU,
        )
        print(SIDES[args.side](config, load(args.dataset)))
        return

    sides = [side for side in SIDES if not side.startswith("memory") and (side != "half" or bfloat16_units())]
    rounds: list[dict[str, float]] = []
    result: dict[str, Any] = {"machine": machine(), "dataset": args.dataset, "train_size": args.train_size}
    for number in range(args.rounds):
        turn = sides if number % 2 == 0 else sides[::-1]
        entry = {side: reading(side, args.dataset, args.train_size, args.epochs) for side in turn}
        entry["usual best"] = max(entry["usual"], entry["usual-2"])
        rounds.append({name: round(value, 1) for name, value in entry.items()})
        print(rounds[-1], flush=True)
    result |= {
        "images_per_second": rounds,
        "trainer / usual": compare(rounds, "trainer", "usual best"),
        "trainer / bare": compare(rounds, "trainer", "bare"),
        "stored / trainer": compare(rounds, "stored", "trainer"),
        "peak_memory_mb": round(reading("memory", args.dataset, args.train_size, 1)),
        "peak_memory_with_validation_mb": round(reading("memory-validation", args.dataset, args.train_size, 1)),
    }
    if "half" in sides:
        result["half / usual"] = compare(rounds, "half", "usual best")
    for name in (
        "trainer / usual",
        "trainer / bare",
        "stored / trainer",
        "half / usual",
        "peak_memory_mb",
        "peak_memory_with_validation_mb",
    ):
        print(f"{name}: {result.get(name, 'not on this processor')}")
    write(RESULTS / f"cpu-{args.dataset}.json", result)


if __name__ == "__main__":
    main()
