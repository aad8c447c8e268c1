"""Freed memory is kept: a process that asks for the same block again does not fault it in again."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FAULTS = """
import resource, sys
import numpy as np
from cnncore.training.allocator import keep_freed_memory
if {keep}:
    assert keep_freed_memory()
def step():
    np.ones(64 << 20, np.uint8)  # made, written to, and freed
step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(3):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(keep):
    code = FAULTS.format(keep=keep)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    return int(done.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's allocator is Linux's")
def test_a_block_of_64_megabytes_is_faulted_in_once():
    # 16,384 pages of 4 kB, or 32 of 2 MB where the system gives huge pages: fewer faults, and kept memory has none.
    assert faults(keep=False) > 3 * 20
    assert faults(keep=True) < 20


def test_elsewhere_nothing_is_tried(monkeypatch):
    from cnncore.training.allocator import keep_freed_memory

    monkeypatch.setattr(sys, "platform", "win32")
    assert keep_freed_memory() is False
