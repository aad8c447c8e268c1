import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncore.architecture import (
    NETWORKS,
    Branches,
    Conv2d,
    Flatten,
    Linear,
    MaxPool2d,
    Network,
    ReLU,
    Residual,
    describe,
    named_network,
)
from cnncore.architecture.editing import (
    added,
    changed_fields,
    fresh_name,
    in_branches,
    in_residual,
    layer_at,
    moved,
    path_at,
    places,
    removed,
    renamed,
    replaced,
    unwrapped,
    with_input,
    with_inputs,
    with_path,
    without_path,
)
from cnncore.errors import InputError

INNER = Residual((Conv2d(8, 3, padding=1, name="deep"), ReLU()), name="inner")
NESTED = Network(
    "nested",
    (3, 16, 16),
    (
        Conv2d(8, 3, padding=1, name="conv1"),
        Branches(((INNER, Conv2d(4, 1, name="narrow")), (), (MaxPool2d(3, 1, 1),)), name="mixed"),
        Flatten(),
        Linear(10, name="fc"),
    ),
)
SOME = [NESTED, *(named_network(name) for name in NETWORKS)]
networks = st.sampled_from(SOME)


@st.composite
def spots(draw):
    network = draw(networks)
    return network, draw(st.sampled_from([place for place, _ in places(network)]))


def test_places_name_every_layer():
    assert [place for place, _ in places(NESTED)] == [
        (0,),
        (1,),
        (1, 0, 0),
        (1, 0, 0, 0, 0),
        (1, 0, 0, 0, 1),
        (1, 0, 1),
        (1, 2, 0),
        (2,),
        (3,),
    ]
    assert layer_at(NESTED, (1, 0, 0, 0, 0)).name == "deep"
    assert path_at(NESTED, (1, 1, 0)) == ()


@given(spots())
def test_added_and_removed_again(spot):
    network, place = spot
    more = added(network, place, ReLU())
    assert layer_at(more, place) == ReLU()
    assert len(list(places(more))) == len(list(places(network))) + 1
    assert removed(more, place) == network


@given(spots())
def test_replaced_and_back(spot):
    network, place = spot
    layer = layer_at(network, place)
    other = replaced(network, place, ReLU(name="other"))
    assert layer_at(other, place) == ReLU(name="other")
    assert replaced(other, place, layer) == network


@given(spots(), st.sampled_from([-1, 1]))
def test_moved_and_back_within_a_path(spot, step):
    network, place = spot
    if not 0 <= place[-1] + step < len(path_at(network, place)):
        return
    other, there = moved(network, place, step)
    assert layer_at(other, there) == layer_at(network, place)
    assert moved(other, there, -step) == (network, place)


def test_moving_beyond_the_end_of_a_path_leaves_the_block():
    out, place = moved(NESTED, (1, 0, 1), 1)
    assert place == (2,)
    assert [layer.name for layer in out.layers] == ["conv1", "mixed", "narrow", "", "fc"]
    out, place = moved(NESTED, (1, 0, 0, 0, 0), -1)
    assert place == (1, 0, 0)
    assert [layer.name for layer in path_at(out, place)] == ["deep", "inner", "narrow"]
    assert moved(NESTED, (0,), -1) == (NESTED, (0,))
    assert moved(NESTED, (3,), 1) == (NESTED, (3,))


@given(spots())
def test_wrapped_and_unwrapped(spot):
    network, place = spot
    if isinstance(layer_at(network, place), (Flatten, Linear)):
        with pytest.raises(InputError, match="must hold layers on maps"):
            in_residual(network, place)
        return
    for wrap in (in_residual, in_branches):
        wrapped = wrap(network, place)
        assert layer_at(wrapped, (*place, 0, 0)) == layer_at(network, place)
        assert unwrapped(wrapped, place) == network


def test_several_layers_become_one_block():
    network = named_network("practical")
    wrapped = in_residual(network, (3,), 2)
    assert len(wrapped.layers) == len(network.layers) - 1
    assert [layer.kind for layer in wrapped.layers[3].body] == ["conv", "relu"]
    with pytest.raises(InputError, match="`count`"):
        in_residual(network, (12,), 2)


def test_paths_of_branches_come_and_go():
    more = with_path(NESTED, (1,), (Conv2d(5, 1),))
    assert describe(more).rows[1].output == (4 + 8 + 8 + 5, 16, 16)
    assert without_path(more, (1,), 3) == NESTED
    with pytest.raises(InputError, match="must be branches"):
        with_path(NESTED, (0,))
    with pytest.raises(InputError, match="must be branches"):
        without_path(NESTED, (0,), 0)
    one = without_path(without_path(NESTED, (1,), 2), (1,), 1)
    with pytest.raises(InputError, match="must not be empty"):
        without_path(one, (1,), 0)


def test_dense_inputs_are_held_and_let_go():
    held = with_inputs(named_network("practical"), {(10,): 1024})
    assert [layer.inputs for layer in held.layers if isinstance(layer, Linear)] == [1024, None]
    assert Network.from_json(held.to_json()) == held
    assert with_inputs(held) == named_network("practical")


def test_names_and_inputs():
    assert fresh_name(named_network("practical"), "conv") == "conv4"
    assert fresh_name(named_network("practical"), "linear") == "fc1"
    assert fresh_name(NESTED, "relu") == ""
    assert renamed(NESTED, " mine ").name == "mine"
    assert with_input(NESTED, (3, 8, 8)).input == (3, 8, 8)
    assert changed_fields(Conv2d(8, 3), kernel=5, ceil_mode=True) == Conv2d(8, 5)
    for name in ("", "  ", "x" * 81):
        with pytest.raises(InputError, match="`name`"):
            renamed(NESTED, name)


@pytest.mark.parametrize("place", [(), (9,), (-1,), (0, 0, 0), (1, 7, 0), (1, 0, 9), (1, 0), (1, 0, 1, 0, 0)])
def test_places_that_are_none(place):
    for edit in (removed, unwrapped, lambda n, p: replaced(n, p, ReLU()), lambda n, p: moved(n, p, 1)):
        with pytest.raises(InputError, match="`place`"):
            edit(NESTED, place)


def test_what_could_not_be_loaded_again_is_not_built():
    network, place = NESTED, (0,)
    for _ in range(9):
        network = in_residual(network, place)
        assert Network.from_json(network.to_json()) == network
        place = (*place, 0, 0)
    with pytest.raises(InputError, match="8 deep"):
        in_residual(network, place)
    full = Network("full", (3, 8, 8), (ReLU(),) * 2000)
    with pytest.raises(InputError, match="at most 2000"):
        added(full, (0,), ReLU())


def test_the_last_layer_stays():
    with pytest.raises(InputError, match="must not be empty"):
        removed(Network("one", (3, 8, 8), (ReLU(),)), (0,))
