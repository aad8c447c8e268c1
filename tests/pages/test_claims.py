"""Numbers that stand in the texts of pages: each is computed here, and looked for there."""

import ast
import inspect
import math
from functools import cache
from itertools import chain
from pathlib import Path

import pytest
import torch

from cnncore.architecture import describe, named_network
from cnncore.architecture.build import build
from cnncore.descent.paths import Setting, ways
from cnncore.descent.rules import Rule
from cnncore.descent.surfaces import SURFACES
from cnncore.errors import InputError
from cnncore.inspection.dropout import PASSES
from cnncore.inspection.normalisation import BATCHES

PAGES = Path(__file__).parents[2] / "pages"
NAMES = {1: "one", 2: "two", 4: "four", 9: "nine", 10: "ten", 16: "a sixteenth", 20: "twenty", 99: "ninety-nine"}


def parts(pools=True):
    """Return kernel, stride and padding of the practical's layers up to conv3, with its pools or without."""
    pool = [(2, 2, 0)] if pools else []
    return [(5, 1, 2), *pool, (5, 1, 2), *pool, (5, 1, 2)]


def field(layers):
    """Return the receptive field behind the layers (kernel, stride, padding), and the distance of two units."""
    size, jump = 1, 1
    for kernel, stride, _ in layers:
        size, jump = size + (kernel - 1) * jump, jump * stride
    return size, jump


