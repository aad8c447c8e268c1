"""ONNX files, evaluated by ONNX's own reference in numpy, against PyTorch."""

import sys

import numpy as np
import pytest
import torch

from cnncore.architecture import Branches, Conv2d, Flatten, Linear, MaxPool2d, Network, ReLU, Residual, named_network
from cnncore.architecture.build import build
from cnncore.architecture.onnx import to_onnx
from cnncore.errors import InputError
from cnncore.inspection.trained import trained
from cnncore.runs.record import Status
from cnncore.runs.store import open_store
from cnncore.runs.worker import record
from cnncore.training.config import RunConfig

onnx = pytest.importorskip("onnx", reason="ONNX is not installed")
pytest.importorskip("onnxscript", reason="PyTorch's exporter needs onnxscript")
from onnx.reference import ReferenceEvaluator  # noqa: E402 only where onnx is installed

BLOCKS = Network(
    "blocks",
    (3, 9, 11),
    (
        Conv2d(4, 3, padding=1, padding_mode="replicate"),
        Residual((Conv2d(4, 3, padding=1), ReLU())),
        Branches(((Conv2d(2, 1),), (MaxPool2d(3, 1, 1),))),
        Flatten(),
        Linear(5),
    ),
)


def evaluated(file, images):
    model = onnx.load_from_string(file)
    onnx.checker.check_model(model, full_check=True)
    [output] = ReferenceEvaluator(model).run(None, {"images": images.numpy()})
    return output


@pytest.mark.parametrize("network", [named_network("practical", (3, 28, 28)), BLOCKS], ids=["practical", "blocks"])
def test_onnx_gives_pytorchs_output_for_any_number_of_images(network):
    state = torch.random.get_rng_state()
    file = to_onnx(network)
    assert torch.equal(torch.random.get_rng_state(), state)  # whoever asks draws on as if nothing had been exported
    torch.manual_seed(0)
    model = build(network).eval()
    for count in (1, 3):
        images = torch.rand(count, *network.input)
        with torch.no_grad():
            np.testing.assert_allclose(evaluated(file, images), model(images).numpy(), atol=1e-5)


def test_a_stored_runs_weights_go_along(tiny, app_home):
    config = RunConfig(dataset="tiny", network="classroom", epochs=1, batch_norm=True)
    run_id = open_store().create(config, status=Status.RUNNING)
    record(open_store(), run_id, config)
    found = trained(run_id)
    images = torch.rand(2, *found.network.input)
    with torch.no_grad():
        np.testing.assert_allclose(
            evaluated(to_onnx(found.network, run_id), images), found.model(images).numpy(), atol=1e-5
        )
    with pytest.raises(InputError, match=rf"`run` \(={run_id}\) trained classroom and has no weights for lenet5"):
        to_onnx(named_network("lenet5"), run_id)


def test_a_missing_package_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(InputError, match=r"`onnx` needs the package onnxscript, .* run `pip install onnxscript`"):
        to_onnx(BLOCKS)
