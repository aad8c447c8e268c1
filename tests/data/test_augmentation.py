import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncore.data import augmentation
from cnncore.data.augmentation import (
    AUGMENTATIONS,
    ColourJitter,
    HorizontalFlip,
    PadCrop,
    RandomCrop,
    RandomErasing,
    Rotation,
    draw,
    output_size,
    parse_augmentations,
)
from cnncore.errors import InputError


@given(kind=st.sampled_from(sorted(AUGMENTATIONS)), seed=st.integers(0, 2**31), count=st.integers(0, 50))
def test_a_seed_draws_the_same_values_again(kind, seed, count):
    transforms = (AUGMENTATIONS[kind](),)
    first = draw(transforms, np.random.default_rng(seed), count, 32, 32)
    second = draw(transforms, np.random.default_rng(seed), count, 32, 32)
    for name, values in first[0].items():
        assert values.shape == (count,)
        np.testing.assert_array_equal(values, second[0][name])


def test_the_practicals_crop_and_flip_have_fifty_views():
    [corners, flips] = draw(parse_augmentations("crop,flip"), np.random.default_rng(0), 5000, 32, 32)
    views = set(zip(corners["top"], corners["left"], flips["flipped"], strict=True))
    assert len(views) == 25 * 2
    assert {top for top, _, _ in views} == {0, 1, 2, 3, 4}


def test_probabilities_are_kept():
    [table] = draw((HorizontalFlip(0.25),), np.random.default_rng(1), 20_000, 32, 32)
    assert table["flipped"].mean() == pytest.approx(0.25, abs=0.02)


def test_an_erased_square_lies_inside_the_image_and_has_the_named_area():
    [table] = draw((RandomErasing(p=1.0, area=0.25),), np.random.default_rng(2), 2000, 32, 32)
    assert set(table["side"]) == {16.0}
    assert table["top"].min() == 0
    assert table["top"].max() == 32 - 16


def test_later_transforms_are_drawn_for_the_cropped_size():
    [_, table] = draw((RandomCrop(8), RandomErasing(p=1.0, area=0.25)), np.random.default_rng(3), 500, 32, 32)
    assert set(table["side"]) == {4.0}
    assert output_size((RandomCrop(8), RandomErasing()), 32, 32) == (8, 8)


@pytest.mark.parametrize("kind", sorted(AUGMENTATIONS))
def test_dictionaries_give_the_same_transform_back(kind):
    transform = AUGMENTATIONS[kind]()
    assert augmentation.from_dict(augmentation.to_dict(transform)) == transform


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RandomCrop(7), r"`crop` \(=7\) must lie between 8 and 512"),
        (lambda: PadCrop(0), r"`padding` \(=0\)"),
        (lambda: RandomCrop(20.5), r"`crop` \(=20.5\) must be a whole number between 8 and 512 pixels"),
        (lambda: PadCrop(1.5), r"`padding` \(=1.5\) must be a whole number between 1 and 64 pixels"),
        (lambda: HorizontalFlip("0.5"), r"`p` \(=0.5\) must lie between 0 and 1"),
        (lambda: HorizontalFlip(1.5), r"`p` \(=1.5\) must lie between 0 and 1"),
        (lambda: Rotation(181), r"`degrees` \(=181\)"),
        (lambda: ColourJitter(contrast=2), r"`contrast` \(=2\)"),
        (lambda: RandomErasing(area=0), r"`area` \(=0\)"),
        (lambda: parse_augmentations("crop,flop"), r"`augment` \(='flop'\) must be among crop"),
        (lambda: parse_augmentations("flip,flip"), "names flip twice"),
        (lambda: augmentation.from_dict({"kind": "crop", "width": 3}), "no parameter width"),
        (lambda: augmentation.from_dict({"kind": "zoom"}), r"`kind` \(='zoom'\)"),
        (lambda: output_size((RandomCrop(40),), 32, 32), r"`crop` \(=40\) must not be larger .*32x32.*at most 32"),
    ],
)
def test_a_bad_parameter_is_one_sentence_with_its_name(make, message):
    with pytest.raises(InputError, match=message):
        make()
