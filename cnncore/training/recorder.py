"""Recording work on a CUDA device as graphs, and what has to be kept apart for that."""

from collections.abc import Callable
from contextlib import suppress

import torch

from cnncore.training.side import Side


class Recorder:
    """Records a run's work on the device as CUDA graphs, on a stream of their own and in one pool of memory.

    Graphs of one recorder must be launched one after the other: what one of them needs only while it runs, the next may
    use as well. cuBLAS keeps working memory for each stream that it was recorded on, whatever the pool, and lets go of
    it when a graph dies (pytorch/pytorch#193402): so every run records on another stream, and its graphs, one whose
    recording failed among them, die together.
    """

    def __init__(self) -> None:
        self.usable = True
        self._stream = torch.cuda.Stream(priority=-2)  # type: ignore[no-untyped-call]  # torch's own
        self._pool = torch.cuda.graph_pool_handle()
        self._graphs: list[torch.cuda.CUDAGraph] = []

    def side(self) -> Side:
        """Return queues on which a part of the work may run along, recorded likewise."""
        return Side(self._stream.device)

    def rehearse(self, work: Callable[[], object]) -> None:
        """Do `work` once, on the stream where it will be recorded, which makes all first choices and allocations."""
        self._stream.wait_stream(torch.cuda.current_stream())
        try:
            with torch.cuda.stream(self._stream):
                work()
        finally:  # what was begun goes on there: whoever puts the weights back comes after it
            torch.cuda.current_stream().wait_stream(self._stream)

    def record(self, work: Callable[[], object], *, random: bool = True) -> torch.cuda.CUDAGraph:
        """Return a graph of `work`, which is not done now; a RuntimeError where it cannot be recorded.

        `random` work draws from torch's generator when it is launched. Whether or not it could be recorded, the current
        stream is then the caller's, and the generator one that can be drawn from.
        """
        graph = torch.cuda.CUDAGraph()
        self._graphs.append(graph)
        before = torch.cuda.current_stream()
        generator = torch.cuda.default_generators[before.device_index]
        own, spare = generator.graphsafe_get_state(), generator.clone_state()
        # By PyTorch 2.11's source a recording that breaks off leaves the generator's state as one that is being
        # recorded, for good: what draws nothing is recorded with another state, what draws goes on with another one.
        generator.graphsafe_set_state(own if random else spare)
        after = own
        try:
            # Another thread of this process may use CUDA meanwhile (a page's preview never does, a test's may).
            with torch.cuda.graph(graph, self._pool, self._stream, capture_error_mode="thread_local"):
                work()
        except BaseException:
            after = spare if random else own
            torch.cuda.set_stream(before)  # torch's own way back is cut off where the recording cannot be ended
            before.wait_stream(self._stream)
            # As a rule the recording has ended, and torch says so; else no memory of its pool could be freed.
            with suppress(RuntimeError, AttributeError):
                torch._C._cuda_endAllocateToPool(before.device_index, self._pool)
            raise
        finally:
            generator.graphsafe_set_state(after)
        return graph

    def give_up(self) -> None:
        """Drop all graphs and their memory, and record no more: a recording broke off in their pool."""
        self._graphs.clear()
        self.usable = False


def recorder_of(device: torch.device, graph: bool = True) -> Recorder | None:
    """Return what records a run's work on `device`; None where there is nothing to record with, or it is not wanted."""
    return Recorder() if graph and device.type == "cuda" else None


def failed(error: RuntimeError) -> str:
    """Return in a few words that recording failed, and with which first line of the error."""
    return f"recording failed ({str(error).partition(chr(10))[0]})"
