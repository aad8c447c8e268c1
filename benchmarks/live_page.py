"""What one refresh of a run's live curves costs, however long the run: the server's milliseconds, and the bytes sent.

    python -m benchmarks.live_page                 writes results/live-page-cpu.json

The store is filled with runs of 5, 50 and 100 epochs of 391 updates (CIFAR-10 in batches of 128) that are still going
on, with every curve there is: train, re-scored train, validation, the test set opened, two changes of the learning
rate. The real app serves the page to a viewer that speaks its protocol, one update is added before each refresh, and
what is counted is what came over the wire and the processor time of the server's process. No torch is involved.
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.files import RESULTS, write
from benchmarks.machine import machine
from benchmarks.viewers import Viewer, cpu_seconds, served, spread
from cnncore.events import Batch, Changed, Epoch, Event, Started
from cnncore.runs.record import Status
from cnncore.runs.store import RunStore, open_store
from cnncore.training.config import RunConfig
from pages.parts.held_out import TOGGLE

EPOCHS = (5, 50, 100)
UPDATES = 391  # an epoch: CIFAR-10 in batches of 128
OWNER = "benchmark"


def fill(store: RunStore, epochs: int) -> str:
    """Store a run that is in the middle of its last epoch, and return its id."""
    config = RunConfig(epochs=epochs, validation_size=5000, train_eval=True)
    run_id = store.create(config)
    store.claim(run_id, OWNER, os.getpid())
    events: list[Event] = [
        Started(config.to_dict(), "cpu", "it was asked for", 1_191_170, 45_000, 10_000, UPDATES, 10, 1, {})
    ]
    noise = np.random.default_rng(0).normal(0, 0.1, (epochs, UPDATES))
    for epoch in range(1, epochs + 1):
        if epoch in (2, 3):
            events.append(Changed(epoch, (epoch - 1) * UPDATES + 1, 0.1**epoch))
        last = UPDATES // 2 if epoch == epochs else UPDATES
        events += [update(epoch, number, noise[epoch - 1, number]) for number in range(last)]
        if epoch < epochs:
            events.append(epoch_end(epoch, epochs))
    store.append(run_id, events, OWNER)
    return run_id


def update(epoch: int, number: int, noise: float = 0.0) -> Batch:
    """Return an update somewhere on a falling curve."""
    step = (epoch - 1) * UPDATES + number + 1
    loss = 0.2 + 2.1 * 0.9997**step * (1 + noise)
    return Batch(epoch, number, step, 128, loss, np.exp(-loss), 0.9, 0.1, 0.01 * number)


def epoch_end(epoch: int, epochs: int) -> Epoch:
    """Return the end of an epoch, every curve measured."""
    done = epoch / epochs
    metrics = [
        f"{split}_{name}" for split in ("validation", "train_eval") for name in ("loss", "accuracy", "accuracy5")
    ]
    held = dict.fromkeys(metrics, 0.3 + 0.4 * done)
    train, test = (2 - done, 0.3 + 0.6 * done, 0.9), (2 - done, 0.3 + 0.4 * done, 0.9)
    return Epoch(epoch, epoch * UPDATES, *train, *test, 4.0, 1.0, 9e3, 0.1, **held)


async def measure(url: str, pid: int, store: RunStore, run_id: str, epochs: int, repeats: int) -> dict[str, Any]:
    """Return bytes and milliseconds of `repeats` refreshes of the live part, each after one more update."""
    async with Viewer(url, f"training?run={run_id}") as viewer:
        await viewer.toggle(TOGGLE, True)
        [fragment] = viewer.fragments
        first = UPDATES // 2

        async def refresh(number: int) -> None:
            store.supervise(OWNER, os.getpid())  # the app starts no supervisor, which would end a run without a worker
            store.append(run_id, [update(epochs, first + number)], OWNER)
            await viewer.refresh(fragment)

        for number in range(10):
            await refresh(number)
        viewer.seen.milliseconds.clear()
        viewer.seen.size.clear()
        before = cpu_seconds(pid)
        for number in range(10, 10 + repeats):
            await refresh(number)
        after = cpu_seconds(pid)
    if viewer.seen.errors:
        raise RuntimeError(viewer.seen.errors[0])
    return {
        "epochs": epochs,
        "updates": store.get(run_id).step,
        "bytes": spread(list(map(float, viewer.seen.size))),
        "server_cpu_ms": None if before is None or after is None else round(1000 * (after - before) / repeats, 1),
        "wall_ms": spread(viewer.seen.milliseconds),
    }


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=100, choices=range(1, 180), metavar="1..179")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, served(Path(folder)) as (url, pid):
        store = open_store()
        time.sleep(5)  # the server warms its compute pool up
        found = []
        for epochs in EPOCHS:
            run_id = fill(store, epochs)
            store.supervise(OWNER, os.getpid())
            found.append(asyncio.run(measure(url, pid, store, run_id, epochs, args.repeats)))
            print(json.dumps(found[-1]), flush=True)
            store.set_status(run_id, Status.FINISHED, "", OWNER)
    load = round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None  # all that wants a core, ours too
    result = {"machine": machine(), "repeats": args.repeats, "load": load, "runs": found}
    write(RESULTS / "live-page-cpu.json", result)


if __name__ == "__main__":
    main()
