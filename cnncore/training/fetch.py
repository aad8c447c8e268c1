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
    `cnncore.training.kernels`; anything else is as `Batches` does it. Where the network takes patches, these are laid
    out from the views then.
    """

    def __init__(self, batches: Batches, model: nn.Module) -> None:
        self._batches = batches
        device = batches.train.images.device
        self.tables = batches.tables(1)  # of the right sizes; `load` fills them
        self.start = torch.zeros(1, dtype=torch.long, device=device)
        self._rows = torch.arange(batches.size(0), device=device)
        first = batches.batch(self.tables, 0)
        fused = model if isinstance(model, Fused) else None
        with autocast(batches.config.precision, device):
            kind, self._window = fused.takes(first.inputs) if fused else (first.inputs.dtype, None)
        self._border = self._window.padding if self._window else 0
        self._at_once = fused is not None and fused.with_kernels and _simple(batches)
        self.places = [self._place(first, kind) for _ in range(2)]
        self._views = _zeros(_grown(first.inputs.shape, self._border), kind, device) if self._window else None

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
        views = target.inputs if self._views is None else self._views[:size]
        if self._at_once:
            self._see(views, target.labels)
        else:
            batch = self._batches.batch_of(self.tables, self.start + self._rows[:size])
            high, wide = batch.inputs.shape[2:]
            inner = slice(self._border, self._border + high), slice(self._border, self._border + wide)
            views[:, :, *inner].copy_(batch.inputs)
            target.labels.copy_(batch.labels)
            if target.share is not None and batch.share is not None:
                target.share.copy_(batch.share)
        if self._window:
            kernels.patches(views, target.inputs, kernel=self._window.kernel, stride=self._window.stride)
        self.start += size

    def _place(self, like: TrainBatch, kind: torch.dtype) -> TrainBatch:
        shape = (len(like.inputs), *self._window.shape) if self._window else tuple(like.inputs.shape)
        share = None if like.share is None else torch.zeros_like(like.share)
        return TrainBatch(_zeros(shape, kind, like.inputs.device), torch.zeros_like(like.labels), share)

    def _see(self, views: Tensor, labels: Tensor) -> None:
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
        source = train.images, train.labels, self.tables.order, self.start
        kernels.views(*source, shift, flipped, standardize.mean, standardize.std, views, labels, self._border)


def _zeros(shape: tuple[int, ...], kind: torch.dtype, device: torch.device) -> Tensor:
    return torch.zeros(shape, dtype=kind, device=device).contiguous(memory_format=torch.channels_last)


def _grown(shape: torch.Size, border: int) -> tuple[int, ...]:
    return (*shape[:2], *(size + 2 * border for size in shape[2:]))


def _simple(batches: Batches) -> bool:
    """Return whether all that is done to the images is what `kernels.views` does."""
    kinds = [type(augmentation) for augmentation in batches.config.augment]
    moves = {RandomCrop, PadCrop, HorizontalFlip} >= set(kinds) and not {RandomCrop, PadCrop} <= set(kinds)
    channels, standardize = batches.train.images.shape[1], batches.standardize
    plain = standardize.whitening is None and not standardize.per_image
    mean = standardize.mean is None or standardize.mean.numel() == channels
    std = standardize.std is None or standardize.std.numel() in (1, channels)
    return moves and plain and mean and std and batches.train.rows is None
