"""`pytest -m gpu` runs on a machine that has PyTorch and pytest, and nothing of what the other tests need."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
ELSEWHERE = (
    "streamlit",
    "altair",
    "playwright",
    "hypothesis",
    "pandas",
    "sklearn",
    "scipy",
    "onnx",
    "onnxscript",
    "vl_convert",
    "pytest_timeout",
)
WITHOUT = f"""
import sys

class Without:
    def __init__(self, finder):
        self.finder = finder

    def __getattr__(self, name):
        return getattr(self.finder, name)

    def find_spec(self, name, path=None, target=None):
        return None if name.partition(".")[0] in {ELSEWHERE!r} else self.finder.find_spec(name, path, target)

sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
import pytest
sys.exit(pytest.main(sys.argv[1:]))
"""


def collected(*options):
    """Return what a pytest without those modules says that it would run, and its status."""
    command = [sys.executable, "-c", WITHOUT, "--collect-only", "-q", "-p", "no:cacheprovider", *options]
    # pytest's plugins that are installed here would look for what they bring.
    environment = dict(os.environ) | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, env=environment)
    return done.stdout + done.stderr, done.returncode


def test_every_gpu_test_is_found_without_the_other_tests_packages():
    text, status = collected("-m", "gpu")
    assert status == 0, text
    found = {line.partition("::")[0] for line in text.splitlines() if "::" in line}
    marked = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "tests").rglob("test_*.py")
        if re.search(r"^@pytest\.mark\.gpu|^def test_.*\(kernel_device", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert found == marked
    assert len(found) >= 10


def test_without_asking_for_them_alone_a_missing_package_is_an_error():
    text, status = collected("tests/test_events.py")
    assert status != 0
    assert "No module named 'hypothesis'" in text
