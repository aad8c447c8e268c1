"""A network as an ONNX file. For the compute pool: torch, and the packages `onnx` and `onnxscript`."""

import importlib.util

import torch

from cnncore.architecture.build import build
from cnncore.architecture.network import Network
from cnncore.errors import InputError

_NEEDED = ("onnx", "onnxscript")


def to_onnx(network: Network, run_id: str | None = None) -> bytes:
    """Return the ONNX file of `network` in eval(): `images` (N, C, H, W) -> `output`, any N, the network's own C, H, W.

    Its weights are those of the stored run `run_id` after the last complete epoch, else freshly drawn ones (seed 0).
    An `InputError` if a package is missing, or the run has other layers than `network`.
    """
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(
            f"`onnx` needs the package {' and '.join(missing)}, which this machine has not: run `pip install "
            f"{' '.join(missing)}`, then start the app again."
        )
    model = _model(network, run_id)
    images = torch.zeros(2, *network.input)  # two: with one, the exporter takes N = 1 for a rule
    program = torch.onnx.export(
        model,
        (images,),
        input_names=["images"],
        output_names=["output"],
        dynamic_shapes=({0: torch.export.Dim("N", min=1)},),
        dynamo=True,
        verbose=False,
    )
    assert program is not None
    return bytes(program.model_proto.SerializeToString())


def _model(network: Network, run_id: str | None) -> torch.nn.Sequential:
    if run_id is None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return build(network).eval()
    from cnncore.inspection.trained import trained

    found = trained(run_id)
    if found.network.layers != network.layers or found.network.input != network.input:
        raise InputError(
            f"`run` (={run_id}) trained {found.network.name} and has no weights for {network.name} as it is here: "
            "export it without a run, or choose the run's own network."
        )
    return found.model
