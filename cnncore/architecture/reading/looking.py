"""Python's functions that look at objects and names of pasted code, or change them: getattr, setattr, vars, globals."""

import ast
from typing import Any

from cnncore.architecture.reading.dotted import Dotted
from cnncore.architecture.reading.expressions import COMPREHENSION, OUTER
from cnncore.architecture.reading.flow import Flow
from cnncore.architecture.reading.meaning import (
    HOLDERS,
    Names,
    Unknown,
)
from cnncore.architecture.reading.objects import Objects
from cnncore.architecture.reading.pytorch_layers import FUNCTIONS, SIGNATURES
from cnncore.architecture.reading.refusals import AbsentError, FinalError, given, not_read

LOOKS = ("getattr", "setattr", "hasattr", "delattr", "vars", "globals", "locals", "exec")
# What a function keeps among its names that is no name of the text.
_INNER = (COMPREHENSION, OUTER, "__class__", "__self__")
_PLAIN = (int, float, str, list, tuple, dict, set, range, type(None))


class Looking(Objects):
    """What looks at objects and names."""

    def look(self, name: str, args: list[Any], node: ast.Call, names: Names) -> Any:
        """Return what one of `LOOKS` gives."""
        match name, args:
            case "exec", _:
                raise FinalError(
                    f"`exec` (line {node.lineno}) runs code that nobody sees here: paste that code in its place."
                )
            case "globals", []:
                return self.names.maps[0]
            case "vars" | "locals", []:
                inside = {key: value for key, value in names.maps[0].items() if key not in _INNER}
                return self.names.maps[0] if names is self.names else inside
            case "vars", [owner]:
                return self.attribute(owner, "__dict__", _written(node, "__dict__"))
            case "setattr", [owner, str() as attribute, value]:
                return self.set_attribute(owner, attribute, value, _written(node, attribute))
            case "delattr", [owner, str() as attribute]:
                return self.delete_attribute(owner, attribute, _written(node, attribute))
            case "getattr", [owner, str() as attribute]:
                return self.attribute(owner, attribute, _written(node, attribute))
            case "getattr", [owner, str() as attribute, otherwise]:
                there = self._has(owner, attribute, node)
                return self.attribute(owner, attribute, _written(node, attribute)) if there else given(otherwise)
            case "hasattr", [owner, str() as attribute]:
                return self._has(owner, attribute, node)
        raise not_read(node)

    def _has(self, owner: Any, attribute: str, node: ast.Call) -> bool:
        if isinstance(owner, _PLAIN) and not isinstance(owner, HOLDERS):
            return hasattr(type(owner), attribute)
        library = isinstance(owner, Dotted) and attribute not in (*SIGNATURES, *FUNCTIONS)
        if library or isinstance(owner, (Flow, Unknown)):
            raise not_read(node)  # nobody knows here what these have
        try:
            self.attribute(owner, attribute, _written(node, attribute))
        except AbsentError:
            return False
        return True


def _written(node: ast.Call, attribute: str) -> ast.Attribute:
    """Return the attribute as if it were written after a dot, for the sentence about it."""
    owner = node.args[0] if node.args else ast.Name("object")
    return ast.copy_location(ast.Attribute(owner, attribute), node)
