"""What each ingredient of the modern recipe is worth: left out of it, and added alone to the old one.

    python -m benchmarks.recipe --family classroom --seeds 3 --epochs 20 --device cpu --workers 2
    python -m benchmarks.recipe --family classroom --seeds 3 --device cpu --final
    python -m benchmarks.recipe --family practical --seeds 3 --device cuda
    python -m benchmarks.recipe --family classroom-clock --seeds 3 --epochs 10 --device cpu --workers 2
    python -m benchmarks.recipe --family classroom --seeds 1 --epochs 20 --trial lr=0.02 --trial lr=0.02,average=2

All but `--final` train without a fifth of the train images (a tenth of CIFAR-10's) and are judged on those. A
difference is taken seed by seed, as one seed means the same order and, but for what an ingredient makes of them, the
same first weights. A `--trial` changes settings of the new recipe; trials are kept too, so that the file says what was
chosen from. `--final` trains both recipes as they are, on all train images, and reads the test set: nothing is chosen
after that. Figures are those of the last epoch. Written to benchmarks/results/recipe-FAMILY-DEVICE.json, see
`benchmarks.runs`.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from benchmarks.files import RESULTS
from benchmarks.runs import HELD_OUT, Job, add_options, asked, fill
from cnncore.data.augmentation import parse_augmentations
from cnncore.figures.recipe import ADDED, AGAIN, LEFT_OUT, Measurement, worth_table
from cnncore.training.config import RunConfig
from cnncore.training.recipe import FAMILIES, TEST_TIME, Recipe, recipe_of

# A trial's settings in words.
_TEXTS = ("schedule", "optimizer", "network", "augment", "standardize", "tta", "precision")
UNCHANGED = "as it is"


def rows(recipe: Recipe) -> Iterator[tuple[str, RunConfig]]:
    """Yield the table's rows: the two recipes, the new one without each ingredient, the old one with each.

    They are judged by one look at each image; what more looks are worth is read off the same weights, see `AGAIN`.
    """
    once = recipe.asked_once
    yield "new", once.new
    yield "old", once.old
    for ingredient in once.ingredients:
        yield f"new without {ingredient.name}", once.without(ingredient.name)
    for ingredient in once.ingredients:
        yield f"old with {ingredient.name}", once.added(ingredient.name)
    if recipe.new.tta is not recipe.old.tta:
        yield AGAIN[LEFT_OUT], recipe.new
        yield AGAIN[ADDED], recipe.added(TEST_TIME.name)


def trial(config: RunConfig, text: str) -> RunConfig:
    """Return the configuration with the settings that a text names; `UNCHANGED` changes none.

    >>> changed = trial(RunConfig(), "lr=0.02,augment=flip+erase")
    >>> changed.lr, changed.augment
    (0.02, (HorizontalFlip(p=0.5), RandomErasing(p=0.5, area=0.15)))
    """
    pairs = [] if text == UNCHANGED else [pair.split("=") for pair in text.split(",")]
    if any(len(pair) != 2 for pair in pairs):
        raise SystemExit(f"`--trial` (={text}) must be settings like lr=0.2,average=2 or `{UNCHANGED}`.")
    values: dict[str, Any] = {name: value if name in _TEXTS else json.loads(value) for name, value in pairs}
    if "augment" in values:
        values["augment"] = parse_augmentations(values["augment"].replace("+", ","))
    return replace(config, preset=None, **values)


def jobs(args: argparse.Namespace) -> Iterator[Job]:
    """Yield everything to measure: a whole round of rows for each seed."""
    recipe = recipe_of(args.family)
    part, chosen = "ingredients", list(rows(recipe))
    if args.trial:
        part, chosen = "trials", [(text, trial(recipe.new, text)) for text in args.trial]
    elif args.final:
        part, chosen = "final", [("new", recipe.new), ("old", recipe.old)]
    for seed in range(args.seeds):
        for row, config in chosen:
            if not args.only or row in args.only:
                held_out = 0 if args.final else HELD_OUT[config.dataset]
                yield Job(part, row, replace(asked(config, args, seed), validation_size=held_out))


def table(found: Measurement) -> str:
    """Return the ingredients as the Markdown table of docs/recipes.md, in points of validation accuracy."""
    columns = worth_table(found.worths)
    names = ["ingredient", LEFT_OUT, ADDED]
    lines = [f"| {' | '.join(names)} |", "|---|---|---|"]
    rows = zip(*(columns[name] for name in names), strict=True)
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def main() -> None:
    """Measure what is missing, and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--family", choices=list(FAMILIES), default="classroom")
    parser.add_argument("--trial", action="append", help="settings of the new recipe to try on the validation split")
    parser.add_argument("--final", action="store_true", help="both recipes on all train images, for the test set")
    add_options(parser)
    args = parser.parse_args()
    fill(RESULTS / f"{args.name or f'recipe-{args.family}-{args.device}'}.json", jobs(args), args.workers)


if __name__ == "__main__":
    main()
