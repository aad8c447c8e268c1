from dataclasses import replace

import numpy as np
import pytest

from cnncore.data.augmentation import HorizontalFlip
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


def run(store, config=CONFIG, test_size=1000, **last):
    """Return a run of three epochs, with other numbers of its last one where they are given."""
    run_id = store.create(config)
    store.claim(run_id, "me", 1)
    ends = [replace(epoch_end(3), **last) if epoch == 3 else epoch_end(epoch) for epoch in (1, 2, 3)]
    store.append(run_id, [replace(started(), test_size=test_size), batch(1, 0), *ends], "me")
    return store.get(run_id)


@pytest.mark.parametrize(
    ("train", "test", "words"),
    [
        (0.99, 0.6, "gap of 39 points is overfitting: it knows its train images by heart"),
        (0.7, 0.6, "gap of 10 points is overfitting: it knows its train images too well"),
        (0.5, 0.6, "Test lies above train"),
        (0.6, 0.6, "Train and test are close"),
        (
            0.097,
            0.1,
            "no better than guessing among 10 classes (10.0 %) on 1,000 images. The network has learned nothing",
        ),
        (0.9, 0.1, "among 10 classes (10.0 %) on 1,000 images. The gap of 80 points is overfitting"),
    ],
)
def test_the_verdict_names_the_gap_of_the_last_epoch(store, train, test, words):
    assert words in verdict(run(store, train_accuracy=train, test_accuracy=test))


def test_a_run_that_learned_nothing_is_told_no_other_way_to_gain(store):
    text = verdict(run(store, train_accuracy=0.097, test_accuracy=0.1))
    assert "close" not in text
    assert "may still gain" not in text


def test_the_same_gap_is_overfitting_on_many_images_and_chance_on_few(store):
    last = {"train_accuracy": 0.66, "test_accuracy": 0.6}
    assert "The gap of 6 points is no more than chance explains on 100 images" in verdict(
        run(store, test_size=100, **last)
    )
    assert "The gap of 6 points is overfitting" in verdict(run(store, test_size=1000, **last))


FLIPPED = replace(CONFIG, augment=(HorizontalFlip(),))


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (CONFIG, "the train accuracy is the epoch's running average, over weights that still moved (Q14)."),
        (replace(CONFIG, dropout=0.5), "dropout makes training harder than testing (Q14, Q29)."),
        (FLIPPED, "augmentation makes training harder than testing (Q14, Q22)."),
        (replace(FLIPPED, dropout=0.5), "augmentation and dropout make training harder than testing (Q14, Q22, Q29)."),
        (replace(CONFIG, network="alexnet"), "dropout makes training harder than testing (Q14, Q29)."),
    ],
)
def test_test_lies_above_train_for_a_reason_that_the_run_has(store, config, words):
    assert verdict(run(store, config, train_accuracy=0.5, test_accuracy=0.6)).endswith(
        f"Test lies above train: {words}"
    )
    few = verdict(run(store, config, test_size=50, train_accuracy=0.5, test_accuracy=0.6))
    assert few.endswith(f"{words[:-1]}, and chance alone makes ± 13.1 points on 50 images.")


def test_scored_train_images_are_what_is_judged_where_there_are_any(store):
    config = replace(CONFIG, train_eval=True, dropout=0.5)
    last = {"train_accuracy": 0.3, "train_eval_loss": 1.0, "test_accuracy": 0.6}
    assert "Test accuracy 60.0 % (56.9 to 63.0), train 61.0 % (scored after the epoch)" in verdict(
        run(store, config, train_eval_accuracy=0.61, **last)
    )
    above = verdict(run(store, config, train_eval_accuracy=0.5, **last))
    assert above.endswith("Test lies above train: these test images are easier than the train images.")


def test_a_run_with_validation_is_judged_by_it_and_its_test_set_is_not_named(store):
    split = run(store, SPLIT, train_accuracy=0.6, test_accuracy=0.111, validation_accuracy=0.2, validation_loss=1.0)
    for text in (verdict(split), standing(split)):
        assert percent(0.2, 40) in text
        assert "test" not in text.lower()
        assert "11.1" not in text
    assert "gap of 40 points is overfitting" in verdict(split)
    assert standing(run(store, test_accuracy=0.45)).endswith("test " + percent(0.45, 1000))


def test_a_locked_test_set_is_read_once_with_its_interval(store):
    split = run(store, SPLIT, test_size=20, test_accuracy=0.45, validation_accuracy=0.4, validation_loss=1.0)
    text = read_out(split, Best(2, 0.5, fair=True))
    assert f"read once after epoch 3: **{percent(0.45, 20)}** of 20 images" in text
    assert f"Validation chooses epoch 2, with {percent(0.5, 20)}" in text
    assert "this same epoch" in read_out(split, Best(3, 0.45, fair=True))


ASKED = {"test_tta_loss": 1.0, "test_tta_accuracy": 0.65, "validation_tta_loss": 1.0, "validation_tta_accuracy": 0.35}


@pytest.mark.parametrize(("tta", "views"), [("mirror", 2), ("mirror-shift", 6)])
def test_what_more_looks_gave_is_said_beside_the_one(store, tta, views):
    found = run(store, replace(FLIPPED, tta=tta), train_accuracy=0.6, test_accuracy=0.6, **ASKED)
    said = f"Asked about {views} views of each test image, the same weights are right in {percent(0.65, 1000)}: +5.0"
    assert f"{said} points. " in verdict(found)
    assert "views" not in verdict(run(store, FLIPPED, train_accuracy=0.6, test_accuracy=0.6))


def test_with_validation_more_looks_at_the_test_images_are_told_with_its_one_reading(store):
    last = {"train_accuracy": 0.6, "test_accuracy": 0.6, "validation_accuracy": 0.4, "validation_loss": 1.0}
    split = run(store, replace(SPLIT, tta="mirror"), test_size=20, **last, **ASKED)
    assert f"views of each validation image, the same weights are right in {percent(0.35, 40)}: -5.0" in verdict(split)
    assert "65" not in verdict(split)
    assert f"With 2 views of each: **{percent(0.65, 20)}**." in read_out(split, Best(3, 0.6, fair=True))


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
    assert "7 in the second and 0 in the first: more than chance explains (McNemar's exact p = 0.016)" in text
    assert "(McNemar's exact p < 0.0001)" in fair_pair(first, second, Paired(30, 0, 20, 0))
    assert told_apart(Paired(10, 3, 4, 3)).endswith("no more than chance explains")
    assert told_apart(Paired(10, 0, 1, 3)).startswith("1 image is right in only one of the two")
