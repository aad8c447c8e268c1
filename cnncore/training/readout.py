"""Numbers on their way from the device to the host, in bursts, while the device goes on.

To read a number from a GPU is to wait for all work queued before it; then its queue is empty, and it waits for the
host. So every update leaves a row on the device, and about ten times a second the rows so far are copied by a stream of
their own into memory that the device writes to directly (pinned). There are two such places: while one is copied and
read, the updates fill the other. Whoever reads is one burst behind and never more than two: that also keeps the host
from running far ahead of the device.

The same class works on every device; where there is no queue a burst has arrived as soon as it is sent.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from cnncore.training.timer import Timer

BURST = 0.1  # seconds: smooth to the eye


@dataclass(frozen=True)
class Burst:
    """Rows that were put one after the other, and how long the device was at work on them."""

    rows: list[list[float]]
    seconds: float


class _Place:
    """One of the two: rows on the device, their copy on the host, and when the copy is there."""

    def __init__(self, device: torch.device, rows: int, width: int) -> None:
        cuda = device.type == "cuda"
        self.rows = torch.zeros(rows, width, device=device)
        self.host = torch.zeros(rows, width, pin_memory=cuda)
        self.count = 0
        self.timer = Timer(device)
        self.copied = torch.cuda.Event() if cuda else None  # type: ignore[no-untyped-call]  # torch's own


class Readout:
    """Takes rows of `width` numbers on `device` and gives them back on the host, in order.

    `start`, then `put` after each update; once a burst is `due`, `send` it and `take` what has `arrived`. At most one
    burst may be under way when the next is sent. `rows` is how many may be put before they have to be sent, and
    `at_once` how many of them together, at most. With `blocking`, `awaited` waits; else it yields, so that something
    else can be done meanwhile.
    """

    def __init__(self, device: torch.device, rows: int, width: int, *, at_once: int = 1, blocking: bool = True) -> None:
        self._most = rows
        self._filling, self._other = (_Place(device, rows + at_once - 1, width) for _ in range(2))
        self._under_way: deque[_Place] = deque()
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None  # type: ignore[no-untyped-call]  # torch's own
        self._blocking = blocking
        self._started = False
        self._enough = 1  # rows that take the device about a burst's time, judged by the last burst

    def start(self) -> None:
        """Begin to time the next burst, unless that has begun."""
        if not self._started:
            self._filling.timer.start()
            self._started = True

    def put(self, rows: Tensor) -> None:
        """Take a copy of a row (width,), or of several (n, width), on the device."""
        rows = rows.view(-1, rows.shape[-1])
        count = self._filling.count
        self._filling.rows[count : count + len(rows)].copy_(rows)
        self._filling.count += len(rows)

    @property
    def due(self) -> bool:
        """True if the rows so far are a burst: about a tenth of a second of work."""
        if self._filling.count >= self._most:
            return True
        # Where there is a queue the host's clock says nothing about the device's work.
        return self._filling.count >= self._enough if self._stream else self._filling.timer.since >= BURST

    def send(self) -> None:
        """Begin to copy the rows that were put since the last time; what is put next belongs to the next burst."""
        assert not self._under_way, "the last burst comes first"
        place = self._filling
        if not place.count:
            self._started = False  # from here on the consumer may pause, which must not count as training time
            return
        if self._stream is None or place.copied is None:
            place.host[: place.count].copy_(place.rows[: place.count])
            place.timer.stop()
        else:
            place.timer.stop()
            self._stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(self._stream):
                place.host[: place.count].copy_(place.rows[: place.count], non_blocking=True)
                place.copied.record()
        self._under_way.append(place)
        self._filling, self._other = self._other, place
        self._filling.count = 0
        self._started = False

    @property
    def under_way(self) -> bool:
        """True if a burst was sent that has not been taken."""
        return bool(self._under_way)

    @property
    def arrived(self) -> bool:
        """True if a burst is under way and can be taken without waiting."""
        if not self._under_way:
            return False
        copied = self._under_way[0].copied
        return copied is None or bool(copied.query())  # type: ignore[no-untyped-call]  # torch's own

    def awaited(self) -> Iterator[None]:
        """Wait for the burst that is under way; unless `blocking`, yield None until it has arrived."""
        while self.under_way and not self.arrived:
            copied = self._under_way[0].copied
            if self._blocking and copied is not None:
                copied.synchronize()
            else:
                yield None

    def take(self) -> Burst:
        """Return the burst that has arrived."""
        assert self.arrived, "awaited() comes first"
        place = self._under_way.popleft()
        burst = Burst(place.host[: place.count].tolist(), place.timer.seconds)
        self._enough = max(1, round(BURST * place.count / max(burst.seconds, 1e-6)))
        return burst
