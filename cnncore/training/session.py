"""One run in its process: its network and data on the device, epoch after epoch, reported as events."""

import math
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import torch

from cnncore.data.prepared import contents, load
from cnncore.events import Changed, Diverged, Epoch, Event, Finished, Started
from cnncore.training import kernels
from cnncore.training.checkpoint import Checkpoint
from cnncore.training.config import RunConfig
from cnncore.training.device import choose_device, make_deterministic, set_precision
from cnncore.training.diagnosis import overflow
from cnncore.training.evaluation import Evaluation
from cnncore.training.graph import TOGETHER, evaluator_of, step_of
from cnncore.training.keeping import Keeper
from cnncore.training.live import Live
from cnncore.training.metrics import SUMS
from cnncore.training.readout import Readout
from cnncore.training.recorder import recorder_of
from cnncore.training.report import Report
from cnncore.training.schedule import rate
from cnncore.training.state import seed_dropout, state_of
from cnncore.training.versions import versions

_ROWS = 4096  # updates, at most, whose numbers stay on the device until they are read


class Session:
    """A run from where it begins, or goes on, to its end; `events` reports it.

    The options are those of `cnncore.training.trainer.train`, and so are the errors. Unless it is `blocking`, `events`
    yields None instead of waiting for the device, whose work goes on: the caller may do something else before it asks
    again.
    """

    def __init__(
        self,
        config: RunConfig,
        checkpoint: Path | None = None,
        *,
        resume: bool = False,
        live: Live | None = None,
        graph: bool = True,
        blocking: bool = True,
    ) -> None:
        self._config, self._checkpoint = config, checkpoint
        self._device, device_reason = choose_device(config.device)
        set_precision(config.precision, self._device)
        make_deterministic(self._device)
        data = load(config.dataset)
        self._contents = contents(config.dataset)
        saved = None
        if resume and checkpoint is not None and checkpoint.exists():
            saved = Checkpoint.load(checkpoint, self._device)
            saved.check(config, self._contents)
        self._state = state_of(config, data, self._device, saved)
        self._model, self._batches, self._plateau = self._state.model, self._state.batches, self._state.plateau
        average = self._state.average
        recorder = recorder_of(self._device, graph)
        self._step, updating = step_of(config, self._batches, self._model, self._state.optimizer, average, recorder)
        self._evaluator, scoring = evaluator_of(config, self._batches, average.model, recorder, blocking=blocking)
        without = kernels.why_not(self._device) if self._device.type == "cuda" else ""
        computing = f"PyTorch's own kernels alone, because {without}" if without else ""
        self._reason = "; ".join(text for text in (device_reason, updating, scoring, computing) if text)
        rows = min(len(self._batches), _ROWS)
        self._readout = Readout(self._device, rows, SUMS, at_once=TOGETHER, blocking=blocking)
        self._keeper = Keeper(config, checkpoint, average.model)
        self._classes = len(data.classes)
        self._factor = self._state.lr_factor  # what the schedule is multiplied by, as set by hand
        self._live = live or Live(self._factor)
        self._last = self._state.last  # the last complete epoch
        self._first_epoch = self._last.epoch + 1 if self._last else 1
        self._updates = self._last.step if self._last else 0
        self._seconds = 0.0
        self._diverged = False

    def events(self) -> Iterator[Event | None]:
        """Yield what happens, once in a session's life: Started, Batch ..., Epoch, ..., Finished or Diverged."""
        yield self._started()
        yield from self._untrained()
        while self._goes_on:
            yield from self._epoch()
        if not self._diverged and self._last is not None:
            yield Finished(self._config.epochs, self._seconds, self._last.test_loss, self._last.test_accuracy)

    @property
    def _goes_on(self) -> bool:
        return not self._diverged and (self._last.epoch if self._last else 0) < self._config.epochs

    def _started(self) -> Started:
        batches = self._batches
        return Started(
            config=self._config.to_dict(),
            device=str(self._device),
            device_reason=self._reason,
            parameters=sum(parameter.numel() for parameter in self._model.parameters()),
            train_size=len(batches.train),
            test_size=len(batches.test),
            batches_per_epoch=len(batches),
            classes=self._classes,
            first_epoch=self._first_epoch,
            # Sums in another order differ by rounding, hence the threads.
            versions=versions() | {"threads": str(torch.get_num_threads()), "data": self._contents},
        )

    def _untrained(self) -> Iterator[None]:
        """Keep a snapshot of the untrained network, where that is wanted; yields no event."""
        self._keeper.forget(self._first_epoch)
        if self._keeper.wants(0) and self._first_epoch == 1:
            self._evaluator.start("test")
            yield from self._evaluator.readout.awaited()
            self._keeper.keep(0, self._evaluator.scores()[0]["test"])

    def _epoch(self) -> Iterator[Event | None]:
        """Train and evaluate the next epoch; once its Epoch event has been taken, write snapshot and checkpoint."""
        epoch = self._last.epoch + 1 if self._last else 1
        report = Report(self._config, epoch, self._readout, self._live)
        yield from self._train(epoch, report)
        if report.diverged:
            self._diverged = True
            return
        self._seconds += report.seconds
        if not self._queued:
            self._score(epoch)
        yield from self._evaluator.readout.awaited()
        scores, test_seconds = self._evaluator.scores()
        if not all(math.isfinite(score.mean.loss) for score in scores.values()):
            self._diverged = True
            number = len(self._batches) - 1
            yield Diverged(epoch, number, overflow(self._config, epoch, number, report.lr))
            return
        self._plateau.after(scores["validation"].mean.loss if "validation" in scores else report.mean.loss)
        self._last = Epoch(
            epoch=epoch,
            step=self._updates,
            train_loss=report.mean.loss,
            train_accuracy=report.mean.accuracy,
            train_accuracy5=report.mean.accuracy5,
            seconds=report.seconds,
            test_seconds=test_seconds,
            images_per_second=len(self._batches.train) / report.seconds,
            lr=report.lr,
            **{f"{split}_{name}": value for split, score in scores.items() for name, value in score.mean.items()},
        )
        yield self._last
        self._keep(self._last, scores["test"])

    def _score(self, epoch: int) -> None:
        """Begin to score the network after an epoch; the last one with test-time augmentation, where that is wanted."""
        self._evaluator.start(last=epoch == self._config.epochs)

    @property
    def _queued(self) -> bool:
        """Whether the device works through a queue: evaluation then begins before the last updates are reported."""
        return self._device.type == "cuda"

    def _train(self, epoch: int, report: Report) -> Iterator[Event | None]:
        """Make the epoch's updates and report them."""
        config, live, step, count = self._config, self._live, self._step, len(self._batches)
        seed_dropout(config, epoch)
        self._model.train()
        self._readout.start()
        step.begin(epoch)
        number = 0
        while number < count:
            if live.lr_factor != self._factor:
                yield from report.told(everything=True)
                if report.diverged:
                    return
                self._factor = live.lr_factor
                yield Changed(epoch, self._updates + 1, self._factor)
            coming = range(number, number + (1 if live.single else step.together))
            rates = {rate(config, epoch, place, count) for place in coming}
            lr = rate(config, epoch, number, count) * self._plateau.scale * self._factor
            self._readout.start()
            sums = step.several(lr) if len(coming) > 1 and len(rates) == 1 else step(lr)[None]
            sizes = [self._batches.size(number + place) for place in range(len(sums))]
            report.add(sums, number, self._updates + 1, sizes, lr)
            self._updates, number = self._updates + len(sums), number + len(sums)
            everything = live.single or number == count
            if everything or self._readout.due:
                then = partial(self._score, epoch) if number == count and self._queued else None
                yield from report.told(everything, then)
            if report.diverged:
                return

    def _keep(self, last: Epoch, tested: Evaluation) -> None:
        self._keeper.keep(last.epoch, tested)
        if self._checkpoint is None:
            return
        Checkpoint(
            config=self._config,
            last=last,
            model=self._model.state_dict(),
            optimizer=self._state.optimizer.state_dict(),
            averaged=self._state.average.state(),
            plateau=self._plateau.state(),
            lr_factor=self._factor,
            standardize=self._batches.standardize.state(),
            contents=self._contents,
        ).save(self._checkpoint)
