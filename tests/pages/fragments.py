"""Runs of one fragment alone, as a browser asks for them; Streamlit's test runner by itself runs whole pages only."""

from contextlib import contextmanager
from functools import partial
from inspect import getclosurevars

import pytest
from streamlit.testing.v1 import local_script_runner


@contextmanager
def alone(app, function, *first):
    """Let what `app` runs meanwhile be the fragment that is made of `function`, as at a click in it or by its timer.

    Of several that are made of it, that whose `first` arguments are these.
    """

    def asked(run):
        made = getclosurevars(run).nonlocals
        return made["non_optional_func"] is function and made["args"][: len(first)] == first

    [fragment] = [key for key, run in app._fragment_storage._fragments.items() if asked(run)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            local_script_runner, "RerunData", partial(local_script_runner.RerunData, fragment_id_queue=[fragment])
        )
        yield
