"""Lists, dictionaries and texts in pasted code: what their methods give, and what they change."""

import ast
from typing import Any

from cnncore.architecture.reading.calculation import formatted
from cnncore.architecture.reading.dotted import Dotted, certain
from cnncore.architecture.reading.flow import Flow
from cnncore.architecture.reading.iteration import View, entries, special
from cnncore.architecture.reading.meaning import (
    HOLDERS,
    MOST_ENTRIES,
    Instance,
    ModuleDict,
    ModuleList,
    Registry,
    Row,
    children,
)
from cnncore.architecture.reading.pytorch_calls import ordered
from cnncore.architecture.reading.refusals import given, not_read, quoted, refused_by_python, sound
from cnncore.architecture.reading.rows import (
    check_module,
    register,
    registry_method,
    rename,
    row_delete,
    row_item,
    row_method,
    unregister,
)
from cnncore.errors import InputError

_OF_TEXT = (
    *("lower", "upper", "strip", "lstrip", "rstrip", "startswith", "endswith", "split", "rsplit", "partition"),
    *("replace", "title", "capitalize", "isdigit", "isnumeric", "isalpha", "find", "rfind", "index", "count"),
    *("removeprefix", "removesuffix"),
)
_OF_LIST = ("append", "extend", "insert", "pop", "remove", "reverse", "sort", "index", "count", "copy", "clear")
_VIEWS = ("keys", "values", "items")
_OF_DICT = ("get", *_VIEWS, "pop", "popitem", "update", "copy", "clear", "setdefault")
_CHANGING_SET = ("add", "discard", "remove", "clear")
# The first kind that fits says what something has.
METHODS: dict[type, tuple[str, ...]] = {
    str: (*_OF_TEXT, "format", "join"),
    ModuleList: ("append", "extend", "insert", "pop"),
    ModuleDict: (*_VIEWS, "pop", "update", "clear"),
    list: _OF_LIST,
    tuple: ("index", "count"),
    dict: (*_OF_DICT, "move_to_end"),
    set: (*_CHANGING_SET, "copy", "union"),
    Registry: _OF_DICT,
    Row: ("append", "extend", "insert", "pop", "add_module", "register_module"),
}


def has_method(owner: Any, name: str) -> bool:
    """Return whether something of Python's own, or a row of modules, has a method that is read here."""
    return name in next((names for kind, names in METHODS.items() if isinstance(owner, kind)), ())


def method(owner: Any, name: str, args: list[Any], kwargs: dict[str, Any], node: ast.AST) -> Any:
    """Return what a method of a list, dictionary, text or row gives; what it changes is changed."""
    with refused_by_python(node):
        found = _result(owner, name, args, kwargs, node)
    if isinstance(owner, (list, dict, set)) and len(owner) > MOST_ENTRIES:
        raise not_read(node)
    return found


def _result(owner: Any, name: str, args: list[Any], kwargs: dict[str, Any], node: ast.AST) -> Any:
    match owner:
        case str():
            return _of_text(owner, name, args, kwargs, node)
        case list() if name == "extend":
            owner.extend(entries(args[0], node))
            return owner if isinstance(owner, ModuleList) else None
        case ModuleList() if name == "append":
            owner.append(*args)
            return owner
        case Row():
            return row_method(owner, name, args, node)
        case Registry(module) if name in _VIEWS:
            return View(dict(children(module)), name)
        case Registry() if name in ("get", "copy"):
            return getattr(owner.now(), name)(*args)
        case Registry():
            return registry_method(owner, name, args, kwargs, node)
        case dict() if name in _VIEWS:
            return View(owner, name)
        case dict():
            return _of_dict(owner, name, args, kwargs, node)
        case _:
            return given(getattr(sound(owner), name)(*args, **kwargs))


def _of_text(text: str, name: str, args: list[Any], kwargs: dict[str, Any], node: ast.AST) -> Any:
    if name == "format":
        return formatted(text, args, kwargs, node)
    texts = entries(args[0], node) if name == "join" else args
    if len(text) > 1000 or not all(isinstance(entry, (str, tuple, int)) and len(str(entry)) < 100 for entry in texts):
        raise not_read(node)
    return getattr(text, name)(*([texts] if name == "join" else args))


def _of_dict(held: dict[Any, Any], name: str, args: list[Any], kwargs: dict[str, Any], node: ast.AST) -> Any:
    sound(held)
    if args and not certain(args[0]):
        raise not_read(node)
    match name, args:
        case "move_to_end", [key]:
            if kwargs or key not in held:
                raise not_read(node)
            held[key] = held.pop(key)
            return None
        case "update", [] | [_]:
            held.update(ordered(args, kwargs, node))
            return None
    return given(getattr(held, name)(*args, **kwargs))


def item(owner: Any, index: Any, node: ast.AST) -> Any:
    """Return `owner[index]`; a part of a row is a row."""
    special(owner, node, "__getitem__")
    if isinstance(owner, Flow):
        raise InputError(f"{quoted(node)} takes a part of a tensor, which no layer here does: leave it out.")
    if not certain(index):
        raise not_read(node)
    with refused_by_python(node):
        match owner:
            case Instance(kind, _, Row() as row):
                found = row_item(row, index)
                if isinstance(found, Row) and isinstance(index, slice):  # PyTorch makes it of the same class
                    special(owner, node, "__init__", "__new__")
                    return Instance(kind, {}, found)
                return found
            case Instance(_, _, list() | dict() as held):
                return given(sound(held)[index])
            case Instance(as_tuple=tuple() as values):
                return given(values[index])
            case Row():
                return row_item(owner, index)
            case Registry():
                return given(owner.now()[index])
            case Dotted(path) if path.startswith("builtins."):
                return owner  # tuple[int, int]
            case ModuleList() if isinstance(index, slice):
                return ModuleList(sound(owner)[index])
            case list() | tuple() | range() | dict() | str():
                return given(sound(owner)[index])
    raise not_read(node)


def set_item(owner: Any, index: Any, value: Any, node: ast.AST) -> None:
    """Carry out `owner[index] = value`."""
    special(owner, node, "__setitem__")
    owner = owner.held if isinstance(owner, Instance) else owner
    with refused_by_python(node):
        match owner:
            case Row() if isinstance(index, int):
                check_module(value, node)
                owner.modules[[*owner.modules][index]] = value
            case Registry(module):
                register(module, index, value, node)
            case ModuleList() if isinstance(index, int) and isinstance(value, HOLDERS):
                sound(owner)[index] = value
            case list() if isinstance(index, slice) and not isinstance(owner, ModuleList):
                sound(owner)[index] = entries(value, node)
            case list() if isinstance(index, int) and not isinstance(owner, ModuleList):
                sound(owner)[index] = value
            case dict():
                if isinstance(index, str):
                    rename(value, index)
                owner[index] = value
            case _:
                raise not_read(node)


def delete_item(owner: Any, index: Any, node: ast.AST) -> None:
    """Carry out `del owner[index]`."""
    special(owner, node, "__delitem__")
    owner = owner.held if isinstance(owner, Instance) else owner
    with refused_by_python(node):
        match owner:
            case Row():
                row_delete(owner, index)
            case Registry(module):
                unregister(module, index, node)
            case list() | dict():
                del sound(owner)[index]
            case _:
                raise not_read(node)
