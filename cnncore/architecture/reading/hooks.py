"""Whether a hook changes what its module gives: pasted code uses hooks to look at maps as a rule."""

import ast
from typing import Any

from cnncore.architecture.reading.changes import answers, carried_out, changed, in_place, root
from cnncore.architecture.reading.meaning import Function


def interferes(hook: Any) -> bool:
    """Return whether a hook gives something back or changes what it is given, or may: nobody knows it."""
    if not isinstance(hook, Function):
        return True
    held = hook.parameters[hook.owner is not None :]
    touched = [target for statement in hook.body for target in changed(statement)]
    for statement in hook.body:
        for part in carried_out(statement):
            if isinstance(part, ast.Call):
                touched += in_place(part)
    return answers(hook.body) or any(root(target) in held for target in touched)
