"""The recorded update against the eager one: on the CPU all but the recording, on CUDA the graphs themselves."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from cnncore.architecture.build import build
from cnncore.data.augmentation import (
    ColourJitter,
    CutMix,
    GaussianNoise,
    HorizontalFlip,
    Mixup,
    PadCrop,
    RandomCrop,
    RandomErasing,
    Rotation,
)
from cnncore.events import Batch, Started
from cnncore.training import evaluation, graph
from cnncore.training.average import Average
from cnncore.training.batches import Batches
from cnncore.training.config import Optimizer, Precision, RunConfig, Schedule, Standardization
from cnncore.training.graph import GraphStep, StaticUpdate, evaluator_of, step_of, unchanged, why_eager
from cnncore.training.initial import freeze, initialize
from cnncore.training.live import Live
from cnncore.training.network import network_of
from cnncore.training.optimizers import optimizer_of, set_rate
from cnncore.training.recorder import recorder_of
from cnncore.training.side import Inline
from cnncore.training.step import EagerStep
from cnncore.training.trainer import train

# 140 images at 32 a batch: four full batches and one of 12 in every epoch.
CONFIG = RunConfig(
    dataset="tiny",
    network="classroom",
    batch_size=32,
    lr=0.05,
    momentum=0.9,
    nesterov=True,
    weight_decay=5e-4,
    label_smoothing=0.1,
    standardize=Standardization.CHANNEL,
    augment=(RandomCrop(10), HorizontalFlip()),
    dropout=0.5,
    batch_norm=True,
    epochs=10,
    device="cpu",
)
CPU = torch.device("cpu")
cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")


def rate(step):
    return 0.05 if step < 23 else 0.01  # changed in the middle of an epoch


def prepared(config, data, device=CPU):
    torch.manual_seed(config.seed)
    model = build(network_of(config, data.shape, len(data.classes))).to(device, memory_format=torch.channels_last)
    batches = Batches.of(config, data, device)
    initialize(config, model, batches)
    freeze(config, model)
    return model, batches, optimizer_of(config, model)


def sums_of(config, data, make):
    """Return the sums of fifty updates and the weights after them; `make` gives begin(epoch) and update(rate, size)."""
    model, batches, optimizer = prepared(config, data)
    begin, update = make(config, batches, model, optimizer)
    model.train()
    found = []
    for step in range(50):
        number = step % len(batches)
        if number == 0:
            torch.manual_seed(100 + step)
            begin(step // len(batches) + 1)
        found.append(update(rate(step), batches.size(number)).clone())
    return torch.stack(found), model.state_dict()


def eagerly(config, batches, model, optimizer):
    step = EagerStep(config, batches, model, optimizer, Average(config, model, len(batches)))
    return step.begin, lambda lr, _: step(lr)


def in_place(config, batches, model, optimizer):
    static = StaticUpdate(config, batches, model, optimizer)

    def update(lr, size):
        set_rate(optimizer, lr)
        number = -(-int(static.fetch.start) // 32) - 1
        static(size, 12 if number == 3 else 0 if number == 4 else 32, number % 2)
        return static.sums

    return lambda epoch: static.fetch.load(batches.tables(epoch)), update


class Played:
    """A recorder for every device: a graph is the work itself, done again at each replay."""

    usable = True

    def side(self):
        return Inline()

    def rehearse(self, work):
        work()

    def record(self, work, **_):
        return SimpleNamespace(replay=work)

    def give_up(self):
        self.usable = False


def replayed(config, batches, model, optimizer):
    step = GraphStep(config, batches, model, optimizer, Average(config, model, len(batches)), Played())
    return step.begin, lambda lr, _: step(lr)


@pytest.mark.parametrize("make", [in_place, replayed])
@pytest.mark.parametrize(
    "change",
    [
        {},
        {"augment": (PadCrop(2), Rotation(), RandomErasing())},
        {"standardize": Standardization.ZCA, "optimizer": Optimizer.ADAMW, "momentum": 0.0, "nesterov": False},
        {"standardize": Standardization.IMAGE, "optimizer": Optimizer.RMSPROP, "nesterov": False},
        {"augment": (HorizontalFlip(), GaussianNoise(), Mixup(), CutMix())},
        {"precision": Precision.HALF},
        {"norm_bias_rate": 8.0, "logit_scale": 0.5, "identity_start": True, "whitened_patches": True},
    ],
    ids=["practical", "geometry", "adamw", "rmsprop", "mixing", "half", "clock"],
)
def test_fifty_updates_from_fixed_places_are_the_eager_ones(tiny, change, make):
    config = replace(CONFIG, **change)
    theirs, after = sums_of(config, tiny, eagerly)
    ours, weights = sums_of(config, tiny, make)
    assert torch.equal(ours, theirs)
    assert len({tuple(sums) for sums in theirs.tolist()}) == 50  # fifty different batches, not one again and again
    for name, value in weights.items():
        assert torch.equal(value, after[name]), name


def test_rehearsals_leave_no_trace(tiny):
    for optimizer_name in (Optimizer.SGD, Optimizer.ADAM):
        momentum = {} if optimizer_name is Optimizer.SGD else {"momentum": 0.0, "nesterov": False}
        config = replace(CONFIG, optimizer=optimizer_name, **momentum)
        for earlier in (0, 3):  # from the beginning, and as after a checkpoint, with momentum
            results = []
            for rehearse in (False, True):
                model, batches, optimizer = prepared(config, tiny)
                static = StaticUpdate(config, batches, model, optimizer)
                model.train()
                torch.manual_seed(1)
                for _ in range(earlier):
                    static(32, 32, 0)
                if rehearse:
                    with unchanged(model, optimizer):
                        for _ in range(3):
                            static(12, 0, 0)
                static.fetch.load(batches.tables(2))
                torch.manual_seed(2)
                for _ in range(4):
                    static(32, 12, 1)
                results.append(torch.cat([value.flatten().double() for value in model.state_dict().values()]))
            assert torch.equal(*results)


def test_why_updates_are_not_recorded():
    gpu = torch.device("cuda")
    assert why_eager(CONFIG, CPU) == "graphs are CUDA's"
    assert why_eager(CONFIG, gpu) == ""
    assert why_eager(replace(CONFIG, augment=(ColourJitter(), HorizontalFlip())), gpu) == (
        "jitter cannot be recorded in a graph"
    )


def test_on_the_cpu_the_step_is_eager_and_nothing_is_said(tiny):
    model, batches, optimizer = prepared(CONFIG, tiny)
    average = Average(CONFIG, model, len(batches))
    step, how = step_of(CONFIG, batches, model, optimizer, average, recorder_of(CPU))
    assert isinstance(step, EagerStep)
    assert how == ""


def on_cuda(config, graph, changes=()):
    live, losses = Live(1.0), []
    for event in train(config, live=live, graph=graph):
        if isinstance(event, Started):
            reason = event.device_reason
        if isinstance(event, Batch):
            losses.append((event.loss, event.accuracy, event.lr))
            live.lr_factor = next((factor for step, factor in changes if event.step == step), live.lr_factor)
            live.single = True  # every update is read at once, so that a change acts on the very next one
    return losses, reason


def test_the_next_epoch_is_drawn_ahead_and_the_rate_set_when_it_changes(tiny, monkeypatch):
    config = replace(CONFIG, epochs=3)
    model, batches, optimizer = prepared(config, tiny)
    begin, update = replayed(config, batches, model, optimizer)
    drawn, rates = [], []
    draw = Batches.drawn
    monkeypatch.setattr(Batches, "drawn", lambda self, epoch: drawn.append((epoch, number)) or draw(self, epoch))
    monkeypatch.setattr(graph, "set_rate", lambda _, value: rates.append(value))
    for number in range(15):
        if number % 5 == 0:
            begin(number // 5 + 1)
        update(rate(number + 15), batches.size(number % 5))
    # The first at its beginning, the next ones after an epoch's last update, and none after the last epoch.
    assert drawn == [(1, 0), (2, 4), (3, 9)]
    assert rates == [0.05, 0.01]


@pytest.mark.parametrize("batch_size", [32, 10, 70])
def test_several_updates_at_once_are_as_many_one_by_one(tiny, batch_size):
    config = replace(CONFIG, batch_size=batch_size, epochs=3)
    results, together = [], []
    for at_once in (False, True):
        model, batches, optimizer = prepared(config, tiny)
        step = GraphStep(config, batches, model, optimizer, Average(config, model, len(batches)), Played())
        found = []
        for epoch in range(1, 4):
            torch.manual_seed(epoch)
            step.begin(epoch)
            while len(found) < epoch * len(batches):
                together.append(step.together)
                found += step.several(0.01 * epoch).clone() if at_once else [step(0.01 * epoch).clone()]
        results.append(torch.stack(found))
        assert len(found) == 3 * len(batches)
    assert torch.equal(*results)
    # Of 5, 14 and 2 batches the last has no other behind it, and of 5 the one before it a smaller one.
    assert max(together) == {32: 2, 10: 4, 70: 1}[batch_size]


def test_averages_come_after_each_update(tiny):
    config = replace(CONFIG, batch_size=10, average=1)
    model, batches, optimizer = prepared(config, tiny)
    step = GraphStep(config, batches, model, optimizer, Average(config, model, len(batches)), Played())
    step.begin(1)
    assert (step.together, len(step.several(0.01))) == (1, 1)


def test_rehearsals_stay_within_an_epoch_of_one_batch(tiny):
    config = replace(CONFIG, batch_size=140)
    theirs, ours = (sums_of(config, tiny, make)[0] for make in (eagerly, replayed))
    assert torch.equal(ours, theirs)


def test_an_epoch_that_was_not_expected_is_drawn_when_it_begins(tiny):
    """As after a checkpoint: what was drawn ahead is another epoch's."""
    model, batches, optimizer = prepared(CONFIG, tiny)
    step = GraphStep(CONFIG, batches, model, optimizer, Average(CONFIG, model, len(batches)), Played())
    step.begin(1)
    for _ in range(5):
        step(0.01)
    step.begin(7)
    assert torch.equal(step._update.fetch.tables.order, batches.tables(7).order)


