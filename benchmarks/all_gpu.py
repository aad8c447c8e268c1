"""Everything that a machine with a CUDA device can tell, in one command and less than ten minutes.

    python -m benchmarks.all_gpu                           tests, many_runs, speedrun, kernels, gpu
    python -m benchmarks.all_gpu --only gpu --budget 550   what was left out goes on where it stopped

CIFAR-10 has to be prepared. Each part is a process of its own and writes its own result; one that is not over in its
time is ended with all that it started, `gpu` comes last and gets the time that is left. The exit status is 0 if no part
failed.
"""

import argparse
import importlib.util
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

PARTS = {
    "tests": ["pytest", "-m", "gpu", "-q"],
    "many_runs": ["benchmarks.many_runs"],
    "speedrun": ["benchmarks.speedrun", "--seeds", "3"],
    "kernels": ["benchmarks.kernels"],
    "gpu": ["benchmarks.gpu"],
}
MOST = {
    "tests": 240.0,
    "many_runs": 150.0,
    "speedrun": 150.0,
    "kernels": 60.0,
}  # seconds, so that no part takes the others' time
_RESERVE = 15.0  # seconds in which `gpu` ends by itself


def part(name: str, left: float) -> str:
    """Run a part for at most `left` seconds and return how it ended: `ok`, or what was wrong."""
    module, *options = PARTS[name]
    if importlib.util.find_spec(module) is None:
        return f"there is no {module}"
    if name == "gpu":
        options += ["--budget", str(max(0.0, left - _RESERVE))]
    process = subprocess.Popen([sys.executable, "-m", module, *options], start_new_session=sys.platform != "win32")
    try:
        status = process.wait(min(max(0.0, left), MOST.get(name, left)))
    except subprocess.TimeoutExpired:
        return "ended: its time was over"
    finally:
        _end(process)
    return "ok" if status == 0 else f"exit status {status}"


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the process and what it started, which would go on computing beside the next part."""
    if sys.platform != "win32":
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def main() -> int:
    """Run the parts and say how each of them ended."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default=",".join(PARTS), help="some of the parts, with commas between")
    parser.add_argument("--budget", type=float, default=570, help="seconds for all of it")
    args = parser.parse_args()
    wanted = args.only.split(",")
    if unknown := set(wanted) - set(PARTS):
        parser.error(f"--only (={','.join(sorted(unknown))}) must be among {','.join(PARTS)}")
    end, said = time.monotonic() + args.budget, {}
    for name in PARTS:
        if name in wanted:
            begin = time.monotonic()
            print(f"--- {name}", flush=True)
            how = part(name, end - begin)
            said[name] = how, f"{name}: {how} after {time.monotonic() - begin:.0f} s"
    print("---", *(text for _, text in said.values()), sep="\n")
    return int(any(how != "ok" for how, _ in said.values()))


if __name__ == "__main__":
    sys.exit(main())
