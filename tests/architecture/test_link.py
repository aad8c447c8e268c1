import base64
import zlib
from dataclasses import replace

import pytest

from cnncore.architecture import NETWORKS, Conv2d, Network, named_network
from cnncore.architecture.link import LONGEST, from_link, link_text
from cnncore.errors import InputError


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_of_the_catalogue_fits_into_an_address(name):
    network = replace(named_network(name), name="mine: é ~")
    text = link_text(network)
    assert len(text) < 1500
    assert text.startswith("~")
    assert text[1:].replace("-", "").replace("_", "").isalnum()  # nothing that an address would escape
    assert from_link(text) == network


def test_what_does_not_fit_has_no_link():
    layers = tuple(Conv2d(3, 1, name=f"{n * 7919 % 100003}-{n * 104729 % 1000003}") for n in range(1500))
    assert link_text(Network("long", (3, 8, 8), layers)) is None
    assert LONGEST < 8000


@pytest.mark.parametrize("text", ["~", "~!!", "~AAAA", "~é", "practical"])
def test_nonsense(text):
    with pytest.raises(InputError, match="copy the link again"):
        from_link(text)


def test_a_cut_link_and_one_that_would_fill_the_memory():
    whole = link_text(named_network("practical"))
    with pytest.raises(InputError, match="copy the link again"):
        from_link(whole[:-8])
    bomb = "~" + base64.urlsafe_b64encode(zlib.compress(b" " * 50_000_000, 9)).decode()
    with pytest.raises(InputError, match="is not whole"):
        from_link(bomb)
    with pytest.raises(InputError, match="must be an object"):
        from_link("~" + base64.urlsafe_b64encode(zlib.compress(b"[]")).decode())
