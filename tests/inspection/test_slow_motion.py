import math
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from cnncore.data.augmentation import CutMix, HorizontalFlip, Mixup, RandomCrop
from cnncore.data.prepared import folder
from cnncore.errors import InputError
from cnncore.events import Batch
from cnncore.inspection.anatomy import by_rule
from cnncore.inspection.moment import Moment
from cnncore.inspection.slow_motion import NextUpdate, slow_motion
from cnncore.inspection.watch import spread
from cnncore.runs.record import Status
from cnncore.runs.snapshots import checkpoint_path
from cnncore.runs.store import open_store
from cnncore.runs.worker import record
from cnncore.training import session, trainer
from cnncore.training.config import Optimizer, RunConfig, Schedule, Standardization
from cnncore.training.live import Live

PLAIN = RunConfig(dataset="tiny", network="classroom", epochs=3, batch_size=32, lr=0.05, device="cpu")
OPTIONS = {
    "plain": PLAIN,
    "modern": replace(
        PLAIN,
        lr=0.01,
        momentum=0.9,
        nesterov=True,
        weight_decay=5e-3,
        label_smoothing=0.1,
        average=0.5,
        dropout=0.5,
        batch_norm=True,
        standardize=Standardization.CHANNEL,
        augment=(RandomCrop(8), HorizontalFlip(), Mixup()),
        schedule=Schedule.ONE_CYCLE,
        warmup_epochs=0.5,
        validation_size=28,
    ),
    "clock": replace(
        PLAIN, norm_bias_rate=8.0, logit_scale=0.5, identity_start=True, whitened_patches=True, batch_norm=True
    ),
    "adam": replace(PLAIN, optimizer=Optimizer.ADAM, lr=1e-3, weight_decay=1e-2, dropout=0.3, batch_norm=True),
    "adamw": replace(PLAIN, optimizer=Optimizer.ADAMW, lr=1e-3, weight_decay=0.1, schedule=Schedule.COSINE),
    "rmsprop": replace(PLAIN, optimizer=Optimizer.RMSPROP, lr=1e-3, augment=(CutMix(),)),
    "momentum": replace(PLAIN, momentum=0.8, schedule=Schedule.PLATEAU, patience=0, standardize=Standardization.ZCA),
}


class Trained:
    """A run trained for an epoch and some updates more by the trainer, which waits before its next update."""

    def __init__(self, config, more, monkeypatch, factor=1.0):
        def spied(*args, **options):
            self.state = begun(*args, **options)
            return self.state

        begun = session.state_of
        monkeypatch.setattr(session, "state_of", spied)
        self.store = open_store()
        self.run_id = self.store.create(config)
        self.store.claim(self.run_id, "me", 1)
        self.live = Live(single=True)
        self.events = trainer.train(config, checkpoint=checkpoint_path(self.run_id), live=self.live)
        self.batches_per_epoch = math.ceil((140 - config.validation_size) / 32)
        while not isinstance(event := self.next(), Batch) or event.step < self.batches_per_epoch + more:
            pass
        self.live.lr_factor = factor
        self.store.set_lr_factor(self.run_id, factor)
        self.store.set_status(self.run_id, Status.PAUSED)

    def next(self):
        event = next(self.events)
        self.store.append(self.run_id, [event], "me")
        return event

    def next_batch(self):
        while not isinstance(event := self.next(), Batch):
            pass
        return event


@pytest.mark.parametrize("name", OPTIONS)
def test_it_is_the_trainers_next_update_bit_for_bit(tiny, monkeypatch, name):
    run = Trained(OPTIONS[name], 2, monkeypatch, factor=0.3)
    generator = torch.get_rng_state()  # both are in one process here and share it
    slow = NextUpdate(run.run_id, Moment.LAST)
    assert slow.begins_at == 2
    slow.skip(2)
    found = slow.take_apart()
    torch.set_rng_state(generator)
    event = run.next_batch()
    assert (found.update, found.epoch, found.batch) == (event.step, event.epoch, event.batch)
    assert found.loss == event.loss
    assert found.rate == event.lr
    assert found.factor == 0.3
    assert (found.replayed, found.strayed) == (2, 0.0)
    for key, value in run.state.model.state_dict().items():
        assert torch.equal(value, slow.model.state_dict()[key]), key
    for mine, theirs in zip(slow.state.optimizer.state.values(), run.state.optimizer.state.values(), strict=True):
        for key, value in theirs.items():
            assert value is None or torch.equal(value, mine[key]), key


