"""Who may import whom, proved in fresh interpreters."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# Which modules import torch, by what they are for; all others do without it.
WITH_TORCH = {
    "architecture": "build modules onnx",
    "data": "mixing operations spectrum standardize standardized transform",
    "training": """average batches checkpoint device evaluation fetch fused graph initial keeping kernels many metrics
        optimizers pool_first readout recorder report session side state step timer trainer tta versions""",
    "inspection": "class_map dropout forward looks normalisation receptive saliency slow_motion trained watch",
    "commands": "acceleration",
}
# From below to above: a part imports those below it, and none above but for what EXCEPT names.
LAYERS = (
    ("errors", "home", "atomic", "progress", "wording", "events", "statistics", "turns"),
    ("architecture", "data", "descent"),
    ("training", "baselines"),
    ("jobs", "runs"),
    ("inspection",),
    ("course", "figures"),
    ("commands", "cli"),
)
EXCEPT = {
    ("architecture.onnx", "inspection.trained"),
    ("data.standardize", "training.config"),
    ("data.standardized", "training.config"),
    ("data.preparation", "jobs"),
    ("baselines.job", "jobs"),
    ("runs.answers", "inspection.calibration"),
}


def modules():
    """Yield the name of each module of the package, without the package's own, and its file."""
    for path in sorted((ROOT / "cnncore").rglob("*.py")):
        name = ".".join(path.relative_to(ROOT / "cnncore").with_suffix("").parts).removesuffix("__init__").strip(".")
        if name and name != "__main__":
            yield name, path


def with_torch(name):
    part, _, rest = name.partition(".")
    return rest.split(".")[0] in WITH_TORCH.get(part, "").split()


def imports(path):
    """Return which of the package's modules a file names in its imports, wherever they stand in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module]
            names += [f"cnncore.{alias.name}" for alias in node.names] if node.module == "cnncore" else []
        found |= {name.removeprefix("cnncore.") for name in names if name.startswith("cnncore.")}
    return found


def upward(name, asked):
    """Return the layers' parts that `name` must not import, of the modules `asked`."""
    place = {part: number for number, layer in enumerate(LAYERS) for part in layer}
    own, last = name.split(".")[0], len(LAYERS)
    return {
        other
        for other in asked
        if (name, other) not in EXCEPT and place.get(other.split(".")[0], last) > place.get(own, last)
    }


def loaded(statement, *names):
    """Return which of `names` are loaded after `statement` in an interpreter of its own."""
    code = f"import sys\n{statement}\nprint([name for name in {names!r} if name in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300, check=True
    )
    return result.stdout.strip()


def test_neither_torch_nor_streamlit_comes_in_with_any_module_that_does_without():
    names = [f"cnncore.{name}" for name, _ in modules() if not with_torch(name)]
    assert len(names) > 150
    first = "\n".join(f"import {name}\nassert 'torch' not in sys.modules, {name!r}" for name in ("cnncore", *names))
    assert loaded(first, "torch", "streamlit") == "[]"


@pytest.mark.parametrize("part", WITH_TORCH)
def test_every_module_that_is_said_to_import_torch_is_there(part):
    there = {name.split(".")[1] for name, _ in modules() if name.startswith(f"{part}.")}
    assert set(WITH_TORCH[part].split()) <= there


def test_nobody_imports_what_is_above():
    found = {name: above for name, path in modules() if (above := upward(name, imports(path)))}
    assert found == {}
    needed = {(name, other) for name, path in modules() for other in imports(path)}
    assert needed >= EXCEPT


def test_an_import_of_what_is_above_would_be_found():
    assert upward("training.trainer", {"data.images", "runs.store"}) == {"runs.store"}
    assert upward("data.standardize", {"training.config", "training.trainer"}) == {"training.trainer"}


def test_training_and_looking_into_networks_do_not_wait_for_torchvision():
    modules = ("training.trainer", "inspection.receptive", "inspection.normalisation", "data.views")
    assert loaded("\n".join(f"import cnncore.{name}" for name in modules), "torchvision") == "[]"
    policy = "import torch, cnncore.data.operations as o; o.APPLY['Equalize'](torch.zeros(1, 3, 8, 8).byte(), None)"
    assert loaded(policy, "torchvision") == "['torchvision']"


def test_the_check_can_fail():
    assert loaded("import cnncore.training.trainer", "torch", "streamlit") == "['torch']"


def test_nothing_in_the_package_imports_streamlit():
    assert loaded("\n".join(f"import cnncore.{name}" for name, _ in modules()), "streamlit") == "[]"


def test_the_server_loads_neither_torch_nor_scikit_learn_on_any_page(tmp_path):
    """Each page runs as in the server, without a browser, and imports its own parts anew."""
    pages = sorted(str(path) for path in (ROOT / "pages").glob("*.py"))
    assert len(pages) > 20
    run = f"""
import os
os.environ["CNNCORE_HOME"] = {str(tmp_path)!r}
from streamlit.testing.v1 import AppTest
for page in {pages!r}:
    app = AppTest.from_file(page, default_timeout=240).run()
    assert not app.exception, (page, app.exception)
    assert not {{"torch", "sklearn", "scipy"}} & set(sys.modules), page
    for name in [name for name in sys.modules if name.startswith("pages.")]:
        del sys.modules[name]
"""
    assert loaded(run, "torch", "sklearn", "scipy") == "[]"
