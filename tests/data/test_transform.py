import numpy as np
import pytest
import torch
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as vision

from cnncore.data.augmentation import (
    AUGMENTATIONS,
    ColourJitter,
    GaussianNoise,
    HorizontalFlip,
    PadCrop,
    RandomCrop,
    RandomErasing,
    Rotation,
    draw,
    parse_augmentations,
)
from cnncore.data.transform import ERASED, apply, as_float, centre

IMAGES = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (6, 3, 32, 32), dtype=np.uint8))


def drawn(transforms, seed=0, images=IMAGES):
    tables = draw(transforms, np.random.default_rng(seed), len(images), images.shape[2], images.shape[3])
    return [{name: torch.from_numpy(values) for name, values in table.items()} for table in tables]


def test_a_crop_is_the_window_at_the_drawn_corner():
    transforms = (RandomCrop(28),)
    [table] = tables = drawn(transforms)
    views = apply(IMAGES, transforms, tables)
    assert views.shape == (6, 3, 28, 28)
    for view, image, top, left in zip(views, IMAGES, table["top"].int(), table["left"].int(), strict=True):
        torch.testing.assert_close(view, vision.crop(image, int(top), int(left), 28, 28) / 255)


def test_a_pad_crop_is_torchvisions_on_the_padded_image():
    transforms = (PadCrop(4),)
    [table] = tables = drawn(transforms)
    padded = vision.pad(IMAGES, [4])
    for view, image, down, right in zip(
        apply(IMAGES, transforms, tables), padded, table["down"].int(), table["right"].int(), strict=True
    ):
        torch.testing.assert_close(view, vision.crop(image, 4 - int(down), 4 - int(right), 32, 32) / 255)


def test_a_flip_mirrors_where_it_was_drawn_and_nowhere_else():
    transforms = (HorizontalFlip(0.5),)
    [table] = tables = drawn(transforms, seed=1)
    assert 0 < table["flipped"].sum() < 6
    for view, image, flipped in zip(apply(IMAGES, transforms, tables), IMAGES, table["flipped"], strict=True):
        torch.testing.assert_close(view, (vision.horizontal_flip(image) if flipped else image) / 255)


@pytest.mark.parametrize("shape", [(32, 32), (24, 40)])
def test_a_rotation_is_torchvisions(shape):
    images = torch.rand(4, 3, *shape, generator=torch.Generator().manual_seed(0))
    transforms = (Rotation(40),)
    [table] = tables = drawn(transforms, images=images)
    for view, image, angle in zip(apply(images, transforms, tables), images, table["angle"], strict=True):
        expected = vision.rotate(image, float(angle), interpolation=v2.InterpolationMode.BILINEAR)
        torch.testing.assert_close(view, expected, atol=2e-3, rtol=0)


def test_jitter_is_torchvisions_brightness_contrast_and_saturation():
    transforms = (ColourJitter(0.4, 0.4, 0.4),)
    [table] = tables = drawn(transforms)
    for row, (view, image) in enumerate(zip(apply(IMAGES, transforms, tables), as_float(IMAGES), strict=True)):
        for name, adjust in [
            ("brightness", vision.adjust_brightness),
            ("contrast", vision.adjust_contrast),
            ("saturation", vision.adjust_saturation),
        ]:
            image = adjust(image, float(table[name][row]))
        torch.testing.assert_close(view, image, atol=1e-3, rtol=0)


def test_erasing_covers_exactly_the_drawn_square():
    transforms = (RandomErasing(p=0.5, area=0.1),)
    [table] = tables = drawn(transforms, seed=2)
    assert 0 < table["erased"].sum() < 6
    views = apply(IMAGES, transforms, tables)
    for row, (view, image) in enumerate(zip(views, as_float(IMAGES), strict=True)):
        expected = image.clone()
        if table["erased"][row]:
            top, left, side = (int(table[name][row]) for name in ("top", "left", "side"))
            expected[:, top : top + side, left : left + side] = ERASED
        torch.testing.assert_close(view, expected)


def test_noise_is_normal_with_the_drawn_deviation_and_follows_from_the_seed():
    grey = torch.full((64, 3, 40, 40), 0.5)
    transforms = (GaussianNoise(0.1),)
    [table] = tables = drawn(transforms, images=grey)
    views = apply(grey, transforms, tables)
    normal = (views - 0.5) / table["sigma"].clamp_min(1e-6)[:, None, None, None]
    torch.testing.assert_close(normal.std(dim=(1, 2, 3)), torch.ones(64), atol=0.05, rtol=0)
    flat = normal.flatten().double()
    assert float(flat.mean()) == pytest.approx(0, abs=0.01)
    for limit, share in [(1, 0.6827), (2, 0.9545), (3, 0.9973)]:
        assert float((flat.abs() < limit).double().mean()) == pytest.approx(share, abs=0.004)
    for shift in [(0, 1), (1, 0), (0, 7)]:  # no pattern from place to place, nor from image to image
        moved = normal.roll(shift, (2, 3))
        assert abs(float((normal * moved).mean())) < 0.01
    assert abs(float((normal[:-1] * normal[1:]).mean())) < 0.01
    assert torch.equal(views, apply(grey, transforms, tables))


def test_without_transforms_the_pixels_are_scaled_and_nothing_else():
    torch.testing.assert_close(apply(IMAGES, (), []), IMAGES / 255)


def test_the_test_images_get_the_centre_window_alone():
    views = centre(IMAGES, parse_augmentations("crop,flip,jitter,erase"))
    torch.testing.assert_close(views, IMAGES[:, :, 2:30, 2:30] / 255)
    torch.testing.assert_close(centre(IMAGES, parse_augmentations("flip")), IMAGES / 255)


def test_grey_images_pass_through_every_transform():
    grey = IMAGES[:, :1]
    transforms = parse_augmentations(",".join(AUGMENTATIONS))
    assert apply(grey, transforms, drawn(transforms, images=grey)).shape == (6, 1, 28, 28)


@pytest.mark.parametrize("kind", AUGMENTATIONS)
def test_pixels_stay_between_black_and_white(kind):
    transforms = parse_augmentations(kind)
    views = apply(IMAGES, transforms, drawn(transforms))
    assert views.dtype == torch.float32
    assert 0 <= views.min() <= views.max() <= 1
