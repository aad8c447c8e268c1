"""Work that may go on beside the rest of an update: on other queues of the device."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor


class Side:
    """Two CUDA streams beside the current one: what is begun there runs along until `join`.

    A kernel of a small network leaves most of a large GPU idle, and much of an update waits for nothing but its inputs:
    the next batch, and the gradients of weights, which no other gradient needs. It goes to the two streams in turn.
    """

    def __init__(self, device: torch.device) -> None:
        # PyTorch has 32 streams of each priority. The main one has a higher: what all others wait for comes first.
        self._streams = [torch.cuda.Stream(device, priority=-1) for _ in range(2)]  # type: ignore[no-untyped-call]  # torch's own
        self._turn = 0
        self._kept: list[Tensor] = []
        self._begun: torch.cuda.Event | None = None

    def begin(self) -> None:
        """Remember this moment, see `beside`."""
        self._begun = torch.cuda.current_stream().record_event()

    @contextmanager
    def beside(self, *reads: Tensor, early: bool = False) -> Iterator[None]:
        """Put what is done within this context beside the rest; it begins once all that was queued so far is done.

        If it comes `early`, it begins once all is done that was queued before `begin`, wherever it is written: a graph
        starts its kernels in the order in which they were recorded, and the main queue's should not come second.

        `reads` are the tensors from outside that it reads. They are kept until `join`: their memory would be given to
        what comes next on the other queue, as nobody there knows of this one.
        """
        self._kept.extend(reads)
        stream = self._streams[self._turn]
        self._turn = 1 - self._turn
        if early and self._begun is not None:
            stream.wait_event(self._begun)
        else:
            stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            yield

    def mark(self) -> Callable[[], None]:
        """Return what lets all that is queued after its call wait for what was put beside last, and no more."""
        event = self._streams[1 - self._turn].record_event()
        return lambda: torch.cuda.current_stream().wait_event(event)

    def join(self) -> None:
        """Let what is queued from now on wait for all that was begun beside it."""
        for stream in self._streams:
            torch.cuda.current_stream().wait_stream(stream)
        self._turn = 0
        self._kept.clear()


class Inline:
    """The same for one queue: everything is done where it stands."""

    def begin(self) -> None:
        """There is nothing to remember."""

    @contextmanager
    def beside(self, *_: Tensor, early: bool = False) -> Iterator[None]:  # noqa: ARG002 one signature for both
        """Do what is within this context now."""
        yield

    def mark(self) -> Callable[[], None]:
        """There is nothing to wait for."""
        return lambda: None

    def join(self) -> None:
        """There is nothing to wait for."""
