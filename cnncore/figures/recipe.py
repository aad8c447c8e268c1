"""What each ingredient of a recipe is worth, from benchmarks/results: differences seed by seed, with their spread."""

from dataclasses import dataclass, replace
from typing import Any

from cnncore.data.catalogue import BUILTIN, KNOWN
from cnncore.figures.curves import Chart
from cnncore.figures.palette import GUESS, KERNEL, VALIDATION
from cnncore.figures.results import copied_from, stored, where
from cnncore.runs.differences import differences
from cnncore.statistics import mean_and_spread
from cnncore.training.config import RunConfig
from cnncore.training.recipe import INGREDIENTS, TEST_TIME, recipe_of
from cnncore.wording import signed

LEFT_OUT, ADDED = "in the new recipe: lost without it", "in the old recipe: won by it alone"
AGAIN = {LEFT_OUT: "new, asked again", ADDED: "old, asked again"}  # rows whose weights were asked both ways
_COLOURS = {LEFT_OUT: VALIDATION, ADDED: KERNEL}


@dataclass(frozen=True)
class Worth:
    """What an ingredient adds to the validation accuracy, in points: one difference for each seed.

    `how` is `LEFT_OUT` (the new recipe less itself without the ingredient) or `ADDED` (the old one with it less
    itself). `spread` is their standard deviation, None for one seed.
    """

    ingredient: str
    how: str
    differences: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The mean difference."""
        return mean_and_spread(self.differences)[0]

    @property
    def spread(self) -> float | None:
        """The standard deviation of the differences."""
        return mean_and_spread(self.differences)[1]

    @property
    def words(self) -> str:
        """What the differences say, in words: an effect is claimed only where every seed agrees.

        >>> Worth("salt", ADDED, (0.4, 1.2, -0.1)).words
        'seeds disagree'
        """
        if len(self.differences) == 1:
            return "one seed"
        if all(difference > 0 for difference in self.differences):
            return "helps, every seed"
        if all(difference < 0 for difference in self.differences):
            return "hurts, every seed"
        return "seeds disagree"


@dataclass(frozen=True)
class Trial:
    """A setting that was tried on the validation images before the recipe was fixed; the accuracy is the mean's."""

    changes: str  # against the new recipe as it is now
    epochs: int
    accuracy: float
    seeds: int


@dataclass(frozen=True)
class Measurement:
    """A recipe's measurement: `worths` of the ingredients, validation accuracies of both, `trials` that were made.

    Accuracies are (mean, spread, seeds), fractions, on `validation` images after `epochs` epochs on `images` others;
    `machine` says on what it ran, `copies` that the images were not the original ones (empty if they were).
    """

    worths: tuple[Worth, ...]
    old: tuple[float, float | None, int]
    new: tuple[float, float | None, int]
    trials: tuple[Trial, ...]
    epochs: int
    images: int
    validation: int
    machine: str
    copies: str


def measurement(family: str) -> Measurement | None:
    """Return what benchmarks/recipe.py measured of a family's ingredients on a CPU or a GPU; None where nothing was.

    With all images if it was, else with a part of them, in a file called `...-part`.
    """
    files = (stored(f"recipe-{family}-{name}") for name in ("cuda", "cpu", "auto", "cpu-part"))
    complete = (found for found in files if found and {"new", "old"} <= found.get("ingredients", {}).keys())
    content = next(complete, None)
    if content is None:
        return None
    rows = {row: _last(entry) for row, entry in content["ingredients"].items()}
    compared = [
        (ingredient, how, rows.get(full, {}), rows.get(less, {}))
        for ingredient in recipe_of(family).asked_once.ingredients
        for how, full, less in (
            (LEFT_OUT, "new", f"new without {ingredient.name}"),
            (ADDED, f"old with {ingredient.name}", "old"),
        )
    ]
    for how, row in AGAIN.items():
        if row in rows:
            compared.append((TEST_TIME, how, _last(content["ingredients"][row], "validation_tta_accuracy"), rows[row]))
    worths = []
    for ingredient, how, full, less in compared:
        both = sorted(full.keys() & less.keys())
        if both:
            found = tuple(round(100 * (full[seed] - less[seed]), 2) for seed in both)
            worths.append(Worth(ingredient.name, how, found))
    config = RunConfig.from_dict(content["ingredients"]["new"]["config"])
    trials = tuple(_trial(entry, recipe_of(family).new) for entry in content.get("trials", {}).values())
    about = BUILTIN if config.dataset == BUILTIN.name else KNOWN[config.dataset]
    return Measurement(
        tuple(worths),
        old=_summary(rows["old"]),
        new=_summary(rows["new"]),
        trials=trials,
        epochs=config.epochs,
        images=config.train_size or about.train_size - config.validation_size,
        validation=config.validation_size,
        machine=where(config, content["machine"]),
        copies=copied_from(content, config.dataset),
    )


