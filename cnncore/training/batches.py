"""The data of a run on its device, and the batches of an epoch.

The images stay where they are trained on, as bytes; a batch is gathered, augmented and standardized there. No
worker processes, no copies from the host in the loop.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cnncore.data.augmentation import draw
from cnncore.data.images import ImageData
from cnncore.data.standardize import Standardize, fit
from cnncore.data.subset import balanced
from cnncore.data.transform import apply, centre, centre_window
from cnncore.training.config import RunConfig


@dataclass(frozen=True)
class DeviceData:
    """A split of the data on the device: `images` uint8 (N, C, H, W), `labels` int64 (N,)."""

    images: Tensor
    labels: Tensor

    @classmethod
    def of(
        cls, images: NDArray[np.uint8], labels: NDArray[np.int64], size: int | None, name: str, device: torch.device
    ) -> "DeviceData":
        """Copy (a balanced part of) a split to the device."""
        chosen = balanced(np.asarray(labels), size, name)
        # A memory-mapped array is read-only; torch wants to own writable memory, and indexing has copied it.
        return cls(torch.from_numpy(images[chosen]).to(device), torch.from_numpy(np.asarray(labels)[chosen]).to(device))

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Batches:
    """Both splits of a run, and how their batches are made."""

    config: RunConfig
    train: DeviceData
    test: DeviceData
    standardize: Standardize

    @classmethod
    def of(cls, config: RunConfig, data: ImageData, device: torch.device) -> "Batches":
        """Put the data on the device and fit the standardization on the train images, as the network sees them."""
        train = DeviceData.of(data.train_images, data.train_labels, config.train_size, "train_size", device)
        test = DeviceData.of(data.test_images, data.test_labels, config.test_size, "test_size", device)
        standardize = fit(config.standardize, centre_window(train.images, config.augment))
        return cls(config, train, test, standardize)

    def __len__(self) -> int:
        return -(-len(self.train) // self.config.batch_size)

    def train_epoch(self, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the (inputs, labels) of an epoch's batches in a random order; the last may be smaller.

        Order and augmentation are drawn from (seed, epoch) by numpy before the epoch begins: the same on every
        device, and the same whether or not the run was interrupted before.
        """
        rng = np.random.default_rng([self.config.seed, epoch])
        count, (height, width) = len(self.train), self.train.images.shape[2:]
        device = self.train.images.device
        order = torch.from_numpy(rng.permutation(count)).to(device)
        tables = draw(self.config.augment, rng, count, height, width)
        draws = [{name: torch.from_numpy(values).to(device) for name, values in table.items()} for table in tables]
        for start in range(0, count, self.config.batch_size):
            rows = slice(start, start + self.config.batch_size)
            chosen = order[rows]
            drawn = [{name: values[rows] for name, values in table.items()} for table in draws]
            images = apply(self.train.images[chosen], self.config.augment, drawn)
            yield self._network_input(images), self.train.labels[chosen]

    def test_batches(self, size: int = 1000) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the (inputs, labels) of the test images, in order, with the centre crop where training crops."""
        for images, labels in zip(
            torch.split(self.test.images, size), torch.split(self.test.labels, size), strict=True
        ):
            yield self._network_input(centre(images, self.config.augment)), labels

    def _network_input(self, images: Tensor) -> Tensor:
        # Measured on two AVX2 cores: convolutions in this memory layout are 13 to 37 % faster.
        return self.standardize(images).contiguous(memory_format=torch.channels_last)
