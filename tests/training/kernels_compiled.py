"""Compiles every kernel for graphics cards, without one: what only the compiler can tell. Prints how many they were.

python -m tests.training.kernels_compiled 75 90        for these compute capabilities
"""

import sys
from typing import Any

import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from cnncore.training.kernels import compiler, descent, fetching, loss, norm, pooling

NUMBERS, BYTES, PIXELS, WHOLE, SIZE = "*fp32", "*i8", "*u8", "*i64", "i32"
SIZES = dict.fromkeys(["rows", "height", "width", "high", "wide", "padding", "border", "stride", "part", "count"], SIZE)
SIZES |= dict.fromkeys(["windows_high", "windows_wide"], SIZE)
SETTINGS = dict.fromkeys(["momentum", "eps", "smoothing", "decay", "share"], "fp32")
TILE = {"C": 32, "ROWS": 64, "CHANNELS": 32}


def signatures(kind: str) -> list[tuple[Any, dict[str, str], dict[str, Any]]]:
    """Return each kernel with its arguments' types, where they are not usual, and its constants; images of a `kind`."""
    maps = dict.fromkeys(["images", "pooled", "peaks", "gradient", "result"], kind) | {"chosen": BYTES}
    pool = {**TILE, "RELU": True, "KERNEL": 2}
    plain = dict.fromkeys(["mean", "scale", "weight"])
    slots = {f"n{number}": SIZE for number in range(8)}
    return [
        (pooling._pool_forward, maps, {**pool, "NORM": True, "BIAS": True}),
        (pooling._pool_forward, maps, {**pool, **plain, "NORM": False, "BIAS": True, "peaks": None}),
        (pooling._pool_backward, maps, {**pool, "NORM": True, "BIAS": False, "parts": None}),
        (pooling._pool_backward, maps, {**pool, **plain, "NORM": False, "BIAS": True, "images": None, "sums": None}),
        (norm._statistics, maps, TILE),
        (norm._joined, {"updates": WHOLE}, {"C": 32, "BIAS": True, "PARTS": 512, "CHANNELS": 4}),
        (norm._norm_sums, maps, {**TILE, "RELU": True}),
        (compiler._added, {}, {"WIDTH": 64, "ROWS": 512, "COLUMNS": 4}),
        (
            loss._cross_entropy,
            {"logits": kind, "gradient": kind, "labels": WHOLE, "share": NUMBERS},
            {"TOP": 5, "CLASSES": 10, "MIXED": True, "ROWS": 128, "COLUMNS": 16},
        ),
        (descent._descend, slots, {"MOMENTUM": True, "NESTEROV": True, "BLOCK": 2048}),
        (
            fetching._views,
            {"images": PIXELS, "result": kind, **dict.fromkeys(["labels", "order", "start", "labels_out"], WHOLE)},
            {"C": 3, "SIGN": 1, "FLIP": True, "MEAN": True, "STD": 3, "ROWS": 128, "CHANNELS": 4},
        ),
        (fetching._patches, maps, {"C": 3, "KERNEL": 5, "WIDTH": 80, "ROWS": 128, "COLUMNS": 16}),
    ]


def compiled(kernel: Any, types: dict[str, str], constants: dict[str, Any], capability: int) -> None:
    """Compile a kernel down to the machine's own code."""
    usual = SIZES | SETTINGS
    signature, values = {}, {}
    for place, name in enumerate(kernel.arg_names):
        if name in constants:
            signature[name], values[(place,)] = "constexpr", constants[name]
        else:
            signature[name] = types.get(name, usual.get(name, NUMBERS))
    source = ASTSource(fn=kernel, signature=signature, constexprs=values)
    assert "cubin" in triton.compile(source, target=GPUTarget("cuda", capability, 32)).asm


if __name__ == "__main__":
    done = 0
    for given in map(int, sys.argv[1:]):
        for one in signatures("*bf16" if given >= 80 else NUMBERS):  # older cards have no bfloat16
            compiled(*one, given)
            done += 1
    print(done)  # noqa: T201 whoever runs it wants to know
