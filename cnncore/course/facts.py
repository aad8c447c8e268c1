"""The numbers in the worked answers, each computed by the calculators that the pages use."""

import math
from functools import cache

from cnncore.architecture import Conv2d, Description, describe, layer_facts, named_network, with_batch_norm
from cnncore.architecture.reach import reach, seen_box
from cnncore.baselines.config import classifier_numbers, dictionary_numbers
from cnncore.figures.label_safety import reference
from cnncore.figures.measured import measured, time_added
from cnncore.inspection.label_safety import View
from cnncore.statistics import wilson_interval
from cnncore.training.presets import PRESETS, title
from cnncore.training.schedule import learning_rate
from cnncore.wording import dimensions

CIFAR_TRAIN = 50_000
# The readings behind the source report's percentages: how many of the first 128 test images were right.
REPORT = {"figure-2": 91, "figure-5": 95, "figure-6": 105, "figure-7": 109, "figure-8": 114, "figure-9": 116}


@cache
def facts() -> dict[str, str]:
    """Return every fact as the text that stands in an answer."""
    practical = describe(named_network("practical"))
    rows = {row.name: row for row in practical.rows}
    one = layer_facts(Conv2d(1, 5, padding=2), (3, 32, 32))
    conv1 = layer_facts(Conv2d(32, 5, padding=2), (3, 32, 32))
    convolutions = [row for row in practical.rows if row.kind == "conv"]
    conv_parameters = sum(row.weights + row.biases for row in convolutions)
    conv_macs = sum(row.macs for row in convolutions)
    crop = describe(named_network("practical", (3, 28, 28)))
    decayed = PRESETS["figure-7"]
    result = {
        "one.weights": one.weights,
        "one.dense_weights": one.dense_weights,
        "one.dense_biases": one.dense_biases,
        "conv1.weights": conv1.weights,
        "conv1.unshared": conv1.weights * conv1.output[1] * conv1.output[2],  # a filter of its own for every place
        "conv1.dense_weights": conv1.dense_weights,
        "practical.parameters": practical.parameters,
        "norm.parameters": describe(with_batch_norm(named_network("practical"))).parameters - practical.parameters,
        "vgg16.dense_parameters": sum(
            row.weights + row.biases for row in describe(named_network("vgg16")).rows if row.kind == "linear"
        ),
        "updates.128": math.ceil(CIFAR_TRAIN / 128),
        "updates.512": math.ceil(CIFAR_TRAIN / 512),
        "views": (32 - 28 + 1) ** 2 * 2,
        "zca.numbers": (3 * 32 * 32) ** 2,
        "words.dictionary": dictionary_numbers(words=1000, dimensions=128),
        "words.classifier": classifier_numbers(classes=15, words=1000),
        "words.learned": dictionary_numbers(1000, 128) + classifier_numbers(15, 1000),
        "words.classifier10": classifier_numbers(classes=10, words=1000),
    }
    texts = {name: f"{value:,}" for name, value in result.items()}
    texts |= {
        "practical.macs": f"{practical.macs / 1e6:.2f}",
        "conv.macs": f"{conv_macs / 1e6:.2f}",
        "conv.parameter_share": f"{100 * conv_parameters / practical.parameters:.1f}",
        "conv.mac_share": f"{100 * conv_macs / practical.macs:.1f}",
        "fc4.parameter_share": f"{100 * (rows['fc4'].weights + rows['fc4'].biases) / practical.parameters:.1f}",
        "practical.per_image": f"{practical.parameters / CIFAR_TRAIN:.1f}",
        "crop.macs": f"{crop.macs / 1e6:.2f}",
        "crop.sides": ", ".join(str(row.output[1]) for row in crop.rows if row.kind == "max-pool"),
        "crop.saving": f"{100 * (1 - crop.macs / practical.macs):.0f}",
        "practical.fields": ", ".join(str(rows[name].receptive_field) for name in _FIELD_LAYERS),
        "practical.jumps": ", ".join(str(rows[name].jump) for name in _FIELD_LAYERS),
        "vgg16.fields": ", ".join(
            str(row.receptive_field)
            for row in describe(named_network("vgg16")).rows
            if row.kind in ("conv", "max-pool")
        ),
        "vgg16.fc6": str(
            next(row.receptive_field for row in describe(named_network("vgg16")).rows if row.name == "fc6")
        ),
        "conv3.sees": _seen_by_conv3(),
        "practical.table": _table(practical),
        "ln10": f"{math.log(10):.4f}",
        "lr.10": f"{learning_rate(decayed, 11):.3f}",
        "lr.50": f"{learning_rate(decayed, 51):.4f}",
        "lr.100": f"{learning_rate(decayed, 101):.5f}",
        "lr.sum": f"{sum(learning_rate(decayed, epoch) for epoch in range(1, 101)):.1f}",
        "dropout.noise": ", ".join(f"{p / (1 - p):.2g}" for p in (0.1, 0.5, 0.9)),
        "dropout.without": _reached("classroom-7"),
        "dropout.with": _reached("classroom-8"),
        "norm.time": time_added("figure-8", "figure-9") or "not measured here",
        "report.intervals": ", ".join(_interval(right, 128) for right in REPORT.values()),
        "vgg16.maps": ", ".join(f"{size}: {_map('vgg16', size)}" for size in (224, 256, 288, 320, 384, 448, 512)),
        "vgg16.oblong": _map("vgg16", 256, 384),
        "practical.maps": ", ".join(f"{size}: {_map('practical', size)}" for size in (32, 40, 48, 64, 96, 128)),
        "mirrored.digits": _on_mirrored_digits(),
        "momentum.bore": f"{PRESETS['classroom-7-momentum'].lr:g}",
    }
    return texts