def test_the_rule_in_numpy_moves_the_followed_weights_to_the_same_place(tiny, monkeypatch):
    for name, config in OPTIONS.items():
        run = Trained(config, 1, monkeypatch)
        found = slow_motion(run.run_id)
        for parameter in found.parameters:
            followed = parameter.followed
            rule = by_rule(followed, config)
            assert rule == pytest.approx(followed.after, rel=2e-5, abs=1e-7), (name, parameter.name)
            assert abs(followed.gradient) == pytest.approx(parameter.gradient.peak, rel=1e-6)
            # A bias before a batch norm has no gradient but what rounding makes.
            assert followed.before != followed.after or abs(followed.gradient) < 1e-6
    assert by_rule(followed, replace(config, optimizer=Optimizer.RMSPROP)) is None


def by_hand(run_id, tiny):
    """Return the first batch, logits, gradients and outputs of a plain run's first update, written out."""
    slow = NextUpdate(run_id, Moment.BEFORE)
    batches = slow.state.batches
    order = np.random.default_rng([PLAIN.seed, 1]).permutation(140)[:32]
    inputs = torch.from_numpy(tiny.train_images[order]).float() / 255
    labels = torch.from_numpy(tiny.train_labels[order])
    assert torch.equal(labels, batches.batch(batches.tables(1), 0).labels)
    values, outputs = inputs, {}
    for name, module in slow.model.named_children():
        if isinstance(module, torch.nn.ReLU):
            module.inplace = False
        values = module(values)
        values.retain_grad()
        outputs[name] = values
    losses = F.cross_entropy(values, labels, reduction="none")
    losses.mean().backward()
    return slow.model, outputs, losses, labels


@pytest.fixture
def run_id(tiny):
    config = replace(PLAIN, epochs=2)
    run_id = open_store().create(config)
    record(open_store(), run_id, config)
    return run_id


def test_every_act_is_what_pytorch_gives_by_hand(run_id, tiny):
    found = slow_motion(run_id, Moment.BEFORE, image=3)
    model, outputs, losses, labels = by_hand(run_id, tiny)
    assert [layer.name for layer in found.layers] == list(outputs)
    for layer in found.layers:
        output = outputs[layer.name]
        assert layer.shape == tuple(output.shape)
        for told, values in ((layer.output, output.detach()), (layer.gradient, output.grad)):
            flat = values.double().numpy().ravel()
            np.testing.assert_allclose(
                [told.mean, told.std, told.norm, told.peak, told.zeros],
                [flat.mean(), flat.std(), np.sqrt((flat**2).sum()), np.abs(flat).max(), (flat == 0).mean()],
                rtol=2e-4,
                atol=1e-7,
            )
            assert told.counts.sum() == (flat != 0).sum()
            assert told.broken == 0
        shown, back = layer.maps, layer.gradient_maps
        if output.dim() == 4:
            np.testing.assert_allclose(shown, output[3, :4].detach(), rtol=1e-5, atol=1e-6)
            np.testing.assert_allclose(back, output.grad[3, :4], rtol=1e-4, atol=1e-7)
        else:
            np.testing.assert_allclose(shown[~np.isnan(shown)], output[3].detach(), rtol=1e-5, atol=1e-6)
        if layer.kind == "ReLU":
            assert layer.silent == pytest.approx((output.transpose(0, 1).flatten(1) == 0).all(1).float().mean().item())
    for parameter in found.parameters:
        value = model.get_parameter(parameter.name)
        assert parameter.norm == pytest.approx(value.norm().item(), rel=1e-5)
        assert parameter.gradient.norm == pytest.approx(value.grad.norm().item(), rel=1e-4)
        assert parameter.update.norm == pytest.approx(0.05 * value.grad.norm().item(), rel=1e-3)
        assert parameter.change == pytest.approx(0.05 * parameter.ratio, rel=1e-3)
    np.testing.assert_allclose(found.scores.losses, losses.detach(), rtol=1e-5)
    assert found.scores.losses.mean() == pytest.approx(found.loss, rel=1e-6)
    assert found.scores.labels.tolist() == labels.tolist()
    assert found.filters.layer == "conv1"
    np.testing.assert_allclose(found.filters.gradient, model.conv1.weight.grad, rtol=1e-3, atol=1e-7)
    np.testing.assert_allclose(found.filters.update, -0.05 * model.conv1.weight.grad, rtol=1e-2, atol=1e-7)


