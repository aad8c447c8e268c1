import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from cnncore.architecture import AvgPool2d, MaxPool2d, load_network
from cnncore.errors import InputError
from cnncore.figures.pooling import (
    DOWN,
    IMAGE,
    MAPS,
    RIGHT,
    best_change,
    bills,
    change,
    drawn_scene,
    map_scene,
    photo_scene,
    study,
    view,
)

PHOTO = np.random.default_rng(1).integers(0, 256, (3, 32, 32)).astype(np.uint8)
SCENES = {"ball": drawn_scene(12), "dot": drawn_scene(12, dot=True), "photo": photo_scene(PHOTO)}
SHIFTS = [(right, down) for down in range(DOWN + 1) for right in range(RIGHT + 1)]


def by_torch(kind, image, window, stride):
    pool = {"max": functional.max_pool2d, "average": functional.avg_pool2d}[kind]
    return pool(torch.from_numpy(np.ascontiguousarray(image)).double()[None, None], window, stride)[0, 0].numpy()


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize(("window", "stride"), [(2, 2), (3, 2), (2, 1), (4, 4), (1, 3)])
def test_every_map_of_every_shift_is_what_pytorch_makes(scene, name, window, stride):
    found = study(SCENES[scene], name, (MaxPool2d(window, stride), AvgPool2d(window, stride)))
    before = map_scene(SCENES[scene], name)
    for number, shift in enumerate(SHIFTS):
        seen = view(before, *shift)
        for pool in found.data["pools"]:
            expected = by_torch(pool["name"], seen, window, stride)
            assert (pool["rows"], pool["columns"]) == expected.shape
            np.testing.assert_allclose(pool["values"][number], expected.ravel(), atol=5.1e-4)
        assert found.data["global"][number] == pytest.approx(seen.mean(), abs=5.1e-4)
    json.dumps(found.data)  # what the browser gets


def test_the_map_before_the_pool_is_a_convolution_and_a_relu():
    kernel = torch.tensor([[-1.0, 0, 1]] * 3, dtype=torch.float64)[None, None]
    scene = torch.from_numpy(SCENES["photo"]).double()[None, None]
    expected = functional.conv2d(scene, kernel).relu()[0, 0].numpy()
    assert np.array_equal(map_scene(SCENES["photo"], "Edges, left to right"), expected)
    assert np.array_equal(map_scene(SCENES["photo"], IMAGE), SCENES["photo"][1:-1, 1:-1])


def test_a_shift_moves_the_picture_and_invents_nothing():
    before = map_scene(SCENES["photo"], IMAGE)
    still, moved = view(before, 0, 0), view(before, 3, 2)
    assert np.array_equal(moved[2:, 3:], still[:-2, :-3])
    assert np.array_equal(moved[:2], before[DOWN - 2 : DOWN, RIGHT - 3 : RIGHT - 3 + len(still)])  # the scene's own


def test_the_drawn_pictures_stay_in_view_at_every_shift():
    for name in ("ball", "dot"):
        before = map_scene(SCENES[name], IMAGE)
        sums = {int(view(before, *shift).sum()) for shift in SHIFTS}
        assert len(sums) == 1
        assert sums != {0}


ROW = st.integers(0, 3)
MAP = st.integers(2, 7).flatmap(lambda n: st.lists(st.lists(ROW, min_size=n, max_size=n), min_size=n, max_size=n))


