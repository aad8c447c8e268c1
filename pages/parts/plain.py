"""Text from anywhere, shown as it is: no Markdown, no formula, no address that is looked up."""

import re

_JOINER = "\u2060"  # has no width: what it parts is no link, icon or e-mail address any more
# What Streamlit makes of the text that is left when Markdown has been read: there a backslash is no help.
_MADE_LATE = re.compile(r"(?i):(?=//|material/|streamlit:)|\bwww(?=\.)|(?<=\S)@(?=\w)")


def plain(text: str) -> str:
    """Return `text` so that Markdown shows it as it is: names of files, classes and layers come from anywhere.

    It becomes one line, as a browser shows it anyway: an empty line would begin a new block.

    >>> plain("$x$ <b>dog")
    '\\\\$x\\\\$ \\\\<b>dog'
    """
    text = re.sub(r"\s+", " ", text)
    text = _MADE_LATE.sub(lambda found: found[0] + _JOINER, text)
    text = re.sub(r"([\\`*_\[\]<$~&|]|:(?=\S))", r"\\\1", text)
    return re.sub(r"^( ?)([#>+=-])|^( ?\d+)([.)])(?= |$)", r"\1\3\\\2\4", text)  # what begins a block


def with_code(sentence: object) -> str:
    """Return a sentence, or an error's, as Markdown: what stands in back-ticks is code, all else is `plain`.

    >>> with_code("`kernel` (=$9$) is too large.")
    '`kernel` (=\\\\$9\\\\$) is too large.'
    """
    # A pair of single back-ticks alone: two or more in a row begin a code of another kind, which could end anywhere.
    parts = re.split(r"(?<!`)`([^`]+)`(?!`)", re.sub(r"\s+", " ", str(sentence)))
    return "".join(f"`{part}`" if number % 2 else plain(part) for number, part in enumerate(parts))
