import numpy as np
import pytest

from cnncore.architecture.reach import Reach
from cnncore.inspection.footprint import footprint


def seen(size, first, last):
    table = np.zeros((1, size), dtype=bool)
    table[0, first:last] = True
    return Reach(((table, table),))


def test_an_even_gradient_has_a_quarter_in_its_middle():
    heat = np.zeros((20, 20), np.float32)
    heat[2:18, 2:18] = 3
    found = footprint(heat, seen(20, 2, 18), (0, 0))
    assert (found.used, found.possible, found.outside) == (256, 256, 0)
    assert found.half == pytest.approx(0.25)
    assert found.radius == 8  # 14 x 14 of 16 x 16 hold 77 %
    assert np.allclose(found.rows[2:18], 1 / 16)


def test_one_pixel_in_the_middle_is_all():
    heat = np.zeros((9, 9), np.float32)
    heat[4, 4] = 0.5
    found = footprint(heat, seen(9, 0, 9), (0, 0))
    assert (found.used, found.possible, found.radius, found.half) == (1, 81, 0.5, 1)


def test_95_percent_are_counted_from_the_centre_outwards():
    heat = np.zeros((9, 9), np.float32)
    heat[4, 4], heat[4, 6], heat[0, 4] = 90, 6, 4
    assert footprint(heat, seen(9, 0, 9), (0, 0)).radius == 2.5
    heat[4, 6], heat[0, 4] = 4, 6
    assert footprint(heat, seen(9, 0, 9), (0, 0)).radius == 4.5


def test_what_lies_outside_is_found_and_silence_is_said():
    heat = np.zeros((9, 9), np.float32)
    silent = footprint(heat, seen(9, 0, 4), (0, 0))
    assert (silent.used, silent.possible, silent.radius, silent.half) == (0, 16, 0, 0)
    heat[7, 1] = 0.25
    assert footprint(heat, seen(9, 0, 4), (0, 0)).outside == 0.25
