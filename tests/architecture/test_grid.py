"""Thousands of random layers against PyTorch: both refuse the same ones, and agree on shape, weights and biases.

PyTorch answers on its meta device, which runs its size rules without any arithmetic; it leaves out a few checks, so
where it takes a layer that is refused here, the CPU is asked. The smaller layers are also walked window by window,
which knows no formula at all.
"""

import random
from itertools import product

import pytest
import torch

from cnncore.architecture import AvgPool2d, Conv2d, ConvTranspose2d, MaxPool2d, layer_facts
from cnncore.architecture.layers import PADDING_MODES
from cnncore.errors import InputError

LAYERS = 1500  # of each kind
WALKED = 10_000  # multiply-adds of a layer that is walked


class Drawn:
    """One layer as numbers: neither our class nor PyTorch's has seen them yet."""

    def __init__(self, dice, kind):
        def pair(least, most):
            return (dice.randint(least, most), dice.randint(least, most))

        self.kind = kind
        self.shape = (dice.choice((1, 2, 3, 4, 6, 8, 12)), *pair(1, 24))
        self.filters, self.groups = dice.choice((1, 2, 3, 4, 6, 8, 12)), dice.choice((1, 1, 1, 2, 3, 4))
        self.kernel, self.stride, self.dilation = pair(1, 6), pair(1, 4), pair(1, 3)
        self.padding = pair(0, 2 if kind.endswith("pool") else 4)
        self.extra, self.bias, self.ceil = pair(0, 2), dice.random() < 0.5, dice.random() < 0.5
        self.mode = dice.choice(PADDING_MODES)

    def __repr__(self):
        return f"{self.kind} {vars(self)}"

    def ours(self):
        geometry = (self.kernel, self.stride, self.padding)
        match self.kind:
            case "conv":
                return Conv2d(self.filters, *geometry, self.dilation, self.groups, self.bias, self.mode)
            case "conv-transpose":
                return ConvTranspose2d(self.filters, *geometry, self.extra, self.dilation, self.groups, self.bias)
            case "max-pool":
                return MaxPool2d(*geometry, self.dilation, self.ceil)
            case _:
                return AvgPool2d(*geometry, self.ceil)

    def pytorchs(self):
        geometry = (self.kernel, self.stride, self.padding)
        conv = (self.shape[0], self.filters, *geometry)
        match self.kind:
            case "conv":
                return torch.nn.Conv2d(*conv, self.dilation, self.groups, self.bias, self.mode)
            case "conv-transpose":
                return torch.nn.ConvTranspose2d(*conv, self.extra, self.groups, self.bias, self.dilation)
            case "max-pool":
                return torch.nn.MaxPool2d(*geometry, self.dilation, ceil_mode=self.ceil)
            case _:
                return torch.nn.AvgPool2d(*geometry, ceil_mode=self.ceil)

    def asked(self, device="meta"):
        """Return PyTorch's module and its output's shape, None where PyTorch refuses or puts nothing out.

        None, too, where a pool finds no number in a window, which only a real device shows.
        """
        try:
            with torch.device(device):
                module = self.pytorchs()
                output = module(torch.zeros(1, *self.shape))
        except (RuntimeError, ValueError):
            return None
        if device != "meta" and output.isinf().any():
            return None
        return (module, tuple(output.shape[1:])) if output.numel() else None


def drawn(kind):
    dice = random.Random(f"grid of {kind}")  # a text seeds it alike everywhere
    return [Drawn(dice, kind) for _ in range(LAYERS)]


@pytest.mark.parametrize("kind", ["conv", "conv-transpose", "max-pool", "avg-pool"])
def test_every_layer_of_the_grid_is_pytorchs(kind):
    accepted = 0
    for layer in drawn(kind):
        theirs = layer.asked()
        facts = known(layer)
        if facts is None:
            assert theirs is None or layer.asked("cpu") is None, f"PyTorch takes what is refused here: {layer}"
            continue
        assert theirs is not None, f"PyTorch refuses what is taken here: {layer}"
        module, output = theirs
        counts = {name: value.numel() for name, value in module.named_parameters()}
        found = (facts.output, facts.weights, facts.biases)
        assert found == (output, counts.get("weight", 0), counts.get("bias", 0)), layer
        accepted += 1
    assert LAYERS / 5 < accepted < LAYERS  # a grid on which all or nothing is refused shows little


def known(layer):
    """Return our facts of the layer, None where it is refused."""
    try:
        return layer_facts(layer.ours(), layer.shape)
    except InputError:
        return None


def windows(size, outputs, layer, axis):
    """Return for each window along one axis where its taps lie, from the left border of the padding on."""
    k, s, p = layer.kernel[axis], layer.stride[axis], layer.padding[axis]
    d = 1 if layer.kind == "avg-pool" else layer.dilation[axis]
    if layer.kind == "conv-transpose":  # each input cell is spread: its "window" lies in the output
        return [[cell * s - p + d * tap for tap in range(k)] for cell in range(size)]
    found, left = [], -p
    while len(found) < outputs:  # how many fit was PyTorch's to say: ceil mode lets the last one reach beyond
        found.append([left + d * tap for tap in range(k)])
        left += s
    return found


def untouched(size, outputs, layer, axis):
    """Return how many of the input's rows (axis 0) or columns (1) no output depends on."""
    taps = windows(size, outputs, layer, axis)
    if layer.kind == "conv-transpose":
        return sum(all(not 0 <= place < outputs for place in window) for window in taps)
    padding, copies = layer.padding[axis], list(range(size))
    if layer.kind == "conv" and layer.mode != "zeros":  # PyTorch's own padding tells which cell is copied where
        ends = (padding, padding, 0, 0)
        padded = torch.nn.functional.pad(torch.arange(size).view(1, 1, 1, -1).double(), ends, layer.mode)
        copies = padded.flatten().long().tolist()
        taps = [[place + padding for place in window] for window in taps]
    return size - len({copies[place] for window in taps for place in window if 0 <= place < len(copies)})


@pytest.mark.parametrize("kind", ["conv", "conv-transpose", "max-pool", "avg-pool"])
def test_multiply_adds_and_unread_pixels_walked_window_by_window(kind):
    walked = 0
    for layer in drawn(kind):
        facts, theirs = known(layer), layer.asked()
        if facts is None or theirs is None:
            continue
        module, output = theirs
        sizes = layer.shape[1:]
        left = tuple(untouched(sizes[axis], output[1 + axis], layer, axis) for axis in (0, 1))
        if sizes[0] == left[0] or sizes[1] == left[1]:
            left = tuple(sizes)  # windows beside all columns read no row either
        # Padding that repeats pixels of the input lets what no window reaches at its place be read in another.
        assert (facts.unread_rows, facts.unread_columns) == left, layer
        if facts.macs > WALKED or kind.endswith("pool"):
            assert facts.macs > 0 or kind.endswith("pool")
            continue
        rows, columns = (windows(sizes[axis], output[1 + axis], layer, axis) for axis in (0, 1))
        weights = module.weight[0].numel()  # of one filter; of one input channel of a transposed convolution
        taps = layer.kernel[0] * layer.kernel[1]
        count = 0
        for _ in range(module.weight.shape[0]):
            for row, column in product(rows, columns):
                count += sum(1 for _ in product(range(weights // taps), row, column))
        assert facts.macs == count, layer
        walked += 1
    assert kind.endswith("pool") or walked > LAYERS / 10
