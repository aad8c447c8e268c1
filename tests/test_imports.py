"""Who may import whom, proved in fresh interpreters."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TORCH_FREE = [
    "cnncore",
    "cnncore.architecture",
    "cnncore.architecture.pytorch_source",
    "cnncore.architecture.torchvision_names",
    "cnncore.baselines.job",
    "cnncore.cli",
    "cnncore.compute",
    "cnncore.course",
    "cnncore.data",
    "cnncore.data.augmentation",
    "cnncore.data.mirrored",
    "cnncore.data.pixels",
    "cnncore.data.prepared",
    "cnncore.descent.comparisons",
    "cnncore.events",
    "cnncore.figures.comparison",
    "cnncore.figures.curves",
    "cnncore.figures.growing_field",
    "cnncore.figures.measured",
    "cnncore.figures.recipe",
    "cnncore.figures.records",
    "cnncore.figures.receptive_field",
    "cnncore.inspection.activations",
    "cnncore.inspection.calibration",
    "cnncore.inspection.collage",
    "cnncore.inspection.confusion",
    "cnncore.inspection.filters",
    "cnncore.inspection.footprint",
    "cnncore.inspection.heats",
    "cnncore.inspection.subject",
    "cnncore.jobs",
    "cnncore.figures.label_safety",
    "cnncore.figures.slow_motion",
    "cnncore.figures.standardization",
    "cnncore.inspection.anatomy",
    "cnncore.inspection.label_safety",
    "cnncore.runs.answers",
    "cnncore.runs.client",
    "cnncore.runs.snapshots",
    "cnncore.runs.store",
    "cnncore.runs.supervisor",
    "cnncore.statistics",
    "cnncore.training.cautions",
    "cnncore.training.comparison",
    "cnncore.training.config",
    "cnncore.training.diagnosis",
    "cnncore.training.gap",
    "cnncore.training.network",
    "cnncore.training.plan",
    "cnncore.training.presets",
    "cnncore.training.recipe",
    "cnncore.training.schedule",
    "cnncore.training.snapshots",
]


def loaded(statement, *names):
    """Return which of `names` are loaded after `statement` in an interpreter of its own."""
    code = f"import sys\n{statement}\nprint([name for name in {names!r} if name in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300, check=True
    )
    return result.stdout.strip()


@pytest.mark.parametrize("module", TORCH_FREE)
def test_neither_torch_nor_streamlit_comes_in(module):
    assert loaded(f"import {module}", "torch", "streamlit") == "[]"


def test_training_and_looking_into_networks_do_not_wait_for_torchvision():
    modules = ("training.trainer", "inspection.receptive", "inspection.normalisation", "data.views")
    assert loaded("\n".join(f"import cnncore.{name}" for name in modules), "torchvision") == "[]"
    policy = "import torch, cnncore.data.operations as o; o.APPLY['Equalize'](torch.zeros(1, 3, 8, 8).byte(), None)"
    assert loaded(policy, "torchvision") == "['torchvision']"


def test_the_check_can_fail():
    assert loaded("import cnncore.training.trainer", "torch", "streamlit") == "['torch']"


def test_nothing_in_the_package_imports_streamlit():
    modules = sorted(
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / "cnncore").rglob("*.py")
        if path.name not in ("__init__.py", "__main__.py")
    )
    assert len(modules) > 30
    imports = "\n".join(f"import {module}" for module in modules)
    assert loaded(imports, "streamlit") == "[]"


@pytest.mark.parametrize("page", sorted(path.name for path in (ROOT / "pages").glob("*.py")))
def test_the_server_loads_neither_torch_nor_scikit_learn(page, tmp_path):
    """A page that runs alone, as in the server, without a browser."""
    run = (
        "import os; os.environ['CNNCORE_HOME'] = " + repr(str(tmp_path)) + "\n"
        "from streamlit.testing.v1 import AppTest\n"
        f"app = AppTest.from_file({str(ROOT / 'pages' / page)!r}, default_timeout=240).run()\n"
        "assert not app.exception, app.exception"
    )
    assert loaded(run, "torch", "sklearn", "scipy") == "[]"
