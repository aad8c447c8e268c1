"""The updates of an epoch reported as events: in order, in bursts, none lost."""

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from torch import Tensor

from cnncore.events import Batch, Diverged
from cnncore.training.config import RunConfig
from cnncore.training.diagnosis import overflow
from cnncore.training.live import Live
from cnncore.training.metrics import Mean
from cnncore.training.readout import Burst, Readout


class Report:
    """What an epoch's updates leave on the device, on its way to Batch events.

    `mean` and `seconds` (of the device) are those of the updates reported so far, `lr` is the learning rate of the last
    one made; `diverged` is true once one of them had a loss that is infinite or not a number.
    """

    def __init__(self, config: RunConfig, epoch: int, readout: Readout, live: Live) -> None:
        self._config, self._epoch, self._readout, self._live = config, epoch, readout, live
        self._waiting: deque[tuple[int, int, int, float]] = deque()  # (batch, step, size, lr) of updates to report
        self.mean = Mean()
        self.seconds = self.lr = 0.0
        self.diverged = False

    def add(self, sums: Tensor, number: int, step: int, sizes: Sequence[int], lr: float) -> None:
        """Take in updates from `step` on, made with the batches from `number` on, of `sizes` images, at `lr`.

        `sums` (n, 3) are as `batch_sums` has them.
        """
        self._readout.put(sums)
        self.lr = lr
        self._waiting.extend((number + place, step + place, size, lr) for place, size in enumerate(sizes))

    def told(self, everything: bool, then: Callable[[], None] | None = None) -> Iterator[Batch | Diverged | None]:
        """Send what was added and yield the events of what has arrived; with `everything`, of all that was added.

        `then` is called once all was sent and before anything is yielded, to give the device more to do. Yields None
        where it would have to wait for the device and the readout is not blocking. A Diverged is the last event.
        """
        yield from self._readout.awaited()
        before = self._take()
        # Before anything is yielded: the consumer may take its time, a pause above all, which is not the device's.
        self._readout.send()
        if then:
            then()
        yield from before
        if not self.diverged:
            if everything or self._live.single:
                yield from self._readout.awaited()
            yield from self._take()

    def _take(self) -> Iterator[Batch | Diverged]:
        """Take the burst that has arrived, if one has, and return its events."""
        return self._events(self._readout.take()) if self._readout.arrived else iter(())

    def _events(self, burst: Burst) -> Iterator[Batch | Diverged]:
        before, count = self.seconds, len(burst.rows)
        self.seconds += burst.seconds
        for place, sums in enumerate(burst.rows, start=1):
            number, step, size, lr = self._waiting.popleft()
            if not math.isfinite(sums[0]):
                self._live.more = False
                self.diverged = True
                yield Diverged(self._epoch, number, overflow(self._config, self._epoch, number, lr))
                return
            self._live.more = place < count
            self.mean.add(sums, size)
            loss, accuracy, accuracy5 = (value / size for value in sums)
            seconds = before + burst.seconds * (place / count)  # the device says how long all of them took
            yield Batch(self._epoch, number, step, size, loss, accuracy, accuracy5, lr, seconds)
