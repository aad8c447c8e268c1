"""The numbers that the questions ask for, each computed by the calculators of the pages, as are those of slips."""

import math
from functools import cache

from cnncore.architecture import Conv2d, Description, describe, layer_facts, named_network, with_batch_norm
from cnncore.architecture.arithmetic import conv_output_size
from cnncore.baselines.config import classifier_numbers, dictionary_numbers
from cnncore.course.check import Check
from cnncore.course.facts import CIFAR_TRAIN
from cnncore.course.slips import Slip, totals
from cnncore.figures.image_size import sizes
from cnncore.training.presets import PRESETS
from cnncore.training.schedule import learning_rate

_IMAGE = named_network("practical").input
_SLIPS = {
    Slip.NO_BIASES: "the biases are left out",
    Slip.CONVOLUTION_BIASES: "dense layers have biases too",
    Slip.NO_DEPTH: "kernels are counted as $k \\times k$, without their depth",
    Slip.IMAGE_DEPTH: "every kernel has the image's three channels there, and the dense layers are left out",
    Slip.NO_DENSE: "the dense layers are left out",
    Slip.MAPS_FORGOTTEN: "the first dense layer reads all 64 maps, not one",
    Slip.ZERO_TOO_MANY: "`conv3` has a zero too many there",
}


@cache
def checks() -> tuple[Check, ...]:
    """Return every check, in the order of the questions."""
    practical = describe(named_network("practical"))
    return (*_layers(practical), *_networks(practical), *_trained(), *_improved(practical))


def checks_for(question: int) -> tuple[Check, ...]:
    """Return the numbers that a question asks for; those in words alone have none."""
    return tuple(check for check in checks() if check.question == question)


def _layers(practical: Description) -> tuple[Check, ...]:
    """Return those of Q1 to Q9."""
    image = math.prod(_IMAGE)
    one = layer_facts(Conv2d(1, 5, padding=2), _IMAGE)
    weights, dense, places = int(one.weights), int(one.dense_weights), int(one.dense_biases)
    fields = {row.name: int(row.receptive_field or 0) for row in practical.rows}
    conv3 = next(row for row in practical.rows if row.name == "conv3")
    vgg = sizes(named_network("vgg16"), convolutional=False).works[-1]
    side = describe(named_network("vgg16"), (3, 384, 384), fully_convolutional=True).rows[-1].output[1]
    last = 384 // 32
    return (
        Check(
            1,
            "Weights of one 5 × 5 filter on 3 × 32 × 32, without its bias",
            weights,
            "The kernel is as deep as its input: 5 · 5 · 3.",
            "How deep is one kernel? It looks at all channels of its input at once.",
            {
                5 * 5: "a kernel is $k \\times k \\times z$, and its depth $z$ is forgotten",
                weights + 1: "that includes the bias, and only the weights are asked for",
                weights * places: "all places share the weights of a filter",
            },
        ),
        Check(
            1,
            "Weights of a dense layer with the same output",
            dense,
            f"Each of the {image:,} inputs meets each of the {places:,} outputs.",
            "Every input is connected with every output: how many are there of each?",
            {
                places: "that is how many outputs there are, and each has a weight for every input",
                image: "that is how many inputs there are, and each has a weight for every output",
                dense // _IMAGE[0]: "the image's three channels are forgotten",
                dense + places: "that includes the biases, and only the weights are asked for",
            },
        ),
        Check(
            4,
            "The largest square image that VGG16 takes as it is, pixels to a side",
            vgg[1],
            f"Five pools halve and round down: {vgg[1]} pixels still give 7 × 7.",
            "Each of five pools rounds down: up to where does the last map stay 7 × 7?",
            {
                vgg[0]: "each of five pools rounds down, so a few more pixels still give the same map",
                vgg[1] + 1: "there the last map is 8 × 8, one cell too many",
            },
        ),
        Check(
            6,
            "Side of VGG16's output map for an image of 384 × 384 pixels",
            side,
            f"The last map has {last} cells to a side, and a 7 × 7 filter fits at {side} places along it.",
            "How large is the last map, and at how many places along it does a 7 × 7 filter fit?",
            {
                last: "that is the map before `fc6`, whose filters are 7 × 7 without padding",
                1: "that is for 224 pixels, and a larger image gives a larger map",
            },
        ),
        Check(
            7,
            "Receptive field of a unit of conv3, pixels to a side",
            fields["conv3"],
            f"{fields['pool2']} + (5 − 1) · 4: two pools before it make steps of 4 pixels.",
            "Begin with 1. Each layer adds $(k-1)\\,j$, then $j$ grows by its stride; pools count.",
            {
                1 + 3 * (5 - 1): "the pools are forgotten",
                fields["pool2"]
                + (5 - 1) * 2: "the jump is the product of all strides before, not the last pool's alone",
                fields["pool3"]: "that is one layer later, after `pool3`",
                fields["pool2"]: "that is one layer earlier, after `pool2`",
                int(conv3.output[1]): "that is the size of its map, not of its field in the image",
                5: "that is its own kernel, and the layers before it widen what it sees",
            },
        ),
        Check(
            8,
            "Padding that keeps the size through a 5 × 5 convolution",
            next(p for p in range(5) if conv_output_size(32, 5, 1, p) == 32),
            "$(k-1)/2$ on each side: two pixels of the kernel reach over the edge.",
            "By how much does a 5 × 5 kernel make the map smaller? Half of it goes on each side.",
            {
                2.5: "that is $k/2$; it should be $(k-1)/2$",
                5 - 1: "half of that on each side is enough",
                0: "without any padding the map gets 4 pixels smaller",
            },
        ),
        Check(
            9,
            "Stride of a 2 × 2 max-pool that halves the size",
            next(s for s in range(1, 5) if conv_output_size(32, 2, s) == 16),
            "The windows lie side by side.",
            "How far is it from one window to the next if none overlap?",
            {1: "then the windows overlap, and the map gets one pixel smaller, not half as large"},
        ),
    )


