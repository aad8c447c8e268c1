"""`python -m cnncore train`: one run in this terminal, recorded where the app shows it."""

import argparse
import dataclasses
from typing import Any

from cnncore.architecture import load_network
from cnncore.commands.interrupt import at_once
from cnncore.commands.output import put, tell
from cnncore.data.augmentation import AUGMENTATIONS, parse_augmentations
from cnncore.errors import InputError
from cnncore.events import Event, to_json
from cnncore.training.cautions import warnings
from cnncore.training.config import TTA, DeviceChoice, Optimizer, Precision, RunConfig, Schedule, Standardization
from cnncore.training.practical_log import PracticalLog
from cnncore.training.presets import PRESETS, preset_of
from cnncore.training.schedule import read_milestones

_STATUS = {"finished": 0, "stopped": 130}  # whatever else a run ends as is a failure


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; what is left out keeps the preset's value, else the default of `RunConfig`."""
    add = parser.add_argument
    add("--preset", metavar="NAME", help=f"one of {', '.join(PRESETS)}")
    add("--dataset", help="a prepared data set, see `data list`")
    add("--network", help="a name of the catalogue, or a path to a JSON description or PyTorch code")
    add("--epochs", type=int)
    add("--batch-size", type=int)
    add("--lr", type=float, help="learning rate of the first epoch")
    add("--optimizer", metavar="KIND", help=", ".join(Optimizer))
    add("--momentum", type=float)
    add("--nesterov", action=argparse.BooleanOptionalAction, default=None, help="look ahead along the momentum")
    add("--weight-decay", type=float, help="5e-4 is usual")
    add("--label-smoothing", type=float, help="share of each label that all classes get alike")
    add("--average", type=float, metavar="EPOCHS", help="evaluate weights averaged over about so many epochs")
    add("--norm-bias-rate", type=float, help="times the learning rate, for batch norms' biases; scales stay at one")
    add("--logit-scale", type=float, help="factor of the logits, so that the last layer learns more slowly")
    add(
        "--identity-start",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="convolutions begin by passing on their inputs",
    )
    add(
        "--whitened-patches",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="the first convolution whitens the train images' patches and does not learn",
    )
    add("--standardize", metavar="KIND", help=", ".join(Standardization))
    add("--whitening-eps", type=float, help="added to the eigenvalues, for zca and pca")
    add("--augment", metavar="LIST", help=f"comma-separated: {', '.join(AUGMENTATIONS)}, or none")
    add("--schedule", metavar="KIND", help=", ".join(Schedule))
    add("--decay", type=float, help="factor an epoch of the exponential schedule")
    add("--factor", type=float, help="of the step and plateau schedules")
    add("--milestones", metavar="EPOCHS", help="of the step schedule, like 50,75")
    add("--patience", type=int, help="epochs without progress before the plateau schedule falls")
    add("--warmup-epochs", type=float, help="ramp over the first epochs, for any schedule")
    add("--dropout", type=float, help="probability of dropping a unit before the last dense layer")
    add("--batch-norm", action=argparse.BooleanOptionalAction, default=None, help="right after each convolution")
    add("--train-size", type=int, help="use only so many train images, balanced over the classes")
    add("--validation-size", type=int, help="so many train images are kept apart to choose by")
    add("--test-size", type=int)
    add(
        "--train-eval", action=argparse.BooleanOptionalAction, default=None, help="score the train set after each epoch"
    )
    add("--tta", metavar="KIND", help=f"test-time augmentation, after the last epoch: {', '.join(TTA)}")
    add("--precision", metavar="KIND", help=", ".join(Precision))
    add("--snapshots", action=argparse.BooleanOptionalAction, default=None, help="keep what each epoch predicts")
    add("--seed", type=int)
    add("--device", metavar="DEVICE", help=", ".join(DeviceChoice))
    add("--log", choices=["practical", "json"], default="practical", help="how events are printed")
    add("--json", dest="log", action="store_const", const="json", help="the same as --log json")
    add("--name", default="", help="what the run is called in the app")


def configuration(args: argparse.Namespace) -> RunConfig:
    """Return the configuration that the options describe."""
    if args.preset is not None and args.preset not in PRESETS:
        raise InputError(f"`preset` (={args.preset!r}) must be one of {', '.join(PRESETS)}: choose one of them.")
    base = PRESETS[args.preset] if args.preset else RunConfig()
    given: dict[str, Any] = {
        spec.name: getattr(args, spec.name)
        for spec in dataclasses.fields(RunConfig)
        if spec.name != "preset" and getattr(args, spec.name) is not None
    }
    if "milestones" in given:
        given["milestones"] = read_milestones(given["milestones"])
    if "augment" in given:
        given["augment"] = parse_augmentations(given["augment"])
    if given.get("network", "").endswith((".json", ".py")):
        # The run keeps what is in the file, not its path: it can be run again when the file has changed.
        given["network"] = load_network(given["network"]).to_json()
    config = dataclasses.replace(base, **given)
    # A preset with other settings is called by its settings: tables and charts take a preset's name for what it says.
    return dataclasses.replace(config, preset=preset_of(config))


def run(args: argparse.Namespace) -> int:
    """Train, print every event, and record the run in the store."""
    config = configuration(args)
    with at_once():  # torch takes seconds
        from cnncore.runs.record import Status
        from cnncore.runs.store import LostRunError, open_store
        from cnncore.runs.worker import record
        from cnncore.training.device import choose_device, set_precision
        from cnncore.training.plan import plan_of
        from cnncore.training.trainer import own_process

    # What cannot run is refused here: a run in the store is for everybody who looks at the list.
    device = choose_device(config.device)[0]
    plan_of(dataclasses.replace(config, device=DeviceChoice(device.type)))
    set_precision(config.precision, device)
    for warning in warnings(config):
        tell(warning)
    log = PracticalLog()

    def show(event: Event) -> None:
        for line in [to_json(event)] if args.log == "json" else log.lines(event):
            put(line)

    own_process()
    store = open_store()
    # Created as running: a supervisor that happens to live must not start a second process for it.
    run_id = store.create(config, name=args.name, status=Status.RUNNING)
    try:
        status = record(store, run_id, config, on_event=show)
    except LostRunError as error:
        raise InputError(str(error)) from None
    return _STATUS.get(status, 1)
