"""Text from anywhere, shown as it is."""

import re


def plain(text: str) -> str:
    """Return `text` so that Markdown shows it as it is: names of files and classes come from anywhere."""
    return re.sub(r"([\\`*_{}\[\]()#+!|<>$~:&-])", r"\\\1", text)
