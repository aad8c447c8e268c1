"""What pasted PyTorch code means, without running it: its syntax tree is walked, tensors stand for their layers.

Nothing is executed, imported or looked up outside of the text. What the walk knows: numbers and their arithmetic,
lists, loops, functions, modules of `torch.nn`, classes with `__init__` and `forward`. A statement that it cannot carry
out leaves its reason in everything that it would have changed: a loss, a device or a file are no matter, and who needs
one is told.
"""

import ast
from collections.abc import Callable
from typing import Any

from cnncore.architecture.reading.containers import delete_item, set_item
from cnncore.architecture.reading.expressions import OUTER
from cnncore.architecture.reading.flow import Flow
from cnncore.architecture.reading.handling import Handling, raised
from cnncore.architecture.reading.iteration import entries, walked
from cnncore.architecture.reading.meaning import (
    MODULES,
    MOST_ENTRIES,
    Function,
    ModuleList,
    Names,
    Unknown,
)
from cnncore.architecture.reading.refusals import RaisedError, not_read
from cnncore.errors import InputError

MOST_TURNS = 1000  # of a `while`


class _Return(Exception):  # noqa: N818 not an error: how a function's value leaves its statements
    def __init__(self, value: Any) -> None:
        self.value = value


class _Break(Exception):  # noqa: N818 not an error either
    pass


class _Continue(Exception):  # noqa: N818
    pass