def _reached(preset: str) -> str:
    one = measured(PRESETS[preset])
    if one is None:
        return "not measured here"
    spread = f" ± {100 * one.spread:.1f}" if one.spread is not None else ""
    return f"{100 * one.accuracy:.1f}{spread} %"


_FIELD_LAYERS = ("conv1", "pool1", "conv2", "pool2", "conv3", "pool3", "fc4")


def _table(description: Description) -> str:
    lines = ["| layer | output | weights | biases | share | multiply-adds |", "|---|---|---:|---:|---:|---:|"]
    for row in description.rows:
        if row.weights or row.kind == "max-pool":
            output = dimensions(row.output if row.output[1:] != (1, 1) else row.output[:1])
            share = f"{100 * (row.weights + row.biases) / description.parameters:.2f} %" if row.weights else ""
            macs = f"{row.macs / 1e6:.3f} M" if row.macs else ""
            lines.append(f"| {row.name} | {output} | {row.weights:,} | {row.biases:,} | {share} | {macs} |")
    totals = f"{description.weights:,} | {description.biases:,} | | {description.macs / 1e6:.3f} M |"
    return "\n".join([*lines, f"| total | | {totals}"])


def _map(network: str, height: int, width: int | None = None) -> str:
    shape = (3, height, width or height)
    output = describe(named_network(network), shape, fully_convolutional=True).rows[-1].output
    return dimensions(output[1:])


def _seen_by_conv3() -> str:
    network = named_network("practical")
    place = next(number for number, layer in enumerate(network.layers) if layer.name == "conv3")
    middle = describe(network).rows[place].output[1] // 2
    return dimensions(seen_box(reach(network.layers, network.input)[place], middle, middle).size)


def _on_mirrored_digits() -> str:
    found = reference()
    if found is None:
        return "not measured here"
    digits = next(fall for fall in found.falls if fall.name == title("figure-1"))
    before, after = (100 * digits.right[view] / digits.images for view in (View.STORED, View.MIRRORED))
    return f"from {before:.1f} to {after:.1f} %"


def _interval(right: int, total: int) -> str:
    low, high = wilson_interval(right, total)
    return f"{100 * low:.1f} to {100 * high:.1f}"
