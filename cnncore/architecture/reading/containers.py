"""Lists, dictionaries, texts and rows of modules in pasted code: what their methods give, and what they change."""

import ast
from dataclasses import replace
from typing import Any

from cnncore.architecture.reading.calculation import formatted
from cnncore.architecture.reading.meaning import (
    MOST_ENTRIES,
    Chain,
    Class,
    Dotted,
    Instance,
    Row,
    children,
    entries,
    given,
    not_read,
)
from cnncore.errors import InputError

_OF_TEXT = ("lower", "upper", "strip", "startswith", "endswith", "split", "replace", "title", "capitalize", "isdigit")
_OF_LIST = ("append", "extend", "insert", "pop", "remove", "reverse", "index", "count", "copy", "clear")
_OF_DICT = ("get", "keys", "values", "items", "pop", "update", "copy")
_OF_ROW = ("append", "extend", "insert", "pop", "add_module", "register_module")
METHODS: dict[type, tuple[str, ...]] = {
    str: (*_OF_TEXT, "format", "join"),
    list: _OF_LIST,
    tuple: ("index", "count"),
    dict: _OF_DICT,
    Row: _OF_ROW,
}


def method(owner: Any, name: str, args: list[Any], kwargs: dict[str, Any], node: ast.AST) -> Any:
    """Return what a method of a list, dictionary, text or row gives; what it changes is changed."""
    try:
        match owner:
            case str():
                return _of_text(owner, name, args, kwargs, node)
            case list() if name == "extend":
                owner.extend(entries(args[0], node))
                return None
            case Row():
                return _of_row(owner, name, args, node)
            case dict() if name in ("keys", "values", "items"):
                found = getattr(owner, name)()
                return [given(entry[1]) and entry if name == "items" else given(entry) for entry in found]
            case _:
                return getattr(owner, name)(*args, **kwargs)
    except (TypeError, ValueError, IndexError, KeyError):
        raise not_read(node) from None
    finally:
        if isinstance(owner, (list, dict, Row)) and len(owner) > MOST_ENTRIES:
            raise not_read(node)


def _of_text(text: str, name: str, args: list[Any], kwargs: dict[str, Any], node: ast.AST) -> Any:
    if name == "format":
        return formatted(text, args, kwargs, node)
    texts = entries(args[0], node) if name == "join" else args
    if len(text) > 1000 or not all(isinstance(entry, (str, tuple)) and len(entry) < 100 for entry in texts):
        raise not_read(node)
    return getattr(text, name)(*([texts] if name == "join" else args))


def _of_row(row: Row, name: str, args: list[Any], node: ast.AST) -> Any:
    match name, args:
        case "append", [held]:
            put(row, len(row), held, node)
        case "extend", [several]:
            for held in entries(several, node):
                put(row, len(row), held, node)
        case "insert", [int() as place, held]:
            put(row, place, held, node)
        case "pop", [int() as place]:
            return row.modules.pop(place)[1]
        case "add_module" | "register_module", [str() as label, held]:
            put(row, len(row), held, node, label)
            return None
        case _:
            raise not_read(node)
    return row


def put(row: Row, place: int, held: Any, node: ast.AST, name: str = "") -> None:
    """Put a module into a row, before the one at `place`; one under a name that is there takes its place."""
    check_module(held, node)
    if name.isdigit():
        if int(name) < len(row) and not row.modules[int(name)][0]:  # the name of one that is there
            row.modules[int(name)] = ("", held)
            return
        name = ""
    if name:
        rename(held, name)
    known = [number for number, (other, _) in enumerate(row.modules) if name and other == name]
    if known:
        row.modules[known[0]] = (name, held)
    else:
        row.modules.insert(place, (name, held))


def check_module(held: Any, node: ast.AST) -> None:
    """Raise what is wrong with something that is to stand in an nn.Sequential."""
    if isinstance(given(held), (Class, Dotted)):
        line = getattr(node, "lineno", 1)
        raise InputError(f"`nn.Sequential` (line {line}) holds a class where a layer must be: add ().")
    if not isinstance(held, (Chain, Row, Instance)):
        raise not_read(node)


def rename(module: Any, name: str) -> None:
    """Give a layer the name under which something holds it."""
    if isinstance(module, Chain) and len(module.parts) == 1:
        part = module.parts[0]
        label = f"`{name}` {part.label[part.label.rfind('(') :]}"
        module.parts = (replace(part, layer=replace(part.layer, name=name), label=label),)


def item(owner: Any, index: Any, node: ast.AST) -> Any:
    """Return `owner[index]`; a part of a row is a row."""
    if isinstance(owner, Instance):
        owner = owner.held
    try:
        if isinstance(owner, Row):
            chosen = owner.modules[index]
            return Row(chosen) if isinstance(chosen, list) else given(chosen[1])
        if isinstance(owner, (list, tuple, range, dict, str)):
            return given(owner[index])
    except (TypeError, IndexError, KeyError, ValueError):
        pass
    raise not_read(node)


def set_item(owner: Any, index: Any, value: Any, node: ast.AST) -> None:
    """Carry out `owner[index] = value`."""
    if isinstance(owner, Instance):
        owner = owner.held
    try:
        if isinstance(owner, Row) and isinstance(index, int):
            check_module(value, node)
            owner.modules[index] = (owner.modules[index][0], value)
            return
        if isinstance(owner, dict) or (isinstance(owner, list) and isinstance(index, int)):
            if isinstance(owner, dict) and isinstance(index, str):
                rename(value, index)
            owner[index] = value
            return
    except (TypeError, IndexError):
        pass
    raise not_read(node)


def delete_item(owner: Any, index: Any, node: ast.AST) -> None:
    """Carry out `del owner[index]`."""
    if isinstance(owner, Instance):
        owner = owner.held
    try:
        if isinstance(owner, (Row, list, dict)):
            del (owner.modules if isinstance(owner, Row) else owner)[index]
            return
    except (TypeError, IndexError, KeyError):
        pass
    raise not_read(node)


def descendants(module: Any) -> list[tuple[str, Any]]:
    """Return a module and all that it holds, with their names: `named_modules()`."""
    found = [("", module)]
    for name, held in found:
        if len(found) > MOST_ENTRIES:
            break
        found += [(f"{name}.{inner}".lstrip("."), entry) for inner, entry in children(held)]
    return found
