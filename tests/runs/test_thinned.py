"""A curve that is read on must be the one that is read anew, and cost as much in a long run as in a short one."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncore.events import Started
from cnncore.runs.store import RunStore
from cnncore.runs.thinned import KEPT, width_of
from tests.runs.conftest import BATCHES, CONFIG, batch, epoch_end, started

METRICS = ("batch/loss", "batch/accuracy", "batch/lr")


def noisy(epoch, number, seed):
    """Return an update whose numbers are of this attempt alone: a resumed run measures other times."""
    rng = np.random.default_rng([seed, epoch, number])
    return replace(batch(epoch, number), loss=rng.uniform(), accuracy=rng.uniform(), seconds=number + rng.uniform())


def same(one, other):
    return all(
        np.allclose(getattr(one, name), getattr(other, name), rtol=1e-12, atol=0)
        for name in ("step", "epoch", "seconds", "value", "low", "high")
    )


def assert_as_read_anew(store, run_id, points):
    fresh = RunStore(store.path)
    for metric in METRICS:
        assert same(store.curve(run_id, metric, points), fresh.curve(run_id, metric, points))
    fresh.close()


@given(
    chunks=st.lists(st.integers(1, 40), min_size=1, max_size=8),
    points=st.sampled_from([1, 2, 5, 16, 300]),
    resume=st.integers(0, 8),
)
@settings(max_examples=25, deadline=None)
def test_a_curve_that_is_read_on_is_the_one_that_is_read_anew(tmp_path_factory, chunks, points, resume):
    """Updates come in chunks and the curve is read after each; once, the run goes back to an earlier epoch."""
    store = RunStore(tmp_path_factory.mktemp("store") / "runs.sqlite")
    run_id = store.create(CONFIG)
    store.claim(run_id, "me", 1)
    store.append(run_id, [started()], "me")
    at = 0
    for attempt, chunk in enumerate(chunks):
        if attempt == resume:
            first = max(1, at // BATCHES // 2)
            store.append(run_id, [started(first)], "me")
            at = (first - 1) * BATCHES
        events = []
        for step in range(at, at + chunk):
            epoch, number = step // BATCHES + 1, step % BATCHES
            events.append(noisy(epoch, number, attempt))
            if number == BATCHES - 1:
                events.append(epoch_end(epoch))
        store.append(run_id, events, "me")
        at += chunk
        assert_as_read_anew(store, run_id, points)
    store.close()


def long_run(store, updates):
    """Store a run of so many updates in one epoch."""
    run_id = store.create(CONFIG)
    store.claim(run_id, "me", 1)
    begin = Started(CONFIG.to_dict(), "cpu", "asked for", 1, 10, 10, updates * 2, 10, 1, {})
    store.append(run_id, [begin, *(replace(noisy(1, n, 0), step=n + 1) for n in range(updates))], "me")
    return run_id


def instructions(store, run_id):
    """Return how many instructions the database needs for the curve, in tens."""
    counted = []
    store._connection.set_progress_handler(lambda: counted.append(1) and None, 10)
    store.curve(run_id, "batch/loss", 100)
    store._connection.set_progress_handler(None, 0)
    return len(counted)


def of_next_look(store, updates):
    run_id = long_run(store, updates)
    store.curve(run_id, "batch/loss", 100)
    store.append(run_id, [replace(noisy(1, updates, 0), step=updates + 1)], "me")
    return run_id, instructions(store, run_id)


def test_the_next_look_costs_as_much_in_a_long_run_as_in_a_short_one(store):
    """It reads the last bucket and what came after, at most 64 of 6,400 updates, where a first look reads them all."""
    _, short = of_next_look(store, 199)
    run_id, long = of_next_look(store, 6_399)
    fresh = RunStore(store.path)
    first = instructions(fresh, run_id)
    fresh.close()
    assert long < first / 20
    assert long < 40 * short


@pytest.mark.parametrize("updates", [1, 99, 100, 101, 12_345])
def test_a_bucket_is_the_smallest_power_of_two_that_does(updates):
    width = width_of(updates, 100)
    assert width & (width - 1) == 0
    assert -(-updates // width) <= 100
    assert width == 1 or -(-updates // (width // 2)) > 100


def test_only_so_many_readings_are_kept(store):
    for _ in range(KEPT + 3):
        run_id = store.create(CONFIG)
        store.claim(run_id, "me", 1)
        store.append(run_id, [started(), batch(1, 0), batch(1, 1)], "me")
        store.curve(run_id, "batch/loss", 100)
    assert len(store._thinned._readings) == KEPT
