import pytest

from cnncore.architecture import Conv2d, Flatten, Linear, Network, Residual, named_network
from cnncore.figures.image_size import SIZES, has_dense, sizes, sizes_chart, sizes_sentence, takes_every_size


def test_the_walls():
    assert sizes(named_network("practical"), False).works == [(32, 39)]
    assert sizes(named_network("vgg16"), False).works == [(224, 255)]
    assert sizes(named_network("resnet18"), False).works[0][1] == SIZES[-1]


@pytest.mark.parametrize(
    ("name", "formula", "maps"),
    [
        ("practical", "floor(S/8) − 3", {32: 1, 40: 2, 48: 3, 64: 5, 96: 9, 128: 13}),
        ("vgg16", "floor(S/32) − 6", {224: 1, 255: 1, 256: 2, 288: 3, 320: 4, 384: 6, 448: 8, 512: 10}),
    ],
)
def test_without_the_wall_there_is_a_formula(name, formula, maps):
    found = sizes(named_network(name), True)
    assert found.formula == formula
    by_size = dict(zip(SIZES, found.sides, strict=True))
    assert {size: by_size[size] for size in maps} == maps
    assert found.works == [(min(maps), SIZES[-1])]


def test_a_formula_is_only_given_where_it_holds():
    assert sizes(named_network("practical"), False).formula == ""
    # Without padding a stride of 3 leaves other rests than a whole multiple of the jump.
    odd = Network("odd", (3, 32, 32), (Conv2d(4, 5, 3, name="a"), Flatten(), Linear(2, name="b")))
    assert sizes(odd, True).formula == ""


def test_what_a_network_is_like():
    assert takes_every_size(named_network("resnet18"))
    assert not takes_every_size(named_network("vgg16"))
    assert has_dense(named_network("lenet5"))


def test_the_chart_covers_every_size_once():
    chart = sizes_chart(sizes(named_network("practical"), True), 40)
    rows = list(zip(*(chart.data[name] for name in ("size", "next", "side", "state")), strict=True))
    assert rows[:3] == [(16, 32, 0, "fails"), (32, 40, 1, "works"), (40, 48, 2, "works")]
    assert [end for _, end, _, _ in rows] == [*(begin for begin, _, _, _ in rows[1:]), SIZES[-1] + 1]
    assert set(chart.data["current"]) == {40}


def test_sizes_with_gaps_are_not_said_to_work_all():
    halves = Residual((Conv2d(8, 2, 2),), (Conv2d(8, 1, 2),))
    gaps = Network("gaps", (3, 32, 32), (Conv2d(8, 3, padding=1), halves, Flatten(), Linear(10)))
    found = sizes(gaps, True)
    assert len(found.works) > 100
    assert "with gaps between them" in sizes_sentence(found)
    assert "Every size" not in sizes_sentence(found)


def test_a_formula_that_adds_has_its_sign():
    assert sizes(Network("wide", (3, 32, 32), (Conv2d(8, 3, padding=4),)), True).formula == "S + 6"
