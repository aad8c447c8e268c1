"""Functions of pasted code: how their arguments reach their names, and functions that call functions."""

import ast
from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

from cnncore.architecture.reading.changes import yields
from cnncore.architecture.reading.flow import Flow
from cnncore.architecture.reading.iteration import Walk, sized, walked
from cnncore.architecture.reading.looking import Looking
from cnncore.architecture.reading.meaning import Function, Names, Partial
from cnncore.architecture.reading.pytorch_layers import bound
from cnncore.architecture.reading.refusals import RaisedError, given, not_read
from cnncore.errors import InputError

_OF_CHECKPOINT = ("use_reentrant", "preserve_rng_state", "determinism_check")
# Functions of libraries that call what they are given.
CALLING = (
    *("functools.partial", "functools.reduce", "types.MethodType", "torch.utils.checkpoint.checkpoint"),
    *("builtins.map", "builtins.filter", "builtins.sum"),
)


class Functions(Looking):
    """Functions; what their statements do is the interpreter's."""

    @abstractmethod
    def body(self, function: Function, names: Names) -> Any:
        """Return what the statements of a function return, `names` being its own."""

    def apply(self, function: Function, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Return what a function of the text returns."""
        label = f"`{function.name}` (line {function.definition.lineno})"
        if yields(function.definition):
            raise InputError(f"{label} yields its values one by one, which is not read: return a list of them.")
        if function.owner is not None:
            args = [function.owner, *args]
        inner = _arguments(function, args, kwargs, label)
        if function.kind is not None:
            inner |= {"__class__": function.kind, "__self__": function.owner}
        found = self.body(function, function.scope.new_child(inner))
        if function.way == "cached" and not isinstance(found, (int, float, str, tuple, type(None))):
            raise InputError(f"{label} gives the same object whenever it is called again: leave its cache out.")
        return found

    def calling(self, path: str, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> Any:
        """Return what one of `CALLING` gives."""
        match path, args:
            case "functools.partial", [function, *rest]:
                return Partial(function, rest, kwargs)
            case "types.MethodType", [function, owner]:
                return Partial(function, [owner], {})
            case "torch.utils.checkpoint.checkpoint", [function, *rest]:
                named = {key: value for key, value in kwargs.items() if key not in _OF_CHECKPOINT}
                return self.of(function, rest, named, node)
            case "functools.reduce", [function, through, *first]:
                left = walked(through, node)
                found = first[0] if first else next(left, not_read(node))
                for entry in left:
                    found = self.of(function, [found, entry], {}, node)
                return found
            case "builtins.map", [function, *several] if several and not kwargs:
                turns = zip(*(walked(held, node) for held in several), strict=False)
                return Walk(self.of(function, [*turn], {}, node) for turn in turns)
            case "builtins.filter", [function, held]:
                return Walk(self._filtered(function, held, node))
            case "builtins.sum", [held] | [held, list() | tuple() | int() | float() | Flow()] if not kwargs:
                found = args[1] if len(args) == 2 else 0
                for value in sized(held, node):
                    found = self._binary(ast.Add(), found, value, node)
                return found
        raise not_read(node)

    def _filtered(self, function: Any, held: Any, node: ast.Call) -> Iterator[Any]:
        for entry in walked(held, node):
            if self._certain(entry if function is None else self.of(function, [entry], {}, node), node):
                yield entry


def _arguments(function: Function, args: list[Any], kwargs: dict[str, Any], label: str) -> dict[str, Any]:
    """Return the names of a function's arguments with their values, as Python gives them."""
    signature = function.definition.args
    placed = function.parameters
    first = [argument.arg for argument in signature.posonlyargs]
    names = (*placed, *(argument.arg for argument in signature.kwonlyargs))
    more: dict[str, Any] = {}
    if signature.vararg is not None:
        more[signature.vararg.arg], args = tuple(given(held) for held in args[len(placed) :]), args[: len(placed)]
    if signature.kwarg is not None:
        several = {key: given(value) for key, value in kwargs.items() if key not in names or key in first}
        more[signature.kwarg.arg] = several
        kwargs = {key: value for key, value in kwargs.items() if key in names and key not in first}
    bound(tuple(placed), args, {}, label)  # those behind a star have no place
    if kwargs.keys() & set(first):
        alone = ", ".join(f"`{name}`" for name in first)
        raise RaisedError(f"{label} takes {alone} by place alone: leave names out where it is called.")
    inner = function.defaults | bound(names, args, kwargs, label) | more
    missing = [argument for argument in names if argument not in inner]
    if missing:
        raise RaisedError(f"{label} needs {', '.join(f'`{m}`' for m in missing)}: give a value where it is called.")
    return inner
