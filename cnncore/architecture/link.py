"""A network in a web address: its description, compressed to a few hundred letters."""

import base64
import json
import zlib

from cnncore.architecture.network import Network
from cnncore.errors import InputError

MARK = "~"  # no name of a network begins with it
LONGEST = 4000  # letters; browsers and proxies take addresses of this length
_LARGEST = 1_000_000  # bytes of a description: a few compressed letters could stand for gigabytes


def link_text(network: Network) -> str | None:
    """Return the network for an address, None if it would be longer than an address can be.

    >>> from cnncore.architecture import named_network
    >>> from_link(link_text(named_network("practical"))) == named_network("practical")
    True
    """
    packed = zlib.compress(json.dumps(network.to_dict(), separators=(",", ":")).encode(), 9)
    text = MARK + base64.urlsafe_b64encode(packed).decode().rstrip("=")
    return text if len(text) <= LONGEST else None


def from_link(text: str) -> Network:
    """Return the network that `link_text` wrote; anything else is an `InputError`."""
    letters = text.removeprefix(MARK)
    try:
        unpack = zlib.decompressobj()
        packed = base64.urlsafe_b64decode(letters + "=" * (-len(letters) % 4))
        description = unpack.decompress(packed, _LARGEST).decode()
    except (zlib.error, ValueError):  # also what base64 and UTF-8 say
        raise InputError(f"`network` (={text[:20]!r}...) is no network's link: copy the link again.") from None
    if unpack.unconsumed_tail or not unpack.eof:
        raise InputError(f"`network` (={text[:20]!r}...) is not whole: copy the link again.")
    return Network.from_json(description)