class Interpreter(Handling):
    """Walks statements. `failures` are those of the outermost level that could not be carried out, and why."""

    def read(self, tree: ast.Module) -> None:
        """Carry out the statements of the outermost level."""
        for statement in tree.body:
            self.begin()
            try:
                self.attempt(statement, self.names)
            except (_Return, _Break, _Continue):
                raise InputError(
                    f"the code is not Python (a return or break outside of a function or loop, line "
                    f"{statement.lineno}): paste it as it stands in its file."
                ) from None

    def body(self, function: Function, names: Names) -> Any:
        """Return what the statements of a function return."""
        try:
            for statement in function.body:
                self.attempt(statement, names)
        except _Return as returned:
            return returned.value
        return None

    def run(self, statement: ast.stmt, names: Names) -> None:
        """Carry out a statement; what is not understood is an `InputError` with its line."""
        self.count(statement)
        match statement:
            case ast.Pass():
                pass
            case ast.Assert(test):
                self.held(test, names)
            case ast.Assign(targets, value):
                result = self.value(value, names, _target_name(targets[0]))
                for target in targets:
                    self.assign(target, result, names)
            case ast.AnnAssign(target, _, value):
                if value is not None:  # `width: int` alone says nothing that matters here
                    self.assign(target, self.value(value, names, _target_name(target)), names)
            case ast.AugAssign(target, op, value):
                self._add_to(target, op, self.value(value, names), statement, names)
            case ast.Delete(targets):
                for target in targets:
                    self._delete(target, names)
            case ast.Expr(value):
                self._effect(value, names)
            case ast.Return(value):
                raise _Return(None if value is None else self.value(value, names))
            case ast.If(test, body, orelse):
                self.block(body if self.truth(test, names) else orelse, names)
            case ast.Match():
                self.match_block(statement, names)
            case ast.With():
                self.with_block(statement, names)
            case ast.Try():
                self.try_block(statement, names)
            case ast.For(target, iterable, body, orelse):
                turns = ((entry,) for entry in walked(self.value(iterable, names), iterable))
                self._loop(turns, target, body, orelse, names)
            case ast.While(test, body, orelse):
                self._loop(self._turns(test, names), None, body, orelse, names)
            case ast.Global(outer):
                names.maps[0].setdefault(OUTER, {}).update(dict.fromkeys(outer, self.names.maps[0]))
            case ast.Nonlocal(outer):
                found = {name: held for held in reversed(names.maps[1:]) for name in outer if name in held}
                names.maps[0].setdefault(OUTER, {}).update(found)
            case ast.Break():
                raise _Break
            case ast.Continue():
                raise _Continue
            case ast.Raise():
                raise raised(statement)
            case _:
                self.define(statement, names)

    def _turns(self, test: ast.expr, names: Names) -> Any:
        for _ in range(MOST_TURNS):
            if not self.truth(test, names):
                return
            yield ()
        raise InputError(f"the code (line {test.lineno}) goes round too often to be read: write the layers out.")

    def _loop(
        self, turns: Any, target: ast.expr | None, body: list[ast.stmt], orelse: list[ast.stmt], names: Names
    ) -> None:
        """Carry out a loop; one that fails in a turn fails as a whole: half of it would be another network."""
        for turn in turns:
            if target is not None:
                self.assign(target, turn[0], names)
            try:
                for statement in body:
                    self.run(statement, names)
            except _Continue:
                continue
            except _Break:
                return
        for statement in orelse:
            self.run(statement, names)

    def assign(self, target: ast.expr, value: Any, names: Names) -> None:
        """Give `value` to what stands on the left of an assignment."""
        match target:
            case ast.Name(name):
                self.bind(name, value, names)
            case ast.Attribute(owner, name):
                self.set_attribute(self.value(owner, names), self.mangled(name, names), value, target)
            case ast.Subscript(owner, index):
                held = self.value(owner, names)
                if not isinstance(held, (Unknown, Flow)):
                    set_item(held, self.value(index, names), value, target)
                elif isinstance(held, Flow):
                    raise not_read(target)
            case ast.Tuple(targets) | ast.List(targets) if isinstance(value, Unknown):
                for part in targets:
                    self.assign(part, value, names)
            case ast.Tuple(targets) | ast.List(targets):
                self._unpack(targets, entries(value, target), target, names)
            case _:
                raise not_read(target)

    def bind(self, name: str, value: Any, names: Names) -> None:
        """Give a name its value; the last that was given one stands last. `global` and `nonlocal` say whose it is."""
        own = names.maps[0].get(OUTER, {}).get(name, names.maps[0])
        own.pop(name, None)
        own[name] = value

    def _unpack(self, targets: list[ast.expr], values: list[Any], node: ast.expr, names: Names) -> None:
        stars = [number for number, part in enumerate(targets) if isinstance(part, ast.Starred)]
        more = len(values) - len(targets) + 1
        if len(stars) > 1 or more < 0 or (not stars and more != 1):
            raise not_read(node, RaisedError)
        if stars:
            first = stars[0]
            values = [*values[:first], values[first : first + more], *values[first + more :]]
        for part, entry in zip(targets, values, strict=True):
            self.assign(part.value if isinstance(part, ast.Starred) else part, entry, names)

    def _add_to(self, target: ast.expr, op: ast.operator, value: Any, node: ast.stmt, names: Names) -> None:
        """Carry out `target += value`; a list and a tensor are changed for everybody who holds them."""
        held, keep = self._place(target, names)
        if isinstance(held, list) and isinstance(op, ast.Add):
            held.extend(entries(value, node))
            if len(held) > MOST_ENTRIES:
                raise not_read(node)
            keep(held)
        elif isinstance(held, list) and isinstance(op, ast.Mult) and not isinstance(held, ModuleList):
            held[:] = self._binary(op, held, value, node)
            keep(held)
        elif isinstance(held, dict) and isinstance(value, dict) and isinstance(op, ast.BitOr):
            held.update(value)
        elif isinstance(held, Flow):
            held.become(self._binary(op, held, value, _loaded(target)))
        else:
            keep(self._binary(op, held, value, node))

    def _place(self, target: ast.expr, names: Names) -> tuple[Any, Callable[[Any], None]]:
        """Return what stands at a target and how to put something there: its parts are looked up once."""
        match target:
            case ast.Attribute(owner, name):
                of, said = self.value(owner, names), self.mangled(name, names)
                return self.attribute(of, said, target), lambda value: self.set_attribute(of, said, value, target)
            case ast.Subscript(owner, index):
                of, at = self.value(owner, names), self.value(index, names)
                return self._item(of, at, target), lambda value: set_item(of, at, value, target)
            case _:
                return self.value(_loaded(target), names), lambda value: self.assign(target, value, names)

    def _delete(self, target: ast.expr, names: Names) -> None:
        match target:
            case ast.Name(name):
                names.maps[0].pop(name, None)
            case ast.Subscript(owner, index):
                delete_item(self.value(owner, names), self.value(index, names), target)
            case ast.Attribute(owner, name):
                self.delete_attribute(self.value(owner, names), self.mangled(name, names), target)
            case _:
                raise not_read(target)

    def _effect(self, value: ast.expr, names: Names) -> None:
        """Carry out an expression that stands alone for what it changes; a module is kept as a console keeps it."""
        found = self.value(value, names)
        if names is self.names and isinstance(found, MODULES):
            self.assign(ast.Name("_"), found, names)


def _target_name(target: ast.expr) -> str:
    return target.attr if isinstance(target, ast.Attribute) else ""


def _loaded(target: ast.expr) -> ast.expr:
    """Return what is assigned to as an expression of its own, at the same place."""
    return ast.copy_location(ast.parse(ast.unparse(target), mode="eval").body, target)
