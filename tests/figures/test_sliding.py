import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from cnncore.architecture import AvgPool2d, Conv2d, ConvTranspose2d, MaxPool2d
from cnncore.architecture.build import build_layer
from cnncore.architecture.layers import PADDING_MODES
from cnncore.errors import InputError
from cnncore.figures.sliding import Kind, lines, slide


def pairs(low, high):
    return st.tuples(st.integers(low, high), st.integers(low, high))


GEOMETRY = {"kernel": pairs(1, 4), "stride": pairs(1, 3), "padding": pairs(0, 3), "dilation": pairs(1, 3)}
POOL = {name: GEOMETRY[name] for name in ("kernel", "stride", "padding")} | {"ceil_mode": st.booleans()}
KINDS = {
    Conv2d: GEOMETRY | {"padding_mode": st.sampled_from(PADDING_MODES)},
    ConvTranspose2d: GEOMETRY | {"output_padding": pairs(0, 2)},
    MaxPool2d: POOL | {"dilation": pairs(1, 3)},
    AvgPool2d: POOL,
}


def by_torch(layer, image, weights):
    module = build_layer(layer, (1, *image.shape)).double()
    if isinstance(layer, (Conv2d, ConvTranspose2d)):
        module.weight.data.copy_(torch.from_numpy(weights)[None, None])
    with torch.no_grad():
        return module(torch.from_numpy(image).double()[None, None])[0, 0].numpy()


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_the_window_gives_what_pytorch_gives(kind, data):
    options = {name: data.draw(values) for name, values in KINDS[kind].items()}
    if kind in (MaxPool2d, AvgPool2d):
        options["padding"] = tuple(min(p, k // 2) for p, k in zip(options["padding"], options["kernel"], strict=True))
    size = data.draw(pairs(4, 11))
    try:
        layer = kind(1, **options, bias=False) if kind in (Conv2d, ConvTranspose2d) else kind(**options)
        rows, columns = lines(layer, (1, *size))
    except InputError:
        assume(False)
    rng = np.random.default_rng(0)
    image, weights = rng.integers(-9, 10, size), rng.integers(-3, 4, layer.kernel)
    found = slide(layer, rows, columns, image, weights)
    expected = by_torch(layer, image, weights)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_a_sum_done_on_paper():
    image = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    ones = np.ones((2, 2), dtype=np.int64)

    def summed(layer):
        return slide(layer, *lines(layer, (1, 3, 3)), image, ones).tolist()

    assert summed(Conv2d(1, 2)) == [[12, 16], [24, 28]]
    assert summed(Conv2d(1, 2, dilation=2)) == [[20]]
    assert summed(MaxPool2d(2, 1)) == [[5, 6], [8, 9]]
    assert summed(AvgPool2d(2)) == [[3]]
    assert summed(AvgPool2d(2, ceil_mode=True)) == [[3, 4.5], [7.5, 9]]


@pytest.mark.parametrize(
    ("mode", "sources"),
    [
        ("zeros", (None, None, 0, 1, 2, 3, None, None)),
        ("reflect", (2, 1, 0, 1, 2, 3, 2, 1)),
        ("replicate", (0, 0, 0, 1, 2, 3, 3, 3)),
        ("circular", (2, 3, 0, 1, 2, 3, 0, 1)),
    ],
)
def test_what_lies_in_the_padding(mode, sources):
    line, _ = lines(Conv2d(1, 3, padding=2, padding_mode=mode), (1, 4, 4))
    assert line.sources == sources
    assert "".join(line.kinds) == "ppiiiipp"


def test_a_transposed_convolution_is_a_direct_one_on_a_stretched_input():
    line, _ = lines(ConvTranspose2d(1, 3, stride=2, padding=1, output_padding=1), (1, 3, 3))
    assert line.sources == (None, 0, None, 1, None, 2, None, None)
    assert "".join(line.kinds) == "pigigipp"
    assert line.reads[0] == (0, 1, 2)
    assert len(line.reads) == 6
    assert line.flipped


def test_what_a_ceil_mode_window_covers_beyond_the_padding():
    line, _ = lines(MaxPool2d(2, ceil_mode=True), (1, 3, 3))
    assert line.kinds == (Kind.INPUT, Kind.INPUT, Kind.INPUT, Kind.BEYOND)
    assert line.unread == ()
