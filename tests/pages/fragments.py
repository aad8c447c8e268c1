"""Runs of one fragment alone, as a browser asks for them; Streamlit's test runner by itself runs whole pages only."""

from contextlib import contextmanager
from functools import partial
from inspect import getclosurevars

import pytest
from streamlit.testing.v1 import local_script_runner


@contextmanager
def alone(app, function):
    """Let what `app` runs meanwhile be the fragment that is made of `function`, as at a click in it or by its timer."""
    stored = app._fragment_storage._fragments
    [fragment] = [key for key, run in stored.items() if getclosurevars(run).nonlocals["non_optional_func"] is function]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            local_script_runner, "RerunData", partial(local_script_runner.RerunData, fragment_id_queue=[fragment])
        )
        yield
