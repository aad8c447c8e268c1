import inspect

import numpy as np
import pytest
import torch
from torchvision.transforms.v2 import functional as vision

from cnncore.data import mixing, transform
from cnncore.data.augmentation import (
    AUGMENTATIONS,
    ColourJitter,
    HorizontalFlip,
    Mixup,
    PadCrop,
    RandAugment,
    RandomCrop,
    RandomErasing,
    Rotation,
    draw,
)
from cnncore.data.views import caption, factors, possibilities, source, views
from cnncore.errors import InputError

IMAGE = np.random.default_rng(0).integers(0, 256, (3, 32, 32), dtype=np.uint8)
PRACTICAL = (RandomCrop(28), HorizontalFlip(0.5))
EVERYTHING = (RandomCrop(24), PadCrop(3), HorizontalFlip(), Rotation(20), ColourJitter(), RandomErasing(0.7, 0.2))


def test_each_view_is_the_window_that_its_values_name():
    found = views(IMAGE, PRACTICAL, seed=0, count=40)
    crops, flips = found.draws
    assert found.views.shape == (40, 3, 28, 28)
    assert found.views.dtype == np.uint8
    for row in range(40):
        top, left = int(crops["top"][row]), int(crops["left"][row])
        window = IMAGE[:, top : top + 28, left : left + 28]
        np.testing.assert_array_equal(found.views[row], window[:, :, ::-1] if flips["flipped"][row] else window)


def test_testing_sees_the_centre_and_nothing_random():
    found = views(IMAGE, EVERYTHING, seed=0, count=1)
    np.testing.assert_array_equal(found.test, vision.center_crop(torch.from_numpy(IMAGE), [24]).numpy())


def test_the_views_are_those_of_a_batch_of_training():
    """The same draws and the same functions as in `cnncore.training.batches`, to a rounding of the last bit."""
    tables = draw(EVERYTHING, np.random.default_rng(5), 16, 32, 32)
    tensors = [{name: torch.from_numpy(values) for name, values in table.items()} for table in tables]
    batch = transform.apply(torch.from_numpy(IMAGE)[None].repeat(16, 1, 1, 1), EVERYTHING, tensors)
    found = views(IMAGE, EVERYTHING, seed=5, count=16)
    assert np.abs(found.views / 255 - batch.numpy()).max() <= 0.5 / 255 + 1e-6
    for mine, theirs in zip(found.draws, tables, strict=True):
        assert mine.keys() == theirs.keys()
        assert all((mine[name] == theirs[name]).all() for name in mine)


