"""`python -m cnncore runs`: the runs of this home, those of the app and those of the command line."""

import argparse
import json
import time

from cnncore.commands.output import one_line, put
from cnncore.errors import InputError
from cnncore.runs import client
from cnncore.runs.record import LOCKED, Run, Status, Unread
from cnncore.runs.store import open_store

_ACTIONS = {
    "pause": client.pause,
    "continue": client.unpause,
    "stop": client.stop,
    "resume": client.resume,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("action", choices=["list", "show", "export", "delete", *_ACTIONS])
    parser.add_argument("run", nargs="?", help="a run's id, or the beginning of it that is unique")
    parser.add_argument("--batches", action="store_true", help="export every update instead of every epoch")
    parser.add_argument("--json", action="store_true", help="print JSON only")


def run(args: argparse.Namespace) -> int:
    """Do what `action` says."""
    store = open_store()
    client.attend()
    if args.batches and args.action != "export":
        raise InputError(f"`--batches` is for export, and {args.action} has no use for it: leave it out.")
    if args.action == "list":
        if args.run is not None:
            raise InputError(f"`run` (={args.run}) has no place in a list of all runs: use show, or leave it out.")
        runs = store.listed(limit=100_000)
        if args.json:
            put(json.dumps([entry.to_dict() for entry in runs]))
        else:
            for entry in runs:
                put(_line(entry))
        return 0
    if args.run is None:
        raise InputError(f"`run` must be given for {args.action}: `python -m cnncore runs list` shows the ids.")
    if args.action == "delete":  # one that this version cannot read, too
        run_id = store.over(args.run)
        client.delete(run_id)
        if args.json:
            put(json.dumps({"deleted": run_id}))
        return 0
    chosen = store.get(args.run)
    if args.action == "export" and chosen.test_locked and not args.batches:  # of batches there are train figures alone
        raise InputError(
            f"`run` (={chosen.id}) has a test set that is {LOCKED}, and its readings are in the file: export it when "
            "the run is over, or stop it."
        )
    if args.action == "export":
        if args.json:
            put(json.dumps(store.rows(chosen.id, args.batches)))
        else:
            put(store.export_csv(chosen.id, args.batches), end="")
        return 0
    if args.action != "show":
        _ACTIONS[args.action](chosen.id)
        chosen = _settled(chosen.id, args.action)
    put(json.dumps(chosen.to_dict()) if args.json else _line(chosen))
    if args.action == "show" and not args.json:
        put(json.dumps(chosen.config.to_dict(), indent=1))
        put(chosen.message)
    return 0


def _settled(run_id: str, action: str) -> Run:
    """Return the run once it does what was asked, or after ten seconds as it is."""
    wanted = {"pause": {Status.PAUSED}, "continue": {Status.RUNNING, Status.QUEUED}, "resume": {Status.RUNNING}}
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        found = open_store().get(run_id)
        if found.status in wanted.get(action, set()) or not found.status.active:
            return found
        time.sleep(0.1)
    return open_store().get(run_id)


def _line(entry: Run | Unread) -> str:
    if isinstance(entry, Unread):
        return f"{entry.id}  {entry.status:11}  {one_line(entry.label)}"
    accuracy = "" if entry.test_accuracy is None else f"  test {100 * entry.test_accuracy:.1f} %"
    if entry.test_locked and entry.validation_accuracy is not None:
        accuracy = f"  validation {100 * entry.validation_accuracy:.1f} %, test {LOCKED}"
    return (
        f"{entry.id}  {entry.status:11}  epoch {entry.epoch}/{entry.config.epochs}{accuracy}  {one_line(entry.label)}"
    )
