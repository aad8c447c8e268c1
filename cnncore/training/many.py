"""Several runs at once in one process: on a large GPU a small network leaves most of it idle.

Every run has a stream of its own, on which its graphs are launched: the device works on all of them as it finds room.
One thread goes round: each run in turn makes updates until it would have to wait for the device, then the next one has
its turn. A run computes what it computes alone, bit for bit: nothing random is shared (see `_Randomness`), nor the
working memory of a product (see `cnncore.training.recorder.Recorder`). Each holds its own copy of the data, 185 MB on
CIFAR-10, and its graphs' memory.

On a CPU the runs only take turns and nothing is gained: that is for the tests.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext

import torch

from cnncore.errors import InputError
from cnncore.events import Batch, Event
from cnncore.training.config import RunConfig
from cnncore.training.device import choose_device
from cnncore.training.live import Live
from cnncore.training.session import Session

MOST = 8  # PyTorch has 32 streams of each priority and a run takes up to three: with more, two might share one
_PAUSE = 1e-4  # seconds until the runs are asked again whether their work on the device is done


def train_many(configs: Sequence[RunConfig], *, graph: bool = True) -> Iterator[tuple[int, Event]]:
    """Train up to eight runs at once and yield (place in `configs`, event), each run's events as `train` has them.

    They may differ in anything but device and precision, which hold for the whole process: else an `InputError`.
    Nothing is stored: no checkpoints, no snapshots.
    """
    if not 1 <= len(configs) <= MOST:
        raise InputError(f"`configs` (={len(configs)} runs) must be 1 to {MOST}: train the rest afterwards.")
    for name in ("device", "precision"):
        values = sorted({str(getattr(config, name)) for config in configs})
        if len(values) > 1:
            raise InputError(f"`{name}` (={', '.join(values)}) must be the same for all runs at once: choose one.")
    device = choose_device(configs[0].device)[0]
    runs = [_Run(config, device, graph) for config in configs]
    going = dict(enumerate(runs))
    while going:
        idle = True
        for number, run in list(going.items()):
            for event in run.turn():
                idle = False
                yield number, event
            if run.over:
                del going[number]
        if idle and going:
            time.sleep(_PAUSE)


class _Run:
    """One of the runs: its events, its stream and what is random in it."""

    def __init__(self, config: RunConfig, device: torch.device, graph: bool) -> None:
        self._live = Live()
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None  # type: ignore[no-untyped-call]  # torch's own
        self._randomness = _Randomness(device)
        self._events = _events(config, self._live, graph)
        self.over = False

    def turn(self) -> list[Event]:
        """Go on until there are events, and return them; none if the device would have to be waited for."""
        events: list[Event] = []
        with self._randomness, torch.cuda.stream(self._stream) if self._stream else nullcontext():
            for event in self._events:
                if event is None:
                    return events
                events.append(event)
                if not (isinstance(event, Batch) and self._live.more):
                    return events
        self.over = True
        return events


def _events(config: RunConfig, live: Live, graph: bool) -> Iterator[Event | None]:
    """Make the session in the run's first turn, so that what it prepares is on the run's stream and randomness."""
    yield from Session(config, live=live, graph=graph, blocking=False).events()


class _Randomness:
    """A run's own state of torch's generators, which the whole process shares: put in for a turn, taken out after it.

    On CUDA a graph keeps the state object that was the generator's while it was recorded, and its place in device
    memory: so every run has an object of its own, and objects are exchanged. Elsewhere the states are.
    """

    def __init__(self, device: torch.device) -> None:
        self._host = torch.get_rng_state()
        self._generator: torch.Generator | None = None
        if device.type == "cuda":
            torch.cuda.init()  # type: ignore[no-untyped-call]  # torch's own
            self._generator = torch.cuda.default_generators[device.index or 0]
            self._device: torch.Generator = self._generator.clone_state()

    def __enter__(self) -> None:
        self._others = torch.get_rng_state()
        torch.set_rng_state(self._host)
        if self._generator is not None:
            self._others_on_device = self._generator.graphsafe_get_state()
            self._generator.graphsafe_set_state(self._device)

    def __exit__(self, *_: object) -> None:
        self._host = torch.get_rng_state()
        torch.set_rng_state(self._others)
        if self._generator is not None:
            self._device = self._generator.graphsafe_get_state()  # the same object, told of all that was drawn
            self._generator.graphsafe_set_state(self._others_on_device)