def _networks(practical: Description) -> tuple[Check, ...]:
    """Return those of Q10 to Q12."""
    conv2 = next(row for row in practical.rows if row.name == "conv2")
    found = totals(named_network("practical"))
    dictionary, classifier = dictionary_numbers(1000, 128), classifier_numbers(15, 1000)
    return (
        Check(
            10,
            "Weights of conv2, without its biases",
            conv2.weights,
            "64 filters of 5 · 5 · 32: as deep as the 32 maps before it.",
            "64 filters: how deep is each, and how many pixels has one slice of it?",
            {
                64 * 5 * 5: "kernels are counted as $k \\times k$, without their depth",
                64 * 5 * 5 * 3: "the kernels are as deep as the 32 maps before them, not as the image",
                conv2.weights + conv2.biases: "that includes the biases, and only the weights are asked for",
                32 * 5 * 5 * 3: "that is `conv1`",
                conv2.weights // 64: "that is one of its 64 filters",
            },
        ),
        Check(
            11,
            "Parameters of the whole network, biases included",
            found[Slip.NONE],
            f"{practical.weights:,} weights and {practical.biases:,} biases.",
            "Add up weights and biases of the three convolutions and of the two dense layers.",
            {total: _SLIPS[slip] for slip, total in found.items() if slip is not Slip.NONE},
        ),
        Check(
            12,
            "Numbers that a bag of 1,000 words (128-d) and its SVM of 15 classes learn",
            dictionary + classifier,
            f"{dictionary:,} in the dictionary and {classifier:,} in the classifier.",
            "Two stages learn: the dictionary, and a classifier of 1,001 words and a bias for each class.",
            {
                classifier: "the dictionary is forgotten, which is learned too",
                dictionary: "the classifier is forgotten",
                dictionary + 15 * 1000: "the zero word and the bias of each class are forgotten",
                dictionary + 15 * 1001: "the bias of each class, or the zero word, is forgotten",
            },
        ),
    )


def _trained() -> tuple[Check, ...]:
    """Return those of Q16 and Q17."""
    updates = math.ceil(CIFAR_TRAIN / 512)
    return (
        Check(
            16,
            "Updates in an epoch of 50,000 images at batch 512",
            updates,
            "97 full batches and a short one.",
            "One update for each batch, the last one too.",
            {
                CIFAR_TRAIN // 512: "the last, shorter batch is left out",
                CIFAR_TRAIN / 512: "the last batch is shorter, but it is an update all the same",
                math.ceil(CIFAR_TRAIN / 128): "that is at batch 128",
            },
        ),
        Check(
            17,
            "Loss of the untrained network, ten classes",
            math.log(10),
            "$-\\ln(1/10) = \\ln 10$: each class gets a tenth.",
            "Each class gets the probability 1/10; the loss is minus the logarithm of the right one's.",
            {
                1.0: "that is the logarithm to base 10, and PyTorch's is the natural one",
                math.log2(10): "that is the logarithm to base 2, and PyTorch's is the natural one",
                0.9: "that is the error, the share of wrong answers",
                0.1: "that is the probability of the right class, and the loss is minus its logarithm",
                10.0: "that is the number of classes, and the loss is its logarithm",
                -math.log(10): "the minus sign is forgotten: a loss is positive",
            },
        ),
    )


