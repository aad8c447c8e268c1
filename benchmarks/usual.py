"""The usual way to train the practical's network: a PyTorch tutorial's loop, written fairly, to compare with.

Pictures as Pillow images in memory (nothing is read from disk), torchvision's transforms one image at a time, a
`DataLoader`, and `.item()` after every step to add up loss and accuracy, as the practical's own code does.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2


class Pictures(Dataset[tuple[Tensor, int]]):
    """Images and labels as torchvision's CIFAR10 gives them: an array in memory, a Pillow image at each access."""

    def __init__(self, images: NDArray[np.uint8], labels: NDArray[np.int64], transform: v2.Transform) -> None:
        self.images = np.ascontiguousarray(images.transpose(0, 2, 3, 1))  # (N, H, W, C)
        self.labels = labels.tolist()
        self.transform = transform

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.transform(Image.fromarray(self.images[index])), self.labels[index]


def transform(mean: tuple[float, ...], std: tuple[float, ...]) -> v2.Transform:
    """Return figure-6's preparation of a train image: random crop of 28, flip, tensor, standardization."""
    steps = [v2.RandomCrop(28), v2.RandomHorizontalFlip(), v2.PILToTensor(), v2.ToDtype(torch.float32, scale=True)]
    return v2.Compose([*steps, v2.Normalize(list(mean), list(std))])


@dataclass(frozen=True)
class Reading:
    """What the usual loop prints after a step."""

    images: int
    loss: float
    accuracy: float


def train_epoch(
    model: nn.Module,
    loader: "DataLoader[tuple[Tensor, int]]",
    optimizer: torch.optim.Optimizer,
    device: torch.device,
) -> Iterator[Reading]:
    """Train for one epoch and yield the running means after every step."""
    criterion = nn.CrossEntropyLoss()
    model.train()
    count, loss_sum, right = 0, 0.0, 0.0
    for inputs, labels in loader:
        inputs, labels = inputs.to(device, non_blocking=True), labels.to(device, non_blocking=True)
        optimizer.zero_grad()
        logits = model(inputs)
        loss = criterion(logits, labels)
        loss.backward()
        optimizer.step()
        count += len(labels)
        loss_sum += loss.item() * len(labels)
        right += (logits.argmax(1) == labels).sum().item()
        yield Reading(count, loss_sum / count, right / count)