@pytest.mark.parametrize("words", ["no room\nand more", ""])
def test_what_cannot_be_recorded_goes_kernel_by_kernel_and_says_why(tiny, monkeypatch, words):
    class Failing(Played):
        def record(self, *_, **__):
            raise RuntimeError(words)

    monkeypatch.setattr(graph, "why_eager", lambda *_: "")
    model, batches, optimizer = prepared(CONFIG, tiny)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    failed = Failing()
    step, _ = step_of(CONFIG, batches, model, optimizer, Average(CONFIG, model, len(batches)), failed)
    assert isinstance(step, EagerStep)
    assert evaluator_of(CONFIG, batches, model, failed)[1] == "evaluation likewise"
    evaluator, how = evaluator_of(CONFIG, batches, model, Failing())
    assert how == f"evaluation kernel by kernel, because recording failed ({words.partition(chr(10))[0]})"
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    evaluator.start()
    list(evaluator.readout.awaited())
    assert evaluator.scores()[0]["test"].mean.count == 70


def test_a_replayed_evaluation_is_the_one_as_it_is(tiny, monkeypatch):
    monkeypatch.setattr(evaluation, "BATCH", 32)
    config = replace(CONFIG, validation_size=28, train_eval=True)
    model, batches, _ = prepared(config, tiny)
    plain, how = evaluator_of(config, batches, model, None)
    assert how == ""
    recorded, how = evaluator_of(config, batches, model, Played())
    assert how == "evaluation by CUDA graphs"
    found = []
    for evaluator in (plain, recorded, recorded):
        evaluator.start()
        list(evaluator.readout.awaited())
        found.append(evaluator.scores()[0])
    for name in ("test", "validation", "train_eval"):
        assert found[0][name].mean == found[1][name].mean == found[2][name].mean
        assert torch.equal(found[0][name].predicted, found[2][name].predicted)


