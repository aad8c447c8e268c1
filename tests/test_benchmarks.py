"""The benchmark scripts, as far as that takes no time: they can be imported, and say what they measure."""

import importlib
from pathlib import Path

import pytest

SCRIPTS = sorted(path.stem for path in (Path(__file__).parents[1] / "benchmarks").glob("[!_]*.py"))


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_can_be_imported_and_says_what_it_is_for(name):
    script = importlib.import_module(f"benchmarks.{name}")
    assert script.__doc__
    assert f"python -m benchmarks.{name}" in script.__doc__ or not hasattr(script, "main")
