import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from cnncore import main
from cnncore.architecture.build import build
from cnncore.data.augmentation import HorizontalFlip, Mixup, RandomCrop
from cnncore.data.prepared import save
from cnncore.errors import InputError
from cnncore.events import Batch, Changed, Diverged, Epoch, Finished, Started, to_dict, to_json
from cnncore.training import device, readout
from cnncore.training.checkpoint import Checkpoint
from cnncore.training.config import Optimizer, Precision, RunConfig, Schedule, Standardization
from cnncore.training.live import Live
from cnncore.training.network import network_of
from cnncore.training.presets import PRESETS
from cnncore.training.schedule import planned
from cnncore.training.step import EagerStep
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
MODERN = replace(
    EVERYTHING,
    nesterov=True,
    weight_decay=5e-4,
    label_smoothing=0.1,
    average=0.5,
    norm_bias_rate=4.0,
    logit_scale=0.5,
    identity_start=True,
    whitened_patches=True,
    schedule=Schedule.PLATEAU,
    patience=0,
    warmup_epochs=0.5,
    augment=(HorizontalFlip(), Mixup()),
    validation_size=28,
    train_eval=True,
)


def curve(events):
    """Return what must be reproducible: every number but the seconds."""
    batches = [
        (e.epoch, e.batch, e.step, e.loss, e.accuracy, e.accuracy5, e.lr) for e in events if isinstance(e, Batch)
    ]
    epochs = [
        (e.epoch, e.train_loss, e.train_accuracy, e.test_loss, e.test_accuracy, e.lr, e.validation_loss)
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
@pytest.mark.parametrize("config", [EVERYTHING, MODERN], ids=["everything", "modern"])
def test_a_resumed_run_gives_the_curve_of_an_uninterrupted_one(tiny, tmp_path, config, taken):
    path = tmp_path / "run.pt"
    whole = curve(list(train(config)))
    before, seen = [], 0
    run = train(config, checkpoint=path)
    for event in run:
        before.append(event)
        seen += isinstance(event, Epoch)
        if seen == taken and isinstance(event, Batch) and event.epoch == taken + 1:
            break  # in the middle of the next epoch
    run.close()
    torch.rand(5)  # whatever happens in between must not matter
    after = list(train(config, checkpoint=path, resume=True))
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


def test_a_run_does_not_go_on_with_other_images(tiny, tmp_path):
    path = tmp_path / "run.pt"
    run = train(replace(CONFIG, epochs=2), checkpoint=path)
    while not path.exists():  # the second epoch has begun then
        next(run)
    run.close()
    save(tiny)  # the very same again
    assert next(train(replace(CONFIG, epochs=2), checkpoint=path, resume=True)).first_epoch == 2
    save(replace(tiny, train_labels=np.roll(tiny.train_labels, 1)))
    with pytest.raises(InputError, match="prepared again and has other images now"):
        next(train(replace(CONFIG, epochs=2), checkpoint=path, resume=True))


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


@pytest.mark.parametrize(
    "fault", [PermissionError(13, "Permission denied"), MemoryError("none left"), torch.OutOfMemoryError("none left")]
)
def test_a_checkpoint_that_cannot_be_opened_now_is_not_called_damaged(tiny, tmp_path, monkeypatch, fault):
    path = tmp_path / "run.pt"
    list(train(replace(CONFIG, epochs=1), checkpoint=path))

    def held(*_, **__):
        raise fault

    monkeypatch.setattr(torch, "load", held)
    with pytest.raises(InputError, match=r"run\.pt cannot be opened now .*: try again"):
        next(train(replace(CONFIG, epochs=1), checkpoint=path, resume=True))


def test_a_checkpoint_that_cannot_be_written_is_one_sentence_and_keeps_the_old_one(tiny, tmp_path, monkeypatch):
    path = tmp_path / "run.pt"
    config = replace(CONFIG, snapshots=False)
    list(train(replace(config, epochs=1), checkpoint=path))
    old = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    run = train(config, checkpoint=path)
    with pytest.raises(InputError, match=r"checkpoint of epoch 1 cannot be written .*No space left.*resume the run"):
        list(run)
    assert path.read_bytes() == old


def test_a_step_that_is_too_large_ends_the_run_with_a_sentence(tiny):
    events = list(train(replace(CONFIG, lr=1e4)))
    assert isinstance(events[-1], Diverged)
    assert "learning rate 10,000:" in events[-1].message
    assert "Try learning rate 0.1." in events[-1].message
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


def test_the_practicals_main_standardizes_where_it_is_told_to(tiny, monkeypatch):
    asked = []
    monkeypatch.setattr("cnncore.training.trainer.train", lambda config: asked.append(config) or iter(()))
    main(dataset="tiny", network="classroom", standardize="channel")
    main(dataset="tiny", network="classroom")
    assert [config.standardize for config in asked] == [Standardization.CHANNEL, Standardization.NONE]
    with pytest.raises(InputError, match="`standardize`"):
        main(standardize="loud")


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
    monkeypatch.setattr(readout, "BURST", 3600.0)
    batches = [e for e in train(replace(CONFIG, epochs=1)) if isinstance(e, Batch)]
    assert [b.batch for b in batches] == list(range(5))
    monkeypatch.setattr(readout, "BURST", 0.0)
    singly = [e for e in train(replace(CONFIG, epochs=1)) if isinstance(e, Batch)]
    assert [b.loss for b in batches] == [b.loss for b in singly]


def test_a_run_says_what_it_measures_and_no_more(tiny):
    plain = to_dict(next(e for e in train(CONFIG) if isinstance(e, Epoch)))
    assert not [name for name in plain if name.startswith(("validation", "train_eval"))]
    full = to_dict(next(e for e in train(MODERN) if isinstance(e, Epoch)))
    for split in ("validation", "train_eval"):
        assert {f"{split}/loss", f"{split}/accuracy", f"{split}/accuracy5"} <= full.keys()


def test_the_train_set_scored_again_is_one_fixed_model_in_eval_mode(tiny, tmp_path):
    """Against a model that is built, loaded and run by hand."""
    config = replace(EVERYTHING, train_eval=True, epochs=2)
    epoch = [e for e in train(config, checkpoint=tmp_path / "run.pt") if isinstance(e, Epoch)][-1]
    saved = Checkpoint.load(tmp_path / "run.pt", torch.device("cpu"))
    model = build(network_of(config, (3, 12, 12), 7))
    model.load_state_dict(saved.model)
    images = torch.from_numpy(tiny.train_images)[:, :, 1:11, 1:11].float() / 255  # the centre
    mean, std = images.mean((0, 2, 3), keepdim=True), images.std((0, 2, 3), keepdim=True, correction=0)
    with torch.no_grad():
        logits = model.eval()((images - mean) / std)
    labels = torch.from_numpy(tiny.train_labels)
    assert epoch.train_eval_accuracy == pytest.approx((logits.argmax(1) == labels).float().mean().item(), abs=1e-6)
    assert epoch.train_eval_loss == pytest.approx(torch.nn.functional.cross_entropy(logits, labels).item(), rel=1e-4)


@pytest.mark.parametrize("kind", list(Optimizer))
@pytest.mark.parametrize("schedule", list(Schedule))
def test_every_optimizer_runs_with_every_schedule(tiny, kind, schedule):
    config = replace(CONFIG, optimizer=kind, schedule=schedule, lr=1e-3, epochs=1, warmup_epochs=0.5)
    events = list(train(config))
    assert isinstance(events[-1], Finished)
    rates = [e.lr for e in events if isinstance(e, Batch)]
    assert rates == pytest.approx(planned(config, 5, None).lr.tolist())


def test_the_plateau_falls_when_the_validation_loss_does_not(tiny):
    config = replace(CONFIG, schedule=Schedule.PLATEAU, patience=0, factor=0.5, validation_size=28, epochs=12, lr=0.3)
    epochs = [e for e in train(config) if isinstance(e, Epoch)]
    lowest, rate_ = math.inf, 0.3
    for epoch in epochs:
        assert epoch.lr == pytest.approx(rate_)
        if epoch.validation_loss < lowest * (1 - 1e-4):
            lowest = epoch.validation_loss
        else:
            rate_ *= 0.5
    assert rate_ < 0.3, "it did happen"


def test_a_resumed_run_remembers_where_its_plateau_was(tiny, tmp_path):
    config = replace(CONFIG, schedule=Schedule.PLATEAU, patience=0, factor=0.5, validation_size=28, epochs=12, lr=0.3)
    path = tmp_path / "run.pt"
    whole = curve(list(train(config)))
    rates = [row[5] for row in whole[1]]
    fell = next(epoch for epoch, rate_ in enumerate(rates, start=1) if rate_ < 0.3)
    assert fell < 12, "it has fallen, and not in the last epoch"
    run = train(config, checkpoint=path)
    next(e for e in run if isinstance(e, Batch) and e.epoch == fell + 1)
    run.close()
    after = curve(list(train(config, checkpoint=path, resume=True)))
    assert after[1] == whole[1][fell:]


def test_averaged_weights_are_evaluated_and_the_others_trained(tiny, tmp_path):
    config = replace(CONFIG, average=1.0, standardize=Standardization.CHANNEL, epochs=4)
    plain, averaged = (list(train(c, checkpoint=tmp_path / "run.pt")) for c in (replace(config, average=0), config))
    assert [e.loss for e in plain if isinstance(e, Batch)] == [e.loss for e in averaged if isinstance(e, Batch)]
    tested = [[e.test_loss for e in run if isinstance(e, Epoch)] for run in (plain, averaged)]
    assert tested[0] != tested[1]
    saved = Checkpoint.load(tmp_path / "run.pt", torch.device("cpu"))
    assert saved.evaluated is saved.averaged
    assert not torch.equal(next(iter(saved.averaged.values())), next(iter(saved.model.values())))


def changed(config, path, at, factor, stop=None):
    """Train and set the factor once update `at` has been seen; leave after update `stop`."""
    live, events = Live(), []
    for event in train(config, checkpoint=path, live=live):
        events.append(event)
        live.single = True  # so that nothing is made before it has been decided
        if isinstance(event, Batch) and event.step == at:
            live.lr_factor = factor
        if isinstance(event, Batch) and event.step == stop:
            break
    return events


def test_a_changed_learning_rate_holds_from_the_next_update_on_and_is_told(tiny, tmp_path):
    events = changed(replace(CONFIG, schedule=Schedule.EXPONENTIAL), tmp_path / "a.pt", at=7, factor=0.1)
    [change] = [e for e in events if isinstance(e, Changed)]
    assert change == Changed(epoch=2, step=8, lr_factor=0.1)
    for event in events:
        if isinstance(event, Batch):
            assert event.lr == pytest.approx(0.05 * 0.95 ** (event.epoch - 1) * (0.1 if event.step > 7 else 1))
    untouched = curve(list(train(replace(CONFIG, schedule=Schedule.EXPONENTIAL))))[0]
    assert curve(events)[0][:8] == [*untouched[:7], (*untouched[7][:6], pytest.approx(untouched[7][6] / 10))]
    assert curve(events)[0][8:] != untouched[8:]


def test_a_changed_learning_rate_survives_being_resumed(tiny, tmp_path):
    whole = changed(EVERYTHING, tmp_path / "a.pt", at=4, factor=0.3)
    before = changed(EVERYTHING, tmp_path / "b.pt", at=4, factor=0.3, stop=13)
    after = list(train(EVERYTHING, checkpoint=tmp_path / "b.pt", resume=True))
    assert not [e for e in after if isinstance(e, Changed)], "it goes on as it was"
    kept = [e for e in before if getattr(e, "epoch", 9) < after[0].first_epoch]
    assert curve(kept + after) == curve(whole)
    again = list(train(EVERYTHING, checkpoint=tmp_path / "b.pt", resume=True, live=Live(0.5)))
    assert [e for e in again if isinstance(e, Changed)] == []  # complete: nothing is left to be changed


def test_single_steps_make_one_update_for_each_event(tiny, monkeypatch):
    monkeypatch.setattr(readout, "BURST", 3600.0)
    made = []
    step = EagerStep.__call__
    monkeypatch.setattr(EagerStep, "__call__", lambda self, rate: (made.append(rate), step(self, rate))[1])
    live = Live(single=True)
    run = train(CONFIG, live=live)
    assert isinstance(next(run), Started)
    for number in range(1, 4):
        assert next(run).step == number
        assert len(made) == number
    live.single = False
    assert next(run).step == 4
    assert len(made) == 5, "the rest of the epoch in one burst"
    assert live.more
    assert next(run).step == 5
    assert not live.more


@pytest.mark.parametrize(("precision", "why"), [(Precision.TF32, "is for CUDA"), (Precision.HALF, "needs a processor")])
def test_a_precision_that_the_cpu_has_not_is_refused(tiny, precision, why, monkeypatch):
    monkeypatch.setattr(device, "processor", dict)
    run = train(replace(CONFIG, precision=precision, device="cpu"))
    with pytest.raises(InputError, match=rf"`precision` \(={precision}\) {why}.*: use fp32"):
        next(run)


def test_half_precision_trains_on_a_cpu_that_has_it(tiny, monkeypatch):
    monkeypatch.setattr(device, "processor", lambda: {"avx512_bf16": True})
    plain = replace(CONFIG, device="cpu", epochs=3)
    losses = [
        [e.train_loss for e in train(config) if isinstance(e, Epoch)]
        for config in (plain, replace(plain, precision=Precision.HALF))
    ]
    assert losses[0] != losses[1], "it is computed otherwise"
    assert losses[1] == pytest.approx(losses[0], rel=0.1)


def test_a_checkpoint_of_an_earlier_version_is_resumed(tiny, tmp_path):
    path = tmp_path / "run.pt"
    config = replace(CONFIG, snapshots=False)
    whole = curve(list(train(config)))
    run = train(config, checkpoint=path)
    next(e for e in run if isinstance(e, Epoch) and e.epoch == 2)
    run.close()
    state = torch.load(path, weights_only=True)
    old = {name: state[name] for name in ("model", "optimizer", "last")}
    known = json.loads(state["config"])
    for name in ("optimizer", "nesterov", "average", "logit_scale", "validation_size", "precision", "whitened_patches"):
        del known[name]
    torch.save(old | {"config": json.dumps(known)}, path)
    after = curve(list(train(config, checkpoint=path, resume=True)))
    assert after[0] == [row for row in whole[0] if row[0] >= 2]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
@pytest.mark.parametrize("precision", list(Precision))
def test_on_cuda_every_precision_learns(tiny, precision):
    config = replace(CONFIG, device="cuda", precision=precision, epochs=12, standardize=Standardization.CHANNEL)
    epochs = [e for e in train(config) if isinstance(e, Epoch)]
    assert epochs[-1].train_accuracy > 0.8


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_on_cuda_a_seed_gives_the_same_numbers_again(tiny):
    config = replace(EVERYTHING, device="cuda")
    assert curve(list(train(config))) == curve(list(train(config)))


@pytest.mark.parametrize("name", sorted(name for name in PRESETS if name.startswith("classroom")))
def test_every_classroom_preset_runs(drawn_once, name):
    config = replace(PRESETS[name], epochs=1, train_size=100, test_size=50, device="cpu")
    assert isinstance(list(train(config))[-1], Finished)