def test_the_first_update_has_the_loss_that_the_run_recorded(run_id):
    found = slow_motion(run_id, Moment.BEFORE)
    assert found.recorded == found.loss == open_store().first_loss(run_id)
    assert (found.update, found.replayed, found.over) == (1, 0, False)
    later = slow_motion(run_id, Moment.BEFORE, later=4)
    assert (later.update, later.replayed, later.recorded, later.strayed) == (5, 4, later.loss, 0.0)
    assert found.strayed is None
    assert len(later.scores.labels) == 12


def test_it_computes_with_as_many_threads_as_the_run(tiny, monkeypatch):
    before = torch.get_num_threads()
    torch.set_num_threads(before + 1)
    try:
        run = Trained(PLAIN, 1, monkeypatch)
    finally:
        torch.set_num_threads(before)
    seen = []
    taken = NextUpdate.take_apart
    monkeypatch.setattr(NextUpdate, "take_apart", lambda *args: seen.append(torch.get_num_threads()) or taken(*args))
    slow_motion(run.run_id)
    assert seen == [before + 1]
    assert torch.get_num_threads() == before


def test_the_loss_after_the_update_is_of_the_same_images_and_masks(tiny, monkeypatch):
    run = Trained(replace(PLAIN, dropout=0.5, lr=1e-8), 1, monkeypatch)  # next to no update
    found = slow_motion(run.run_id)
    np.testing.assert_allclose(found.scores.after, found.scores.losses, rtol=1e-4)
    assert found.loss_after == pytest.approx(found.scores.after.mean())


def test_mixed_images_have_two_labels(tiny, monkeypatch):
    run = Trained(OPTIONS["modern"], 1, monkeypatch)
    scores = slow_motion(run.run_id).scores
    assert scores.partners.tolist() == np.roll(scores.labels, 1).tolist()
    assert ((scores.shares >= 0) & (scores.shares <= 1)).all()
    assert scores.inputs.shape[1:] == (3, 8, 8)


def test_a_run_that_is_over_shows_what_would_come_next_at_its_last_rate(tiny):
    config = replace(PLAIN, epochs=1, schedule=Schedule.COSINE)
    run_id = open_store().create(config)
    record(open_store(), run_id, config)
    found = slow_motion(run_id)
    assert (found.over, found.epoch, found.update, found.recorded) == (True, 2, 6, None)
    assert found.rate == PLAIN.lr
    with pytest.raises(InputError, match=r"`later` \(=1\) must be from 0 to 0"):
        slow_motion(run_id, later=1)


def test_while_it_runs_it_is_the_first_update_after_the_checkpoint(tiny, monkeypatch):
    run = Trained(PLAIN, 3, monkeypatch)
    run.store.set_status(run.run_id, Status.RUNNING)
    found = slow_motion(run.run_id)
    assert (found.update, found.replayed, found.stands) == (6, 0, 9)
    assert found.recorded == found.loss  # it has been made meanwhile


def test_a_run_that_was_stopped_goes_on_from_its_checkpoint(tiny, monkeypatch):
    run = Trained(PLAIN, 3, monkeypatch)
    run.store.set_status(run.run_id, Status.STOPPED)
    found = slow_motion(run.run_id)
    assert (found.update, found.replayed, found.stands) == (6, 0, 9)
    assert slow_motion(run.run_id, later=2).update == 8


