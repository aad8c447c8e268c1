from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncore.data.augmentation import HorizontalFlip, PadCrop
from cnncore.errors import InputError
from cnncore.training.config import RunConfig
from cnncore.training.diagnosis import effective_step
from cnncore.training.presets import PRESETS
from cnncore.training.recipe import FAMILIES, INGREDIENTS, Recipe, recipe_of

both = pytest.mark.parametrize("family", FAMILIES)


def differing(one, other):
    return {spec.name for spec in fields(RunConfig) if getattr(one, spec.name) != getattr(other, spec.name)} - {
        "preset"
    }


@both
def test_the_ingredients_are_all_that_the_two_recipes_differ_in(family):
    recipe = recipe_of(family)
    named = {setting for ingredient in recipe.ingredients for setting in ingredient.settings}
    assert differing(recipe.old, recipe.new) <= named - {"step"} | {"lr"}


@both
def test_old_with_one_after_the_other_ends_as_the_new(family):
    recipe = recipe_of(family)
    config = recipe.old
    for ingredient in recipe.ingredients:
        config = Recipe(config, recipe.new).added(ingredient.name)
    assert config == replace(recipe.new, preset=None)


@both
def test_one_left_out_changes_its_own_settings_alone(family):
    recipe = recipe_of(family)
    for ingredient in recipe.ingredients:
        changed = differing(recipe.without(ingredient.name), recipe.new)
        assert changed
        assert changed <= set(ingredient.settings) - {"step"} | {"lr"}
        with_it = differing(recipe.added(ingredient.name), recipe.old)
        assert with_it
        assert with_it <= set(ingredient.settings) - {"step"} | {"lr"}


@pytest.mark.parametrize("family", ["classroom", "practical"])
def test_momentum_leaves_the_effective_step(family):
    recipe = recipe_of(family)
    slow = recipe.without("Nesterov momentum")
    assert (slow.momentum, slow.nesterov) == (0, False)
    assert slow.lr == pytest.approx(10 * recipe.new.lr)
    fast = recipe.added("Nesterov momentum")
    assert (fast.momentum, fast.lr) == (0.9, pytest.approx(recipe.old.lr / 10))


def test_the_modern_recipes_augmentation():
    assert PRESETS["practical-plus"].augment == (PadCrop(4), HorizontalFlip(0.5))


@given(lr=st.floats(1e-4, 1), momentum=st.floats(0, 0.99))
def test_the_effective_step_is_the_sum_of_what_one_gradient_moves(lr, momentum):
    velocity, moved = 1.0, 0.0
    for _ in range(3000):
        moved += lr * velocity
        velocity *= momentum
    assert effective_step(lr, momentum) == pytest.approx(moved, rel=1e-6, abs=1e-9)


def test_an_ingredient_that_is_none_is_refused():
    with pytest.raises(InputError, match=r"`ingredient` \(='salt'\) must be one of .*label smoothing"):
        recipe_of("classroom").without("salt")
    with pytest.raises(InputError, match=r"`family` \(='figure'\) must be one of classroom, practical"):
        recipe_of("figure")


def test_recipes_for_different_data_budgets_are_refused():
    with pytest.raises(InputError, match=r"`epochs` \(=60\) of the new recipe must be the old one's 50"):
        Recipe(PRESETS["classroom-9"], replace(PRESETS["classroom-plus"], epochs=60))


def test_every_ingredient_says_what_for():
    assert all(ingredient.why.endswith(".") for ingredient in INGREDIENTS)
    assert len({ingredient.name for ingredient in INGREDIENTS}) == len(INGREDIENTS)
