import math
from dataclasses import replace

import numpy as np
import pytest

from cnncore.events import Batch, Diverged
from cnncore.training.config import RunConfig, Standardization
from cnncore.training.diagnosis import (
    Trouble,
    _larger,
    diagnose,
    effective_step,
    first_loss,
    growing_confidence,
    overfitting,
)
from cnncore.training.presets import PRESETS
from cnncore.training.trainer import train

GUESS = math.log(10)
NOISE = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("loss", "classes", "batch_norm", "sound", "word"),
    [
        (2.3033, 10, False, True, "as it should be"),  # the source report's own first loss
        (2.55, 10, True, True, "as it should be"),
        (2.55, 10, False, False, "already sure"),
        (2.303, 100, False, False, "cannot know that much"),
        (math.log(1000), 1000, False, True, "ln 1000 = 6.908"),
    ],
)
def test_the_first_loss_is_judged_against_that_of_guessing(loss, classes, batch_norm, sound, word):
    found = first_loss(loss, classes, RunConfig(batch_norm=batch_norm))
    assert found.sound is sound
    assert word in found.text
    assert found.guess == pytest.approx(-math.log(1 / classes))


@pytest.mark.parametrize("name", ["classroom-2", "classroom-9"])
def test_the_first_loss_of_a_real_run_is_sound(drawn_once, name):
    config = replace(PRESETS[name], train_size=320, test_size=10, device="cpu", epochs=1)
    first = next(event for event in train(config) if isinstance(event, Batch))
    assert first_loss(first.loss, 10, config).sound


def curves(epochs=20, gap=0.25, climb=0.6):
    time = np.linspace(0, 1, epochs)
    train = 0.4 + 0.6 * time
    test = train - gap * time
    loss = 1.5 - 2 * time + 2 * time**2 * (1 + climb)  # a parabola: lowest at 1 / (2 (1 + climb))
    return train, test, loss


def test_overfitting_is_named_with_its_gap_and_the_turn_of_the_test_loss():
    train, test, loss = curves()
    found = overfitting(train, test, loss, 1000, 10)
    assert found.noticed
    assert found.u_shaped
    assert found.gap == pytest.approx(0.25)
    assert found.best_epoch == 1 + int(loss.argmin())
    assert found.rise == pytest.approx(float(np.median(loss[-3:]) - loss.min()))
    assert "25 points above" in found.text
    assert f"lowest in epoch {found.best_epoch} ({loss.min():.3f})" in found.text


def test_the_sentence_names_the_images_that_it_speaks_of():
    found = overfitting(*curves(), 1000, 10, "validation")
    assert "above validation accuracy" in found.text
    assert "the validation loss is U-shaped" in found.text
    assert "test" not in found.text


def test_the_confidence_of_wrong_answers_is_named_as_it_was_measured():
    found = overfitting(*curves(), 1000, 10)
    best = found.best_epoch
    assert growing_confidence(found, 20, 0.553, 0.831) == (
        f"Its wrong answers are given with growing confidence: 55 % on average in epoch {best}, 83 % in epoch 20."
    )
    assert "no more confidence" in growing_confidence(found, 20, 0.8, 0.7)
    assert growing_confidence(found, 20, None, 0.7) == "Its wrong answers are given with 70 % confidence on average."
    assert growing_confidence(found, 20, 0.5, None) == "", "no wrong answers"
    sound = overfitting(np.linspace(0.3, 0.6, 5), np.linspace(0.3, 0.6, 5), np.linspace(2, 1, 5), 1000, 10)
    assert growing_confidence(sound, 5, 0.5, 0.7) == ""


def test_what_chance_can_explain_is_not_called_overfitting():
    train, test = np.array([0.3, 0.5, 0.60]), np.array([0.3, 0.45, 0.52])
    falling = np.array([2.0, 1.5, 1.2])
    assert not overfitting(train, test, falling, 30, 10).noticed, "8 points on 30 images"
    assert overfitting(train, test, falling, 10_000, 10).noticed
    assert "No sign" in overfitting(train, test, falling, 30, 10).text
    assert overfitting(train[:2], test[:2], falling[:2], 100, 10) is None


