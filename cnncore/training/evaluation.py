"""One fixed network on whole splits: the scores after an epoch, and what each image was taken for.

`StaticEvaluation` scores a batch and reads what changes from fixed places, so that on CUDA it can be recorded as a
graph (see `cnncore.training.graph`); other devices run it as it is.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cnncore.training.batches import Batches, DeviceData
from cnncore.training.config import TTA, RunConfig
from cnncore.training.device import autocast
from cnncore.training.metrics import SUMS, Mean, batch_sums
from cnncore.training.readout import Readout
from cnncore.training.tta import LOOKS, PLAIN, Look, logits_of

BATCH = 1000  # images at once, of 32 x 32 pixels; of larger ones as many as have so many pixels
_PIXELS = BATCH * 32 * 32


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


class StaticEvaluation:
    """Scores a split's next images in eval() mode; reads and writes fixed places on the device.

    `start` (1,) is the row of the next batch's first image, `sums` (3,) are the last batch's, see `batch_sums`, with
    plain cross-entropy; `predicted`, `confidence` and `true` (N,) are those of `Evaluation`. With several `looks` it is
    the mean of the answers to these that is scored.
    """

    def __init__(
        self,
        config: RunConfig,
        batches: Batches,
        split: DeviceData,
        model: nn.Module,
        looks: tuple[Look, ...] = (PLAIN,),
    ) -> None:
        self._config, self._batches, self._split, self._model = config, batches, split, model
        self._looks = looks
        device, count = split.images.device, len(split)
        most = max(1, min(BATCH, _PIXELS // split.images[0, 0].numel()))
        self.sizes = [min(most, count - start) for start in range(0, count, most)]
        self.start = torch.zeros(1, dtype=torch.long, device=device)
        self.sums = torch.zeros(SUMS, device=device)
        self.predicted = torch.zeros(count, dtype=torch.long, device=device)
        self.confidence, self.true = torch.zeros(count, device=device), torch.zeros(count, device=device)
        self._places = torch.arange(max(self.sizes), device=device)
        self.classes = 0

    def __call__(self, size: int) -> None:
        """Score the next `size` images, and go on to the following ones; the model's mode stays as it was."""
        training = self._model.training
        self._model.eval()
        with torch.inference_mode():
            rows = self.start + self._places[:size]
            labels = self._split.labels[rows]
            logits = logits_of(self._looks, partial(self._asked, rows))
            self.classes = logits.shape[1]
            self.sums.copy_(batch_sums(logits, labels, F.cross_entropy(logits, labels)))
            probability = logits.softmax(1)  # (N, C)
            confidence, predicted = probability.max(1)
            self.predicted.index_copy_(0, rows, predicted)
            self.confidence.index_copy_(0, rows, confidence)
            self.true.index_copy_(0, rows, probability.gather(1, labels[:, None])[:, 0])
            self.start += size
        self._model.train(training)

    def _asked(self, rows: Tensor, look: Look) -> Tensor:
        """Return the logits of one look at the images at `rows`."""
        inputs, _ = self._batches.evaluated(self._split, rows, look)
        with autocast(self._config.precision, inputs.device):
            logits: Tensor = self._model(inputs)
        return logits

    def evaluation(self, rows: list[list[float]]) -> Evaluation:
        """Return the whole split's scores, each image weighing the same; `rows` are the sums of its batches."""
        mean = Mean()
        for row, size in zip(rows, self.sizes, strict=True):
            mean.add(row, size)
        # The next evaluation writes to the same places.
        return Evaluation(mean, self.classes, self.predicted.clone(), self.confidence.clone(), self.true.clone())


class Evaluator:
    """Scores one model on the splits that a run asks for: `start`, wait for `readout`, then `scores`.

    `recorded` turns a pass over a batch into what launches it: itself, or a graph of it. Test-time augmentation is not
    recorded: it comes once, after the last epoch, and recording it would take longer than doing it.
    """

    def __init__(
        self,
        config: RunConfig,
        batches: Batches,
        model: nn.Module,
        *,
        blocking: bool = True,
        recorded: Callable[[StaticEvaluation], Callable[[int], object]] = lambda one_pass: one_pass,
    ) -> None:
        splits = {"test": batches.test}
        if len(batches.validation):
            splits["validation"] = batches.validation
        if config.train_eval:
            splits["train_eval"] = batches.train
        self._passes = {name: StaticEvaluation(config, batches, split, model) for name, split in splits.items()}
        self._every_epoch = tuple(self._passes)
        self._launch = {name: recorded(one_pass) for name, one_pass in self._passes.items()}
        if config.tta is not TTA.NONE:
            for name in (split for split in splits if split != "train_eval"):
                one_pass = StaticEvaluation(config, batches, splits[name], model, LOOKS[config.tta])
                self._passes[f"{name}_tta"] = self._launch[f"{name}_tta"] = one_pass
        rows = sum(len(one_pass.sizes) for one_pass in self._passes.values())
        self.readout = Readout(batches.test.images.device, rows, SUMS, blocking=blocking)
        self._scored: tuple[str, ...] = ()

    def start(self, *names: str, last: bool = False) -> None:
        """Begin to score the network as it is now, on the `names`, else as after every epoch, or after the `last`."""
        self._scored = names or (tuple(self._passes) if last else self._every_epoch)
        self.readout.start()
        for name in self._scored:
            one_pass = self._passes[name]
            one_pass.start.zero_()
            for size in one_pass.sizes:
                self._launch[name](size)
                self.readout.put(one_pass.sums)
        self.readout.send()

    def scores(self) -> tuple[dict[str, Evaluation], float]:
        """Return the scores that were begun and have arrived, by split, and the device seconds that they took."""
        burst = self.readout.take()
        rows: Iterator[list[float]] = iter(burst.rows)
        found = {}
        for name in self._scored:
            one_pass = self._passes[name]
            found[name] = one_pass.evaluation([next(rows) for _ in one_pass.sizes])
        return found, burst.seconds
