"""Statements of pasted code that cannot be carried out: their reason is left in what they would have changed."""

import ast
from abc import abstractmethod
from typing import Any

from cnncore.architecture.reading.changes import assigned, carried_out, changed, in_place, leaves, loops, root
from cnncore.architecture.reading.definitions import Definitions
from cnncore.architecture.reading.dotted import Dotted
from cnncore.architecture.reading.flow import Flow
from cnncore.architecture.reading.iteration import entries
from cnncore.architecture.reading.meaning import (
    HOLDERS,
    Function,
    Instance,
    Names,
    Partial,
    spoil,
)
from cnncore.architecture.reading.refusals import DerivedError, FinalError, RaisedError, StoppedError, refused_by_python
from cnncore.errors import InputError

MOST_CALLS = 4  # one within another that are looked into for what they would have changed
# Methods of lists and dictionaries that change nothing.
_READING = ("get", "keys", "values", "items", "index", "count", "copy")
# Where functions of libraries are that make of the modules that they are given other ones.
_REMAKING = ("torch.nn.utils.", "torch.ao.", "torch.quantization.", "operator.")


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
            self.sound_run(statement, names)
        except InputError as error:
            inside = names is not self.names
            stops = isinstance(error, StoppedError) or isinstance(statement, ast.Return) or leaves(statement)
            caught = self.guards > 0 and isinstance(error, RaisedError)  # by a `try` around this
            if isinstance(error, FinalError) or caught or (inside and stops):
                raise
            if not inside:
                self.failures.append((statement, error))
            self.fail(statement, error, names)

    def sound_run(self, statement: ast.stmt, names: Names) -> None:
        """Carry out a statement; what Python would refuse, such as a list as a key, is an `InputError`."""
        with refused_by_python(statement):
            self.run(statement, names)

    def fail(self, statement: ast.stmt, error: InputError, names: Names, depth: int = 0) -> None:
        """Put the reason into everything that the statement would have changed."""
        flows = self.flows_in(statement, names)
        if flows:
            error = DerivedError(str(error), flows)
        for loop in loops(statement):
            self._fail_loop(loop, error, names.new_child(), depth)
        for target in changed(statement):
            spoil(self.tried(target, names), error)
        for target in assigned(statement):
            self._withhold(target, error, names)
        for part in carried_out(statement):
            if isinstance(part, ast.Call):
                self._fail_call(part, error, names, depth)

    def _fail_loop(self, loop: ast.For, error: InputError, names: Names, depth: int) -> None:
        """Put the reason into what the loop would have changed of the modules and lists that it goes through."""
        try:
            turns = [turn for turn in entries(self.value(loop.iter, names), loop.iter) if _holds(turn)]
        except StoppedError:
            raise
        except InputError:
            return
        for turn in turns:
            self.assign(loop.target, turn, names)
            for part in loop.body:
                self.count(part)
                self.fail(part, error, names, depth)

    def flows_in(self, node: ast.AST, names: Names) -> list[Flow]:
        """Return the tensors that are named in the code: what it makes may be a view of them."""
        found: dict[int, Flow] = {}
        for part in carried_out(node):
            value = None
            if isinstance(part, ast.Name):
                value = names.get(part.id)
            elif isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name):
                owner = names.get(part.value.id)
                value = owner.attributes.get(part.attr) if isinstance(owner, Instance) else None
            found |= {id(flow): flow for flow in _flows(value)}
        return [*found.values()]

    def argument(self, node: ast.expr, names: Names) -> Any:
        """Return what an argument stands for, or why it cannot be read; a `try` around it is told of Python's error."""
        value = self.tried(node, names)
        if isinstance(value, InputError):
            if self.guards > 0 and isinstance(value, RaisedError):
                raise value
            self.fail(ast.copy_location(ast.Expr(node), node), value, names)
        return self._derived(value, node, names)

    def _derived(self, value: Any, node: ast.expr, names: Names) -> Any:
        """Return a value; a reason with the tensors that it was made of."""
        flows = self.flows_in(node, names) if isinstance(value, InputError) else []
        return DerivedError(str(value), flows) if flows else value

    def _withhold(self, target: ast.expr, error: InputError, names: Names) -> None:
        """Let the reason stand where the value would have been."""
        if isinstance(target, ast.Name):
            self.bind(target.id, error, names)
        elif isinstance(target, ast.Attribute):
            owner = self.tried(target.value, names)
            if isinstance(owner, Instance):
                owner.attributes[self.mangled(target.attr, names)] = error
            else:
                spoil(owner, error)

    def failed(self, function: Any, args: list[Any], reason: InputError, depth: int = 0) -> None:
        """Put the reason into what a function of the text would have changed; another's is not known."""
        if isinstance(function, Partial):
            return self.failed(function.target, [*function.args, *args], reason, depth)
        if not isinstance(function, Function):
            return None
        values = [*([function.owner] if function.owner else []), *args]
        inner = function.scope.new_child(dict(zip(function.parameters, values, strict=False)))
        for part in function.body if depth < MOST_CALLS else ():
            self.fail(part, reason, inner, depth + 1)
        return None

    def _fail_call(self, call: ast.Call, error: InputError, names: Names, depth: int) -> None:
        """Put the reason into what the call would have changed."""
        function = self.function_of(call, names)
        if function is not None:
            args = [self._derived(self.tried(part, names), part, names) for part in call.args]
            self.failed(function, args, error, depth)
            return
        for target in in_place(call):  # F.elu_(x), F.relu(x[:, :2], inplace=True)
            for flow in self.flows_in(target, names):
                flow.spoil(error)
        if isinstance(call.func, ast.Attribute):
            owner = self.tried(call.func.value, names)
            if isinstance(owner, (list, dict, set)) and not isinstance(owner, HOLDERS):
                spoil(owner if call.func.attr not in _READING else None, error)
        called = self.tried(call.func, names)
        remaking = isinstance(called, Dotted) and called.path.startswith(_REMAKING)
        for argument in call.args:  # random.shuffle(layers): whatever it does, it is to these
            plain = isinstance(argument, (ast.Name, ast.Attribute))
            value = self.tried(argument, names) if plain or remaking else None
            if isinstance(value, list) or (remaking and isinstance(value, HOLDERS)):
                spoil(value, error)
            if root(call.func) == "self":  # a module of the object's own may work in place
                for flow in self.flows_in(argument, names):
                    flow.spoil(error)

    def function_of(self, call: ast.Call, names: Names) -> Function | None:
        """Return the function of the text that is called, if it is one."""
        simple = isinstance(call.func, ast.Name) or (
            isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name)
        )
        found = self.tried(call.func, names) if simple else None
        return found if isinstance(found, Function) else None


def _holds(value: Any) -> bool:
    """Return whether what a loop goes through can be changed: numbers and texts cannot."""
    several = value if isinstance(value, tuple) else (value,)
    return any(isinstance(entry, (*HOLDERS, list, dict, set, Flow)) for entry in several)


def _flows(value: Any, depth: int = 0) -> list[Flow]:
    """Return the tensors that a value is or holds."""
    match value:
        case Flow():
            return [value]
        case DerivedError(flows=flows):
            return flows
        case list() | tuple() | dict() if depth < MOST_CALLS:
            inside = value.values() if isinstance(value, dict) else value
            return [flow for entry in inside for flow in _flows(entry, depth + 1)]
        case _:
            return []