def _trial(entry: dict[str, Any], new: RunConfig) -> Trial:
    config = RunConfig.from_dict(entry["config"])
    mean, _, seeds = _summary(_last(entry))
    same = ("epochs", "validation_size", "train_size", "precision", "tta")
    like = replace(new, **{name: getattr(config, name) for name in same})
    changed = ", ".join(f"{name} {value}" for name, (_, value) in differences([like, config]).items())
    return Trial(changed or "as it is", config.epochs, mean, seeds)


def _last(entry: dict[str, Any], metric: str = "validation_accuracy") -> dict[int, float]:
    """Return the metric after the last epoch by seed."""
    curves = {run["seed"]: run["curve"][metric] for run in entry["runs"] if not run["diverged"]}
    return {seed: values[-1] for seed, values in curves.items()}


def _summary(by_seed: dict[int, float]) -> tuple[float, float | None, int]:
    return *mean_and_spread(list(by_seed.values())), len(by_seed)


def worth_chart(worths: tuple[Worth, ...]) -> Chart:
    """Return the chart of ingredients: a dot for the mean difference, a line for one standard deviation to each side.

    In the order in which the ingredients are worth most when they are left out.
    """
    order = sorted({w.ingredient for w in worths}, key=lambda name: -_mean_of(worths, name))
    data: dict[str, list[Any]] = {name: [] for name in ("ingredient", "how", "mean", "low", "high", "words")}
    for worth in worths:
        spread = worth.spread or 0.0
        values = (worth.mean, worth.mean - spread, worth.mean + spread)
        data["ingredient"].append(worth.ingredient)
        data["how"].append(worth.how)
        data["words"].append(worth.words)
        for name, value in zip(("mean", "low", "high"), values, strict=True):
            data[name].append(round(value, 2))
    hows = [how for how in _COLOURS if how in data["how"]]
    place = {
        "y": {"field": "ingredient", "type": "nominal", "sort": order, "axis": {"title": None, "labelLimit": 180}},
        "yOffset": {"field": "how", "type": "nominal", "sort": hows},
        "color": {
            "field": "how",
            "type": "nominal",
            "scale": {"domain": hows, "range": [_COLOURS[how] for how in hows]},
            "legend": {"orient": "top", "title": None, "labelLimit": 300, "columns": 1},
        },
    }

    def across(name: str) -> dict[str, Any]:
        return {"field": name, "type": "quantitative", "title": "adds to the validation accuracy (points)"}

    tooltip = [{"field": name, "type": "nominal"} for name in ("ingredient", "how", "mean", "words")]
    layers = [
        {"mark": {"type": "rule", "color": GUESS, "strokeDash": [4, 3]}, "encoding": {"x": {"datum": 0}}},
        {
            "mark": {"type": "rule", "strokeWidth": 2},
            "encoding": {**place, "x": across("low"), "x2": {"field": "high"}},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 80, "opacity": 1},
            "encoding": {**place, "x": across("mean"), "tooltip": tooltip},
        },
    ]
    return Chart({"layer": layers, "height": {"step": 20}, "config": {"view": {"stroke": None}}}, data)


def _mean_of(worths: tuple[Worth, ...], name: str) -> float:
    return next((w.mean for how in (LEFT_OUT, ADDED) for w in worths if (w.ingredient, w.how) == (name, how)), 0.0)


def worth_table(worths: tuple[Worth, ...]) -> dict[str, list[str]]:
    """Return by column what each ingredient is, and what it is worth in points, mean and standard deviation."""
    rows = {(w.ingredient, w.how): f"{signed(w.mean, '+.1f')}{_spread(w.spread)} ({w.words})" for w in worths}
    chosen = [i for i in INGREDIENTS if any(name == i.name for name, _ in rows)]
    return {
        "ingredient": [i.name for i in chosen],
        **{how: [rows.get((i.name, how), "not measured") for i in chosen] for how in _COLOURS},
        "what it does": [i.why for i in chosen],
    }


def _spread(spread: float | None) -> str:
    return "" if spread is None else f" ± {spread:.1f}"