def test_a_run_that_only_guesses_is_told_so_and_no_sign_of_anything():
    still, ln10 = np.array([0.1, 0.1, 0.1]), np.full(3, GUESS)
    found = overfitting(np.array([0.09, 0.1, 0.097]), still, ln10, 1000, 10)
    assert (found.guessing, found.noticed) == (True, False)
    assert found.text == "The test accuracy is no better than guessing among 10 classes (10.0 %) on 1,000 images."
    by_heart = overfitting(np.array([0.3, 0.6, 0.9]), still, ln10, 1000, 10)
    assert by_heart.guessing
    assert (
        "guessing among 10 classes (10.0 %) on 1,000 images. This run overfits: train accuracy lies 80 points"
        in by_heart.text
    )
    assert not overfitting(still, np.array([0.1, 0.11, 0.14]), ln10, 1000, 10).guessing
    assert overfitting(still, np.array([0.1, 0.11, 0.14]), ln10, 100, 10).guessing


def test_a_test_loss_that_rises_because_training_fell_apart_is_no_overfitting():
    train, test, loss = curves(gap=0)
    assert overfitting(train, test, loss, 1000, 10).u_shaped
    assert not overfitting(train[::-1], test[::-1], loss, 1000, 10).u_shaped


def test_the_effective_step_is_the_geometric_sum():
    assert effective_step(0.1, 0.9) == pytest.approx(sum(0.1 * 0.9**n for n in range(1000)))


def plateau(count):
    return GUESS + NOISE.normal(0, 0.01, count)


@pytest.mark.parametrize(
    ("losses", "diverged", "trouble"),
    [
        (np.linspace(2.3, 0.5, 300), False, None),
        (plateau(300), False, Trouble.STUCK),
        (np.concatenate([np.linspace(2.3, 1.5, 100), plateau(200)]), False, Trouble.COLLAPSE),
        (np.concatenate([[2.3, 9.0], plateau(300)]), False, Trouble.COLLAPSE),
        (2.6 + NOISE.normal(0, 0.5, 300), False, Trouble.COLLAPSE),
        (np.array([2.3, 5.0]), True, Trouble.OVERFLOW),
        (plateau(40), False, None),
        (plateau(96), False, Trouble.STUCK),
        (2.365 + NOISE.normal(0, 0.08, 314), False, Trouble.COLLAPSE),  # 2.7 % above ln 10, as learning rate 5 does
        (2.324 + NOISE.normal(0, 0.03, 314), False, Trouble.COLLAPSE),
        (2.338 + NOISE.normal(0, 0.05, 314) + 1.5 * (np.arange(314) == 300), False, Trouble.COLLAPSE),
        (np.linspace(2.6, 2.31, 96), False, None),
        (np.concatenate([plateau(200), np.linspace(2.3, 1.9, 100)]), False, None),
    ],
)
def test_troubles_are_told_apart_by_the_losses(losses, diverged, trouble):
    found = diagnose(RunConfig(), losses, 10, diverged=diverged)
    assert (found.trouble if found else None) is trouble


@pytest.mark.parametrize("smoothing", [0.0, 0.5, 0.9])
def test_a_loss_at_the_floor_of_smoothed_labels_is_no_plateau(smoothing):
    config = RunConfig(label_smoothing=smoothing)
    own, other = 1 - 0.9 * smoothing, smoothing / 10
    floor = -own * math.log(own) - (9 * other * math.log(other) if other else 0)
    falling = np.concatenate([np.linspace(math.log(10), floor, 200), np.full(100, floor + 0.001)])
    assert diagnose(config, falling, 10) is None
    assert diagnose(config, np.full(300, math.log(10)), 10).trouble is Trouble.STUCK


def test_the_remedies_are_configurations_to_start():
    config = RunConfig(momentum=0.9, nesterov=True, lr=0.5, preset="figure-7")
    found = diagnose(config, np.array([2.3]), 10, diverged=True)
    assert "an effective step of 5," in found.text
    assert [(r.config.lr, r.config.momentum) for r in found.remedies] == [(0.05, 0.9), (0.1, 0.0)]
    assert [r.text for r in found.remedies] == ["learning rate 0.05", "no momentum at learning rate 0.1"]
    assert all(r.config.preset is None for r in found.remedies)
    stuck = diagnose(RunConfig(lr=0.01), plateau(300), 10)
    assert [r.config for r in stuck.remedies] == [
        RunConfig(lr=0.01, standardize=Standardization.CHANNEL),
        RunConfig(lr=0.01, batch_norm=True),
        RunConfig(lr=0.1),
        RunConfig(lr=0.01, batch_size=32),
    ]


