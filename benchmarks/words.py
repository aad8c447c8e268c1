"""The bag of visual words with its linear SVM, several seeds each.

    python -m benchmarks.words --preset classroom-words --seeds 3
    python -m benchmarks.words --preset cifar-words --seeds 1 --variants gradients

Every figure is on all test images of the data set. The result is written to benchmarks/results/words-cpu.json after
each run, beside what is there of other presets, so that an interrupted measurement keeps what it has.
"""

import argparse
import statistics
from dataclasses import replace
from typing import Any

from benchmarks.files import RESULTS, read, rounded, write
from benchmarks.machine import copies, machine
from cnncore.baselines.bag_of_words import Outcome, run
from cnncore.baselines.config import PRESETS, BagOfWordsConfig, Descriptor
from cnncore.baselines.outcome import Result

RESULT = RESULTS / "words-cpu.json"
VARIANTS: dict[str, dict[str, Any]] = {
    "gradients": {},
    "gradients without pyramid": {"pyramid": False},
    "patches": {"descriptor": Descriptor.PATCHES, "patch": 6},
}


def measure(config: BagOfWordsConfig) -> Result:
    """Return the result of one run."""
    return next(event.result for event in run(config) if isinstance(event, Outcome))


def summary(results: list[Result]) -> dict[str, Any]:
    """Return mean and spread (standard deviation over seeds) of the accuracies and the mean seconds."""
    figures: dict[str, Any] = {}
    for name in ("train/accuracy", "test/accuracy"):
        values = [result.to_dict()[name] for result in results]
        figures[name] = rounded(values)
    figures["train_seconds"] = round(statistics.mean(result.train_seconds for result in results), 1)
    return figures


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", choices=list(PRESETS), default="classroom-words")
    parser.add_argument("--variants", default=",".join(VARIANTS))
    parser.add_argument("--train-size", type=int, help="only so many train images, balanced over the classes")
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()

    written = read(RESULT)
    for variant in args.variants.split(","):
        config = replace(PRESETS[args.preset], train_size=args.train_size, **VARIANTS[variant])
        results: list[Result] = []
        for seed in range(args.seeds):
            results.append(measure(replace(config, seed=seed)))
            entry = {"machine": machine(), "copies": copies(config.dataset), **summary(results)}
            entry |= {"runs": [result.to_dict() for result in results]}
            written.setdefault(args.preset, {})[variant] = entry
            write(RESULT, written)
        print(args.preset, variant, summary(results), flush=True)


if __name__ == "__main__":
    main()
