"""Loss and accuracies, gathered on the device and read a few times a second.

Reading one number from a GPU waits for all work queued before it. So each batch leaves a row of three numbers
on the device, and the rows are fetched together.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cnncore.training.config import Precision
from cnncore.training.device import autocast

TOP = 5  # the practical's second accuracy: the right class is among the five most likely


SUMS = 3  # numbers that a batch leaves on the device


def batch_sums(logits: Tensor, labels: Tensor, loss: Tensor, share: Tensor | None = None) -> Tensor:
    """Return (3,): summed loss, number right, number right among the top five. (N, C), (N,), mean loss.

    Where labels are mixed, an image counts with `share` (N,) where its own label is met and with the rest where its
    partner's, `labels.roll(1)`, is.
    """
    with torch.no_grad():
        best = logits.topk(min(TOP, logits.shape[1]), dim=1).indices  # (N, 5), most likely first
        hits = best == labels[:, None]
        if share is not None:
            hits = share[:, None] * hits + (1 - share[:, None]) * (best == labels.roll(1)[:, None])
        return torch.stack([loss.detach() * len(labels), hits[:, 0].sum(), hits.sum()]).float()


@dataclass
class Mean:
    """A running mean over images of loss, accuracy and top-five accuracy."""

    count: int = 0
    loss: float = 0.0
    accuracy: float = 0.0
    accuracy5: float = 0.0

    def add(self, sums: list[float], count: int) -> None:
        """Take in the sums over `count` more images."""
        total = self.count + count
        for name, value in zip(("loss", "accuracy", "accuracy5"), sums, strict=True):
            mean = getattr(self, name)
            setattr(self, name, mean + (value - count * mean) / total)
        self.count = total

    def items(self) -> Iterator[tuple[str, float]]:
        """Yield the means by their names."""
        yield from (("loss", self.loss), ("accuracy", self.accuracy), ("accuracy5", self.accuracy5))


@dataclass(frozen=True, eq=False)  # arrays do not compare
class Evaluation:
    """One fixed model on a split: the means, and for each image, in order, what it was taken for and how surely.

    `predicted` is the most likely of `classes` classes, `confidence` its probability and `true` the probability of the
    right class, each (N,) on the device.
    """

    mean: Mean
    classes: int
    predicted: Tensor
    confidence: Tensor
    true: Tensor


def evaluate(
    model: nn.Module, batches: Iterable[tuple[Tensor, Tensor]], precision: Precision = Precision.FP32
) -> Evaluation:
    """Return the means over all images of the (inputs, labels), each weighing the same, in eval() mode."""
    training = model.training
    model.eval()
    sums: list[Tensor] = []
    sizes: list[int] = []
    answers: list[tuple[Tensor, Tensor, Tensor]] = []
    with torch.inference_mode():
        for inputs, labels in batches:
            with autocast(precision, inputs.device):
                logits = model(inputs)
            logits = logits.float()
            sums.append(batch_sums(logits, labels, F.cross_entropy(logits, labels)))
            sizes.append(len(labels))
            probability = logits.softmax(1)  # (N, C)
            confidence, predicted = probability.max(1)
            answers.append((predicted, confidence, probability.gather(1, labels[:, None])[:, 0]))
        mean = Mean()
        for row, size in zip(torch.stack(sums).tolist(), sizes, strict=True):  # waits for the device, once
            mean.add(row, size)
        predicted, confidence, true = (torch.cat(parts) for parts in zip(*answers, strict=True))
    model.train(training)
    return Evaluation(mean, logits.shape[1], predicted, confidence, true)


class Stopwatch:
    """Seconds of work; the time in which a consumer holds a generator does not count."""

    def __init__(self) -> None:
        self._total = 0.0
        self._since: float | None = None

    def start(self) -> None:
        """Go on counting."""
        self._since = time.perf_counter()

    def stop(self) -> None:
        """Stop counting until the next start."""
        self._total = self.seconds
        self._since = None

    @property
    def seconds(self) -> float:
        """The seconds counted so far."""
        return self._total + (time.perf_counter() - self._since if self._since is not None else 0.0)
