from dataclasses import replace

import pytest

from cnncore.errors import InputError
from cnncore.runs.outcomes import Best, Paired, best_epoch, paired
from cnncore.training.snapshots import Folder
from tests.pages.test_compare import filled
from tests.pages.test_compare import store as store
from tests.runs.conftest import CONFIG, end_between, epoch_end, started


def of_accuracies(store, test, validation):
    run = stored(store, test, validation)
    return best_epoch(store, run)


def stored(store, test, validation):
    run_id = store.create(CONFIG)
    store.claim(run_id, "me", 1)
    ends = [
        replace(epoch_end(epoch), test_accuracy=a, validation_accuracy=b)
        for epoch, (a, b) in enumerate(zip(test, validation, strict=True), start=1)
    ]
    store.append(run_id, [started(), *ends], "me")
    return store.get(run_id)


def test_validation_chooses_where_there_is_one_and_the_test_set_where_there_is_none(store):
    best = of_accuracies(store, [0.5, 0.9, 0.7], [0.4, 0.5, 0.6])
    assert (best.epoch, best.test_accuracy, best.fair) == (3, 0.7, True)
    best = of_accuracies(store, [0.5, 0.9, 0.9], [None] * 3)
    assert (best.epoch, best.test_accuracy, best.fair) == (2, 0.9, False)
    assert of_accuracies(store, [], []) is None


def test_an_epoch_that_ends_between_the_reads_is_left_to_the_next_one(store, monkeypatch):
    run = stored(store, [0.5, 0.9], [0.4, 0.3])
    end_between(monkeypatch, store, run.id, replace(epoch_end(3), test_accuracy=0.7, validation_accuracy=0.6))
    assert best_epoch(store, run) == Best(1, 0.5, fair=True)
    assert best_epoch(store, run) == Best(3, 0.7, fair=True)
    run = stored(store, [], [])
    end_between(monkeypatch, store, run.id, replace(epoch_end(1), validation_accuracy=0.6))
    assert best_epoch(store, run) is None


def test_two_runs_are_counted_image_by_image(store):
    first, second = (store.get(filled(store, right=right)) for right in (30, 37))
    pair = paired(first, second)
    assert pair == Paired(both=30, only_first=0, only_second=7, neither=13)
    assert (pair.total, pair.gain, pair.p) == (50, 0.14, 2 / 2**7)


def test_other_test_images_and_lost_predictions_are_refused(store):
    first = store.get(filled(store))
    with pytest.raises(InputError, match="different images"):
        paired(first, store.get(filled(store, replace(CONFIG, dataset="builtin"))))
    bare = store.get(filled(store))
    with pytest.raises(InputError, match="kept no predictions"):
        paired(first, replace(bare, id="gone"))


def test_comparing_the_same_runs_again_reads_nothing_again(store, monkeypatch):
    first, second = (store.get(filled(store, right=right)) for right in (30, 37))
    once = paired(first, second)
    monkeypatch.setattr(Folder, "read", lambda *_: pytest.fail("read again"))
    assert paired(first, second) == once