@pytest.mark.gpu
@cuda
@pytest.mark.parametrize(
    "change",
    [
        {},
        {"optimizer": Optimizer.ADAMW, "momentum": 0.0, "nesterov": False, "lr": 0.001},
        {"augment": (RandomCrop(10), GaussianNoise(), RandomErasing(), Mixup(), CutMix())},
    ],
    ids=["practical", "adamw", "mixing"],
)
def test_fifty_graph_updates_are_fifty_eager_ones(tiny, change):
    config = replace(CONFIG, device="cuda", schedule=Schedule.EXPONENTIAL, snapshots=False, **change)
    eager, why = on_cuda(config, graph=False, changes=((23, 0.2),))
    graph, how = on_cuda(config, graph=True, changes=((23, 0.2),))
    assert "kernel by kernel, because it was asked for" in why
    assert "each update one CUDA graph" in how
    assert len(graph) == 50
    for ours, theirs in zip(graph, eager, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-4, abs=1e-5)
    rates = {round(lr / 0.95 ** (step // 5), 6) for step, (_, _, lr) in enumerate(graph)}
    assert len(rates) == 2  # before and after the change


@pytest.mark.gpu
@cuda
def test_graphs_of_several_updates_give_the_same_curve_as_step_by_step(tiny):
    config = replace(CONFIG, device="cuda", schedule=Schedule.EXPONENTIAL, snapshots=False, batch_size=10)
    singly, how = on_cuda(config, graph=True)
    assert "each update one CUDA graph" in how
    assert singly == [(e.loss, e.accuracy, e.lr) for e in train(config) if isinstance(e, Batch)]


@pytest.mark.gpu
@cuda
@pytest.mark.parametrize("part", ["updates", "evaluation"])
def test_a_run_goes_on_where_a_recording_broke_off(tiny, monkeypatch, part):
    """Asking for a number ends a recording for good; torch's generator, stream and memory have to survive it."""
    asks, where = {"updates": (graph, "update"), "evaluation": (evaluation, "batch_sums")}[part], []
    original = getattr(*asks)

    def asking(*given):
        sums = original(*given)
        if torch.cuda.is_current_stream_capturing():
            where.append(float(sums[0]))
        return sums

    config = replace(CONFIG, device="cuda", epochs=3, snapshots=False)
    eager, _ = on_cuda(config, graph=False)
    stream = torch.cuda.current_stream()
    monkeypatch.setattr(*asks, asking)
    found, how = on_cuda(config, graph=True)
    assert ("recording failed" in how, where) == (True, [])
    assert ("each update one CUDA graph" in how) == (part == "evaluation")
    assert torch.cuda.current_stream() == stream
    for ours, theirs in zip(found, eager, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-4, abs=1e-5)
    monkeypatch.setattr(*asks, original)
    assert "each update one CUDA graph" in on_cuda(config, graph=True)[1], "the next run is recorded as ever"


@pytest.mark.gpu
@cuda
def test_a_graph_goes_on_from_a_checkpoint(tiny, tmp_path):
    config = replace(CONFIG, device="cuda", epochs=4, snapshots=False)
    whole = [e.loss for e in train(config) if isinstance(e, Batch) and e.epoch > 2]
    run = train(config, checkpoint=tmp_path / "run.pt")
    for event in run:
        if getattr(event, "epoch", 0) == 3:
            run.close()
            break
    rest = [e.loss for e in train(config, checkpoint=tmp_path / "run.pt", resume=True) if isinstance(e, Batch)]
    assert rest == pytest.approx(whole, rel=1e-4)
