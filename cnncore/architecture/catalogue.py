"""Named networks. Parameter counts are checked against torchvision's in the tests, layer by layer where it differs.

`vgg16` and `alexnet` are the originals: torchvision puts an adaptive average pool before the dense layers, which does
nothing at 224 pixels, has no parameters, and hides that other sizes do not fit.
"""

from collections.abc import Callable

from cnncore.architecture.layers import (
    AdaptiveAvgPool2d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    Layer,
    Linear,
    MaxPool2d,
    ReLU,
    Residual,
    Shape,
    Tanh,
)
from cnncore.architecture.network import Network
from cnncore.errors import InputError


def _lenet5(_: Shape, classes: int) -> tuple[Layer, ...]:
    """The practical's LeNet-5 (LeCun et al. 1998, with max-pooling): 61,706 parameters on 1x28x28."""
    return (
        Conv2d(6, 5, padding=2, name="conv1"),
        Tanh(),
        MaxPool2d(2, name="pool1"),
        Conv2d(16, 5, name="conv2"),
        Tanh(),
        MaxPool2d(2, name="pool2"),
        Flatten(),
        Linear(120, name="fc3"),
        Tanh(),
        Linear(84, name="fc4"),
        Tanh(),
        Linear(classes, name="fc5"),
    )


def _practical_of(filters: tuple[int, int, int], dense: int, input: Shape, classes: int) -> tuple[Layer, ...]:  # noqa: A002 the field's word
    # With a crop of 28 the third pool receives 7x7. Rounding up keeps the map at 4x4, as the practical does; where
    # the map is even both roundings agree, and the description says the plain thing.
    odd = any(size // 4 % 2 for size in input[1:])
    layers: list[Layer] = []
    for number, count in enumerate(filters, start=1):
        pool = MaxPool2d(2, ceil_mode=odd and number == 3, name=f"pool{number}")
        layers += [Conv2d(count, 5, padding=2, name=f"conv{number}"), ReLU(), pool]
    return (*layers, Flatten(), Linear(dense, name="fc4"), ReLU(), Linear(classes, name="fc5"))


def _practical(input: Shape, classes: int) -> tuple[Layer, ...]:  # noqa: A002 the field's word
    """The practical's network for CIFAR-10: 1,191,170 parameters on 3x32x32."""
    return _practical_of((32, 64, 64), 1000, input, classes)


def _classroom(input: Shape, classes: int) -> tuple[Layer, ...]:  # noqa: A002 the field's word
    """The practical's network in a size for two CPU cores."""
    return _practical_of((16, 32, 32), 256, input, classes)


def _alexnet(_: Shape, classes: int) -> tuple[Layer, ...]:
    """AlexNet in its one-column form (Krizhevsky 2014)."""
    return (
        Conv2d(64, 11, 4, 2, name="conv1"),
        ReLU(),
        MaxPool2d(3, 2, name="pool1"),
        Conv2d(192, 5, padding=2, name="conv2"),
        ReLU(),
        MaxPool2d(3, 2, name="pool2"),
        Conv2d(384, 3, padding=1, name="conv3"),
        ReLU(),
        Conv2d(256, 3, padding=1, name="conv4"),
        ReLU(),
        Conv2d(256, 3, padding=1, name="conv5"),
        ReLU(),
        MaxPool2d(3, 2, name="pool5"),
        Flatten(),
        Dropout(0.5),
        Linear(4096, name="fc6"),
        ReLU(),
        Dropout(0.5),
        Linear(4096, name="fc7"),
        ReLU(),
        Linear(classes, name="fc8"),
    )


def _vgg(blocks: tuple[int, ...], classes: int) -> tuple[Layer, ...]:
    """VGG (Simonyan & Zisserman 2014): `blocks` counts the 3x3 convolutions between two pools."""
    layers: list[Layer] = []
    for block, (count, filters) in enumerate(zip(blocks, (64, 128, 256, 512, 512), strict=True), start=1):
        for number in range(1, count + 1):
            layers += [Conv2d(filters, 3, padding=1, name=f"conv{block}-{number}"), ReLU()]
        layers.append(MaxPool2d(2, name=f"pool{block}"))
    layers += [
        Flatten(),
        Linear(4096, name="fc6"),
        ReLU(),
        Dropout(0.5),
        Linear(4096, name="fc7"),
        ReLU(),
        Dropout(0.5),
    ]
    return (*layers, Linear(classes, name="fc8"))


def _resnet(blocks: tuple[int, ...], bottleneck: bool, classes: int) -> tuple[Layer, ...]:
    """ResNet (He et al. 2015); the stride of a bottleneck is on its 3x3 convolution, as in torchvision."""
    layers: list[Layer] = [
        Conv2d(64, 7, 2, 3, bias=False, name="conv1"),
        BatchNorm2d(),
        ReLU(),
        MaxPool2d(3, 2, 1, name="pool1"),
    ]
    channels = 64
    for stage, (count, width) in enumerate(zip(blocks, (64, 128, 256, 512), strict=True), start=2):
        out = width * 4 if bottleneck else width
        for number in range(1, count + 1):
            stride = 2 if stage > 2 and number == 1 else 1
            body = _bottleneck(width, stride) if bottleneck else _basic(width, stride)
            project = stride > 1 or channels != out
            shortcut = (Conv2d(out, 1, stride, bias=False), BatchNorm2d()) if project else ()
            layers += [Residual(body, shortcut, name=f"conv{stage}-{number}"), ReLU()]
            channels = out
    return (*layers, AdaptiveAvgPool2d(1, name="pool5"), Flatten(), Linear(classes, name="fc"))


def _basic(width: int, stride: int) -> tuple[Layer, ...]:
    first = Conv2d(width, 3, stride, 1, bias=False)
    return (first, BatchNorm2d(), ReLU(), Conv2d(width, 3, 1, 1, bias=False), BatchNorm2d())


def _bottleneck(width: int, stride: int) -> tuple[Layer, ...]:
    reduce, spatial = Conv2d(width, 1, bias=False), Conv2d(width, 3, stride, 1, bias=False)
    expand = Conv2d(4 * width, 1, bias=False)
    return (reduce, BatchNorm2d(), ReLU(), spatial, BatchNorm2d(), ReLU(), expand, BatchNorm2d())


_PHOTO: Shape = (3, 224, 224)
_SMALL: Shape = (3, 32, 32)
_CATALOGUE: dict[str, tuple[Shape, int, Callable[[Shape, int], tuple[Layer, ...]]]] = {
    "lenet5": ((1, 28, 28), 10, _lenet5),
    "practical": (_SMALL, 10, _practical),
    "classroom": (_SMALL, 10, _classroom),
    "alexnet": (_PHOTO, 1000, _alexnet),
    "vgg11": (_PHOTO, 1000, lambda _, classes: _vgg((1, 1, 2, 2, 2), classes)),
    "vgg16": (_PHOTO, 1000, lambda _, classes: _vgg((2, 2, 3, 3, 3), classes)),
    "resnet18": (_PHOTO, 1000, lambda _, classes: _resnet((2, 2, 2, 2), False, classes)),
    "resnet50": (_PHOTO, 1000, lambda _, classes: _resnet((3, 4, 6, 3), True, classes)),
}
NETWORKS: tuple[str, ...] = tuple(_CATALOGUE)


def named_network(name: str, input: Shape | None = None, classes: int | None = None) -> Network:  # noqa: A002 the field's word
    """Return the network `name` made for images of shape `input` (C, H, W) with `classes` classes.

    >>> len(named_network("practical").layers)
    13
    """
    if name not in _CATALOGUE:
        raise InputError(f"`network` (={name!r}) must be one of {', '.join(NETWORKS)}: choose one of them.")
    own_input, own_classes, layers = _CATALOGUE[name]
    shape = own_input if input is None else input
    return Network(name, shape, layers(shape, own_classes if classes is None else classes))
