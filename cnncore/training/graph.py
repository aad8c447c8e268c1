"""The whole update as one CUDA graph: recorded once, then launched as a whole.

A step of the practical's network is dozens of small kernels, and on a large GPU starting one of them from Python takes
longer than running it. A graph holds gather, augmentation, standardization, forward, loss, backward, optimizer and
metrics as they were recorded, and is started with one call. What changes from step to step lies in memory that the
graph reads: the epoch's random tables, the row at which the next batch begins, the learning rate.

The recorded update is `StaticUpdate`, plain PyTorch that runs on every device; the tests compare it with
`EagerStep` on the CPU, step by step. So is the recorded evaluation, `cnncore.training.evaluation.StaticEvaluation`.
Recording and replaying have tests that need a CUDA device.
"""

from collections.abc import Callable
from functools import partial
from itertools import pairwise

import torch
from torch import Tensor, nn

from cnncore.data.augmentation import (
    CutMix,
    GaussianNoise,
    HorizontalFlip,
    Mixup,
    PadCrop,
    RandomCrop,
    RandomErasing,
    Rotation,
)
from cnncore.training.average import Average
from cnncore.training.batches import Batches, Tables
from cnncore.training.config import RunConfig
from cnncore.training.evaluation import Evaluator, StaticEvaluation
from cnncore.training.fetch import Fetch
from cnncore.training.fused import beside
from cnncore.training.metrics import SUMS
from cnncore.training.optimizers import set_rate
from cnncore.training.recorder import Recorder, failed
from cnncore.training.side import Inline, Side
from cnncore.training.step import EagerStep, Step, update

# These make the same kernels for every draw. The policies group a batch's images by what was drawn for them, and colour
# jitter reads constants from the host: neither can be recorded.
_RECORDABLE = (RandomCrop, PadCrop, HorizontalFlip, Rotation, GaussianNoise, RandomErasing, Mixup, CutMix)
# Updates in one graph: to launch a graph, and to get its queues going, takes as long as two or three large kernels.
TOGETHER = 4
_WARM_UP = 3  # updates before recording: cuBLAS and cuDNN choose and allocate then


def why_eager(config: RunConfig, device: torch.device) -> str:
    """Return why a run's updates are launched kernel by kernel; empty where they are recorded as a graph."""
    if device.type != "cuda":
        return "graphs are CUDA's"
    refused = [augmentation.kind for augmentation in config.augment if not isinstance(augmentation, _RECORDABLE)]
    if refused:
        return f"{' and '.join(refused)} cannot be recorded in a graph"
    return ""


def step_of(
    config: RunConfig,
    batches: Batches,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    average: Average,
    recorder: Recorder | None,
) -> tuple[Step, str]:
    """Return what makes the run's updates, and in a few words how: a graph, or kernel by kernel and why.

    To be called after the weights and the optimizer's state have been loaded: a graph keeps the addresses it saw.
    """
    eager = EagerStep(config, batches, model, optimizer, average)
    device = batches.train.images.device
    reason = why_eager(config, device) if recorder else "it was asked for"
    if recorder is None or reason:
        return eager, f"updates kernel by kernel, because {reason}" if device.type == "cuda" else ""
    try:
        return GraphStep(config, batches, model, optimizer, average, recorder), "each update one CUDA graph"
    except RuntimeError as error:  # what cannot be recorded, or too little memory: the state was put back
        recorder.give_up()
        return eager, f"updates kernel by kernel, because {failed(error)}"


class StaticUpdate:
    """An update that reads what changes from fixed places on the device, and makes no other choice.

    A batch is fetched during the update before it, on the `side`.
    """

    def __init__(
        self,
        config: RunConfig,
        batches: Batches,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        side: Side | Inline | None = None,
    ) -> None:
        self._config, self._model, self._optimizer = config, model, optimizer
        self._side = side
        self.fetch = Fetch(batches, model)
        self.sums = torch.zeros(SUMS, device=batches.train.images.device)

    def __call__(self, size: int, following: int, place: int, sums: Tensor | None = None) -> None:
        """Make the update with `size` images of one of the two places, and fetch the `following` into the other.

        The batch's metrics go to `sums` (3,), as a rule this update's own.
        """
        fetch = partial(self.fetch, following, 1 - place) if following else None
        batch = self.fetch.places[place].first(size)
        sums = self.sums if sums is None else sums
        sums.copy_(update(self._config, self._model, self._optimizer, batch, self._side, fetch))


