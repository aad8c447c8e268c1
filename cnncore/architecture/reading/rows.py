"""nn.Sequential and nn.ModuleList in pasted code: their modules are put, exchanged and taken out as PyTorch does it."""

import ast
from dataclasses import replace
from typing import Any

from cnncore.architecture.network import MOST_LAYERS
from cnncore.architecture.reading.dotted import Dotted
from cnncore.architecture.reading.flow import TOO_MANY
from cnncore.architecture.reading.iteration import entries
from cnncore.architecture.reading.meaning import (
    HOLDERS,
    MODULES,
    Chain,
    Class,
    Instance,
    ModuleDict,
    ModuleList,
    Registry,
    Row,
    children,
)
from cnncore.architecture.reading.pytorch_calls import ordered
from cnncore.architecture.reading.refusals import RaisedError, given, not_read
from cnncore.errors import InputError


def row_of(args: list[Any], node: ast.AST) -> Row:
    """Return an nn.Sequential; keys of a dictionary are the names of its layers."""
    row = Row()
    named = isinstance(args[0], dict) if len(args) == 1 else False
    for number, (name, held) in enumerate(args[0].items() if named else enumerate(args)):
        put(row, str(name) if named else str(number), held, node)
    return row


MAKERS: dict[str, Any] = {
    "Sequential": row_of,
    "ModuleList": lambda args, node: ModuleList(entries(args[0], node) if args else []),
    "ModuleDict": lambda args, node: ModuleDict(ordered(args, {}, node)),
}


def put(row: Row, name: str, held: Any, node: ast.AST) -> None:
    """Let a module stand in a row under a name: in the place of one that has it, else at the end."""
    check_module(held, node)
    if name not in row.modules:
        _check_room(row)
    if not name.isdigit():
        rename(held, name)
    row.modules[name] = held


def _check_room(row: Row) -> None:
    """Raise that a row is as long as any network is: it would take long to be gone through, again and again."""
    if len(row) >= MOST_LAYERS:
        raise InputError(TOO_MANY)


def check_module(held: Any, node: ast.AST) -> None:
    """Raise what is wrong with something that is to stand in an nn.Sequential."""
    what = f"`nn.Sequential` (line {getattr(node, 'lineno', 1)}) holds"
    match given(held):
        case Class(name) | Dotted(last=name):
            raise InputError(f"{what} the class {name} where a layer must be: write {name}().")
        case list() | tuple():
            raise InputError(f"{what} a list where a layer must be: write a star before it, as nn.Sequential(*layers).")
    if not isinstance(held, MODULES):
        raise not_read(node)


def rename(module: Any, name: str) -> None:
    """Give a layer the name under which something holds it."""
    if isinstance(module, Chain) and len(module.parts) == 1:
        part = module.parts[0]
        label = f"`{name}` {part.label[part.label.rfind('(') :]}"
        module.parts = (replace(part, layer=replace(part.layer, name=name), label=label),)


def row_method(row: Row, name: str, args: list[Any], node: ast.AST) -> Any:
    """Return what a method of nn.Sequential gives; what it changes is changed."""
    match name, args:
        case "append", [held]:
            put(row, str(len(row)), held, node)  # PyTorch's name for it, even where another one has it
        case "extend", [several]:
            for held in entries(several, node):
                put(row, str(len(row)), held, node)
        case "insert", [int() as place, held]:
            check_module(held, node)
            _insert(row, place, held)
        case "pop", [int() | slice() as place]:
            found = row_item(row, place)
            row_delete(row, place)
            return found
        case "add_module" | "register_module", [str() as label, held]:
            put(row, label, held, node)
            return None
        case _:
            raise not_read(node)
    return row


def _insert(row: Row, place: int, held: Any) -> None:
    count = len(row)
    if not -count <= place <= count:
        raise IndexError
    _check_room(row)
    place += count if place < 0 else 0
    for number in range(count, place, -1):
        row.modules[str(number)] = row.modules[str(number - 1)]  # of names of its own PyTorch knows no number
    row.modules[str(place)] = held


def row_item(row: Row, index: Any) -> Any:
    """Return `row[index]`; a part of a row is a row, whose modules keep their names."""
    chosen = [*row.modules.items()][index]
    return Row(dict(chosen)) if isinstance(chosen, list) else given(chosen[1])


def row_delete(row: Row, index: Any) -> None:
    """Carry out `del row[index]`: PyTorch numbers what is left anew."""
    names = [*row.modules][index]
    for name in names if isinstance(names, list) else [names]:
        del row.modules[name]  # in what a loop goes through meanwhile, too
    left = row.modules.values()
    row.modules = {str(number): held for number, held in enumerate(left)}


def joined_lists(first: Any, second: Any, node: ast.AST) -> ModuleList:
    """Return `first + second` of an nn.ModuleList and what a loop can go through."""
    if not isinstance(first, ModuleList):
        raise not_read(node, RaisedError)
    return ModuleList([*entries(first, node), *entries(second, node)])


def register(owner: Any, name: Any, held: Any, node: ast.AST) -> None:
    """Carry out `owner._modules[name] = held`, which asks nobody else."""
    inner = owner.held if isinstance(owner, Instance) and not isinstance(owner.held, (Chain, type(None))) else owner
    if not isinstance(name, str) or not isinstance(held, HOLDERS):
        raise not_read(node)
    match inner:
        case Row():
            put(inner, name, held, node)
        case ModuleDict():
            inner[name] = held
        case ModuleList() if name.isdigit() and int(name) <= len(inner):
            inner[int(name) : int(name) + 1] = [held]
        case Instance() if name not in owner.attributes or isinstance(owner.attributes[name], HOLDERS):
            rename(held, name)
            owner.attributes[name] = held
        case _:
            raise not_read(node)


def unregister(owner: Any, name: Any, node: ast.AST) -> None:
    """Carry out `del owner._modules[name]`: nothing is numbered anew."""
    inner = owner.held if isinstance(owner, Instance) and isinstance(owner.held, (Row, ModuleDict)) else owner
    if name not in dict(children(owner)):
        raise not_read(node, RaisedError)
    match inner:
        case Row(held) | Instance(_, held) if name in held:
            del held[name]
        case ModuleDict():
            del inner[name]
        case _:
            raise not_read(node)


def registry_method(registry: Registry, name: str, args: list[Any], kwargs: dict[str, Any], node: ast.AST) -> Any:
    """Return what a method of `module._modules` gives that changes the module."""
    match name, args:
        case "update", [] | [_]:
            for key, held in ordered(args, kwargs, node).items():
                register(registry.owner, key, held, node)
        case "pop", [str() as key]:
            found = registry.now().get(key)
            unregister(registry.owner, key, node)
            return found
        case _:
            raise not_read(node)
    return None
