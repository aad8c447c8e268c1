"""The same data, 1989 to today: each era's network and recipe on one data set, several seeds.

    python -m benchmarks.records --dataset builtin --seeds 3 --device cpu --workers 2
    python -m benchmarks.records --dataset cifar10 --seeds 3 --device cuda
    python -m benchmarks.records --dataset cifar10 --seeds 1 --epochs 30 --train-size 10000 --device cpu --name ...-part

The eras are those of `cnncore.course.eras`; nothing is chosen on what comes out. Figures are those of the last epoch,
on all test images, each seen once. Written to benchmarks/results/records-DATASET-DEVICE.json, see `benchmarks.runs`.
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace

from benchmarks.files import RESULTS
from benchmarks.runs import Job, add_options, asked, fill
from cnncore.course.eras import ERAS
from cnncore.training.config import TTA


def jobs(args: argparse.Namespace) -> Iterator[Job]:
    """Yield everything to measure: a round of eras for each seed."""
    for seed in range(args.seeds):
        for era in ERAS:
            if not args.only or era.name in args.only:
                config = replace(era.configs[args.dataset], tta=TTA.NONE)
                yield Job("eras", era.name, asked(config, args, seed))


def main() -> None:
    """Measure what is missing, and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", choices=["builtin", "cifar10"], default="builtin")
    add_options(parser)
    args = parser.parse_args()
    fill(RESULTS / f"{args.name or f'records-{args.dataset}-{args.device}'}.json", jobs(args), args.workers)


if __name__ == "__main__":
    main()