@given(MAP, st.integers(0, 3), st.integers(0, 3), st.randoms(use_true_random=False))
def test_changes_counted_one_by_one(rows, right, down, random):
    first = np.array(rows)
    second = np.array([[random.randint(0, 3) for _ in row] for row in rows])
    found = change(first, second, right, down)
    size = len(rows)
    pairs = [(rows[r][c], second[r + down, c + right]) for r in range(size - down) for c in range(size - right)]
    assert found.cells == len(pairs)
    assert found.changed == sum(a != b for a, b in pairs)
    assert found.lit == sum(a != 0 or b != 0 for a, b in pairs)
    if pairs:
        assert found.mean == pytest.approx(sum(abs(int(a) - int(b)) for a, b in pairs) / len(pairs))
        assert found.size == pytest.approx(sum(abs(a) for a, _ in pairs) / len(pairs))
    else:
        assert found.mean is None


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize(("window", "stride"), [(2, 2), (3, 3), (3, 2), (2, 1)])
def test_a_shift_by_the_stride_moves_the_pooled_map_by_one_cell(scene, window, stride):
    found = study(SCENES[scene], IMAGE, (MaxPool2d(window, stride), AvgPool2d(window, stride)))
    for name in ("max", "average"):
        for times in range(RIGHT // stride + 1):
            if times * stride <= RIGHT:
                back = found.changes[name][times * stride, 0][1]
                assert (back.changed, back.right, back.down) == (0, times, 0)
    assert all(found.changes["before"][shift][1].changed == 0 for shift in SHIFTS)  # before the pool every shift


def test_a_shift_of_one_pixel_cannot_be_undone_after_a_pool_of_2():
    found = study(SCENES["photo"], IMAGE, (MaxPool2d(2), AvgPool2d(2)))
    for name in ("max", "average"):
        place, back = found.changes[name][1, 0]
        assert place.changed > place.cells / 2  # a shift by 1 pixel changes most values
        assert back.changed > back.cells / 2
    assert found.changes["max"][2, 0][1].changed == 0


def test_one_pixel_inside_of_its_window_is_not_noticed_and_its_place_is_lost():
    found = study(SCENES["dot"], IMAGE, (MaxPool2d(2), AvgPool2d(2)))
    assert found.changes["before"][1, 0][0].changed == 2
    assert found.changes["max"][1, 0][0].changed == found.changes["average"][1, 0][0].changed == 0
    assert found.changes["max"][2, 0][0].changed == 2
    assert found.changes["global"][1, 0][0].changed == 0


def test_the_best_move_back_is_no_worse_than_any_whole_neighbour():
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 3, (6, 6)), rng.integers(0, 3, (6, 6))
    best = best_change(first, second, 3, 1, (2, 2))
    others = [change(first, second, right, down) for right in (1, 2) for down in (0, 1)]
    assert best.changed / best.cells == min(other.changed / other.cells for other in others)
    assert (best.right, best.down) in {(right, down) for right in (1, 2) for down in (0, 1)}


def test_a_row_that_is_left_over_is_said_to_be_unread():
    found = study(SCENES["ball"], IMAGE, (MaxPool2d(4, 3), AvgPool2d(4, 3)))
    size = found.data["size"]
    assert found.data["unread"] == [[size - 2, size - 1]] * 2
    assert found.data["reads"][0][1] == [3, 4, 5, 6]


def test_what_the_pools_save():
    found = bills(load_network("practical"))
    assert [bill.pools for bill in found] == [3, 2, 1, 0]
    assert [bill.map for bill in found] == [(64, 4, 4), (64, 8, 8), (64, 16, 16), (64, 32, 32)]
    assert (found[0].parameters, found[0].macs, found[0].field) == (1_191_170, 23_152_400, 36)
    assert found[0].dense_weights == 1_024_000
    # Without a pool: three convolutions of 5 see 13 pixels, and fc4 reads 64 maps of 32 x 32.
    assert (found[-1].field, found[-1].dense_weights) == (13, 64 * 32 * 32 * 1000)
    macs = 32 * 32 * (2_400 + 51_200 + 102_400) + 65_536_000 + 10_000
    assert found[-1].macs == macs


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: drawn_scene(3), r"`size` \(=3\) must be from 6 to 24 pixels"),
        (lambda: photo_scene(np.zeros((1, 8, 40), np.uint8)), r"`image` \(=8x40\) must be at least"),
        (lambda: map_scene(SCENES["ball"], "nothing"), r"`map` \(='nothing'\) must be one of"),
    ],
)
def test_what_cannot_be_is_one_sentence(make, message):
    with pytest.raises(InputError, match=message):
        make()
