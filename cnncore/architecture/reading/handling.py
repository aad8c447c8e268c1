"""`try` and `with` in pasted code: what Python would refuse goes to a handler, what a context does is not followed."""

import ast
from typing import Any

from cnncore.architecture.reading.calculation import calculated
from cnncore.architecture.reading.changes import assigned, changed, leaves
from cnncore.architecture.reading.iteration import entries
from cnncore.architecture.reading.meaning import Class, Function, Instance, Names, Partial
from cnncore.architecture.reading.python_calls import builtin
from cnncore.architecture.reading.reasons import Reasons
from cnncore.architecture.reading.refusals import RaisedError, RaiseError, StoppedError, not_read
from cnncore.errors import InputError

# What comes from the computer on which the code runs, not from what it says: it is taken not to happen.
_SURROUNDINGS = (
    *("ImportError", "ModuleNotFoundError", "KeyboardInterrupt", "FileNotFoundError", "OSError", "IOError", "EOFError"),
    *("PermissionError", "ConnectionError", "TimeoutError", "URLError", "HTTPError", "SystemExit"),
)


class Handling(Reasons):
    """Statements that others stand in."""

    def block(self, statements: list[ast.stmt], names: Names) -> None:
        """Carry out statements, each for itself."""
        for statement in statements:
            self.attempt(statement, names)

    def held(self, test: ast.expr, names: Names) -> None:
        """Carry out an `assert`; what it asks of a real batch or of a device is taken to hold."""
        try:
            holds = self.truth(test, names)
        except StoppedError:
            raise
        except InputError:
            return
        if not holds:
            raise raised(test)

    def match_block(self, statement: ast.Match, names: Names) -> None:
        """Carry out the first case of a `match` that fits."""
        subject = self.value(statement.subject, names)
        for case in statement.cases:
            captured: dict[str, Any] = {}
            if not self._fits(subject, case.pattern, captured, names):
                continue
            for name, value in captured.items():
                self.bind(name, value, names)
            if case.guard is None or self.truth(case.guard, names):
                self.block(case.body, names)
                return

    def _fits(self, subject: Any, pattern: ast.pattern, captured: dict[str, Any], names: Names) -> bool:
        """Return whether a value fits a pattern; `captured` is given what the names in it stand for."""
        match pattern:
            case ast.MatchValue(value):
                return bool(calculated(ast.Eq(), subject, self.value(value, names), value))
            case ast.MatchSingleton(value):
                return bool(calculated(ast.Is(), subject, value, pattern))
            case ast.MatchOr(patterns):
                return any(self._fits(subject, part, captured, names) for part in patterns)
            case ast.MatchAs(inner, name):
                captured |= {} if name is None else {name: subject}
                return inner is None or self._fits(subject, inner, captured, names)
            case ast.MatchClass(kind, [], [], []):
                return bool(builtin("isinstance", [subject, self.value(kind, names)], {}, pattern))
            case ast.MatchSequence() if isinstance(subject, (str, int, float, dict, type(None))):
                return False
            case ast.MatchSequence(patterns) if type(subject) in (list, tuple) and not _starred(patterns):
                pairs = zip(entries(subject, pattern), patterns, strict=False)
                alike = len(subject) == len(patterns)
                return alike and all(self._fits(part, inner, captured, names) for part, inner in pairs)
            case _:
                raise not_read(pattern)

    def try_block(self, statement: ast.Try, names: Names) -> None:
        """Carry out a `try`; where a handler would go on, what it and the rest would change cannot be known."""
        try:
            handled = [part for handler in statement.handlers if not _is_no_matter(handler) for part in handler.body]
            if handled:
                self._guarded(statement, handled, names)
            else:
                self.block([*statement.body, *statement.orelse], names)
        finally:
            self.block(statement.finalbody, names)

    def _guarded(self, statement: ast.Try, handled: list[ast.stmt], names: Names) -> None:
        known = set(names)
        for place, part in enumerate(statement.body):
            self.guards += 1
            try:
                self.sound_run(part, names)
            except RaisedError:  # Python's error too: a handler goes on, nobody knows which
                line = getattr(part, "lineno", 1)
                reason = InputError(
                    f"the `try` meets an error (line {line}) and goes on in a handler, which is not followed here: "
                    "write down what it comes to."
                )
                self._doubt([*statement.body[place:], *handled, *statement.orelse], reason, names, None)
                return
            except StoppedError:
                raise
            except InputError as error:  # it may have gone well: then only what stood before could be there still
                if isinstance(part, ast.Return) or leaves(part):
                    raise
                self.fail(part, error, names)
                rest = [*statement.body[place + 1 :], *statement.orelse]
                self.guards -= 1
                try:
                    self.block(rest, names)
                finally:
                    self.guards += 1
                self._doubt(handled, error, names, None)
                self._doubt(rest, error, names, known)
                return
            finally:
                self.guards -= 1
        self.block(statement.orelse, names)

    def _doubt(self, statements: list[ast.stmt], error: InputError, names: Names, known: set[str] | None) -> None:
        """Put the reason into what the statements change; of names into `known` alone, if it is given."""
        if any(leaves(statement) for statement in statements):
            raise InputError(str(error))
        if names is self.names:
            self.failures.append((statements[0] if statements else ast.Pass(), error))
        for statement in statements:
            targets = [*assigned(statement), *changed(statement)]
            if known is None or any(not isinstance(target, ast.Name) or target.id in known for target in targets):
                self.fail(statement, error, names)

    def with_block(self, statement: ast.With, names: Names) -> None:
        """Carry out a `with`; a context of the text's own may do anything before and after."""
        for item in statement.items:
            if self._is_own(item.context_expr, names):
                raise not_read(item.context_expr)
            if item.optional_vars is not None:
                self.assign(item.optional_vars, not_read(item.context_expr), names)
        first = statement.items[0].context_expr
        if isinstance(first, ast.Call) and ast.unparse(first.func).rsplit(".", 1)[-1] == "suppress":
            handler = ast.ExceptHandler(ast.Tuple(first.args, ast.Load()), None, [ast.Pass()])
            self.try_block(ast.Try(statement.body, [handler], [], []), names)
        else:
            self.block(statement.body, names)

    def _is_own(self, context: ast.expr, names: Names) -> bool:
        called: Any = self.tried(context.func if isinstance(context, ast.Call) else context, names)
        return isinstance(called, (Function, Class, Instance, Partial))


def _starred(patterns: list[ast.pattern]) -> bool:
    return any(isinstance(part, ast.MatchStar) for part in patterns)


def raised(node: ast.stmt | ast.expr) -> RaiseError:
    """Return the error for what the code raises itself."""
    return RaiseError(f"the code raises an error (line {node.lineno}): correct what it complains about.")


def _is_no_matter(handler: ast.ExceptHandler) -> bool:
    """Return whether a handler ends the code, or waits for what the code's own words cannot cause."""
    if isinstance(handler.body[-1], ast.Raise):
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return all(kind is not None and ast.unparse(kind).rsplit(".", 1)[-1] in _SURROUNDINGS for kind in kinds)
