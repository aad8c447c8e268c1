"""The well-known networks for photos of 224 pixels; `cnncore.architecture.catalogue` names them."""

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
    ReLU6,
    Residual,
)


def alexnet(classes: int) -> tuple[Layer, ...]:
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


def vgg(blocks: tuple[int, ...], classes: int) -> tuple[Layer, ...]:
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


def resnet(blocks: tuple[int, ...], bottleneck: bool, classes: int) -> tuple[Layer, ...]:
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


def googlenet(classes: int) -> tuple[Layer, ...]:
    """GoogLeNet (Szegedy et al. 2014) as torchvision has it, without the auxiliary classifiers.

    With batch norm (its eps is 0.001), and with 3x3 where the paper has 5x5: torchvision keeps it because its weights
    were trained so.
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
    """Return a convolution, GoogLeNet's batch norm and a ReLU."""
    return (Conv2d(filters, kernel, stride, padding, bias=False, name=name), BatchNorm2d(0.001), ReLU())


def squeezenet(classes: int) -> tuple[Layer, ...]:
    """SqueezeNet 1.1 (Iandola et al. 2016): each fire module squeezes with 1x1, then expands with 1x1 beside 3x3."""
    layers: list[Layer] = [Conv2d(64, 3, 2, name="conv1"), ReLU(), MaxPool2d(3, 2, ceil_mode=True, name="pool1")]
    for number, (squeeze, expand) in enumerate(
        ((16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256)), start=2
    ):
        wide = ((Conv2d(expand, 1), ReLU()), (Conv2d(expand, 3, padding=1), ReLU()))
        layers += [Conv2d(squeeze, 1, name=f"squeeze{number}"), ReLU(), Branches(wide, name=f"fire{number}")]
        if number in (3, 5):
            layers.append(MaxPool2d(3, 2, ceil_mode=True, name=f"pool{number}"))
    return (*layers, Dropout(0.5), Conv2d(classes, 1, name="conv10"), ReLU(), AdaptiveAvgPool2d(1), Flatten())


# Of each group of MobileNetV2's blocks: expansion, filters, how many, stride of the first.
_INVERTED = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))


def mobilenet(classes: int) -> tuple[Layer, ...]:
    """MobileNetV2 (Sandler et al. 2018): 1x1 widens, a depthwise 3x3 (one channel a filter) looks, 1x1 narrows."""
    layers: list[Layer] = [*_normed6(32, 3, 2, name="conv1")]
    channels = 32
    for group, (expansion, filters, count, first) in enumerate(_INVERTED, start=2):
        for number in range(1, count + 1):
            stride, wide = first if number == 1 else 1, channels * expansion
            name = f"conv{group}-{number}"
            block: Path = (
                *(_normed6(wide, 1) if expansion > 1 else ()),
                *_normed6(wide, 3, stride, wide),
                Conv2d(filters, 1, bias=False),
                BatchNorm2d(),
            )
            layers += [Residual(block, name=name)] if stride == 1 and channels == filters else block
            channels = filters
    layers += [*_normed6(1280, 1, name="conv9"), AdaptiveAvgPool2d(1), Flatten(), Dropout(0.2)]
    return (*layers, Linear(classes, name="fc"))


def _normed6(filters: int, kernel: int, stride: int = 1, groups: int = 1, name: str = "") -> Path:
    convolution = Conv2d(filters, kernel, stride, kernel // 2, groups=groups, bias=False, name=name)
    return (convolution, BatchNorm2d(), ReLU6())
