"""`python -m cnncore runs`: the runs of this home, those of the app and those of the command line."""

import argparse
import json
import time

from cnncore.commands.output import one_line, put
from cnncore.errors import InputError
from cnncore.runs import client
from cnncore.runs.record import LOCKED, Run, Status, Unread
from cnncore.runs.store import RunStore, open_store

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
        _list(store, args)
        return 0
    if args.run is None:
        raise InputError(f"`run` must be given for {args.action}: `python -m cnncore runs list` shows the ids.")
    match args.action:
        case "delete":
            _delete(store, args)
        case "export":
            _export(store, args)
        case "show":
            _show(store.get(args.run), args)
        case action:
            run_id = store.get(args.run).id
            _ACTIONS[action](run_id)
            settled = _settled(run_id, action)
            put(json.dumps(settled.to_dict()) if args.json else _line(settled))
    return 0


def _list(store: RunStore, args: argparse.Namespace) -> None:
    if args.run is not None:
        raise InputError(f"`run` (={args.run}) has no place in a list of all runs: use show, or leave it out.")
    runs = store.listed(limit=100_000)
    if args.json:
        put(json.dumps([entry.to_dict() for entry in runs]))
        return
    for entry in runs:
        put(_line(entry))


def _delete(store: RunStore, args: argparse.Namespace) -> None:
    """Delete the run, which need not be one that this version can read."""
    run_id = store.over(args.run)
    client.delete(run_id)
    if args.json:
        put(json.dumps({"deleted": run_id}))


def _export(store: RunStore, args: argparse.Namespace) -> None:
    chosen = store.get(args.run)
    if chosen.test_locked and not args.batches:  # batches have train figures alone
        raise InputError(
            f"`run` (={chosen.id}) has a test set that is {LOCKED}, and its readings are in the file: export it when "
            "the run is over, or stop it."
        )
    if args.json:
        put(json.dumps(store.rows(chosen.id, args.batches)))
    else:
        put(store.export_csv(chosen.id, args.batches), end="")


def _show(chosen: Run, args: argparse.Namespace) -> None:
    if args.json:
        put(json.dumps(chosen.to_dict()))
        return
    put(_line(chosen))
    put(json.dumps(chosen.config.to_dict(), indent=1))
    put(chosen.message)


def _settled(run_id: str, action: str) -> Run:
    """Return the run once it does what was asked, or as it is after ten seconds."""
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
