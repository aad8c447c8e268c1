"""Names from libraries in pasted code."""

import re
from dataclasses import dataclass
from typing import Any

_THROUGH = re.compile(r"^torch\.nn\.modules\.(\w+\.)?(?=[A-Z])")
_CERTAIN = ("torch.nn.", "torch.relu", "torch.tanh", "torch.sigmoid", "builtins.", "functools.")
_CLASS = re.compile(r"[A-Z]\w*[a-z]")  # a name in capitals alone is a number's


@dataclass(frozen=True)
class Dotted:
    """A name from a library: `torch.nn.Conv2d`, also where it is reached through `torch.nn.modules.conv`."""

    path: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", _THROUGH.sub("torch.nn.", self.path))

    @property
    def certain(self) -> bool:
        """Whether it is a library, class or function for sure: another name may be of any value, None or 0 too."""
        return "." not in self.path or self.path.startswith(_CERTAIN) or bool(_CLASS.match(self.last))

    @property
    def last(self) -> str:
        """The name without what it comes from."""
        return self.path.rsplit(".", 1)[-1]


NAMED_TUPLE = Dotted("typing.NamedTuple")
# Classes that say nothing about their objects.
PLAIN = (Dotted("builtins.object"), Dotted("abc.ABC"), Dotted("typing.Generic"), Dotted("typing.Protocol"))


def certain(value: Any) -> bool:
    """Return whether it is known what a value is: what a library has under a name may be anything."""
    return not isinstance(value, Dotted) or value.certain
