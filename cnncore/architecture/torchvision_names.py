"""Which of torchvision's models can be described: those of convolutions, pools, sums and concatenations.

The others need what a description has not: attention (vit, swin, maxvit), a product of maps (efficientnet,
mobilenet_v3, regnet_y), layer norm (convnext), a shuffle of channels (shufflenet); RegNet-X cannot be made on
the meta device. A test goes through all of torchvision's models and compares.
"""

TORCHVISION: tuple[str, ...] = (
    "alexnet",
    "densenet121",
    "densenet161",
    "densenet169",
    "densenet201",
    "googlenet",
    "inception_v3",
    "mnasnet0_5",
    "mnasnet0_75",
    "mnasnet1_0",
    "mnasnet1_3",
    "mobilenet_v2",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet152",
    "resnext50_32x4d",
    "resnext101_32x8d",
    "resnext101_64x4d",
    "squeezenet1_0",
    "squeezenet1_1",
    "vgg11",
    "vgg11_bn",
    "vgg13",
    "vgg13_bn",
    "vgg16",
    "vgg16_bn",
    "vgg19",
    "vgg19_bn",
    "wide_resnet50_2",
    "wide_resnet101_2",
)
