"""What loops in pasted code go through, in Python's way: lists as they are in each turn, iterators once."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from cnncore.architecture.network import MOST_LAYERS
from cnncore.architecture.reading.flow import TOO_MANY
from cnncore.architecture.reading.meaning import MOST_ENTRIES, Instance, ModuleList, Registry, Row, children
from cnncore.architecture.reading.refusals import RaisedError, given, not_read
from cnncore.errors import InputError


class Walk:
    """What is gone through once, such as zip, map, `children()`, a generator: what was taken is gone.

    One that failed goes on failing: Python's would seem to be at its end.
    """

    def __init__(self, entries: Iterator[Any]) -> None:
        self._entries = entries
        self._reason: InputError | None = None

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        given(self._reason)
        try:
            return next(self._entries)
        except InputError as error:
            self._reason = error
            raise


@dataclass(frozen=True, eq=False)
class View:
    """What a dictionary's `keys()`, `values()` or `items()` give: its entries as they are when they are asked for."""

    owner: dict[Any, Any]
    name: str

    def __len__(self) -> int:
        return len(self.owner)

    def entries(self) -> Iterator[Any]:
        """Yield its entries; one that could not be read is raised."""
        for key, entry in self.owner.items():
            found = given(entry)
            yield {"keys": key, "values": found, "items": (key, found)}[self.name]


def walked(value: Any, node: ast.AST) -> Iterator[Any]:
    """Yield what a loop over `value` goes through; a dictionary or module that grows meanwhile is an `InputError`."""
    if isinstance(value, Instance):
        special(value, node, "__iter__", "__getitem__", "__len__")
        value = value.as_tuple if value.held is None else value.held
    match value:
        case ModuleList():
            found: Iterator[Any] = _unchanged(value, lambda: iter(value), node)
        case list():
            found = _live(value)
        case Row(modules):
            found = _unchanged(modules, lambda: iter(modules.values()), node)
        case dict():
            found = _unchanged(value, lambda: iter(value), node)
        case Registry():
            found = _unchanged(value, lambda: iter(value.now()), node)
        case View(owner):
            found = _unchanged(owner, value.entries, node)
        case Walk() | tuple() | range() | str():
            found = iter(value)
        case set() if len(value) < 2 or all(type(entry) is int for entry in value):
            found = iter(value)  # of texts and objects nobody knows the order
        case _:
            raise not_read(node)
    return _given(found, node)


def _given(found: Iterator[Any], node: ast.AST) -> Iterator[Any]:
    for number, entry in enumerate(found):
        if number >= MOST_ENTRIES:
            raise not_read(node)
        yield given(entry)


def _live(held: list[Any]) -> Iterator[Any]:
    place = 0
    while place < len(held):
        yield held[place]
        place += 1


def _unchanged(held: Any, entries_of: Callable[[], Iterator[Any]], node: ast.AST) -> Iterator[Any]:
    try:
        size = len(held)
        for entry in entries_of():
            yield entry
            if len(held) != size:
                raise not_read(node, RaisedError)
    except RuntimeError:  # of Python's own: a key was exchanged for another
        raise not_read(node, RaisedError) from None


def entries(value: Any, node: ast.AST) -> list[Any]:
    """Return all that a loop over `value` goes through."""
    if isinstance(value, range) and len(value[: MOST_ENTRIES + 1]) > MOST_ENTRIES:
        raise not_read(node)  # a very long one has no length in Python
    return list(walked(value, node))


def sized(value: Any, node: ast.AST) -> list[Any]:
    """Return the entries of what is asked for nothing that depends on their order: `len`, `sorted`, `max`."""
    return list(value) if isinstance(value, set) else entries(value, node)


def inside(module: Any, node: ast.AST) -> Iterator[tuple[str, Any]]:
    """Yield the modules that a module holds in each turn, with their names; more or fewer meanwhile are an error."""
    names = [*dict(children(module))]
    if len(names) > MOST_LAYERS:
        raise InputError(TOO_MANY)
    for name in names:
        now = dict(children(module))
        if [*now] != names:
            raise not_read(node, RaisedError)
        yield name, now[name]


def descendants(module: Any, node: ast.AST) -> Iterator[tuple[str, Any]]:
    """Yield a module and all that it holds, with their names, in the order of `named_modules()`: depth first."""
    yield "", module
    left = [("", inside(module, node))]
    while left:
        before, turns = left[-1]
        for name, held in turns:
            path = f"{before}.{name}" if before else name
            yield path, held
            left.append((path, inside(held, node)))
            break
        else:
            left.pop()
        if len(left) > MOST_ENTRIES:
            raise not_read(node)


def shown(pairs: Iterator[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Yield the modules with their names, each once, as PyTorch shows them."""
    seen: set[int] = set()
    for name, held in pairs:
        if id(held) not in seen:
            seen.add(id(held))
            yield name, held


def special(value: Any, node: ast.AST, *methods: str) -> None:
    """Raise that something cannot be read where the text's own class says itself what it means."""
    if isinstance(value, Instance) and any(value.kind.find(method) is not None for method in methods):
        raise not_read(node)
