import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from cnncore import main
from cnncore.data.augmentation import HorizontalFlip, RandomCrop
from cnncore.data.subset import balanced
from cnncore.errors import InputError
from cnncore.events import Batch, Diverged, Epoch, Finished, Started, to_json
from cnncore.training import trainer
from cnncore.training.config import RunConfig, Schedule, Standardization
from cnncore.training.presets import PRESETS
from cnncore.training.trainer import train

CONFIG = RunConfig(dataset="tiny", network="classroom", epochs=3, batch_size=32, lr=0.05, device="cpu")
EVERYTHING = replace(
    CONFIG,
    momentum=0.9,
    lr=0.01,
    schedule=Schedule.EXPONENTIAL,
    standardize=Standardization.CHANNEL,
    augment=(RandomCrop(10), HorizontalFlip()),
    dropout=0.5,
    batch_norm=True,
)


def curve(events):
    """Return what must be reproducible: every number but the seconds."""
    batches = [
        (e.epoch, e.batch, e.step, e.loss, e.accuracy, e.accuracy5, e.lr) for e in events if isinstance(e, Batch)
    ]
    epochs = [
        (e.epoch, e.train_loss, e.train_accuracy, e.test_loss, e.test_accuracy, e.lr)
        for e in events
        if isinstance(e, Epoch)
    ]
    return batches, epochs


def test_a_run_tells_its_story_in_order(tiny):
    events = list(train(CONFIG))
    assert isinstance(events[0], Started)
    assert (events[0].train_size, events[0].test_size, events[0].batches_per_epoch, events[0].classes) == (
        140,
        70,
        5,
        7,
    )
    assert events[0].first_epoch == 1
    assert [(e.epoch, e.batch) for e in events if isinstance(e, Batch)] == [(n, b) for n in (1, 2, 3) for b in range(5)]
    assert [e.step for e in events if isinstance(e, Batch)] == list(range(1, 16))
    assert [e.size for e in events if isinstance(e, Batch)][:5] == [32, 32, 32, 32, 12]
    assert isinstance(events[-2], Epoch)
    assert isinstance(events[-1], Finished)
    assert events[-1].test_accuracy == events[-2].test_accuracy
    for event in events:
        to_json(event)  # raises if a number is not one


def test_the_epochs_means_weigh_every_image_the_same(tiny):
    events = list(train(replace(CONFIG, epochs=1)))
    batches = [e for e in events if isinstance(e, Batch)]
    epoch = next(e for e in events if isinstance(e, Epoch))
    assert epoch.train_loss == pytest.approx(sum(b.loss * b.size for b in batches) / 140)
    assert epoch.train_accuracy == pytest.approx(sum(b.accuracy * b.size for b in batches) / 140)
    assert epoch.train_accuracy5 == pytest.approx(sum(b.accuracy5 * b.size for b in batches) / 140)


@pytest.mark.parametrize("config", [CONFIG, EVERYTHING], ids=["plain", "everything"])
def test_the_first_loss_is_that_of_guessing(tiny, config):
    first = next(e for e in train(config) if isinstance(e, Batch))
    # ln C; batch norm starts a little above it (Q17, Q34).
    assert first.loss == pytest.approx(math.log(7), abs=0.35 if config.batch_norm else 0.1)


def test_it_learns(tiny):
    events = list(train(replace(CONFIG, epochs=12, standardize=Standardization.CHANNEL)))
    epochs = [e for e in events if isinstance(e, Epoch)]
    assert epochs[-1].train_accuracy > 0.8
    assert epochs[-1].test_accuracy > 0.6
    assert epochs[-1].train_loss < 0.6 * epochs[0].train_loss


@pytest.mark.parametrize("config", [CONFIG, EVERYTHING], ids=["plain", "everything"])
def test_a_seed_gives_the_same_numbers_again_and_another_seed_others(tiny, config):
    assert curve(list(train(config))) == curve(list(train(config)))
    assert curve(list(train(config))) != curve(list(train(replace(config, seed=1))))


@pytest.mark.parametrize("taken", [1, 2])
def test_a_resumed_run_gives_the_curve_of_an_uninterrupted_one(tiny, tmp_path, taken):
    path = tmp_path / "run.pt"
    whole = curve(list(train(EVERYTHING)))
    before, seen = [], 0
    run = train(EVERYTHING, checkpoint=path)
    for event in run:
        before.append(event)
        seen += isinstance(event, Epoch)
        if seen == taken and isinstance(event, Batch) and event.epoch == taken + 1:
            break  # in the middle of the next epoch
    run.close()
    torch.rand(5)  # whatever happens in between must not matter
    after = list(train(EVERYTHING, checkpoint=path, resume=True))
    assert after[0].first_epoch == taken + 1
    kept = [e for e in before if isinstance(e, (Batch, Epoch)) and e.epoch < after[0].first_epoch]
    assert curve(kept + after) == whole


def test_the_checkpoint_is_never_ahead_of_what_the_consumer_has_taken(tiny, tmp_path):
    path = tmp_path / "run.pt"
    run = train(CONFIG, checkpoint=path)
    next(event for event in run if isinstance(event, Epoch))
    assert not path.exists()
    next(run)
    assert path.exists()


def test_resuming_a_complete_run_repeats_its_end_and_trains_nothing(tiny, tmp_path):
    path = tmp_path / "run.pt"
    events = list(train(CONFIG, checkpoint=path))
    again = list(train(CONFIG, checkpoint=path, resume=True))
    assert [type(event) for event in again] == [Started, Finished]
    assert again[-1].test_accuracy == events[-1].test_accuracy


