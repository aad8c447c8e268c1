import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from cnncore.architecture import conv_output_size, unread
from cnncore.architecture.inverse import DILATIONS, KERNELS, STRIDES, settings
from cnncore.errors import InputError


def key(setting):
    return setting.kernel, setting.stride, setting.padding, setting.dilation


@limits(deadline=None)
@given(st.integers(1, 40), st.integers(1, 40))
def test_every_setting_does_what_was_asked(size, output):
    for found in settings(size, output):
        assert conv_output_size(size, *key(found)) == output
        assert found.unread == len(unread(size, output, *key(found)))
        assert found.macs == found.kernel**2 * output**2


@pytest.mark.parametrize(("size", "output"), [(32, 8), (7, 4), (32, 32), (12, 5), (8, 10)])
def test_no_setting_is_missed(size, output):
    expected = set()
    for k in KERNELS:
        for d in DILATIONS if k > 1 else (1,):
            for p in range(d * (k - 1) + 1):
                for s in STRIDES:
                    try:
                        if conv_output_size(size, k, s, p, d) == output:
                            expected.add((k, s, p, d))
                    except InputError:
                        continue
    found = settings(size, output)
    assert {key(setting) for setting in found} == expected
    assert len(found) == len(expected)


def test_the_cheapest_that_reads_everything_comes_first():
    found = settings(32, 8)
    assert key(found[0]) == (4, 4, 0, 1)
    assert found[0].unread == 0
    order = [
        (setting.unread > 0, setting.padding > (setting.dilation * (setting.kernel - 1) + 1) // 2, setting.macs)
        for setting in found
    ]
    assert order == sorted(order)
    assert any(setting.unread for setting in found)


def test_padding_makes_a_map_larger():
    assert (3, 1, 2, 1) in map(key, settings(8, 10))


def test_one_output_and_no_way():
    assert key(settings(5, 1)[0]) == (5, 1, 0, 1)
    assert settings(3, 500) == ()


@pytest.mark.parametrize(("size", "output"), [(0, 1), (1, 0), (513, 8)])
def test_sizes_out_of_range_are_one_sentence(size, output):
    with pytest.raises(InputError, match=r"must be from 1 to 512 pixels: change it"):
        settings(size, output)
