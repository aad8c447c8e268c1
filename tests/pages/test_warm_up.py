"""What the server does before the first visitor: pages find what they import, and torch is loaded elsewhere."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cnncore import compute
from cnncore.data.prepared import folder, info, ready
from pages.parts import warm_up
from pages.parts.warm_up import TORCH, imports

ROOT = Path(__file__).parents[2]
# What pages ask the pool for that it does not load before: what is seldom asked for, or costs next to nothing more.
LATER = {
    "cnncore.architecture.modules",  # torchvision's networks, and torchvision with them: when one is chosen
    "cnncore.architecture.onnx",  # a button on a page's last section
    "cnncore.architecture.pytorch_source",  # read in a process of its own, without torch
    "cnncore.compute",  # the pool itself
    "cnncore.inspection.class_map",  # folded; it imports next to nothing more
    "cnncore.inspection.label_safety",  # of a trained run; it imports nothing more
    "cnncore.inspection.slow_motion",  # folded, with a skeleton; it brings the trainer's own step, 1.5 s of imports
    "cnncore.training.device",  # a file without imports of weight
}


def test_the_imports_of_a_script_are_those_at_its_top(tmp_path):
    script = tmp_path / "page.py"
    script.write_text("import a.b, c as d\nfrom e.f import g\nfrom . import h\ndef late():\n    import torch\n")
    assert imports(script) == ["a.b", "c", "e.f"]


@pytest.mark.parametrize("page", ["training", "pooling", "kernels"])
def test_a_page_that_opens_after_the_warm_up_imports_nothing_more(drawn_once, tmp_path, page):
    ready("builtin")
    shutil.copytree(folder("builtin"), tmp_path / "data" / "builtin")
    code = (
        f"import os, sys; os.environ['CNNCORE_HOME'] = {str(tmp_path)!r}\n"
        "from cnncore import compute\n"
        "compute.call = lambda *a, **k: None\n"  # the pool is not asked here
        "from pages.parts.warm_up import warm_up\n"
        "warm_up()\n"
        "from streamlit.testing.v1 import AppTest\n"
        f"AppTest.from_file({str(ROOT / 'pages' / 'home.py')!r}, default_timeout=240).run()\n"
        "before = set(sys.modules)\n"
        f"app = AppTest.from_file({str(ROOT / 'pages' / f'{page}.py')!r}, default_timeout=240).run()\n"
        "assert not app.exception, app.exception\n"
        "print(sorted(name for name in set(sys.modules) - before if name.split('.')[0] in "
        "('cnncore', 'pages', 'altair', 'pandas', 'numpy', 'streamlit', 'pyarrow', 'PIL')), 'torch' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300, check=True
    )
    assert result.stdout.strip() == "[] False"


def test_the_server_starts_without_what_no_page_uses(tmp_path):
    code = (
        f"import asyncio, os, sys; os.environ['CNNCORE_HOME'] = {str(tmp_path)!r}\n"
        "import streamlit_app\n"
        "streamlit_app.client.attend = streamlit_app.warm_up = lambda: None\n"
        "async def start():\n"
        "    async with streamlit_app.lifespan(streamlit_app.app):\n"
        "        print([name for name in ('pandas', 'altair', 'torch') if name in sys.modules])\n"
        "asyncio.run(start())\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300, check=True
    )
    assert result.stdout.strip() == "['pandas']"


def test_the_pool_loads_what_pages_ask_it_for():
    pages = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "pages").rglob("*.py"))
    named = set(re.findall(r'"(cnncore[\w.]+):\w', pages))
    named |= {f"cnncore.inspection.{name}" for name in re.findall(r'ask\("(\w+):\w', pages)}
    named |= {"cnncore.data.standardized"}  # whose functions are named apart
    assert named - set(TORCH) == LATER
    assert set(TORCH) <= named


def test_torch_says_its_first_word_before_anybody_asks_and_the_components_are_found_last(drawn_once, monkeypatch):
    done = []
    monkeypatch.setattr(warm_up, "existing", list)
    monkeypatch.setattr(warm_up.compute, "call", lambda target, **_: done.append(target))
    monkeypatch.setattr(warm_up, "asked", lambda *question: done.append(question))
    monkeypatch.setattr(warm_up, "found_components", lambda *question: done.append(question))
    warm_up.warm_up()
    version = info("builtin").version
    assert done == ["cnncore.compute:load", warm_up.FIRST_LAYER, ("builtin", version)]
    assert version


def test_an_end_of_the_server_meanwhile_is_a_line_in_its_log(monkeypatch, capsys):
    def ended(*_, **__):
        raise compute.ComputeError("The process that calculates ended unexpectedly (exit status -9).")

    monkeypatch.setattr(warm_up, "existing", list)
    monkeypatch.setattr(warm_up.compute, "call", ended)
    warm_up.warm_up()
    assert "ended unexpectedly" in capsys.readouterr().out
