"""Loss and accuracies, gathered on the device and read a few times a second.

Reading one number from a GPU waits for all work queued before it. So each batch leaves a row of three numbers
on the device, and the rows are fetched together.
"""

import time
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cnncore.training.batches import Batches

TOP = 5  # the practical's second accuracy: the right class is among the five most likely


def batch_sums(logits: Tensor, labels: Tensor, loss: Tensor) -> Tensor:
    """Return (3,): summed loss, number right, number right among the top five. (N, C), (N,), mean loss."""
    with torch.no_grad():
        best = logits.topk(min(TOP, logits.shape[1]), dim=1).indices  # (N, 5), most likely first
        hits = best == labels[:, None]
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


def evaluate(model: nn.Module, batches: Batches) -> Mean:
    """Return the means over all test images, each weighing the same, of the model as it is, in eval() mode."""
    mean = Mean()
    training = model.training
    model.eval()
    with torch.inference_mode():
        for inputs, labels in batches.test_batches():
            logits = model(inputs)
            mean.add(batch_sums(logits, labels, F.cross_entropy(logits, labels)).tolist(), len(labels))
    model.train(training)
    return mean


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
