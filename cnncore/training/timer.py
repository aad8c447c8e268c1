"""How long a device was at work: its own clock where it has a queue, the host's elsewhere."""

import time

import torch


class Timer:
    """Seconds between `start` and `stop`.

    On CUDA both are marks in the queue of the current stream: neither waits, what stands before the first one does not
    count, and `seconds` is known once the device has passed the second. Elsewhere it is the host's clock.
    """

    def __init__(self, device: torch.device) -> None:
        cuda = device.type == "cuda"
        self._marks = [torch.cuda.Event(enable_timing=True) for _ in range(2)] if cuda else []  # type: ignore[no-untyped-call]  # torch's own
        self._times = [0.0, 0.0]

    def start(self) -> None:
        """Begin to count, anew."""
        self._mark(0)

    def stop(self) -> None:
        """End counting."""
        self._mark(1)

    def _mark(self, which: int) -> None:
        if self._marks:
            self._marks[which].record()
        else:
            self._times[which] = time.perf_counter()

    @property
    def seconds(self) -> float:
        """The seconds from `start` to `stop`; on CUDA the device must have passed the latter."""
        if self._marks:
            return float(self._marks[0].elapsed_time(self._marks[1])) / 1000
        return self._times[1] - self._times[0]

    @property
    def since(self) -> float:
        """The host's seconds since `start`; only where the host's clock counts."""
        return time.perf_counter() - self._times[0]
