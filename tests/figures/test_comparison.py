from dataclasses import replace

import pytest

from cnncore.baselines.config import BagOfWordsConfig
from cnncore.baselines.outcome import Result
from cnncore.data import load
from cnncore.events import Epoch, Started
from cnncore.figures import results
from cnncore.figures.comparison import (
    accuracy_bars,
    best_run,
    learned_bars,
    legend,
    network_before,
    row_of_result,
    seconds_bars,
    words_before,
)
from cnncore.runs.store import open_store
from cnncore.statistics import wilson_interval
from cnncore.training.config import RunConfig

RESULT = Result(
    config=BagOfWordsConfig(words=10, pyramid=False),
    shape=(3, 32, 32),
    classes=("a", "b"),
    train_size=40,
    train_right=30,
    confusion=((8, 2), (3, 7)),
    dictionary=1280,
    classifier=24,
    seconds={"descriptors": 1.0, "dictionary": 2.0, "encoding": 3.0, "classifier": 4.0, "test": 50.0},
    created=0.0,
)


def store_run(accuracy, dataset="builtin"):
    config = RunConfig(dataset=dataset, network="classroom", epochs=1)
    store = open_store()
    run_id = store.create(config)
    store.claim(run_id, "me", 1)
    events = [
        Started(config.to_dict(), "cpu", "asked", 5000, 50, 20, 1, 10, 1, {}),
        Epoch(1, 1, 2.0, 0.9, 0.9, 2.1, accuracy, 0.8, 7.5, 0.1, 100.0, 0.1),
    ]
    store.append(run_id, events, "me")


def test_the_result_as_a_row():
    row = row_of_result(RESULT)
    assert (row.test_accuracy, row.test_size, row.train_accuracy) == (0.75, 20, 0.75)
    assert (row.numbers, row.learned, row.seconds) == ((1280, 24, 0), 1304, 10.0)


def test_the_best_run_of_the_data_set_is_taken(app_home):
    assert best_run(open_store().runs(), "builtin") is None
    for accuracy, dataset in ((0.5, "builtin"), (0.7, "builtin"), (0.6, "builtin"), (0.9, "mnist")):
        store_run(accuracy, dataset)
    row = best_run(open_store().runs(), "builtin")
    assert (row.test_accuracy, row.numbers, row.seconds, row.test_size) == (0.7, (0, 0, 5000), 7.5, 20)


def test_charts_have_every_number_and_say_which_part_it_is():
    rows = [row_of_result(RESULT), replace(row_of_result(RESULT), name="Network: n", numbers=(0, 0, 99), seconds=5.0)]
    learned = learned_bars(rows).data
    assert list(zip(learned["part"], learned["numbers"], strict=True)) == [
        ("dictionary (k-means)", 1280),
        ("classifier (SVM)", 24),
        ("network (end to end)", 99),
    ]
    assert seconds_bars(rows).data["seconds"] == [10.0, 5.0]
    low, high = wilson_interval(15, 20)
    accuracy = accuracy_bars(rows).data
    assert accuracy["test"] == [75.0, 75.0]
    assert (accuracy["low"][0], accuracy["high"][0]) == (round(100 * low, 2), round(100 * high, 2))
    for part in ("dictionary (k-means)", "network (end to end)", "test accuracy"):
        assert part in legend()


def test_what_was_measured_before_is_the_files_own(app_home):
    load("builtin")
    words, network = words_before("builtin"), network_before("builtin")
    assert words.numbers == (200 * 128, 10 * (5 * 201 + 1), 0)
    assert 0.5 < words.test_accuracy < network.test_accuracy
    assert network.numbers[2] > words.learned
    assert words.where.startswith("before, on ")
    assert words.copies == network.copies == ""
    assert "not the original bytes" in words_before("cifar10").copies
    assert words_before("nosuch") is None
    assert network_before("nosuch") is None


def test_without_the_benchmarks_nothing_was_measured(app_home, monkeypatch, tmp_path):
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    assert words_before("builtin") is None
    assert network_before("builtin") is None


@pytest.mark.parametrize("chart", [accuracy_bars, seconds_bars, learned_bars])
def test_nothing_is_drawn_of_nothing(chart):
    assert all(column == [] for column in chart([]).data.values())
