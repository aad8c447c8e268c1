"""The same data, 1989 to today: networks and recipes of seven times as configurations, and the published records.

An era's settings are those of its time as far as images of 32 pixels allow: what is the same for all of one data set is
the data. `cnncore.figures.records` joins them with what `benchmarks/records.py` measured.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from cnncore.training.config import Precision, RunConfig
from cnncore.training.presets import PRESETS


@dataclass(frozen=True)
class Era:
    """One step of the way: the year of its newest idea, what is new in it and by whom, and its run on each data set."""

    year: int
    name: str
    new: str
    configs: Mapping[str, RunConfig]  # by data set


@dataclass(frozen=True)
class Record:
    """A published time to 94 % on the test images of CIFAR-10: `seconds` on one `gpu`, as its author's clock counts.

    These clocks start when the data are on the GPU, after a run to warm up; what is compiled was compiled before.
    """

    year: int
    name: str
    seconds: float
    gpu: str
    source: str


def _lenets(network: str) -> dict[str, RunConfig]:
    """Return a LeNet in plain gradient descent on standardized pixels, with the ladder's batch, rate and epochs."""
    return {
        "builtin": replace(PRESETS["classroom-5"], network=network, preset=None),
        "cifar10": replace(PRESETS["figure-5"], network=network, preset=None),
    }


def _presets(builtin: str, cifar10: str) -> dict[str, RunConfig]:
    return {"builtin": PRESETS[builtin], "cifar10": PRESETS[cifar10]}


ERAS: tuple[Era, ...] = (
    Era(
        1989,
        "Zip code network",
        "Convolutions with shared weights, learned by backpropagation: strides, no pools (LeCun et al. 1989)",
        _lenets("lenet1989"),
    ),
    Era(1998, "LeNet-5", "Pools, more maps (LeCun et al. 1998); max-pools here", _lenets("lenet5")),
    Era(
        2012,
        "AlexNet's ideas",
        "ReLU, crops and flips, dropout (Krizhevsky et al. 2012), in the practical's network",
        _presets("classroom-8", "figure-8"),
    ),
    Era(2015, "+ batch norm", "Batch norm (Ioffe & Szegedy 2015)", _presets("classroom-9", "figure-9")),
    Era(
        2017,
        "+ a modern recipe",
        "One-cycle, Nesterov momentum, weight decay, label smoothing, averaged weights, no dropout: the same network",
        _presets("classroom-plus", "practical-plus"),
    ),
    Era(
        2018,
        "Residual network",
        "Residual blocks (He et al. 2015) in nine layers (Page 2018), the same recipe",
        {
            "builtin": replace(PRESETS["classroom-plus"], network="resnet9-narrow", batch_norm=False, preset=None),
            # Page's batch, decay and number of epochs. Half of his peak rate: he divides the logits by eight.
            "cifar10": replace(
                PRESETS["practical-plus"],
                network="resnet9",
                batch_norm=False,
                batch_size=512,
                lr=0.2,
                epochs=24,
                precision=Precision.HALF,
                preset=None,
            ),
        },
    ),
    Era(
        2024,
        "Small maps",
        "Seven convolutions, most on maps of 7 and 3 pixels; the first whitens patches and is not learned, the others "
        "begin as identities (after Jordan 2024)",
        _presets("classroom-speedrun", "speedrun"),
    ),
)
_AIRBENCH = "https://github.com/KellerJordan/cifar10-airbench"
RECORDS: tuple[Record, ...] = (
    Record(2019, "How to train your ResNet", 26, "V100", "https://myrtle.ai/learn/how-to-train-your-resnet/"),
    Record(2023, "hlb-CIFAR10", 6.3, "A100", "https://github.com/tysam-code/hlb-CIFAR10"),
    Record(2024, "airbench94", 3.83, "A100", "https://arxiv.org/abs/2404.00498"),
    Record(2024, "airbench94, compiled", 3.09, "A100", _AIRBENCH),
    Record(2024, "airbench94 with Muon", 2.59, "A100", _AIRBENCH),
    Record(2025, "Hiverge", 1.99, "A100", "https://www.hiverge.ai/blog/cifar-speedrun"),
)