def test_the_seed_decides():
    one, same, other = (views(IMAGE, PRACTICAL, seed=seed, count=8).views for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_a_read_only_grey_image_of_another_size_works():
    grey = np.zeros((1, 28, 20), np.uint8)
    grey.flags.writeable = False
    assert views(grey, (HorizontalFlip(), Rotation()), seed=0, count=3).views.shape == (3, 1, 28, 20)


def test_without_transforms_every_view_is_the_image():
    found = views(IMAGE, (), seed=0, count=2)
    np.testing.assert_array_equal(found.views, np.stack([IMAGE, IMAGE]))
    assert caption((), found.draws, 0) == "as it was"


def test_a_crop_that_does_not_fit_is_refused():
    with pytest.raises(InputError, match="`crop`"):
        views(IMAGE, (RandomCrop(33),), seed=0, count=2)


def test_a_caption_names_the_values_of_its_row():
    draws = [
        {"top": np.float32([0, 3]), "left": np.float32([0, 1])},
        {"down": np.float32([0, -2]), "right": np.float32([0, 4])},
        {"flipped": np.float32([0, 1])},
        {"angle": np.float32([0, -7.4])},
        {"brightness": np.float32([1, 1.126]), "contrast": np.float32([1, 0.9]), "saturation": np.float32([1, 0.7])},
        {name: np.float32([value, value]) for name, value in {"erased": 1, "top": 4, "left": 5, "side": 6}.items()},
    ]
    words = caption(EVERYTHING, draws, 1).replace("\N{NO-BREAK SPACE}", " ")
    assert words == "top 3, left 1, down −2, right +4, flipped, −7°, b 1.13, c 0.90, s 0.70, erased 4, 5"
    draws[-1]["erased"][0] = 0
    words = caption(EVERYTHING, draws, 0).replace("\N{NO-BREAK SPACE}", " ")
    assert words == "top 0, left 0, down +0, right +0, +0°, b 1.00, c 1.00, s 1.00"


@pytest.mark.parametrize(
    "augmentation",
    [
        RandomCrop(28),
        RandomCrop(32),
        PadCrop(1),
        PadCrop(2),
        HorizontalFlip(0),
        HorizontalFlip(0.5),
        HorizontalFlip(1),
        Rotation(0),
        ColourJitter(0, 0, 0),
        RandomErasing(0.5, 0.75),
        RandomErasing(1, 0.75),
        RandomErasing(0, 0.75),
    ],
)
def test_the_count_is_that_of_the_different_views_among_many(augmentation):
    found = views(IMAGE, (augmentation,), seed=0, count=2000).views
    assert len(np.unique(found.reshape(2000, -1), axis=0)) == possibilities(augmentation, 32, 32)


def test_the_practicals_augmentation_has_fifty_views():
    assert factors(PRACTICAL, 32, 32) == [25, 2]
    found = views(IMAGE, PRACTICAL, seed=0, count=2000).views
    assert len(np.unique(found.reshape(2000, -1), axis=0)) == 50


def test_a_factor_is_counted_on_what_the_transforms_before_leave():
    # An erased square of half of 16 x 16 pixels has side 11: 6 x 6 places, and "not erased".
    assert factors((RandomCrop(16), RandomErasing(0.5, 0.5)), 32, 32) == [17 * 17, 37]


@pytest.mark.parametrize("augmentation", [Rotation(5), ColourJitter(0.1, 0, 0)])
def test_a_continuous_value_has_no_count(augmentation):
    assert possibilities(augmentation, 32, 32) is None
    found = views(IMAGE, (augmentation,), seed=0, count=50).views
    assert len(np.unique(found.reshape(50, -1), axis=0)) > 20


def test_a_mixed_view_is_mixed_with_the_other_image_of_its_row():
    others = np.random.default_rng(9).integers(0, 256, (30, 3, 32, 32), dtype=np.uint8)
    found = views(IMAGE, (Mixup(p=0.5),), seed=0, count=30, others=others)
    assert 0 < (found.shares == 1).sum() < 30
    share = found.shares[:, None, None, None]
    expected = share * IMAGE + (1 - share) * others
    assert np.abs(found.views - expected).max() <= 0.51
    assert caption((Mixup(),), found.draws, int(np.argmax(found.shares == 1))) == "as it was"
    assert views(IMAGE, PRACTICAL, seed=0, count=2).shares is None


def test_a_partner_has_an_augmentation_of_its_own():
    others = np.stack([IMAGE] * 20)
    found = views(IMAGE, (RandomCrop(28), Mixup(p=1.0)), seed=0, count=20, others=others)
    crops = views(IMAGE, (RandomCrop(28),), seed=0, count=20).views
    assert (found.views != crops).any(axis=(1, 2, 3)).sum() > 15


def test_a_chain_is_said_in_words():
    values = {
        "operation1": [5, 13, 3],
        "magnitude1": [-9, 0, 4],
        "operation2": [0, 11, 9],
        "magnitude2": [0, 0.7, -0.27],
    }
    draws = [{name: np.float32(column) for name, column in values.items()}]
    words = [caption((RandAugment(),), draws, row).replace("\N{NO-BREAK SPACE}", " ") for row in range(3)]
    assert words == ["Rotate −9°", "Equalize, Solarize 0.70", "TranslateX +4, Sharpness −0.27"]


@pytest.mark.parametrize("kind", AUGMENTATIONS)
def test_the_source_shown_is_the_function_that_training_calls(kind):
    text = source(kind)
    compile(text, "shown", "exec")
    applied = {"mixup": mixing.mixup, "cutmix": mixing.cutmix}.get(kind) or transform._APPLY[AUGMENTATIONS[kind]]
    assert inspect.getsource(applied).strip() in text
    assert ("def window" in text) == (kind in ("crop", "pad-crop"))
    assert ("def _grey" in text) == (kind == "jitter")