def sees(layers, side, unit):
    """Return how many of the image's `side` pixels a unit can see: backwards, what lies in a padding is cut off."""
    sides = [side]
    for kernel, stride, padding in layers:
        sides.append((sides[-1] + 2 * padding - kernel) // stride + 1)
    first = last = unit
    for (kernel, stride, padding), before in zip(layers[::-1], sides[-2::-1], strict=True):
        first = max(0, first * stride - padding)
        last = min(before - 1, last * stride - padding + kernel - 1)
    return last - first + 1


def vgg16():
    """Return kernel and stride of VGG16's convolutions and pools, and of fc6, which reads all 7 x 7."""
    blocks = [[(3, 1, 1)] * count + [(2, 2, 0)] for count in (2, 2, 3, 3, 3)]
    return [*chain.from_iterable(blocks), (7, 1, 0)]


def resnet18():
    """Return the layers on ResNet-18's longest path."""
    stages = [[(3, stride, 1), *[(3, 1, 1)] * 3] for stride in (1, 2, 2, 2)]
    return [(7, 2, 3), (3, 2, 1), *chain.from_iterable(stages)]


def largest(name, side):
    """Return the largest image, in pixels, that a network takes from `side` on."""
    network = named_network(name)
    for size in range(side, 2 * side):
        try:
            describe(network, (3, size, size))
        except InputError:
            return size - 1
    raise AssertionError(f"{name} takes every size")


def after(side, kernel, stride=1, padding=0):
    """Return the side of the output, counted window by window."""
    return len(range(0, side + 2 * padding - kernel + 1, stride))


def architecture():
    rows = {row.name: row for row in describe(named_network("practical")).rows}
    parameters = {
        name: sum(p.numel() for p in module.parameters())
        for name, module in build(named_network("practical")).named_children()
    }
    macs = sum(row.macs for row in rows.values())
    yield f"fc4 holds {100 * parameters['fc4'] / sum(parameters.values()):.0f} % of the parameters"
    yield f"does {100 * 1000 * 64 * 4 * 4 / macs:.1f} % of the work"
    yield f"{largest('vgg16', 224) - 224} pixels more than it was made for"
    windows = (384 - 224) // 32 + 1  # five pools: a window moves by 32 pixels
    yield f"{windows} × {windows} answers, one for each window of 224 pixels"
    fields = [field(vgg16()[:count])[0] for count in range(1, 20)]
    yield f"{', '.join(map(str, fields[:4]))}, ... {fields[17]} pixels: each pool"
    yield f"its {fields[18]} pixels are clipped"


def receptive_field():
    conv2 = field(parts()[:3])[0], field(parts(pools=False)[:2])[0]
    yield f"see **{conv2[1]}** pixels instead of **{conv2[0]}**"
    yield f"neighbours are {NAMES[1]} pixel apart instead of {NAMES[field(parts()[:3])[1]]}"
    yield f"The map is {NAMES[(32 // 16) ** 2]} times as large"
    formula, middle, corner = field(parts())[0], sees(parts(), 32, 3), sees(parts(), 32, 0)
    yield f"{formula} × {formula} by the formula, but even this unit in the middle **really sees {middle} × {middle}**"
    yield f"{NAMES[formula - middle]} rows and columns of its field lie in the padding"
    yield f"A corner sees {corner} × {corner}"
    yield f"{field(resnet18())[0]} pixels of an image of 224"


def optimization():
    steep = max(SURFACES["Valley"].curvatures)
    w = torch.tensor([0.0, 1.0], dtype=torch.float64).numpy()
    assert steep == pytest.approx(float(SURFACES["Valley"].gradient(w)[1]))  # 1 from the floor the slope is c
    edge, with_momentum = 2 / steep, 2 * (1 + 0.9) / steep
    yield f"Above 2 / {steep:g} = {edge:g} every step"
    yield f"2 (1 + m) / {steep:g} = {with_momentum:g}"
    yield f"took steps {NAMES[round(1 / (1 - 0.9))]} times as large"
    yield f"0.1 / (1 − 0.9) = {sum(0.1 * 0.9**step for step in range(1000)):.3g},"
    floor = SURFACES["Valley"]
    [path] = ways(Setting(decay=0.9), (Rule.SGD,), steps=1000)
    moved = math.dist(path.points[0, :1], path.points[-1, :1])
    yield f"and the slope along the floor is about {abs(floor.gradient(path.points[0])[0]):.0f}"
    yield f"the path ends after about {moved:.0f} of the {math.dist(path.points[0, :1], floor.minima[0][:1]):.1f}"
    yield f"falls by {100 * (1 - 0.97):.0f} % a step"
    alpha = inspect.signature(torch.optim.RMSprop).parameters["alpha"].default
    yield f"= {1 / math.sqrt(1 - alpha):.0f} times as long"


def convolution():
    yield f"the last {NAMES[8 - (3 + 3 * (after(8, 3, 3) - 1))]} rows and columns are thrown away"
    yield f"Padding 1 gives {after(8, 4, padding=1)}, padding 2 gives {after(8, 4, padding=2)}"
    yield f"it spans d(k − 1) + 1 = {len(range(3 * 2 + 1))}"
    yield f"still has {NAMES[3 * 3]} weights"
    one, grouped = (
        sum(p.numel() for p in torch.nn.Conv2d(16, 16, 3, groups=n, bias=False).parameters()) for n in (1, 16)
    )
    yield f"{NAMES[one // grouped]} of the weights"
    sides = [side for side in range(1, 20) if after(side, 3, 2, 1) == 4]
    yield f"makes 4 from {sides[0]} and also 4 from {sides[1]}"
    layer = torch.nn.ConvTranspose2d(1, 1, 3, stride=2, padding=1)
    yield f"goes back to {layer(torch.zeros(1, 1, 4, 4)).shape[-1]}"
    yield f"{sum(p.numel() for p in torch.nn.Conv2d(3, 32, 5, bias=False).parameters()):,} weights, for an image of"
    dense = 3 * 32 * 32 * 32 * 32 * 32
    assert round(dense, -8) == 100_000_000
    yield "A dense layer with the same output needs a hundred million"
    side = 28
    for _ in range(3):
        side = math.ceil(side / 2)
    yield f"keeps its {side} × {side} map when it trains on crops of 28"


def builder():
    sides = [32 // 2**pools for pools in range(5)]
    fewer = 1000 * 64 * (sides[3] ** 2 - sides[4] ** 2)
    yield f"takes {fewer:,} away: fc4 reads {sides[4]} × {sides[4]} cells instead of {sides[3]} × {sides[3]}"
    yield f"{NAMES[16 - after(16, 5)].capitalize()} pixels fewer after conv2"
    weights = 2 * 64 * 64 * 3 * 3  # two convolutions without biases, each with a scale and a shift for every map
    yield f"{weights + 2 * 2 * 64:,} parameters and {weights * 8 * 8 / 1e6:.1f} million multiply-adds more"
    yield f"64 + 128 + 32 + 32 maps make the {64 + 128 + 32 + 32} that come out"


def batch_norm():
    yield f"all {NAMES[BATCHES]} answers are the same"


def dropout():
    noise = {p: p / (1 - p) for p in (0.5, 0.9)}
    yield f"{NAMES[round(noise[0.9] / noise[0.5])]} times the variance that it has at 0.5"
    yield f"carries {NAMES[round(1 / (1 - 0.9))]} times"
    yield f"how far apart {NAMES[PASSES]} predictions of one image are"


CLAIMS = (architecture, receptive_field, optimization, convolution, builder, batch_norm, dropout)


@cache
def text_of(page):
    """Return all that a page's own source says, one space wherever there is space."""
    tree = ast.parse((PAGES / f"{page}.py").read_text(encoding="utf-8"))
    found = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return " ".join(" ".join(found).split())


@pytest.mark.parametrize("claims", CLAIMS, ids=lambda claims: claims.__name__)
def test_a_page_claims_what_is_true(claims):
    missing = [claim for claim in claims() if claim not in text_of(claims.__name__)]
    assert not missing
