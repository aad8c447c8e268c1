import numpy as np
import pytest
import torch
from torchvision.transforms import v2

from cnncore.data.augmentation import AutoAugment, RandAugment, TrivialAugment, draw
from cnncore.data.operations import APPLY, chain
from cnncore.data.policies import OPERATIONS, RANDOM, SIGNED, magnitudes

NOISE = np.random.default_rng(0).integers(0, 256, (8, 3, 32, 28), dtype=np.uint8)
# Half noise, half a gentle slope: equalizing noise alone changes little.
SLOPE = (np.linspace(60, 190, 28) + np.zeros((8, 3, 32, 1))).astype(np.uint8)
IMAGES = torch.from_numpy(np.concatenate([NOISE, SLOPE], axis=2))  # (8, 3, 64, 28)
NEAREST = v2.InterpolationMode.NEAREST


def theirs(image, name, magnitude):
    """Return what torchvision's policies make of one image (C, H, W)."""
    return v2.RandAugment()._apply_image_or_video_transform(image, name, magnitude, interpolation=NEAREST, fill={})


def strengths(name, wide):
    values = magnitudes(name, 31, 64, 28, wide=wide)
    if values is None:
        return [0.0] * 8
    chosen = values[[0, 1, 4, 9, 15, 20, 29, 30]]
    return (chosen * ([1, -1] * 4 if name in SIGNED else 1)).tolist()


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("channels", [1, 3])
def test_each_image_gets_what_torchvision_makes_of_it_with_its_own_magnitude(name, wide, channels):
    images, amounts = IMAGES[:, :channels], strengths(name, wide)
    mine = APPLY[name](images, torch.tensor(amounts))
    assert mine.dtype == torch.uint8
    expected = torch.stack([theirs(image, name, value) for image, value in zip(images, amounts, strict=True)])
    different = (mine.int() - expected.int()).abs()
    if name in ("Rotate", "ShearX", "ShearY"):  # a place just between two pixels may round to the other one
        assert (different > 0).float().mean() < 1e-2
    else:
        assert different.max() <= 1  # a grey level, where a sum of float32 falls on the other side of a whole number
        assert (different > 0).float().mean() < 2e-2


@pytest.mark.parametrize("transform", [AutoAugment(), RandAugment(3, 12), TrivialAugment()])
def test_a_chain_is_each_images_operations_one_after_the_other(transform):
    images = IMAGES.repeat(8, 1, 1, 1)
    [table] = draw((transform,), np.random.default_rng(1), len(images), 64, 28)
    result = chain(images, transform, {name: torch.from_numpy(values) for name, values in table.items()})
    for row, image in enumerate(images):
        number = 1
        while f"operation{number}" in table:
            name = OPERATIONS[int(table[f"operation{number}"][row])]
            image = APPLY[name](image[None], torch.tensor([float(table[f"magnitude{number}"][row])]))[0]
            number += 1
        # A batch's sums may be added up in another order than one image's: a grey level, rarely.
        assert ((result[row].int() - image.int()).abs() > 1).float().mean() < 1e-3


def test_a_batch_is_left_as_it_was():
    before = IMAGES.clone()
    for name in OPERATIONS:
        APPLY[name](IMAGES, torch.tensor(strengths(name, False)))
    assert torch.equal(IMAGES, before)


def test_the_lists_name_the_same_operations():
    assert tuple(APPLY) == OPERATIONS
    assert set(RANDOM) == set(v2.RandAugment._AUGMENTATION_SPACE)
