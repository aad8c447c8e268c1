"""The data of a run on its device, and the batches of an epoch.

The images stay where they are trained on, as bytes; a batch is gathered, augmented and standardized there. No
worker processes, no copies from the host in the loop.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cnncore.data.augmentation import draw
from cnncore.data.images import ImageData
from cnncore.data.mixing import shares
from cnncore.data.standardize import Standardize, fit
from cnncore.data.transform import apply, centre, centre_window
from cnncore.training.config import RunConfig
from cnncore.training.device import layout
from cnncore.training.split import rows_of_test, rows_of_train
from cnncore.training.tta import PLAIN, Look


@dataclass(frozen=True)
class DeviceData:
    """A split of the data on the device: `labels` int64 (N,), its images see `at`.

    `images` uint8 (M, C, H, W) may include images of other splits: `rows` (N,) are the indices of the split's own; None
    means that all are its own, in order.
    """

    images: Tensor
    labels: Tensor
    rows: Tensor | None = None

    @classmethod
    def of(
        cls, images: NDArray[np.uint8], labels: NDArray[np.int64], rows: NDArray[np.intp], device: torch.device
    ) -> "DeviceData":
        """Return the images and labels at `rows` on the device: a copy, but on a CPU the images' own memory.

        All of CIFAR-10 is 184 MB, mapped from its file and shared by all splits and all processes that train on it.
        """
        chosen_labels = torch.from_numpy(np.asarray(labels)[rows]).to(device)
        if device.type != "cpu":
            return cls(torch.from_numpy(images[rows]).to(device), chosen_labels)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The given NumPy array is not writable")  # nothing writes into it
            shared = torch.from_numpy(np.ascontiguousarray(images))
        everything = np.array_equal(rows, np.arange(len(images)))
        return cls(shared, chosen_labels, None if everything else torch.from_numpy(np.ascontiguousarray(rows)))

    def __len__(self) -> int:
        return len(self.labels)

    def at(self, places: slice | Tensor) -> Tensor:
        """Return the images uint8 (n, C, H, W) at `places` of the split, a slice or indices on the device."""
        return self.images[places if self.rows is None else self.rows[places]]


@dataclass(frozen=True)
class Tables:
    """Everything random of an epoch's batches, drawn before it begins, on the device.

    `order` (N,) are rows of the train set; `draws` has for each augmentation its values by name, each (N,), in the
    order in which the images come.
    """

    order: Tensor
    draws: list[dict[str, Tensor]]

    def to(self, device: torch.device) -> "Tables":
        """Return the tables on `device`."""
        draws = [{name: values.to(device) for name, values in table.items()} for table in self.draws]
        return Tables(self.order.to(device), draws)


@dataclass(frozen=True)
class TrainBatch:
    """What an update learns from: `inputs` (N, C, H, W) as the network sees them, `labels` (N,).

    Where images are mixed, `share` (N,) is the weight of an image's own label; the rest is its partner's, which is
    the image before it in the batch, `labels.roll(1)`.
    """

    inputs: Tensor
    labels: Tensor
    share: Tensor | None = None

    def first(self, size: int) -> "TrainBatch":
        """Return the batch of the first `size` images, in the same memory."""
        return TrainBatch(self.inputs[:size], self.labels[:size], None if self.share is None else self.share[:size])


@dataclass(frozen=True)
class Batches:
    """The splits of a run, and how their batches are made."""

    config: RunConfig
    train: DeviceData
    validation: DeviceData
    test: DeviceData
    standardize: Standardize

    @classmethod
    def of(
        cls, config: RunConfig, data: ImageData, device: torch.device, standardize: Standardize | None = None
    ) -> "Batches":
        """Put the data on the device; fit the standardization on the train images, as the network sees them.

        A `standardize` that was fitted before is reused.
        """
        train_at, validation_at = rows_of_train(config, data.train_labels)
        train = DeviceData.of(data.train_images, data.train_labels, train_at, device)
        validation = DeviceData.of(data.train_images, data.train_labels, validation_at, device)
        test = DeviceData.of(data.test_images, data.test_labels, rows_of_test(config, data.test_labels), device)
        return cls(config, train, validation, test, standardize or fitted(config, train))

    def __len__(self) -> int:
        return -(-len(self.train) // self.config.batch_size)

    def size(self, number: int) -> int:
        """Return the number of images in batch `number` (from 0) of an epoch: the last may be smaller."""
        return min(self.config.batch_size, len(self.train) - number * self.config.batch_size)

    def tables(self, epoch: int) -> Tables:
        """Return order and augmentation of `epoch`, on the device."""
        return self.drawn(epoch).to(self.train.images.device)

    def drawn(self, epoch: int) -> Tables:
        """Draw order and augmentation of `epoch` from (seed, epoch); they are on the host.

        numpy draws them, before the epoch begins: they are the same on every device, and the same whether or not the
        run was interrupted before.
        """
        rng = np.random.default_rng([self.config.seed, epoch])
        count, (height, width) = len(self.train), self.train.images.shape[2:]
        order = torch.from_numpy(rng.permutation(count))
        drawn = draw(self.config.augment, rng, count, height, width)
        return Tables(order, [{name: torch.from_numpy(values) for name, values in table.items()} for table in drawn])

    def batch(self, tables: Tables, number: int) -> TrainBatch:
        """Return batch `number` (from 0) of the epoch that the tables were drawn for."""
        return self.batch_of(tables, slice(number * self.config.batch_size, (number + 1) * self.config.batch_size))

    def batch_of(self, tables: Tables, rows: slice | Tensor) -> TrainBatch:
        """Return the batch of the images at `rows` of the epoch's order: a slice, or indices on the device."""
        chosen = tables.order[rows]
        drawn = [{name: values[rows] for name, values in table.items()} for table in tables.draws]
        images = apply(self.train.at(chosen), self.config.augment, drawn)
        share = shares(self.config.augment, drawn, *images.shape[2:])
        return TrainBatch(self._network_input(images), self.train.labels[chosen], share)

    def test_batches(self, size: int = 1000) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the (inputs, labels) of the test images, in order, see `evaluated`."""
        for start in range(0, len(self.test), size):
            yield self.evaluated(self.test, slice(start, start + size))

    def evaluated(self, split: DeviceData, rows: slice | Tensor, look: Look = PLAIN) -> tuple[Tensor, Tensor]:
        """Return the (inputs, labels) at `rows` of a split as they are evaluated: the centre where training crops.

        `rows` are a slice, or indices on the device; another `look` moves or mirrors the images before that.
        """
        images, labels = look.view(split.at(rows)), split.labels[rows]
        return self._network_input(centre(images, self.config.augment)), labels

    def _network_input(self, images: Tensor) -> Tensor:
        return self.standardize(images).contiguous(memory_format=layout(images.device))


def fitted(config: RunConfig, train: DeviceData) -> Standardize:
    """Return the run's standardization, fitted on its train images cut as the network sees them."""
    return fit(config.standardize, centre_window(train.at(slice(None)), config.augment), config.whitening_eps)