def test_before_the_first_checkpoint_it_begins_with_the_initial_weights(tiny):
    run_id = open_store().create(PLAIN)
    found = slow_motion(run_id, Moment.LAST)
    assert (found.update, found.epoch) == (1, 1)
    assert found.loss == slow_motion(run_id, Moment.BEFORE).loss
    assert found.recorded is None
    assert slow_motion(run_id, later=2).strayed is None


@pytest.mark.parametrize(
    ("values", "finite"),
    [
        ([1.0, -2.0, 0.0, 4.0], 4),
        ([math.nan, 3.0, 0.0], 2),
        ([math.inf, -math.inf], 0),
        ([0.0, 0.0], 2),
        ([1e30, 2e30], 2),
    ],
)
def test_a_spread_counts_what_is_finite_and_says_what_is_not(values, finite):
    found = spread(torch.tensor(values))
    good = np.array([value for value in values if math.isfinite(value)] or [0.0])
    assert found.broken == pytest.approx(1 - finite / len(values))
    assert found.zeros == values.count(0.0) / len(values)
    assert found.counts.sum() == finite - values.count(0.0)
    assert [found.mean, found.std, found.peak] == pytest.approx([good.mean(), good.std(), abs(good).max()], rel=1e-6)
    assert found.norm == pytest.approx(np.sqrt((good**2).sum()))


def test_a_spread_reaches_four_deviations_and_counts_the_rest_at_its_ends():
    values = torch.cat([torch.linspace(-1, 1, 1001), torch.tensor([50.0, -70.0])])
    found = spread(values)
    assert found.edges[[0, -1]] == pytest.approx(found.mean + np.array([-4, 4]) * found.std, rel=1e-5)
    inside = values[values != 0].clamp(*found.edges[[0, -1]].tolist()).double().numpy()
    np.testing.assert_array_equal(found.counts, np.histogram(inside.clip(*found.edges[[0, -1]]), found.edges)[0])
    assert found.counts[[0, -1]].tolist() == [1, 1]


def test_where_a_loss_stops_being_a_number_is_found(tiny):
    config = replace(PLAIN, lr=1e4)
    run_id = open_store().create(config)
    status = record(open_store(), run_id, config)
    assert status is Status.DIVERGED
    found = slow_motion(run_id)
    assert not math.isfinite(found.loss)
    assert found.update == open_store().get(run_id).step + 1
    broken = found.broken
    assert broken is not None
    before = found.layers[: found.layers.index(broken)]
    assert all(layer.output.broken == 0 for layer in before)
    earlier = slow_motion(run_id, later=2)  # further on: the same update is found again
    assert earlier.update == found.update
    assert [layer.output.broken for layer in earlier.layers] == [layer.output.broken for layer in found.layers]
    first = slow_motion(run_id, Moment.BEFORE)
    assert first.update < found.update
    assert first.broken is None
    assert math.isfinite(first.loss)


def test_what_cannot_be_shown_is_one_sentence(run_id, tiny, monkeypatch):
    with pytest.raises(InputError, match="is no run"):
        slow_motion("nosuch")
    with pytest.raises(InputError, match=r"`image` \(=32\) must be from 0 to 31"):
        slow_motion(run_id, Moment.BEFORE, image=32)
    with pytest.raises(InputError, match=r"`later` \(=5\) must be from 0 to 4"):
        slow_motion(run_id, Moment.BEFORE, later=5)
    with monkeypatch.context() as patch:
        patch.setattr("cnncore.inspection.anatomy.MOST_MACS", 1.0)
        with pytest.raises(InputError, match="choose a run with a smaller network"):
            slow_motion(run_id)
    checkpoint_path(run_id).unlink()
    with pytest.raises(InputError, match="there is no checkpoint"):
        slow_motion(run_id)
    (folder("tiny") / "about.json").unlink()
    with pytest.raises(InputError, match=r"`dataset` \(=tiny\)"):
        slow_motion(run_id, Moment.BEFORE)
