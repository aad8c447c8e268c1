"""Where the next batches of a recorded update lie, and how they come there."""

import torch
from torch import Tensor, nn

from cnncore.data.augmentation import HorizontalFlip, PadCrop, RandomCrop
from cnncore.training import kernels
from cnncore.training.batches import Batches, Tables, TrainBatch
from cnncore.training.device import autocast
from cnncore.training.fused import Fused


class Fetch:
    """Two places for batches on the device, which an epoch's updates take in turn.

    `tables` hold the epoch's order and draws, `start` (1,) the row of the first image that was not fetched yet. Crops,
    mirror images and a standardization by channels, all that most runs do, are one kernel where there are such, see
    `cnncore.training.kernels`; anything else is as `Batches` does it.
    """

    def __init__(self, batches: Batches, model: nn.Module) -> None:
        self._batches, self._model = batches, model
        device = batches.train.images.device
        self.tables = batches.tables(1)  # of the right sizes; `load` fills them
        self.start = torch.zeros(1, dtype=torch.long, device=device)
        self._rows = torch.arange(batches.size(0), device=device)
        first = batches.batch(self.tables, 0)
        self._view = first.inputs.shape[2], first.inputs.shape[3]
        with autocast(batches.config.precision, device):
            self.places = [self._place(first) for _ in range(2)]
        self._at_once = isinstance(model, Fused) and model.with_kernels and _simple(batches)

    def load(self, tables: Tables) -> None:
        """Take over an epoch's tables and fetch its first batch into the first place."""
        self.tables.order.copy_(tables.order)
        for mine, theirs in zip(self.tables.draws, tables.draws, strict=True):
            for name, values in mine.items():
                values.copy_(theirs[name])
        self.start.zero_()
        self(len(self._rows), 0)

    def __call__(self, size: int, place: int) -> None:
        """Fetch the next `size` images into one of the two places."""
        target = self.places[place].first(size)
        if self._at_once:
            self._views(target)
        else:
            batch = self._batches.batch_of(self.tables, self.start + self._rows[:size])
            target.inputs[:, : batch.inputs.shape[1]].copy_(batch.inputs)
            target.labels.copy_(batch.labels)
            if target.share is not None and batch.share is not None:
                target.share.copy_(batch.share)
        self.start += size

    def _place(self, like: TrainBatch) -> TrainBatch:
        fused = self._model if isinstance(self._model, Fused) else None
        at_once = fused is not None and fused.with_kernels and _simple(self._batches)
        inputs = fused.place_for(like.inputs, patches=at_once) if fused else torch.zeros_like(like.inputs)
        share = None if like.share is None else torch.zeros_like(like.share)
        return TrainBatch(inputs, torch.zeros_like(like.labels), share)

    def _views(self, target: TrainBatch) -> None:
        assert isinstance(self._model, Fused), "others have no kernels"
        train, standardize = self._batches.train, self._batches.standardize
        shift: tuple[Tensor, Tensor, int] | None = None
        flipped: Tensor | None = None
        for augmentation, draws in zip(self._batches.config.augment, self.tables.draws, strict=True):
            match augmentation:
                case RandomCrop():
                    shift = draws["top"], draws["left"], 1
                case PadCrop():
                    shift = draws["down"], draws["right"], -1
                case _:
                    flipped = draws["flipped"]
        images = train.images, train.labels, self.tables.order, self.start
        changes = shift, flipped, standardize.mean, standardize.std, self._view
        kernels.views(*images, *changes, target.inputs, target.labels, **self._model.window_of(target.inputs))


def _simple(batches: Batches) -> bool:
    """Return whether all that is done to the images is what `kernels.views` does."""
    kinds = [type(augmentation) for augmentation in batches.config.augment]
    moves = {RandomCrop, PadCrop, HorizontalFlip} >= set(kinds) and not {RandomCrop, PadCrop} <= set(kinds)
    channels, standardize = batches.train.images.shape[1], batches.standardize
    plain = standardize.whitening is None and not standardize.per_image
    mean = standardize.mean is None or standardize.mean.numel() == channels
    std = standardize.std is None or standardize.std.numel() in (1, channels)
    return moves and plain and mean and std and batches.train.rows is None
