from dataclasses import replace

import numpy as np
import pytest

from cnncore.figures.words import fair_pair, over_seeds, percent, read_out, standing, told_apart, verdict
from cnncore.runs.outcomes import Best, Paired
from cnncore.runs.store import RunStore
from tests.runs.conftest import CONFIG, batch, epoch_end, started

SPLIT = replace(CONFIG, validation_size=40)


@pytest.fixture
def store(app_home):
    store = RunStore(app_home / "runs.sqlite")
    yield store
    store.close()


def run(store, config=CONFIG, **last):
    """Return a run of three epochs, with other numbers of its last one where they are given."""
    run_id = store.create(config)
    store.claim(run_id, "me", 1)
    ends = [replace(epoch_end(3), **last) if epoch == 3 else epoch_end(epoch) for epoch in (1, 2, 3)]
    store.append(run_id, [started(), batch(1, 0), *ends], "me")
    return store.get(run_id)


@pytest.mark.parametrize(
    ("train", "test", "words"),
    [
        (0.99, 0.6, "gap of 39 points is overfitting: it knows its train images by heart"),
        (0.7, 0.6, "gap of 10 points is overfitting: it knows its train images too well"),
        (0.5, 0.6, "Test lies above train"),
        (0.6, 0.6, "Train and test are close"),
    ],
)
def test_the_verdict_names_the_gap_of_the_last_epoch(store, train, test, words):
    assert words in verdict(run(store, train_accuracy=train, test_accuracy=test))


def test_a_run_with_validation_is_judged_by_it_and_its_test_set_is_not_named(store):
    split = run(store, SPLIT, train_accuracy=0.6, test_accuracy=0.111, validation_accuracy=0.4, validation_loss=1.0)
    for text in (verdict(split), standing(split)):
        assert percent(0.4, 40) in text
        assert "test" not in text.lower()
        assert "11.1" not in text
    assert "gap of 20 points" in verdict(split)
    assert standing(run(store, test_accuracy=0.45)).endswith("test " + percent(0.45, 20))


def test_a_locked_test_set_is_read_once_with_its_interval(store):
    split = run(store, SPLIT, test_accuracy=0.45, validation_accuracy=0.4, validation_loss=1.0)
    text = read_out(split, Best(2, 0.5, fair=True))
    assert f"read once after epoch 3: **{percent(0.45, 20)}** of 20 images" in text
    assert f"Validation chooses epoch 2, with {percent(0.5, 20)}" in text
    assert "this same epoch" in read_out(split, Best(3, 0.45, fair=True))


def test_mean_and_spread_over_seeds_are_those_of_numpy():
    values = [0.7, 0.74, 0.69]
    mean, spread = 100 * np.mean(values), 100 * np.std(values, ddof=1)
    assert over_seeds(values, "test") == f"test accuracy **{mean:.1f} ± {spread:.1f} %** (69.0 to 74.0 %)"
    assert over_seeds([0.7], "validation") == "validation accuracy 70.0 %"


def test_a_fair_pair_is_told_with_what_differs_and_mcnemars_p(store):
    first, second = run(store), run(store, replace(CONFIG, dropout=0.5))
    text = fair_pair(first, second, Paired(30, 0, 7, 13))
    assert text.startswith(
        "`dropout` 0.5 against 0: **+14.0 points** on the same 50 test images, 74.0 % against 60.0 %."
    )
    assert "7 for the second and 0 for the first: more than the images' luck (McNemar's exact p = 0.016)" in text
    assert "(McNemar's exact p < 0.0001)" in fair_pair(first, second, Paired(30, 0, 20, 0))
    assert told_apart(Paired(10, 3, 4, 3)).endswith("no more than luck would do")