@pytest.mark.parametrize("lr", [9999.0, 100.0, 10.0, 2.0, 0.5])
@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
def test_no_remedy_for_too_large_a_rate_is_too_large_itself(lr, momentum):
    for optimizer, most in (("sgd", 0.1), ("rmsprop", 0.001)):
        config = RunConfig(lr=lr, momentum=momentum, optimizer=optimizer)
        remedies = diagnose(config, np.array([]), 10, diverged=True).remedies
        assert remedies
        assert all(0 < remedy.config.lr <= most for remedy in remedies)
        assert len({remedy.config for remedy in remedies}) == len(remedies)


def test_a_network_with_batch_norm_that_barely_moves_is_stuck_and_has_not_collapsed():
    found = diagnose(RunConfig(batch_norm=True, lr=1e-5), 2.5 + NOISE.normal(0, 0.05, 157), 10)
    assert found.trouble is Trouble.STUCK
    assert "no better than that of guessing" in found.text


def test_real_runs_are_diagnosed(tiny):
    """The three troubles as they happen, and the remedy that cures the first."""
    config = RunConfig(dataset="tiny", network="classroom", epochs=3, batch_size=32, device="cpu", lr=1e4)
    events = list(train(config))
    assert isinstance(events[-1], Diverged)
    cured = diagnose(config, np.array([]), 7, diverged=True).remedies[0].config
    assert cured.lr == 0.1
    assert "Try learning rate 0.1" in events[-1].message
    assert not any(isinstance(event, Diverged) for event in train(cured))

    config = replace(config, lr=2.0, epochs=4, batch_size=4)
    losses = np.array([event.loss for event in train(config) if isinstance(event, Batch)])
    assert diagnose(config, losses, 7).trouble is Trouble.COLLAPSE
    config = replace(config, lr=1e-4, epochs=5)
    losses = np.array([event.loss for event in train(config) if isinstance(event, Batch)])
    assert diagnose(config, losses, 7).trouble is Trouble.STUCK


@pytest.mark.parametrize(("network", "loss", "sound"), [("resnet9-narrow", 2.667, True), ("classroom", 2.5, False)])
def test_a_networks_own_batch_norms_make_the_first_loss_larger(network, loss, sound):
    assert first_loss(loss, 10, RunConfig(network=network)).sound is sound


def test_batch_norm_is_why_a_first_loss_is_larger():
    text = first_loss(2.5, 10, RunConfig(network="classroom", batch_norm=True)).text
    assert "as it should be with batch norm" in text
    assert "Q34" in text
    assert "knows nothing" in first_loss(2.35, 10, RunConfig(network="classroom", batch_norm=True)).text


def test_momentum_that_makes_the_steps_too_large_is_answered_by_smaller_ones_first():
    flat = GUESS + 1e-3 * NOISE.normal(size=400)
    stuck = {momentum: diagnose(RunConfig(lr=0.1, momentum=momentum), flat, 10) for momentum in (0.9, 0.0)}
    assert [found.trouble for found in stuck.values()] == [Trouble.STUCK] * 2
    changed = [(remedy.config.lr, remedy.config.momentum) for remedy in stuck[0.9].remedies]
    assert changed[:2] == [(0.01, 0.9), (0.1, 0.0)]
    assert all(remedy.config.lr == 0.1 for remedy in stuck[0.0].remedies)
    assert [remedy.text for remedy in stuck[0.0].remedies] == ["standardization", "batch norm", "batch size 32"]


def test_batch_norm_is_no_remedy_for_a_network_that_has_it():
    for network, offered in (("resnet9-narrow", False), ("classroom", True)):
        remedies = _larger(RunConfig(network=network))
        assert any(remedy.config.batch_norm for remedy in remedies) is offered
