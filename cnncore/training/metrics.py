"""Loss and accuracies of a batch, as three numbers on the device, and their means over many batches."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

TOP = 5  # the practical's second accuracy: the right class is among the five most likely
SUMS = 3  # numbers that a batch leaves on the device


def batch_sums(logits: Tensor, labels: Tensor, loss: Tensor, share: Tensor | None = None) -> Tensor:
    """Return (3,): summed loss, number right, number right among the top five.

    `logits` (N, C) and `labels` (N,) are the batch's, `loss` is its mean. Where labels are mixed, an image counts
    `share` (N,) if its own label is hit, and the rest if its partner's, `labels.roll(1)`, is. Of two equal logits,
    which are frequent in bfloat16, the first counts as the larger one, as in the answers that an evaluation keeps.
    """
    with torch.no_grad():
        likely = logits.topk(min(TOP, logits.shape[1]), dim=1).indices  # torch does not say which of equals comes first
        best = torch.cat([logits.argmax(1, keepdim=True), likely], 1)  # (N, 6)
        hits = _hits(best, labels)
        if share is not None:
            hits = share[:, None] * hits + (1 - share[:, None]) * _hits(best, labels.roll(1))
        return torch.stack([loss.detach() * len(labels), *hits.sum(0)]).float()


def _hits(best: Tensor, labels: Tensor) -> Tensor:
    """Return (N, 2): whether the label is the first of `best`, and whether it is among all of them."""
    met = best == labels[:, None]
    return torch.stack([met[:, 0], met.any(1)], 1)


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
