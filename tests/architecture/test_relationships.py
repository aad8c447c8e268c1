import re

import pytest

from cnncore.architecture import Conv2d, ConvTranspose2d, MaxPool2d, layer_facts
from cnncore.architecture.relationships import RELATIONSHIPS, relationship

CASES = [
    (1, Conv2d(1, 3)),
    (2, Conv2d(1, 4, padding=1)),
    (3, Conv2d(1, 5, padding=2)),
    (4, Conv2d(1, 3, padding=2)),
    (5, Conv2d(1, 3, 2)),
    (6, Conv2d(1, 3, 2, 1)),
    (7, MaxPool2d(3, 2)),
    (8, ConvTranspose2d(1, 3)),
    (9, ConvTranspose2d(1, 4, padding=1)),
    (10, ConvTranspose2d(1, 5, padding=2)),
    (11, ConvTranspose2d(1, 3, padding=2)),
    (12, ConvTranspose2d(1, 3, 2)),
    (13, ConvTranspose2d(1, 3, 2, 1)),
    (14, ConvTranspose2d(1, 3, 2, 1, 1)),
    (15, Conv2d(1, 3, 2, 1, 2)),
]


@pytest.mark.parametrize(("number", "layer"), CASES)
@pytest.mark.parametrize("size", range(6, 14))
def test_the_printed_formula_gives_the_size(number, layer, size):
    found = relationship(layer)
    assert found is RELATIONSHIPS[number]
    rule = found.formula.removeprefix("o = ").replace("floor(", "int(").replace("2p", "2*p")
    rule = re.sub(r"s\(", "s*(", rule.replace("1)(", "1)*("))
    names = ("kernel", "stride", "padding", "dilation")
    values = {name[0]: getattr(layer, name)[0] for name in names}
    values |= {"i": size, "a": layer.output_padding[0] if isinstance(layer, ConvTranspose2d) else 0}
    assert eval(rule, {"int": int}, values) == layer_facts(layer, (1, size, size)).output[1]


def test_height_and_width_have_their_own():
    layer = Conv2d(1, (3, 5), 1, (0, 2))
    assert (relationship(layer, 0).number, relationship(layer, 1).number) == (1, 3)
