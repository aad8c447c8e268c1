"""Named networks. Parameter counts are checked against torchvision's in the tests, layer by layer where it differs.

`vgg16` and `alexnet` are the originals: torchvision puts an adaptive average pool before the dense layers, which does
nothing at 224 pixels, has no parameters, and hides that other sizes do not fit.
"""

from collections.abc import Callable

from cnncore.architecture.layers import (
    AdaptiveAvgPool2d,
    BatchNorm2d,
    Branches,
    Conv2d,
    Dropout,
    Flatten,
    Layer,
    Linear,
    MaxPool2d,
    Path,
    ReLU,
    Residual,
    Tanh,
)
from cnncore.architecture.network import Network
from cnncore.architecture.sizes import Shape
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


# The inception blocks: filters of the 1x1 path, of the two 3x3 paths (reduced, then 3x3), of the path with the pool.
_INCEPTIONS: dict[str, tuple[int, int, int, int, int, int]] = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}


def _googlenet(classes: int) -> tuple[Layer, ...]:
    """GoogLeNet (Szegedy et al. 2014) as torchvision has it, without the auxiliary classifiers.

    With batch norm, and with 3x3 where the paper has 5x5: torchvision keeps it because its weights were trained so.
    """
    layers: list[Layer] = [
        *_normed(64, 7, 2, 3, "conv1"),
        MaxPool2d(3, 2, ceil_mode=True, name="pool1"),
        *_normed(64, 1, name="conv2-1"),
        *_normed(192, 3, 1, 1, "conv2-2"),
        MaxPool2d(3, 2, ceil_mode=True, name="pool2"),
    ]
    for name, (one, reduce, three, reduce_more, more, pool) in _INCEPTIONS.items():
        paths = (
            _normed(one, 1),
            (*_normed(reduce, 1), *_normed(three, 3, 1, 1)),
            (*_normed(reduce_more, 1), *_normed(more, 3, 1, 1)),
            (MaxPool2d(3, 1, 1, ceil_mode=True), *_normed(pool, 1)),
        )
        layers.append(Branches(paths, name=f"inception{name}"))
        if name == "3b":
            layers.append(MaxPool2d(3, 2, ceil_mode=True, name="pool3"))
        if name == "4e":
            layers.append(MaxPool2d(2, 2, ceil_mode=True, name="pool4"))
    return (*layers, AdaptiveAvgPool2d(1, name="pool5"), Flatten(), Dropout(0.2), Linear(classes, name="fc"))


def _normed(filters: int, kernel: int, stride: int = 1, padding: int = 0, name: str = "") -> Path:
    """Return a convolution, its batch norm and a ReLU."""
    return (Conv2d(filters, kernel, stride, padding, bias=False, name=name), BatchNorm2d(), ReLU())


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
    "googlenet": (_PHOTO, 1000, lambda _, classes: _googlenet(classes)),
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
