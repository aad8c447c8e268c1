"""What the server does once it is up and before the first visitor needs it."""

import ast
import contextlib
import importlib
from pathlib import Path

from PIL import Image

from cnncore import compute
from cnncore.architecture import Conv2d
from cnncore.course.facts import facts
from cnncore.data.catalogue import BUILTIN
from cnncore.data.prepared import ready
from cnncore.errors import InputError
from pages.parts.image_choice import drawn
from pages.parts.layer_more import asked
from pages.parts.navigation import existing
from pages.parts.standardization_views import found_components

# What pages ask of the compute pool as they open, by the modules that answer; each brings torch.
TORCH = (
    "cnncore.architecture.oracle",
    "cnncore.data.standardized",
    "cnncore.data.views",
    "cnncore.inspection.dropout",
    "cnncore.inspection.forward",
    "cnncore.inspection.looks",
    "cnncore.inspection.normalisation",
    "cnncore.inspection.receptive",
    "cnncore.inspection.saliency",
)
# What Streamlit and pandas import when an element first needs it. The emojis are one regular expression that takes a
# fifth of a second, which the first page with a segmented control would wait for.
LATE = ("streamlit.emojis", "pyarrow.pandas_compat", "pyarrow.vendored.version")
# What the page about convolution shows at first.
FIRST_LAYER = Conv2d(1, 3, 2, 1), (1, 7, 7)


def imports(script: Path) -> list[str]:
    """Return the modules that a page's script imports at its top, in order."""
    found = []
    for node in ast.parse(script.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append(node.module)
    return found


def warm_up() -> None:
    """Import what the pages import, load torch in the compute pool, and prepare the built-in data, in this order."""
    for entry in existing():
        for module in imports(entry.path):
            importlib.import_module(module)
    for module in LATE:
        with contextlib.suppress(ModuleNotFoundError):  # another version has it elsewhere: it is only later then
            importlib.import_module(module)
    Image.preinit()
    facts()
    try:
        compute.call("cnncore.compute:load", modules=TORCH)
        asked(*FIRST_LAYER)  # PyTorch's first word about a layer takes a third of a second, further ones a thousandth
        drawn(BUILTIN.name)
        data = ready(BUILTIN.name)
        found_components(data.name, data.version)
    except (InputError, compute.ComputeError) as error:  # a full disk, an end of the server: the pages say it again
        print(error, flush=True)  # noqa: T201 the server's log
