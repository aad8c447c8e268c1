"""The form that describes a run: a preset, a toggle for each improvement, and the numbers. Returns a RunConfig."""

from dataclasses import replace
from typing import Any

import streamlit as st

from cnncore.architecture import NETWORKS
from cnncore.data.augmentation import AUGMENTATIONS, Augmentation, HorizontalFlip, RandomCrop
from cnncore.data.prepared import datasets
from cnncore.training.config import DeviceChoice, RunConfig, Schedule, Standardization
from cnncore.training.presets import PRESETS, title

OWN = "own"
DEFAULT = "classroom-5"
_CROP_AND_FLIP: tuple[Augmentation, ...] = (RandomCrop(), HorizontalFlip())
# Widget keys are also the names in the page's address.
_TOGGLES = {
    "std": ("Standardization", "Each channel gets mean 0 and standard deviation 1 over the train images (Q19)."),
    "aug": ("Crop and flip", "A random 28x28 window, mirrored half of the time; test images get the centre (Q22)."),
    "mom": ("Momentum", "Each step keeps 0.9 of the last one: ten times the effective step (Q27)."),
    "sched": ("Schedule", "The learning rate shrinks from epoch to epoch (Q26)."),
    "drop": ("Dropout", "Half of the units before the last layer are dropped in training (Q29)."),
    "bn": ("Batch norm", "Each channel is normalised over the batch, right after each convolution (Q34)."),
}
KEYS = ("preset", "dataset", "network", *_TOGGLES, "lr", "batch", "epochs", "seed")


def _values_of(config: RunConfig) -> dict[str, Any]:
    """Return what the widgets show for a configuration."""
    return {
        "dataset": config.dataset,
        "network": config.network,
        "std": config.standardize is not Standardization.NONE,
        "aug": bool(config.augment),
        "mom": config.momentum > 0,
        "sched": config.schedule is not Schedule.NONE,
        "drop": config.dropout > 0,
        "bn": config.batch_norm,
        "lr": config.lr,
        "batch": config.batch_size,
        "epochs": config.epochs,
        "std_kind": config.standardize if config.standardize is not Standardization.NONE else Standardization.CHANNEL,
        "aug_kinds": [augmentation.kind for augmentation in config.augment or _CROP_AND_FLIP],
        "mom_value": config.momentum or 0.9,
        "sched_kind": config.schedule if config.schedule is not Schedule.NONE else Schedule.EXPONENTIAL,
        "decay": config.decay,
        "drop_p": config.dropout or 0.5,
        "train_size": config.train_size or 0,
    }


def _apply_preset() -> None:
    preset = st.session_state.preset
    if preset in PRESETS:
        st.session_state.update(_values_of(PRESETS[preset]))


def _own() -> None:
    """A preset is what it says: once something is changed, what is shown is the preset that it equals, or none."""
    config = _configuration()
    same = [name for name, preset in PRESETS.items() if replace(preset, preset=None) == replace(config, preset=None, seed=0)]
    st.session_state.preset = same[0] if same else OWN


def _configuration() -> RunConfig:
    s = st.session_state
    kinds = {augmentation.kind: augmentation for augmentation in _CROP_AND_FLIP}
    augment = tuple(kinds.get(kind, AUGMENTATIONS[kind]()) for kind in s.get("aug_kinds", kinds))
    return RunConfig(
        dataset=s.dataset,
        network=s.network,
        epochs=s.epochs,
        batch_size=s.batch,
        lr=s.lr,
        momentum=s.get("mom_value", 0.9) if s.mom else 0.0,
        schedule=Schedule(s.get("sched_kind", Schedule.EXPONENTIAL)) if s.sched else Schedule.NONE,
        decay=s.get("decay", 0.95),
        standardize=Standardization(s.get("std_kind", Standardization.CHANNEL)) if s.std else Standardization.NONE,
        augment=augment if s.aug else (),
        dropout=s.get("drop_p", 0.5) if s.drop else 0.0,
        batch_norm=s.bn,
        train_size=s.get("train_size") or None,
        seed=s.get("seed", 0),
        device=DeviceChoice(s.get("device", DeviceChoice.AUTO)),
        preset=s.get("preset") if s.get("preset") in PRESETS else None,
    )


def _begin() -> None:
    """Give every widget its first value: the address's preset, else the default one; single values win."""
    if "preset" in st.session_state:
        return
    asked = st.query_params.get("preset", DEFAULT)
    for key, value in _values_of(PRESETS.get(asked, PRESETS[DEFAULT])).items():
        if key not in st.query_params:
            st.session_state.setdefault(key, value)
    if "preset" not in st.query_params:
        other = [key for key in KEYS if key in st.query_params and key != "seed"]
        st.session_state.preset = OWN if other else DEFAULT


def run_form() -> RunConfig:
    """Show the form and return the configuration that it describes. Raises `InputError` if that makes no sense."""
    _begin()
    bound: dict[str, Any] = {"bind": "query-params", "persist_state": "session", "on_change": _own}
    prepared = [info.name for info in datasets() if info.prepared]
    first, second, third = st.columns([3, 2, 2])
    first.selectbox(
        "Experiment",
        [*PRESETS, OWN],
        key="preset",
        format_func=lambda name: "Own settings" if name == OWN else title(name),
        **(bound | {"on_change": _apply_preset}),
    )
    # A preset may name a data set that is not there yet: it is offered, and Start says how to get it.
    known = list(dict.fromkeys([*prepared, st.session_state.get("dataset", "builtin"), "cifar10", "mnist"]))
    second.selectbox("Data set", known, key="dataset", **bound)
    networks = list(dict.fromkeys(["classroom", "practical", "lenet5", *NETWORKS]))
    third.selectbox("Network", networks, key="network", **bound)
    for column, (key, (label, text)) in zip(st.columns(len(_TOGGLES)), _TOGGLES.items(), strict=True):
        column.toggle(label, key=key, help=text, **bound)
    lr, batch, epochs, seed = st.columns(4)
    lr.number_input("Learning rate", 1e-5, 100.0, step=0.01, format="%g", key="lr", **bound)
    batch.number_input("Batch size", 1, 4096, step=16, key="batch", **bound)
    epochs.number_input("Epochs", 1, 1000, key="epochs", **bound)
    seed.number_input("Seed", 0, 2**31 - 1, 0, key="seed", bind="query-params", persist_state="session")
    with st.expander("More settings"):
        _more()
    return _configuration()


def _more() -> None:
    kept: dict[str, Any] = {"persist_state": "session", "on_change": _own}
    left, middle, right = st.columns(3)
    kinds = [kind for kind in Standardization if kind is not Standardization.NONE]
    left.selectbox("Kind of standardization", kinds, key="std_kind", **kept)
    left.multiselect("Augmentation", list(AUGMENTATIONS), key="aug_kinds", **kept)
    middle.number_input("Momentum", 0.0, 0.999, step=0.05, key="mom_value", **kept)
    middle.number_input("Dropout: probability of dropping", 0.0, 0.99, step=0.1, key="drop_p", **kept)
    schedules = [kind for kind in Schedule if kind is not Schedule.NONE]
    right.selectbox("Kind of schedule", schedules, key="sched_kind", **kept)
    right.number_input("Decay an epoch (exponential)", 0.01, 1.0, step=0.01, key="decay", **kept)
    left.number_input("Train images (0: all)", 0, 10**6, step=500, key="train_size", **kept)
    right.selectbox("Device", list(DeviceChoice), key="device", persist_state="session")
