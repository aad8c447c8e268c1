import numpy as np
import pytest

from cnncore.descent.paths import Setting, ways
from cnncore.descent.rules import Constants, Rule
from cnncore.descent.surfaces import SURFACES, largest_rate, surface
from cnncore.errors import InputError

EACH = pytest.mark.parametrize("place", SURFACES.values(), ids=SURFACES)


@EACH
def test_gradients_are_the_values_differences(place):
    points = np.random.default_rng(0).uniform(-2, 2, (50, 2))
    h = 1e-6
    for axis in (0, 1):
        shift = np.eye(2)[axis] * h
        numeric = (place.value(points + shift) - place.value(points - shift)) / (2 * h)
        np.testing.assert_allclose(place.gradient(points)[:, axis], numeric, rtol=1e-5, atol=1e-6)


@EACH
def test_minima_are_the_lowest_points_of_the_picture(place):
    left, right, bottom, top = place.box
    for minimum in place.minima:
        assert place.value(np.array(minimum)) == pytest.approx(place.lowest)
        np.testing.assert_allclose(place.gradient(np.array(minimum)), 0, atol=1e-12)
        assert left < minimum[0] < right
        assert bottom < minimum[1] < top
    grid = place.grid(201, 101)
    assert grid.shape == (101, 201)
    assert grid.min() >= place.lowest
    assert grid[0, 0] == pytest.approx(place.value(np.array([left, top])))
    assert left <= place.start[0] <= right
    assert bottom <= place.start[1] <= top


def test_curvatures_are_the_hessians_and_distances_go_to_the_nearest():
    valley = surface("Valley")
    h = 1e-3
    for axis, curvature in enumerate(valley.curvatures):
        shift = np.eye(2)[axis] * h
        bend = (valley.value(shift) - 2 * valley.value(np.zeros(2)) + valley.value(-shift)) / h**2
        assert bend == pytest.approx(curvature, rel=1e-6)
    assert surface("Saddle").distance(np.array([[3.0, 0.0], [-2.0, 1.0]])) == pytest.approx([1, 1])


WITH_MOMENTUM = [(rule, momentum) for rule in (Rule.MOMENTUM, Rule.NESTEROV) for momentum in (0.5, 0.9)]


@pytest.mark.parametrize(("rule", "momentum"), [(Rule.SGD, 0.0), *WITH_MOMENTUM])
def test_the_largest_rate_separates_arriving_from_diverging(rule, momentum):
    limit = largest_rate(8.0, momentum, nesterov=rule is Rule.NESTEROV)
    for factor, arrives in ((0.98, True), (1.02, False)):
        setting = Setting(lr=limit * factor, constants=Constants(momentum=momentum))
        (way,) = ways(setting, (rule,), steps=800)
        assert (way.diverged is None) is arrives
        if arrives:
            assert abs(way.points[-1, 1]) < 0.1


def test_an_unknown_surface_is_a_sentence():
    with pytest.raises(InputError, match="must be one of Valley"):
        surface("Hill")
