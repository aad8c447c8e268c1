"""The text that was pasted: freed of what a notebook, a console or a chat puts around code, and parsed."""

import ast
import re
import textwrap

from cnncore.errors import InputError

LONGEST = 400_000  # characters; the code of a ResNet-152 has 40,000
_AROUND = re.compile(r"^\s*([%!]|```|~~~)")  # %matplotlib inline, !pip install torch, ```python
_PROMPT = re.compile(r"^\s*(>>>|\.\.\.|In \[\d*\]:)( |$)")
_PRINTED = re.compile(r"^\s*\(\w+\): \w+\(", re.MULTILINE)  # what print(model) writes
TOO_DEEP = "the code is nested too deeply to be read: write the layers out."


def tree_of(text: str) -> ast.Module:
    """Return the syntax tree of the code in `text`; lines keep their numbers.

    >>> ast.unparse(tree_of(">>> a = 1\\n... \\n```"))
    'a = 1'
    """
    if len(text) > LONGEST:
        raise InputError(f"the code (={len(text)} characters) must have at most {LONGEST}: paste the network alone.")
    try:
        return _parsed(text)
    except SyntaxError as error:
        first = error
    except RecursionError:
        raise InputError(TOO_DEEP) from None
    except (ValueError, MemoryError) as error:  # a null character; nested beyond what the parser can hold
        raise InputError(f"the code is not Python ({error}): paste it as it stands in its file.") from None
    try:
        return _parsed(_bare(text))
    except RecursionError:
        raise InputError(TOO_DEEP) from None
    except (SyntaxError, ValueError, MemoryError):
        pass
    if _PRINTED.search(text):
        raise InputError(
            "this is what print(model) shows, which does not say how the layers are connected: paste the code instead."
        )
    raise InputError(f"the code is not Python ({first.msg}, line {first.lineno}): paste it as it stands in its file.")


def _parsed(text: str) -> ast.Module:
    return ast.parse(textwrap.dedent(text.lstrip("\ufeff")).rstrip().rstrip(",") + "\n")


def _bare(text: str) -> str:
    """Return the lines without prompts; those that are no code are empty."""
    lines = text.lstrip("\ufeff").split("\n")
    if any(line.lstrip().startswith(">>>") for line in lines):  # between the prompts stands what a console answered
        lines = [line if _PROMPT.match(line) else "" for line in lines]
    lines = ["" if _AROUND.match(line) else _PROMPT.sub("", line) for line in lines]
    return "\n".join(lines)
