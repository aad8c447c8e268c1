"""The same network with less work: a ReLU moved behind the max pool that follows it."""

from collections import OrderedDict

from torch import nn


def pool_first(model: nn.Sequential) -> nn.Sequential:
    """Return the layers of `model` (the modules themselves, not copies) with every ReLU, max pool as max pool, ReLU.

    The largest of a window, cut off at zero, is the largest of the values cut off at zero: max_i relu(x_i) =
    relu(max_i x_i). Not a bit changes, neither of the outputs nor of the gradients (where a window has nothing above
    zero, all its gradients are zero in both orders), and the ReLU has a quarter of the values to go through behind a
    pool of stride 2. Names, and with them a state_dict, stay as they are.

    >>> [type(layer).__name__ for layer in pool_first(nn.Sequential(nn.ReLU(), nn.MaxPool2d(2)))]
    ['MaxPool2d', 'ReLU']
    """
    layers = list(model.named_children())
    for place in range(len(layers) - 1):
        (_, first), (_, second) = layers[place : place + 2]
        if isinstance(first, nn.ReLU) and isinstance(second, nn.MaxPool2d):
            layers[place : place + 2] = layers[place + 1], layers[place]
    return nn.Sequential(OrderedDict(layers))
