"""How long cuDNN takes for the convolutions of our networks on a CUDA device, forwards and backwards.

    python -m benchmarks.convolutions

For each one in TF32 and half precision the microseconds of the convolution, of the gradients of its images and of its
filters, and of the first of these computed as a forward convolution with the filters turned around, which is the same
sum. Then all of it once more where cuDNN has tried out its ways by the clock (`cudnn.benchmark`), in a process of its
own, as a way once chosen is kept. Each is twenty times in a CUDA graph, which is launched twice. Written to
benchmarks/results/convolutions-NAME.json, NAME being the device's. The trainer lets cuDNN choose without trying: what
it finds by the clock is another way each time, and a seed would not give the same numbers again.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.files import RESULTS, write
from benchmarks.machine import gpu_name, lacks_cuda, machine

TIMES = 20
# Images a batch, channels, height and width, filters, kernel, padding.
LAYERS = {
    "figure conv1": (128, 3, 28, 32, 5, 2),
    "figure conv2": (128, 32, 14, 64, 5, 2),
    "figure conv3": (128, 64, 7, 64, 5, 2),
    "speedrun conv2": (1024, 24, 31, 64, 3, 1),
    "speedrun conv3": (1024, 64, 15, 64, 3, 1),
    "speedrun conv4": (1024, 64, 15, 256, 3, 1),
    "speedrun conv5": (1024, 256, 7, 256, 3, 1),
}
KINDS = {"tf32": torch.float32, "half": torch.bfloat16}


def microseconds(work: Callable[[], object]) -> float:
    """Return how long the device takes for `work`, without what starting it costs."""
    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]  # torch's own
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            work()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for _ in range(TIMES):
            work()
    graph.replay()
    torch.cuda.synchronize()
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]  # torch's own
    begin.record()
    for _ in range(2):
        graph.replay()
    end.record()
    torch.cuda.synchronize()
    return round(float(begin.elapsed_time(end)) * 1000 / (2 * TIMES), 1)


def readings() -> dict[str, dict[str, float]]:
    """Return the microseconds of every layer, in both precisions, by what is computed."""
    return {
        f"{name}, {precision}": reading(kind, *layer)
        for name, layer in LAYERS.items()
        for precision, kind in KINDS.items()
    }


def reading(
    kind: torch.dtype, count: int, channels: int, size: int, filters: int, kernel: int, padding: int
) -> dict[str, float]:
    """Return the microseconds of one layer, see `LAYERS`."""
    images, weight = _random(kind, count, channels, size, size), _random(kind, filters, channels, kernel, kernel)
    slope = torch.randn_like(F.conv2d(images, weight, padding=padding))
    rest = (slope, images, weight, None, (1, 1), (padding, padding), (1, 1), False, (0, 0), 1)
    backward, around = torch.ops.aten.convolution_backward, kernel - 1 - padding
    turned = weight.flip(2, 3).transpose(0, 1).contiguous(memory_format=torch.channels_last)
    return {
        "convolution": microseconds(lambda: F.conv2d(images, weight, padding=padding)),
        "gradient of images": microseconds(lambda: backward(*rest, (True, False, False))),
        "... as a convolution": microseconds(lambda: F.conv2d(slope, turned, padding=around)),
        "gradient of filters": microseconds(lambda: backward(*rest, (False, True, False))),
    }


def _random(kind: torch.dtype, *shape: int) -> Tensor:
    return torch.randn(*shape, device="cuda", dtype=kind).contiguous(memory_format=torch.channels_last)


def main() -> int:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tried", action="store_true", help="print what cuDNN reaches by trying, and write nothing")
    args = parser.parse_args()
    if lacks_cuda():
        return 2
    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, args.tried
    torch.backends.cudnn.allow_tf32 = True
    if args.tried:
        print(json.dumps(readings()))
        return 0
    tried = subprocess.run(
        [sys.executable, "-m", "benchmarks.convolutions", "--tried"], check=True, stdout=subprocess.PIPE, text=True
    )
    result = {"machine": machine(), "microseconds": readings(), "tried out": json.loads(tried.stdout.splitlines()[-1])}
    write(RESULTS / f"convolutions-{gpu_name()}.json", result)
    for name, row in result["microseconds"].items():
        print(name, row, "tried out:", result["tried out"][name])
    return 0


if __name__ == "__main__":
    sys.exit(main())