def test_a_checkpoint_of_another_configuration_is_refused(tiny, tmp_path):
    path = tmp_path / "run.pt"
    list(train(replace(CONFIG, epochs=1), checkpoint=path))
    run = train(CONFIG, checkpoint=path, resume=True)
    with pytest.raises(InputError, match="belongs to another configuration"):
        next(run)


def test_a_damaged_checkpoint_is_one_sentence(tiny, tmp_path):
    path = tmp_path / "run.pt"
    path.write_bytes(b"not a checkpoint")
    run = train(CONFIG, checkpoint=path, resume=True)
    with pytest.raises(InputError, match=r"run\.pt cannot be read .*: delete the run"):
        next(run)


def test_a_checkpoint_that_cannot_be_written_is_one_sentence_and_keeps_the_old_one(tiny, tmp_path, monkeypatch):
    path = tmp_path / "run.pt"
    list(train(replace(CONFIG, epochs=1), checkpoint=path))
    old = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    run = train(CONFIG, checkpoint=path)
    with pytest.raises(InputError, match=r"epoch 1 cannot be written .*No space left on device.*resume the run"):
        list(run)
    assert path.read_bytes() == old


def test_a_step_that_is_too_large_ends_the_run_with_a_sentence(tiny):
    events = list(train(replace(CONFIG, lr=1e4)))
    assert isinstance(events[-1], Diverged)
    assert "learning rate 1e+04" in events[-1].message
    assert "Try `lr` 1000" in events[-1].message
    for event in events:
        to_json(event)


def test_the_learning_rate_follows_the_schedule(tiny):
    config = replace(CONFIG, schedule=Schedule.EXPONENTIAL, decay=0.5)
    rates = [e.lr for e in train(config) if isinstance(e, Epoch)]
    assert rates == pytest.approx([0.05, 0.025, 0.0125])


def test_toggles_change_nothing_that_they_do_not_name(tiny):
    """The first batch of two runs that differ in the schedule alone is the same: a fair comparison."""
    plain = next(e for e in train(CONFIG) if isinstance(e, Batch))
    scheduled = next(e for e in train(replace(CONFIG, schedule=Schedule.COSINE)) if isinstance(e, Batch))
    assert plain.loss == scheduled.loss


def test_what_cannot_run_is_said_before_it_starts(tiny):
    for change, message in [
        ({"dataset": "nowhere"}, "nowhere"),
        ({"train_size": 1000}, r"`train_size` \(=1000\) must not exceed the 140 images"),
        ({"augment": (RandomCrop(28),)}, r"`crop` \(=28\).*12x12"),
    ]:
        run = train(replace(CONFIG, **change))
        with pytest.raises(InputError, match=message):
            next(run)


@pytest.mark.skipif(torch.cuda.is_available(), reason="says what happens without a CUDA device")
def test_a_device_that_is_not_there_is_one_sentence(tiny):
    run = train(replace(CONFIG, device="cuda"))
    with pytest.raises(InputError, match=r"`device` \(=cuda\) is not there, because .*: use auto or cpu"):
        next(run)


def test_a_subset_is_balanced_and_independent_of_the_seed():
    labels = np.array([0] * 50 + [1] * 30 + [2] * 20)
    chosen = balanced(labels, 30, "train_size")
    assert np.bincount(labels[chosen]).tolist() == [10, 10, 10]
    assert np.bincount(labels[balanced(labels, 90, "train_size")]).tolist() == [40, 30, 20]
    assert balanced(labels, None, "train_size").tolist() == list(range(100))


def test_the_practicals_main_prints_its_log(tiny, capsys):
    main(batch_size=32, lr=0.05, epochs=2, cuda=True, dataset="tiny", network="classroom")
    text = capsys.readouterr().out
    assert text.startswith("Device: ")
    assert text.count("=== EPOCH ") == 2
    assert text.count("[TRAIN Batch 000/005]\tTime ") == 2
    assert text.count("===============> TRAIN Total time") == 2
    assert text.count("===============> EVAL Total time") == 2
    first = next(line for line in text.splitlines() if line.startswith("[TRAIN Batch 000"))
    assert "Prec@1" in first
    assert "Prec@5" in first


def test_metrics_leave_in_bursts_and_none_is_lost(tiny, monkeypatch):
    monkeypatch.setattr(trainer, "BURST", 3600.0)
    batches = [e for e in train(replace(CONFIG, epochs=1)) if isinstance(e, Batch)]
    assert [b.batch for b in batches] == list(range(5))
    monkeypatch.setattr(trainer, "BURST", 0.0)
    singly = [e for e in train(replace(CONFIG, epochs=1)) if isinstance(e, Batch)]
    assert [b.loss for b in batches] == [b.loss for b in singly]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_on_cuda_a_seed_gives_the_same_numbers_again(tiny):
    config = replace(EVERYTHING, device="cuda")
    assert curve(list(train(config))) == curve(list(train(config)))


@pytest.mark.parametrize("name", sorted(name for name in PRESETS if name.startswith("classroom")))
def test_every_classroom_preset_runs(app_home, name):
    config = replace(PRESETS[name], epochs=1, train_size=100, test_size=50, device="cpu")
    assert isinstance(list(train(config))[-1], Finished)
