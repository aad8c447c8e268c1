"""What a recorded update fetches is what the batches are."""

from collections import OrderedDict
from dataclasses import replace

import pytest
import torch
from torch import nn

from cnncore.data.augmentation import CutMix, GaussianNoise, HorizontalFlip, PadCrop, RandomCrop, Rotation
from cnncore.training.batches import Batches
from cnncore.training.config import RunConfig, Standardization
from cnncore.training.fetch import Fetch
from cnncore.training.fused import Fused
from tests.conftest import tiny_images

CONFIG = RunConfig(dataset="tiny", network="classroom", batch_size=15)  # of 35: the last has 5


def model_of(kernel, padding):
    layers = OrderedDict(conv=nn.Conv2d(3, 4, kernel, padding=padding), flat=nn.Flatten())
    return Fused(layers)


def patches_of(images, kernel, padding, columns):
    """Return the patches (N, K, H', W'), each as (kernel, kernel, C), with zeros behind."""
    count, channels, *size = images.shape
    high, wide = (length + 2 * padding - kernel + 1 for length in size)
    found = nn.functional.unfold(images, kernel, padding=padding).view(count, channels, kernel**2, high, wide)
    found = found.transpose(1, 2).flatten(1, 2)
    return nn.functional.pad(found, (0, 0, 0, 0, 0, columns - found.shape[1]))


@pytest.mark.parametrize(("kernel", "padding"), [(1, 0), (3, 1), (2, 0)], ids=["images", "patches", "small patches"])
@pytest.mark.parametrize(
    ("augment", "standardize"),
    [
        ((), Standardization.NONE),
        ((RandomCrop(9), HorizontalFlip()), Standardization.CHANNEL),
        ((PadCrop(4), HorizontalFlip()), Standardization.HANDOUT),
        ((HorizontalFlip(),), Standardization.MEAN_IMAGE),
        ((RandomCrop(10), PadCrop(2)), Standardization.CHANNEL),
        ((Rotation(), GaussianNoise(), CutMix()), Standardization.IMAGE),
    ],
    ids=["plain", "crop", "pad-crop", "mean image", "both crops", "others"],
)
def test_each_batch_of_an_epoch_is_fetched(kernel_device, augment, standardize, kernel, padding):
    config = replace(CONFIG, augment=augment, standardize=standardize)
    batches = Batches.of(config, tiny_images(train=35, test=7), kernel_device)
    fetch = Fetch(batches, model_of(kernel, padding).to(kernel_device))
    for epoch in (2, 5):
        tables = batches.tables(epoch)
        fetch.load(tables)
        for number in range(3):
            expected = batches.batch(tables, number)
            found = fetch.places[number % 2].first(batches.size(number))
            images = expected.inputs
            if kernel > 1:
                images = patches_of(images, kernel, padding, found.inputs.shape[1])
            # On CUDA PyTorch multiplies by the reciprocal of 255, where the kernel divides.
            near = 1e-6 if kernel_device.type == "cuda" else 0
            assert torch.allclose(found.inputs, images, rtol=0, atol=near)
            assert torch.equal(found.labels, expected.labels)
            assert (found.share is None) == (expected.share is None)
            assert found.share is None or torch.equal(found.share, expected.share)
            if number < 2:
                fetch(batches.size(number + 1), 1 - number % 2)
        assert fetch.start == 35


def test_any_other_model_gets_images_as_they_are(tiny):
    batches = Batches.of(replace(CONFIG, augment=(RandomCrop(9),)), tiny, torch.device("cpu"))
    fetch = Fetch(batches, nn.Sequential(nn.Conv2d(3, 4, 3)))
    fetch.load(batches.tables(1))
    assert torch.equal(fetch.places[0].inputs, batches.batch(batches.tables(1), 0).inputs)
