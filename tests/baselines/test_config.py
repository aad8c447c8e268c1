from dataclasses import replace

import pytest

from cnncore.baselines.config import (
    PRESETS,
    BagOfWordsConfig,
    Descriptor,
    classifier_numbers,
    dictionary_numbers,
    dimensions,
)
from cnncore.errors import InputError


def test_the_courses_numbers():
    dictionary = dictionary_numbers(words=1000, dimensions=dimensions(Descriptor.GRADIENTS, 16, (1, 32, 32)))
    assert dictionary == 128_000
    assert classifier_numbers(classes=15, words=1000) == 15_030
    assert dictionary + classifier_numbers(classes=15, words=1000) == 143_030
    assert classifier_numbers(classes=10, words=1000) == 10_020


def test_a_pyramid_has_five_times_the_bins_and_the_same_biases():
    assert classifier_numbers(classes=10, words=200, cells=BagOfWordsConfig(pyramid=True).cells) == 10 * (5 * 201 + 1)


def test_dictionaries_both_ways():
    for config in PRESETS.values():
        assert BagOfWordsConfig.from_dict(config.to_dict()) == config
    with pytest.raises(InputError, match="no `size`"):
        BagOfWordsConfig.from_dict({"size": 3})


def test_only_equal_configurations_share_a_key():
    config = BagOfWordsConfig()
    assert config.key == BagOfWordsConfig(descriptor="gradients").key
    others = [replace(config, words=201), replace(config, c=2.0), replace(config, train_size=5)]
    assert len({config.key, *(other.key for other in others)}) == 4


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"words": 1}, r"`words` \(=1\) must be a whole number from 2 to 4000"),
        ({"words": 2.5}, "`words`"),
        ({"words": True}, "`words`"),
        ({"patch": 3}, "`patch`"),
        ({"stride": 0}, "`stride`"),
        ({"c": float("nan")}, "`c`"),
        ({"c": 0}, "`c`"),
        ({"seed": -1}, "`seed`"),
        ({"train_size": 0}, "`train_size`"),
        ({"descriptor": "surf"}, r"`descriptor` \(='surf'\) must be one of patches, gradients"),
        ({"dataset": "../x"}, "`dataset`"),
    ],
)
def test_nonsense_is_one_sentence(values, message):
    with pytest.raises(InputError, match=message):
        BagOfWordsConfig(**values)
