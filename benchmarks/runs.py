"""A result file that fills with runs: what is there with the same configuration is not trained again.

    {"machine": ..., "copies": ..., PART: {ROW: {"config": ..., "runs": [{"seed", "diverged", "seconds", ...}, ...]}}}

A run's curve has its metrics after each epoch. `seconds` are of training alone, by the clock, with as many processes
beside it as `workers` says and whatever else the machine did; `cpu_seconds` are what the whole run used of its cores.
`copies` says of a data set that its images were not the original ones.
"""

import argparse
import json
import multiprocessing
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.files import read, write
from benchmarks.machine import copies, machine
from cnncore.errors import InputError
from cnncore.events import Diverged, Epoch
from cnncore.training.config import Precision, RunConfig
from cnncore.training.trainer import own_process, train

HELD_OUT = {"builtin": 1000, "cifar10": 5000}  # train images to choose by, of a fifth and of a tenth of them
METRICS = (
    *("train_accuracy", "validation_accuracy", "test_accuracy", "test_loss"),
    *("test_tta_accuracy", "validation_tta_accuracy"),  # of the last epoch alone
)


@dataclass(frozen=True)
class Job:
    """One run to make, and where in the result it goes."""

    part: str
    row: str
    config: RunConfig

    @property
    def setting(self) -> dict[str, Any]:
        """The configuration as the file has it, whatever the seed."""
        values: dict[str, Any] = json.loads(replace(self.config, seed=0).to_json())
        return values


def followed(config: RunConfig) -> tuple[list[Epoch], str | None]:
    """Train in this process and return the epochs, and why the run diverged if it did."""
    epochs: list[Epoch] = []
    diverged = None
    for event in train(config):
        if isinstance(event, Epoch):
            epochs.append(event)
        elif isinstance(event, Diverged):
            diverged = event.message
    return epochs, diverged


def measure(config: RunConfig) -> dict[str, Any]:
    """Train in this process, which does nothing else, and return the metrics after each epoch and the seconds."""
    own_process()
    begun = time.process_time()
    epochs, diverged = followed(config)
    curve = {
        name: [round(getattr(epoch, name), 4) for epoch in epochs if getattr(epoch, name) is not None]
        for name in METRICS
        if epochs and getattr(epochs[-1], name) is not None
    }
    seconds = {
        "seconds": round(sum(epoch.seconds for epoch in epochs), 1),
        "cpu_seconds": round(time.process_time() - begun, 1),
    }
    return {"seed": config.seed, "diverged": diverged, **seconds, "curve": curve}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what every script takes that fills a file: how many runs of what length, where, and which rows."""
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, help="instead of the configurations' own")
    parser.add_argument("--train-size", type=int, help="only so many train images, balanced over the classes")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", choices=list(Precision), help="instead of the configurations' own")
    parser.add_argument("--workers", type=int, default=1, help="processes; more than one for CPUs alone")
    parser.add_argument("--only", action="append", help="only this row")
    parser.add_argument("--name", help="of the result file")


def asked(config: RunConfig, args: argparse.Namespace, seed: int) -> RunConfig:
    """Return the configuration with the seed and with what these options ask for instead of its own."""
    return replace(
        config,
        seed=seed,
        epochs=args.epochs or config.epochs,
        train_size=args.train_size or config.train_size,
        precision=args.precision or config.precision,
        device=args.device,
    )


def fill(path: Path, jobs: Iterable[Job], workers: int = 1) -> None:
    """Make the runs that the file at `path` lacks, and write it after each of them.

    Ends the script with one sentence where a run cannot be made: no such device, a data set that is not prepared.
    """
    result = read(path)
    result["machine"] = machine() | {"workers": workers}
    todo = [job for job in jobs if lacks(result, job)]
    # A fresh interpreter each: torch's threads do not survive a fork.
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        running = {pool.submit(measure, job.config): job for job in todo}
        for done in as_completed(running):
            try:
                job, run = running[done], done.result()
            except InputError as error:
                raise SystemExit(str(error)) from None
            put(result, job, run)
            result["copies"] = result.get("copies", {}) | copies(job.config.dataset)
            write(path, result)
            last = {name: values[-1] for name, values in run["curve"].items() if values}
            print(job.part, job.row, f"seed {job.config.seed}", run["diverged"] or last, run["seconds"], flush=True)


def lacks(result: dict[str, Any], job: Job) -> bool:
    """Return whether a job's run is not in the result yet."""
    entry = result.get(job.part, {}).get(job.row, {})
    return not _same(entry, job) or all(run["seed"] != job.config.seed for run in entry["runs"])


def put(result: dict[str, Any], job: Job, run: dict[str, Any]) -> None:
    """Put a run into the result; those of another configuration under the same name go."""
    entry = result.setdefault(job.part, {}).setdefault(job.row, {})
    if not _same(entry, job):
        entry.clear()
        entry.update({"config": job.setting, "runs": []})
    others = [known for known in entry["runs"] if known["seed"] != run["seed"]]
    entry["runs"] = sorted([*others, run], key=lambda one: int(one["seed"]))


def _same(entry: dict[str, Any], job: Job) -> bool:
    """Return whether a row's runs are of the job's configuration; what an older file does not name has its default."""
    return "config" in entry and RunConfig.from_dict(entry["config"]) == replace(job.config, seed=0)