def _improved(practical: Description) -> tuple[Check, ...]:
    """Return those of the third part."""
    places = 32 - 28 + 1
    rate = PRESETS["figure-7"]
    learned = describe(with_batch_norm(named_network("practical"))).parameters - practical.parameters
    pixels = math.prod(_IMAGE)
    return (
        Check(
            21,
            "Numbers in the ZCA matrix of CIFAR-10",
            pixels**2,
            f"Each of the {pixels:,} values is mixed from all {pixels:,}.",
            "An image is a vector of 3 · 32 · 32 values: how large is a matrix that turns one into another?",
            {
                pixels: "that is one of its rows",
                3 * 3: "that decorrelates the colours of a pixel alone",
                (pixels // 3) ** 2: "the three channels are forgotten",
            },
        ),
        Check(
            22,
            "Views of one image: crops of 28 from 32 pixels, flipped or not",
            places**2 * 2,
            f"{places} · {places} places, each in two directions.",
            "How many places does a window of 28 pixels have along 32, across and down? Then the flip.",
            {
                places**2: "that is without the flip",
                (places - 1) ** 2 * 2: "there are 32 − 28 + 1 places, the first and the last both count",
                places * 2: "the window moves across and down",
            },
        ),
        Check(
            26,
            "Learning rate after 50 epochs: 0.1, times 0.95 each epoch",
            learning_rate(rate, 51),
            "$0.1 \\cdot 0.95^{50}$.",
            "It is multiplied by 0.95 fifty times.",
            {
                0.1 * 0.95 * 50: "0.95 is raised to the power of 50, not multiplied by it",
                learning_rate(rate, 50): "that is after 49 epochs",
                learning_rate(rate, 52): "that is after 51 epochs",
                0.95**50: "it begins at 0.1, not at 1",
            },
        ),
        Check(
            27,
            "By how much momentum 0.9 lengthens steps that agree, at most",
            1 / (1 - 0.9),
            "$1 + 0.9 + 0.9^2 + \\dots = 1/(1 - 0.9)$.",
            "Old gradients stay in: add up $1 + 0.9 + 0.9^2 + \\dots$",
            {
                1 + 0.9: "not only the step before is still in it, but all the earlier ones too",
                0.9: "that is the momentum itself, and all earlier steps add up",
                1 / 0.9: "that is $1/m$, and the sum is $1/(1-m)$",
            },
        ),
        Check(
            32,
            "Variance of the factor of a unit, dropout at p = 0.9",
            0.9 / (1 - 0.9),
            "$p/(1-p)$: one in ten is kept, and multiplied by ten.",
            "The factor is 0 with probability $p$ and $1/(1-p)$ otherwise; its mean is 1.",
            {
                0.9 * (1 - 0.9): "what is kept is divided by $1-p$, which makes the noise stronger",
                (1 - 0.9) / 0.9: "$p$ is the probability of *dropping* here, of keeping in the 2014 paper",
                1 / (1 - 0.9): "that is the mean of the square, and the square of the mean, 1, has to be subtracted",
            },
        ),
        Check(
            33,
            "PyTorch, p = 0.2, in training: a unit that is kept is multiplied by",
            1 / (1 - 0.2),
            "$1/(1-p)$, so that the mean stays the same.",
            "The mean over all masks must stay what it is without dropout.",
            {
                1 - 0.2: "that is the 2014 paper in testing: PyTorch scales in training, the other way round",
                1.0: "the 2014 paper leaves it alone in training, PyTorch does not",
                1 / 0.2: "$p$ is the probability of *dropping*",
                0.2: "that is the share that is dropped",
            },
        ),
        Check(
            34,
            "Parameters that batch norm adds to the network and that are learned",
            learned,
            "A scale and a shift for each of 32 + 64 + 64 channels.",
            "Each channel of each convolution gets two: of how many channels?",
            {
                2 * learned: "that includes the running statistics, which are measured, not learned",
                learned // 2: "each channel gets a scale and a shift",
            },
        ),
    )
