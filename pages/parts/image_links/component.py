"""Small images as a Streamlit component: each is a link into another page, opened without loading the app anew."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from pages.parts.link_to import go_to
from pages.parts.pictures import Tile, data_address

_HERE = Path(__file__).parent
_mount = st.components.v2.component(
    "cnncore.image_links",
    html='<div class="tiles"></div>',
    css=(_HERE / "image_links.css").read_text(encoding="utf-8"),
    js=(_HERE / "image_links.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class LinkedTile:
    """A picture, and the `address`, the other page's query parameters, that it leads to."""

    tile: Tile
    address: Mapping[str, str]


def image_links(page: str, tiles: Sequence[LinkedTile], *, key: str, width: int = 64) -> None:
    """Show the tiles in rows, each at least `width` screen pixels wide; a click opens the page `page` there.

    They are links with an address of their own: the keyboard reaches them, and the browser can open one in a new tab.
    """
    data = [
        {
            "source": data_address(linked.tile.image),
            "caption": linked.tile.caption,
            "about": linked.tile.alt or linked.tile.caption,
            "link": f"{page}?{urlencode(linked.address)}",
        }
        for linked in tiles
    ]
    opened = _mount(data={"tiles": data, "width": width}, key=key, on_opened_change=lambda: None).opened
    if opened is not None and (address := _address(page, opened)):
        go_to(page, address)


def _address(page: str, link: object) -> dict[str, str]:
    """Return the query parameters of a link to `page`, {} for what is none.

    The link comes from the browser: by now other tiles may stand where it was, so it is not looked for among them.
    """
    name, _, query = str(link).partition("?")
    address = dict(parse_qsl(query))
    return address if name == page and all(key.startswith(f"{page}_") for key in address) else {}
