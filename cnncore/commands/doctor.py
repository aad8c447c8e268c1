"""`python -m cnncore doctor`: what this machine can do, and why."""

import argparse
import importlib.metadata
import json
import platform
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass

from cnncore.commands.interrupt import at_once
from cnncore.commands.output import put
from cnncore.data.prepared import datasets, troubles
from cnncore.errors import InputError
from cnncore.home import for_children, home
from cnncore.wording import counted

_PACKAGES = ("streamlit", "torch", "torchvision", "altair", "numpy", "pillow")
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "firefox", "msedge", "safari")

_PATIENCE = 120.0  # seconds: torch alone takes many on a laptop after a cold start


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: whether it works, and the reason or the remedy."""

    subject: str
    good: bool
    text: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--json", action="store_true", help="print JSON only")


def run(args: argparse.Namespace) -> int:
    """Look at everything and print it; exit status 1 if something that the app needs is missing."""
    found = [*_packages(), *_training(), _store(), *_datasets(), _browser()]
    if args.json:
        put(json.dumps([asdict(finding) for finding in found]))
    else:
        for finding in found:
            put(f"{'ok  ' if finding.good else 'note'} {finding.subject}: {finding.text}")
    needed = {"store", *_PACKAGES}
    return int(any(not finding.good and finding.subject in needed for finding in found))


def asked() -> list[Finding]:
    """Return what the command prints, from a process of its own, as it loads torch and times a convolution.

    An `InputError` if it cannot be started or says nothing for two minutes.
    """
    command = [sys.executable, "-m", "cnncore", "doctor", "--json"]
    try:
        done = subprocess.run(command, env=for_children(), capture_output=True, timeout=_PATIENCE, check=False)
        return [Finding(**finding) for finding in json.loads(done.stdout)]
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise InputError(
            f"What this machine can do is not known, because `python -m cnncore doctor` has not said it ({error}): run "
            "it in a terminal."
        ) from error


def _packages() -> list[Finding]:
    findings = [Finding("python", True, f"{platform.python_version()} on {platform.platform()}")]
    for name in _PACKAGES:
        try:
            findings.append(Finding(name, True, importlib.metadata.version(name)))
        except importlib.metadata.PackageNotFoundError:
            findings.append(Finding(name, False, "not installed: pip install -r requirements.txt"))
    return findings


def _training() -> list[Finding]:
    try:
        with at_once():
            from cnncore.commands import acceleration
    except (ImportError, OSError) as error:  # an OSError where a library of the system is missing
        remedy = "install it anew: pip install --force-reinstall -r requirements.txt"
        if sys.platform == "win32":
            remedy = "install Microsoft's Visual C++ Redistributable (https://aka.ms/vs/17/release/vc_redist.x64.exe)"
        return [Finding("device", False, f"unknown, because torch cannot be loaded ({error}): {remedy}")]
    return [Finding(*finding) for finding in acceleration.findings()]


def _store() -> Finding:
    folder = home()
    try:
        from cnncore.runs.store import open_store

        count = len(open_store().listed(limit=100_000))
        free = shutil.disk_usage(folder).free
    except (OSError, ValueError) as error:
        return Finding("store", False, f"{folder} cannot be used ({error}): set CNNCORE_HOME to a folder you may write")
    return Finding("store", True, f"{folder}, {counted(count, 'run')}, {free / 1e9:.1f} GB free")


def _datasets() -> list[Finding]:
    damaged = [Finding("data sets", False, trouble) for trouble in troubles()]
    return damaged + [
        Finding(
            f"data set {entry.name}",
            entry.prepared,
            f"{entry.train_size} train and {entry.test_size} test images"
            if entry.prepared
            else f"not prepared: python -m cnncore data prepare {entry.name}",
        )
        for entry in datasets()
    ]


def _browser() -> Finding:
    for name in _BROWSERS:
        path = shutil.which(name)
        if path:
            return Finding("browser", True, path)
    return Finding("browser", False, "none found on the PATH: open the address that the app prints in any browser")
