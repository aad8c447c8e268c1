import numpy as np
import pytest

from cnncore.architecture import AvgPool2d, Conv2d, ConvTranspose2d, MaxPool2d, layer_facts
from cnncore.architecture.oracle import ask
from cnncore.figures.convolution import window_data


@pytest.mark.parametrize(
    "layer",
    [
        Conv2d(8, 3, 2, 1, groups=2),
        Conv2d(4, (3, 5), 1, (2, 1), padding_mode="reflect"),
        ConvTranspose2d(6, 3, 2, 1, 1),
        MaxPool2d(2, ceil_mode=True),
        AvgPool2d(3, 2, 1),
        Conv2d(8, 3, bias=False),
        ConvTranspose2d(6, 3, 2, bias=False),
    ],
)
def test_pytorch_agrees_with_formula_and_drawing(layer):
    shape = (4, 7, 9)
    data, facts = window_data(layer, shape), layer_facts(layer, shape)
    kernel = data["kernels"][0]
    weights = np.array(kernel["weights"])
    opinion = ask(layer, shape, data["input"]["values"], (weights[::-1, ::-1] if data["turned"] else weights).tolist())
    assert opinion.output == facts.output
    assert (opinion.weights, opinion.biases) == (facts.weights, facts.biases)
    np.testing.assert_allclose(opinion.values, kernel["values"])
