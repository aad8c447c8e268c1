"""One update of a stored run in slow motion: the trainer's own step, watched from within.

For the compute pool: importing this imports torch. Nothing here trains in its own way: state, batches, random numbers
and the update are the trainer's, so that for a run on this CPU it is bit for bit the update that the run makes next.
It is computed on the CPU, in 32 bits: a run on a GPU adds up in another order and differs by rounding.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from functools import cached_property

import torch
from torch import Tensor

from cnncore.architecture import describe
from cnncore.data.prepared import load
from cnncore.errors import InputError
from cnncore.inspection.anatomy import MOST_MACS, Anatomy, Scores, updates_at_most
from cnncore.inspection.moment import Moment
from cnncore.inspection.trained import standardization_of
from cnncore.inspection.watch import Watch
from cnncore.runs.record import Run, Status
from cnncore.runs.snapshots import check_images, checkpoint_path
from cnncore.runs.store import open_store
from cnncore.training.batches import TrainBatch
from cnncore.training.checkpoint import Checkpoint
from cnncore.training.config import DeviceChoice, Precision
from cnncore.training.network import network_of
from cnncore.training.schedule import rate
from cnncore.training.state import seed_dropout, state_of
from cnncore.training.step import EagerStep, image_losses

PICTURES = 128  # images of a batch that are shown
_CPU = torch.device("cpu")


def slow_motion(run_id: str, moment: str = Moment.LAST, later: int = 0, image: int = 0) -> Anatomy:
    """Return an update of the run `run_id`, taken apart.

    Before training it is the very first one; after the last complete epoch it is the one that comes next. Where a run
    is paused, or has diverged, and the updates since its checkpoint can be made again while somebody waits, it is the
    one after those; `later` counts from there, within the epoch. If the loss of an earlier update is not a number, that
    update is shown. `image` is the number of the image in the batch whose maps are shown.

    An `InputError` if there is no such run or image, its data set has gone, or it would take too long.
    """
    with _threads_of(open_store().get(run_id)):
        wanted = NextUpdate(run_id, Moment(moment))
        number = wanted.begins_at + later
        wanted.check(number, later)
        made = wanted.skip(number)
        if made < number:  # the loss of update number `made` was no number: once more, up to there
            wanted = NextUpdate(run_id, Moment(moment))
            wanted.skip(made)
        return wanted.take_apart(image)


@contextmanager
def _threads_of(run: Run) -> Iterator[None]:
    """Compute with as many threads as a run on the CPU does.

    Sums in another order differ by rounding, and from update to update the difference grows: 1e-3 of the loss after 25
    updates was seen.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(int(run.versions.get("threads", before)) if run.device == "cpu" else before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class NextUpdate:
    """A stored run on the CPU, ready to make the next update of an epoch."""

    def __init__(self, run_id: str, moment: Moment) -> None:
        self.run: Run = open_store().get(run_id)
        check_images(self.run)
        self._moment = moment
        self.config = replace(self.run.config, device=DeviceChoice.CPU, precision=Precision.FP32)
        data = load(self.config.dataset)
        saved = self._saved() if moment is Moment.LAST else None
        self.macs = describe(network_of(self.config, data.shape, len(data.classes))).macs
        self.classes = data.classes
        standardize = None if saved else standardization_of(self.run.id)
        self.state = state_of(self.config, data, _CPU, saved, standardize, as_drawn=True)
        self.model = self.state.model
        self.epoch = saved.last.epoch + 1 if saved else 1
        self.updates = saved.last.step if saved else 0  # behind the weights, so far
        self.over = self.epoch > self.config.epochs
        self.number = 0
        self._strayed: float | None = None
        self._step = EagerStep(self.config, self.state.batches, self.model, self.state.optimizer, self.state.average)
        seed_dropout(self.config, self.epoch)
        self.model.train()
        self._step.begin(self.epoch)

    def _saved(self) -> Checkpoint | None:
        """Return the run's checkpoint; None while it goes on and has none yet."""
        path = checkpoint_path(self.run.id)
        if not path.exists() and (self.run.status.active or not self.run.epoch):
            return None
        return Checkpoint.load(path, _CPU)

    @property
    def begins_at(self) -> int:
        """The number, in the epoch, of the update before which the run itself stands, 0 if that cannot be reached."""
        ahead = self.run.step - self.updates
        # One that was stopped goes back to its checkpoint when it is resumed; one that runs would be gone by then.
        waits = self.run.status in (Status.PAUSED, Status.DIVERGED) and self._moment is Moment.LAST
        return ahead if waits and 0 < ahead < min(len(self.state.batches), self._most) else 0

    @property
    def _most(self) -> int:
        return updates_at_most(self.macs, self.config.batch_size)

    def check(self, number: int, later: int) -> None:
        """Raise an `InputError` if update `number` (from 0) of the epoch does not exist or takes too long to reach."""
        if not self._most:
            raise InputError(
                f"`network` (={self.run.config.network[:40]}) needs {3e-9 * self.macs * self.config.batch_size:,.0f} "
                f"thousand million multiply-adds an update, more than the {MOST_MACS / 1e9:,.0f} that are computed "
                "while you wait: choose a run with a smaller network or batch."
            )
        most = min(0 if self.over else len(self.state.batches) - 1, self._most - 1) - (number - later)
        if not 0 <= later <= most:
            raise InputError(f"`later` (={later}) must be from 0 to {most} here: choose an earlier update.")

    def rate(self) -> float:
        """Return the learning rate of the next update: schedule, plateau and the factor set by hand.

        A run that has ended makes no further update: its last rate is taken.
        """
        if self.over and self.state.last is not None:
            return self.state.last.lr
        planned = rate(self.config, self.epoch, self.number, len(self.state.batches))
        return planned * self.state.plateau.scale * self.factor()

    def factor(self) -> float:
        """Return what multiplies the schedule: the run's factor then or, for an update to come, the one set now."""
        update = self.updates + 1
        if self.over:
            return self.state.lr_factor
        if update > self.run.step:
            return self.run.lr_factor
        made = [change.lr_factor for change in open_store().changes(self.run.id) if change.step <= update]
        return made[-1] if made else 1.0

    def skip(self, count: int) -> int:
        """Make `count` updates, but stop at a loss that is not a number; return how many were made before it."""
        for made in range(count):
            loss = self._step(self.rate())[0].item() / self.state.batches.size(self.number)
            if not math.isfinite(loss):
                return made
            self.number, self.updates = self.number + 1, self.updates + 1
            if self.updates in self._stored:
                self._strayed = max(self._strayed or 0.0, abs(loss - self._stored[self.updates]))
        return count

    def take_apart(self, image: int = 0) -> Anatomy:
        """Make the next update and return what happened in it."""
        batches = self.state.batches
        batch = batches.batch(batches.tables(self.epoch), self.number)
        if not 0 <= image < len(batch.labels):
            raise InputError(f"`image` (={image}) must be from 0 to {len(batch.labels) - 1}: choose another.")
        lr, factor = self.rate(), self.factor()
        masks = torch.get_rng_state()
        with Watch(self.model, self.state.optimizer, image) as watch:
            sums = self._step(lr)
        torch.set_rng_state(masks)  # the same units are dropped once more
        with torch.no_grad():  # a copy: running statistics move with every look in train() mode
            after = image_losses(deepcopy(self.model)(batch.inputs), batch, self.config.label_smoothing)
        update = self.updates + 1
        return Anatomy(
            update=update,
            epoch=self.epoch,
            batch=self.number,
            batches=len(batches),
            rate=lr,
            factor=factor,
            replayed=self.number,  # from the epoch's beginning
            strayed=self._strayed,
            stands=self.run.step + 1,
            over=self.over,
            loss=sums[0].item() / len(batch.labels),
            loss_after=after.mean().item(),
            recorded=self._stored.get(update),
            classes=self.classes,
            layers=watch.layers(),
            parameters=watch.parameters(),
            scores=_scores(watch.logits, batch, after, self.config.label_smoothing),
            filters=watch.filters(),
        )

    @cached_property
    def _stored(self) -> dict[int, float]:
        """The losses of the run's updates, by number."""
        curve = open_store().curve(self.run.id, "batch/loss")
        return dict(zip(curve.step.tolist(), curve.value.tolist(), strict=True))


def _scores(logits: Tensor, batch: TrainBatch, after: Tensor, smoothing: float) -> Scores:
    probability = logits.softmax(1)  # (N, C)
    confidence, answers = probability.max(1)
    true = probability.gather(1, batch.labels[:, None])[:, 0]
    mixed = batch.share is not None
    return Scores(
        image_losses(logits, batch, smoothing).double().numpy(),
        after.double().numpy(),
        batch.labels.numpy(),
        answers.numpy(),
        confidence.double().numpy(),
        true.double().numpy(),
        batch.inputs[:PICTURES].numpy(),
        batch.labels.roll(1).numpy() if mixed else None,
        None if batch.share is None else batch.share.double().numpy(),
    )