class GraphStep:
    """Updates as recorded graphs: two for full batches, in turn, others for an epoch's last ones as they differ."""

    def __init__(
        self,
        config: RunConfig,
        batches: Batches,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        average: Average,
        recorder: Recorder,
    ) -> None:
        self._optimizer, self._average, self._batches = optimizer, average, batches
        self._epoch, self._epochs = 0, config.epochs
        self._rate: float | None = None
        side = recorder.side()
        self._update = StaticUpdate(config, batches, model, optimizer, side)
        self._number = 0
        self._ahead: tuple[int, Tables] | None = None
        sizes = [batches.size(number) for number in range(len(batches))]
        self._kinds = [(size, after, number % 2) for number, (size, after) in enumerate(pairwise([*sizes, 0]))]
        kinds = sorted(set(self._kinds), reverse=True)
        with unchanged(model, optimizer), beside(model, side):
            model.train()
            recorder.rehearse(lambda: self._rehearse(kinds))
            self._graphs = {kind: recorder.record(partial(self._record, *kind)) for kind in kinds}
            full = (batches.size(0), batches.size(0))
            self._usual = sum(kind[:2] == full for kind in self._kinds)  # batches that another such one follows
            self._most = min(TOGETHER, self._usual // 2 * 2) if average.model is model else 1
            self._sums = torch.zeros(max(1, self._most), SUMS, device=self._update.sums.device)
            self._several = recorder.record(partial(self._record_several, full)) if self._most > 1 else None

    def begin(self, epoch: int) -> None:
        """Put the order and augmentation of `epoch` where the graphs read them."""
        drawn = self._ahead[1] if self._ahead and self._ahead[0] == epoch else self._batches.drawn(epoch)
        self._update.fetch.load(drawn)
        self._epoch, self._number, self._ahead = epoch, 0, None

    def __call__(self, rate: float) -> Tensor:
        """Make the next update at this learning rate and return the batch's sums (3,)."""
        self._set(rate)
        self._graphs[self._kinds[self._number]].replay()
        self._number += 1
        self._average.update()
        if self._number == len(self._kinds) and self._epoch < self._epochs:
            # The device has most of the epoch still to do: the host draws the next one meanwhile.
            self._ahead = self._epoch + 1, self._batches.drawn(self._epoch + 1)
        return self._update.sums

    @property
    def together(self) -> int:
        """How many of the next updates are recorded as one graph; averages, if there are, come after each."""
        fits = self._number % 2 == 0 and self._number + self._most <= self._usual
        return self._most if self._several and fits else 1

    def several(self, rate: float) -> Tensor:
        """Make the next `together` updates at this learning rate and return their sums (together, 3)."""
        count = self.together
        if count == 1 or self._several is None:
            return self(rate)[None]
        self._set(rate)
        self._several.replay()
        self._number += count
        return self._sums

    def _set(self, rate: float) -> None:
        if rate != self._rate:
            set_rate(self._optimizer, rate)
            self._rate = rate

    def _rehearse(self, kinds: list[tuple[int, int, int]]) -> None:
        for kind in kinds:
            for _ in range(_WARM_UP):
                self._update.fetch.start.zero_()
                self._update(*kind)

    def _record(self, size: int, following: int, place: int, sums: Tensor | None = None) -> None:
        self._optimizer.zero_grad(set_to_none=True)  # the gradients of a graph lie in its own memory
        self._update(size, following, place, sums)

    def _record_several(self, full: tuple[int, int]) -> None:
        for number in range(self._most):
            self._record(*full, number % 2, self._sums[number])


def evaluator_of(
    config: RunConfig, batches: Batches, model: nn.Module, recorder: Recorder | None, *, blocking: bool = True
) -> tuple[Evaluator, str]:
    """Return what scores `model`, and in a few words how where that is worth saying; without a recorder as it is.

    To be called after `step_of`: a recorder that has failed there records no evaluation either.
    """
    how = ""
    if recorder is not None and not recorder.usable:
        how = "evaluation likewise"
    elif recorder is not None:
        recorded = partial(_recorded, recorder)
        try:
            return Evaluator(config, batches, model, blocking=blocking, recorded=recorded), "evaluation by CUDA graphs"
        except RuntimeError as error:
            how = f"evaluation kernel by kernel, because {failed(error)}"
    return Evaluator(config, batches, model, blocking=blocking), how


def _recorded(recorder: Recorder, one_pass: StaticEvaluation) -> Callable[[int], object]:
    """Return what launches the pass: a graph for a full batch, one for the short last one."""
    sizes = sorted(set(one_pass.sizes), reverse=True)

    def rehearse() -> None:
        for size in sizes:
            for _ in range(_WARM_UP):
                one_pass.start.zero_()
                one_pass(size)

    recorder.rehearse(rehearse)
    graphs = {size: recorder.record(partial(one_pass, size), random=False) for size in sizes}
    return lambda size: graphs[size].replay()


class unchanged:  # noqa: N801 read as a word: with unchanged(model, optimizer)
    """Put weights, running statistics and the optimizer's state back where they were, in place, at the end.

    What the optimizer has made meanwhile stays, emptied: momentum of zero is what a first update begins with.
    """

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        self._model, self._optimizer = model, optimizer

    def __enter__(self) -> None:
        self._weights = [value.detach().clone() for value in self._model.state_dict().values()]
        self._state = {
            parameter: {name: value.clone() for name, value in state.items() if isinstance(value, Tensor)}
            for parameter, state in self._optimizer.state.items()
        }
        self._training = self._model.training

    def __exit__(self, *_: object) -> None:
        with torch.no_grad():
            for now, before in zip(self._model.state_dict().values(), self._weights, strict=True):
                now.copy_(before)
            for parameter, state in self._optimizer.state.items():
                before_it = self._state.get(parameter, {})
                for name, value in state.items():
                    if isinstance(value, Tensor):
                        value.copy_(before_it[name]) if name in before_it else value.zero_()
        self._model.train(self._training)
