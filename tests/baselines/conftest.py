"""A data set that a bag of words can tell apart and a mean colour cannot: stripes of four directions, and none."""

import numpy as np
import pytest

from cnncore.baselines.config import BagOfWordsConfig
from cnncore.data.images import ImageData
from cnncore.data.prepared import save

CLASSES = ("across", "down", "rising", "falling", "plain")
CONFIG = BagOfWordsConfig(dataset="stripes", words=12, patch=8, stride=2, pyramid=False)


def stripes(train=150, test=60, size=16, seed=0):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size]
    waves = (y, x, x + y, x - y)

    def split(count):
        labels = np.arange(count) % len(CLASSES)
        images = np.full((count, 3, size, size), 100.0)
        for image, label in zip(images, labels, strict=True):
            if label < 4:
                image += 60 * np.sin(2 * np.pi * (waves[label] / rng.uniform(4, 7) + rng.uniform()))
                image += rng.normal(0, 8, image.shape)
        return images.clip(0, 255).astype(np.uint8), labels.astype(np.int64)

    return ImageData("stripes", "Stripes", CLASSES, *split(train), *split(test))


@pytest.fixture
def striped(app_home):
    """Prepare the data set `stripes` in the test's own home and return it."""
    data = stripes()
    save(data)
    return data
