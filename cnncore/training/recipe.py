"""What a recipe is made of: two presets that share data and network, and the ingredients in which they differ.

Each ingredient is some settings of a configuration. To leave one out of the new recipe is to give these the old
one's values; to add one to the old recipe is the same the other way round.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from cnncore.errors import InputError
from cnncore.training.config import TTA, RunConfig
from cnncore.training.diagnosis import effective_step
from cnncore.training.presets import PRESETS

STEP = "step"  # the effective learning rate lr / (1 - momentum), Q27: a setting here in the place of `lr`


@dataclass(frozen=True)
class Ingredient:
    """One thing that a recipe does: a name, in a sentence what for, and the settings that make it."""

    name: str
    why: str
    settings: tuple[str, ...]


TEST_TIME = Ingredient(
    "test-time augmentation",
    "After the last epoch the network is asked about six views of each image, mirrored and moved by a pixel, and the "
    "mean of its answers counts; the weights are the same (Krizhevsky et al. 2012).",
    ("tta",),
)
INGREDIENTS: tuple[Ingredient, ...] = (
    Ingredient(
        "one-cycle",
        "The learning rate rises for a third of the updates and then falls to nothing, instead of falling from the "
        "start (Smith & Topin 2017).",
        ("schedule", "decay", STEP),
    ),
    Ingredient(
        "Nesterov momentum",
        "Each step keeps nine tenths of the last one; the learning rate is divided by ten, so that the effective step "
        "stays the same (Nesterov 1983, Sutskever et al. 2013).",
        ("momentum", "nesterov"),
    ),
    Ingredient(
        "weight decay",
        "Every update also shrinks the weights a little (Krogh & Hertz 1991).",
        ("weight_decay",),
    ),
    Ingredient(
        "label smoothing",
        "A tenth of each label is shared out over all classes: no answer can be too sure (Szegedy et al. 2016).",
        ("label_smoothing",),
    ),
    Ingredient(
        "averaged weights",
        "What is tested is a moving average of the weights, which has less noise than the last ones (Polyak & Juditsky "
        "1992).",
        ("average",),
    ),
    Ingredient(
        "pad-crop",
        "Images are shifted by up to four pixels at their full size, instead of cut to 28 pixels (He et al. 2015).",
        ("augment",),
    ),
    Ingredient(
        "no dropout",
        "Batch norm and augmentation already regularize: half of the dense units are no longer dropped.",
        ("dropout",),
    ),
    Ingredient(
        "whitened patches",
        "The first filters are the principal components of the images' patches, scaled to equal strength, and are not "
        "learned: the layers after them get a well-scaled input from the first update on (Page 2019).",
        ("whitened_patches",),
    ),
    Ingredient(
        "identity start",
        "Each convolution begins by passing on its inputs, so that the image reaches the last layer at once "
        "(Zagoruyko & Komodakis 2017).",
        ("identity_start",),
    ),
    Ingredient(
        "fast batch norm biases",
        "They decide how often a unit is active, and learn at 64 times the rate of the weights; the scales beside them "
        "stay at one (Page 2019).",
        ("norm_bias_rate",),
    ),
    Ingredient(
        "small logits",
        "The logits are divided by nine: the last layer learns slowly, and cannot be sure of everything in the first "
        "updates, when the rate is high (Page 2018).",
        ("logit_scale",),
    ),
    TEST_TIME,
)


def _without_haste(preset: RunConfig) -> RunConfig:
    """Return a network for the clock as PyTorch would begin it and train it, with nothing else changed."""
    own = ("whitened_patches", "identity_start", "norm_bias_rate", "logit_scale")
    return replace(preset, preset=None, **{name: getattr(RunConfig(), name) for name in own})


# The old and the new recipe. Those for the clock are about the network's first weights and its parts' own rates.
FAMILIES: dict[str, tuple[RunConfig, RunConfig]] = {
    "classroom": (PRESETS["classroom-9"], PRESETS["classroom-plus"]),
    "practical": (PRESETS["figure-9"], PRESETS["practical-plus"]),
    "classroom-clock": (_without_haste(PRESETS["classroom-speedrun"]), PRESETS["classroom-speedrun"]),
    "clock": (_without_haste(PRESETS["speedrun"]), PRESETS["speedrun"]),
}


@dataclass(frozen=True)
class Recipe:
    """An old and a new configuration for the same network, data and number of epochs."""

    old: RunConfig
    new: RunConfig

    def __post_init__(self) -> None:
        for name in ("dataset", "network", "epochs", "batch_size", "batch_norm", "train_size"):
            mine, theirs = getattr(self.new, name), getattr(self.old, name)
            if mine != theirs:
                raise InputError(
                    f"`{name}` (={mine}) of the new recipe must be the old one's {theirs}: only the recipe may differ."
                )

    @property
    def asked_once(self) -> "Recipe":
        """The two recipes without test-time augmentation: what the ingredients that train are judged by."""
        return Recipe(*(replace(config, tta=TTA.NONE) for config in (self.old, self.new)))

    @property
    def ingredients(self) -> list[Ingredient]:
        """The ingredients in which the two differ."""
        return [i for i in INGREDIENTS if any(_get(self.old, name) != _get(self.new, name) for name in i.settings)]

    def without(self, name: str) -> RunConfig:
        """Return the new recipe with one ingredient left out."""
        return _taken(self.new, self.old, self._settings(name))

    def added(self, name: str) -> RunConfig:
        """Return the old recipe with one ingredient added."""
        return _taken(self.old, self.new, self._settings(name))

    def _settings(self, name: str) -> Sequence[str]:
        for ingredient in self.ingredients:
            if ingredient.name == name:
                return ingredient.settings
        known = ", ".join(ingredient.name for ingredient in self.ingredients)
        raise InputError(f"`ingredient` (={name!r}) must be one of {known}: choose one of them.")


def recipe_of(family: str) -> Recipe:
    """Return the recipe of one of the `FAMILIES`, as `classroom`: from the ladder's last step to the modern one.

    >>> recipe_of("classroom").without("weight decay").weight_decay
    0.0
    """
    if family not in FAMILIES:
        raise InputError(f"`family` (={family!r}) must be one of {', '.join(FAMILIES)}: choose one of them.")
    return Recipe(*FAMILIES[family])


def _step(config: RunConfig) -> float:
    return round(effective_step(config.lr, config.momentum), 10)


def _get(config: RunConfig, name: str) -> Any:
    return _step(config) if name == STEP else getattr(config, name)


def _taken(config: RunConfig, other: RunConfig, names: Sequence[str]) -> RunConfig:
    """Return `config` with the other's values of some settings; its effective step stays unless it is among them."""
    changed = replace(config, preset=None, **{name: getattr(other, name) for name in names if name != STEP})
    step = _step(other if STEP in names else config)
    return replace(changed, lr=round(step * (1 - changed.momentum), 10))
