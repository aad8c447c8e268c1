"""Statements of pasted code that cannot be carried out: their reason is left in what they would have changed."""

import ast
from abc import abstractmethod
from typing import Any

from cnncore.architecture.reading.changes import assigned, carried_out, changed, leaves, root
from cnncore.architecture.reading.definitions import Definitions
from cnncore.architecture.reading.expressions import StoppedError
from cnncore.architecture.reading.flow import Flow
from cnncore.architecture.reading.meaning import (
    Function,
    Instance,
    Names,
    not_read,
    spoil,
)
from cnncore.errors import InputError

MOST_CALLS = 4  # one within another that are looked into for what they would have changed


class Reasons(Definitions):
    """Reasons. `failures` are the statements of the outermost level that could not be carried out, and why."""

    def __init__(self) -> None:
        super().__init__()
        self.failures: list[tuple[ast.stmt, InputError]] = []

    @abstractmethod
    def run(self, statement: ast.stmt, names: Names) -> None:
        """Carry out a statement; what is not understood is an `InputError` with its line."""

    @abstractmethod
    def bind(self, name: str, value: Any, names: Names) -> None:
        """Give a name its value."""

    def attempt(self, statement: ast.stmt, names: Names) -> None:
        """Carry out a statement; if it cannot be, what it would have changed stands for the reason."""
        try:
            self._sound(statement, names)
        except InputError as error:
            inside = names is not self.names
            if inside and (isinstance(error, StoppedError) or isinstance(statement, ast.Return) or leaves(statement)):
                raise
            if not inside:
                self.failures.append((statement, error))
            self._fail(statement, error, names)

    def _sound(self, statement: ast.stmt, names: Names) -> None:
        """Carry out a statement; what Python would refuse, such as a list as a key, is an `InputError`."""
        try:
            self.run(statement, names)
        except InputError:
            raise
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            raise not_read(statement) from None

    def _fail(self, statement: ast.stmt, error: InputError, names: Names, depth: int = 0) -> None:
        """Put the reason into everything that the statement would have changed."""
        for target in changed(statement):
            spoil(self.tried(target, names), error)
        for target in assigned(statement):
            self._withhold(target, error, names)
        for part in carried_out(statement):
            if isinstance(part, ast.Call):
                self._fail_call(part, error, names, depth)

    def _withhold(self, target: ast.expr, error: InputError, names: Names) -> None:
        """Let the reason stand where the value would have been."""
        if isinstance(target, ast.Name):
            self.bind(target.id, error, names)
        elif isinstance(target, ast.Attribute):
            owner = self.tried(target.value, names)
            if isinstance(owner, Instance):
                owner.attributes[target.attr] = error
            else:
                spoil(owner, error)

    def _fail_call(self, call: ast.Call, error: InputError, names: Names, depth: int) -> None:
        """Put the reason into the arguments that the call would have changed."""
        function = self.function_of(call, names)
        if function is not None:
            values = [*([function.owner] if function.owner else []), *(self.tried(a, names) for a in call.args)]
            inner = function.scope.new_child(dict(zip(function.parameters, values, strict=False)))
            for part in function.body if depth < MOST_CALLS else ():
                self._fail(part, error, inner, depth + 1)
            return
        called = ast.unparse(call.func)
        inplace = called.endswith("_") or any(keyword.arg == "inplace" for keyword in call.keywords)
        owner = [call.func.value] if isinstance(call.func, ast.Attribute) and inplace else []
        for argument in (*owner, *call.args):  # random.shuffle(layers), F.elu_(x): whatever it does, it is to these
            value = self.tried(argument, names) if isinstance(argument, (ast.Name, ast.Attribute)) else None
            if isinstance(value, list) or (isinstance(value, Flow) and (inplace or root(call.func) == "self")):
                spoil(value, error)

    def function_of(self, call: ast.Call, names: Names) -> Function | None:
        """Return the function of the text that is called, if it is one."""
        simple = isinstance(call.func, ast.Name) or (
            isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name)
        )
        found = self.tried(call.func, names) if simple else None
        return found if isinstance(found, Function) else None
