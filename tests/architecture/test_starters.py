import pytest

from cnncore.architecture import NETWORKS, named_network
from cnncore.architecture.diagnosis import problems
from cnncore.architecture.editing import added, places
from cnncore.architecture.layers import Flatten
from cnncore.architecture.starters import WORDS, starter
from cnncore.errors import InputError

KEEPS_THE_SHAPE = ("conv", "relu", "batch-norm", "dropout", "residual", "branches")


@pytest.mark.parametrize("kind", KEEPS_THE_SHAPE)
@pytest.mark.parametrize("name", NETWORKS)
def test_it_fits_everywhere_before_the_flatten(name, kind):
    network = named_network(name)
    last = next(place[0] for place, layer in places(network) if isinstance(layer, Flatten))
    for place, _ in places(network):
        if place[0] <= last and len(place) <= 3:
            assert problems(added(network, place, starter(network, place, kind))) == [], place


@pytest.mark.parametrize("kind", WORDS)
def test_every_kind_that_is_offered_can_be_made(kind):
    network = named_network("practical")
    layer = starter(network, (6,), kind)
    assert layer.kind == kind
    assert layer.name not in {other.name for _, other in places(network) if other.name}


def test_an_unknown_kind():
    with pytest.raises(InputError, match="`kind`"):
        starter(named_network("practical"), (0,), "attention")
