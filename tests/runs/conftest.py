"""A trainer without torch: it makes the events that a real one would make, in no time."""

import time

import pytest

from cnncore.events import Batch, Diverged, Epoch, Finished, Started
from cnncore.runs.store import RunStore
from cnncore.training.config import RunConfig

CONFIG = RunConfig(dataset="tiny", network="classroom", epochs=4, batch_size=10)
BATCHES = 5


@pytest.fixture
def store(app_home):
    store = RunStore(app_home / "runs.sqlite")
    yield store
    store.close()


def started(first_epoch=1):
    return Started(
        CONFIG.to_dict(), "cpu", "the CPU was asked for", 1000, 50, 20, BATCHES, 10, first_epoch, {"torch": "2"}
    )


def batch(epoch, number):
    step = (epoch - 1) * BATCHES + number + 1
    return Batch(epoch, number, step, 10, 2.3 - 0.01 * step, 0.1, 0.5, 0.1, 0.1 * (number + 1))


def epoch_end(epoch):
    return Epoch(
        epoch, epoch * BATCHES, 2.0 / epoch, 0.2 * epoch, 0.9, 2.1 / epoch, 0.15 * epoch, 0.8, 0.5, 0.1, 100.0, 0.1
    )


def end_between(monkeypatch, store, run_id, epoch):
    """Let a worker write the end of an epoch right after the next curve that is read of `store`."""
    read = store.curve

    def curve(*arguments):
        monkeypatch.setattr(store, "curve", read)
        found = read(*arguments)
        store.append(run_id, [epoch], "me")
        return found

    monkeypatch.setattr(store, "curve", curve)


def scripted(pause=0.0, diverge_at=None, seen=None):
    """Return a trainer that keeps the checkpoint's promise: saved when the event after the epoch's is asked for."""

    def train(config, *, checkpoint, resume, live):
        done = int(checkpoint.read_text()) if resume and checkpoint.exists() else 0
        yield started(done + 1)
        for epoch in range(done + 1, config.epochs + 1):
            for number in range(BATCHES):
                time.sleep(pause)
                if seen is not None:
                    seen.append((epoch, number))
                yield batch(epoch, number)
            if epoch == diverge_at:
                yield Diverged(epoch, 3, "too large a step")
                return
            yield epoch_end(epoch)
            checkpoint.parent.mkdir(parents=True, exist_ok=True)
            checkpoint.write_text(str(epoch))
        yield Finished(config.epochs, 2.0, 0.5, 0.6)

    return train
