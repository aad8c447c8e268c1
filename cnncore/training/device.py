"""Which device trains, and why; with which precision it computes."""

import os
import warnings
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch

from cnncore.errors import InputError
from cnncore.training.config import DeviceChoice, Precision


def choose_device(wanted: str = "auto") -> tuple[torch.device, str]:
    """Return the device for `wanted` (auto, cpu, cuda or mps) and one sentence that says why.

    `auto` takes CUDA where it works, else the CPU: Apple's MPS, on which nothing has been tried yet, must be named to
    be used. A named device that is not there is an `InputError`: training silently elsewhere would make every timing a
    riddle.
    """
    if wanted not in list(DeviceChoice):
        raise InputError(f"`device` (={wanted!r}) must be one of {', '.join(DeviceChoice)}: choose one of them.")
    choice = DeviceChoice(wanted)
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if choice is DeviceChoice.CUDA and not cuda:
        raise InputError(f"`device` (=cuda) is not there, because {_no_cuda()}: use auto or cpu.")
    if choice is DeviceChoice.MPS and not mps:
        raise InputError("`device` (=mps) needs macOS on an Apple chip and is not there: use auto or cpu.")
    if choice is DeviceChoice.CUDA or (choice is DeviceChoice.AUTO and cuda):
        return torch.device("cuda", 0), f"CUDA works here: {torch.cuda.get_device_name(0)}"
    if choice is DeviceChoice.MPS:
        return torch.device("mps"), "Apple's MPS was asked for"
    if choice is DeviceChoice.CPU:
        return torch.device("cpu"), "the CPU was asked for"
    if mps:
        return torch.device("cpu"), "the CPU: Apple's MPS is here, and is used where `device` is mps (untried)"
    return torch.device("cpu"), f"the CPU, because {_no_cuda()} and there is no Apple MPS"


def device_kind() -> str:
    """Return what `auto` trains on, cuda or cpu: for a page, which asks the compute pool as it has no torch."""
    return choose_device()[0].type


def layout(device: torch.device) -> torch.memory_format:
    """Return how images and filters lie in memory: channels last, but on MPS, where PyTorch computes some gradients of
    that layout wrongly (pytorch issues 107214, 175189, 175320).

    Measured on two AVX2 cores: convolutions of channels last are 13 to 37 % faster.
    """
    return torch.contiguous_format if device.type == "mps" else torch.channels_last


def _no_cuda() -> str:
    if torch.version.cuda is None:
        return "this PyTorch was built without CUDA"
    return "PyTorch finds no CUDA device or no working driver for it"


def set_precision(precision: Precision, device: torch.device) -> None:
    """Make products on CUDA as precise as asked, for the whole process; an `InputError` where it cannot be done.

    PyTorch's own default lies in between, TF32 in convolutions but not in dense layers; here fp32 means fp32.
    """
    if precision is Precision.TF32 and device.type != "cuda":
        raise InputError(f"`precision` (=tf32) is for CUDA, and this run is on {device.type}, without TF32: use fp32.")
    if precision is Precision.HALF and device.type == "cpu" and not bfloat16_units():
        raise InputError(
            "`precision` (=half) needs a processor with AMX or AVX512-BF16, and this one would imitate bfloat16 many "
            "times slower: use fp32."
        )
    if precision is Precision.HALF and device.type not in ("cpu", "cuda"):
        raise InputError(f"`precision` (=half) is for CUDA and some CPUs, and this run is on {device.type}: use fp32.")
    if device.type == "cuda":
        with warnings.catch_warnings():
            # PyTorch 2.9 to 2.11 announce newer names. These set the older state and the newer one alike; the newer
            # names would leave the two at odds, which PyTorch refuses to read.
            warnings.simplefilter("ignore", UserWarning)
            torch.backends.cuda.matmul.allow_tf32 = precision is Precision.TF32
            torch.backends.cudnn.allow_tf32 = precision is Precision.TF32


def make_deterministic(device: torch.device) -> None:
    """Have CUDA's libraries choose the same sums every time; a CPU does so by itself.

    PyTorch's own gradients of padding by reflection or replication, and of adaptive pools whose windows overlap, are
    sums in any order on CUDA: networks with these repeat but for rounding there.
    """
    if device.type == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.benchmark = False


def bfloat16_units() -> tuple[str, ...]:
    """Return what the processor multiplies bfloat16 with, `AMX_BF16` or `AVX512_BF16`; empty where it has neither.

    Without these units bfloat16 is imitated with operations of 32 bits, some fifteen times slower. Empty also where
    PyTorch does not tell.
    """
    able = processor()
    return tuple(name for name in ("AMX_BF16", "AVX512_BF16") if able.get(name.lower()))


def processor() -> dict[str, Any]:
    """Return what PyTorch knows of the processor; empty before the version that tells."""
    known = getattr(torch.cpu, "get_capabilities", None)
    return dict(known()) if known else {}


def autocast(precision: Precision, device: torch.device) -> AbstractContextManager[object]:
    """Return the context in which a network computes: bfloat16 where that is safe for `half`, else as it is.

    The weights stay in 32 bits and are rounded in every update, so gradients, optimizer, average and checkpoint know of
    no other weights. A second set in 16 bits would save casts: 23 of the 143 operations of figure-9's update are casts,
    and 18 of them would go. In a graph a cast costs its kernel alone, a microsecond or so, and no work of the host's.

    bfloat16 has the exponents of 32 bits: no gradient vanishes or overflows that would not there, so the loss needs no
    scaling, and nobody has to look in each update whether a number overflowed. Convolutions and dense layers take and
    give 16 bits and sum in 32; batch norm has its statistics and weights in 32 bits; logits are 32 bits before the
    loss.
    """
    return torch.autocast(device.type, torch.bfloat16) if precision is Precision.HALF else nullcontext()
