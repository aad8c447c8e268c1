"""Recording work on a CUDA device as graphs, and what has to be kept apart for that."""

from collections.abc import Callable

import torch


class Recorder:
    """Records a run's work on the device as CUDA graphs, on a stream of their own and in one pool of memory.

    Graphs of one recorder must be launched one after the other: what one of them needs only while it runs, the next may
    use as well. cuBLAS keeps working memory for each stream that it was recorded on, whatever the pool, and lets go of
    it when a graph dies (pytorch/pytorch#193402): so every run records on another stream, and its graphs, one whose
    recording failed among them, die together.
    """

    def __init__(self) -> None:
        self._stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]  # torch's own
        self._pool = torch.cuda.graph_pool_handle()
        self._graphs: list[torch.cuda.CUDAGraph] = []

    def rehearse(self, work: Callable[[], object]) -> None:
        """Do `work` once, where it will be recorded: what is chosen and allocated at first is so there."""
        self._stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._stream):
            work()
        torch.cuda.current_stream().wait_stream(self._stream)

    def record(self, work: Callable[[], object]) -> torch.cuda.CUDAGraph:
        """Return a graph of `work`, which is not done now; a RuntimeError where it cannot be recorded."""
        graph = torch.cuda.CUDAGraph()
        self._graphs.append(graph)
        # Another thread of this process may use CUDA meanwhile (a page's preview never does, a test's may).
        with torch.cuda.graph(graph, self._pool, self._stream, capture_error_mode="thread_local"):
            work()
        return graph


def recorder_of(device: torch.device, graph: bool = True) -> Recorder | None:
    """Return what records a run's work on `device`; None where there is nothing to record with, or it is not wanted."""
    return Recorder() if graph and device.type == "cuda" else None


def failed(error: RuntimeError) -> str:
    """Return in a few words that recording failed, and with which first line of the error."""
    return f"recording failed ({str(error).partition(chr(10))[0]})"
