"""The form that describes a run: a preset, a toggle for each improvement, and the numbers. Returns a RunConfig."""

from dataclasses import replace
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnncore.architecture import NETWORKS, load_network
from cnncore.data.augmentation import AUGMENTATIONS, Augmentation, HorizontalFlip, RandomCrop
from cnncore.data.prepared import datasets
from cnncore.training.config import DeviceChoice, RunConfig, Schedule, Standardization
from cnncore.training.presets import PRESETS, title

OWN = "own"
DEFAULT = "classroom-5"
_CROP_AND_FLIP: tuple[Augmentation, ...] = (RandomCrop(), HorizontalFlip())
# Widget keys are also the names in the page's address. Streamlit's own binding writes every value that differs from a
# widget's default; here the address is a preset and what differs from it, which a person can read and change.
_TOGGLES = {
    "std": ("Standardization", "Each channel gets mean 0 and standard deviation 1 over the train images (Q19)."),
    "aug": ("Crop and flip", "A random 28x28 window, mirrored half of the time; test images get the centre (Q22)."),
    "mom": ("Momentum", "Each step keeps 0.9 of the last one: ten times the effective step (Q27)."),
    "sched": ("Schedule", "The learning rate shrinks from epoch to epoch (Q26)."),
    "drop": ("Dropout", "Half of the units before the last layer are dropped in training (Q29)."),
    "bn": ("Batch norm", "Each channel is normalised over the batch, right after each convolution (Q34)."),
}
_FINER = ("std_kind", "aug_kinds", "mom_value", "sched_kind", "decay", "drop_p", "train_size", "device")
ADDRESS = ("dataset", "network", *_TOGGLES, "lr", "batch", "epochs", "seed", *_FINER)
_LIMITS: dict[str, tuple[Any, Any]] = {
    "lr": (1e-5, 1000.0),
    "batch": (1, 4096),
    "epochs": (1, 1000),
    "seed": (0, 2**31 - 1),
    "mom_value": (0.0, 0.999),
    "drop_p": (0.0, 0.99),
    "decay": (0.01, 1.0),
    "train_size": (0, 10**6),
}
# What runs at once on every laptop comes first.
PRESETS_IN_ORDER = sorted(PRESETS, key=lambda name: not name.startswith("classroom"))


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
    same = [
        name for name, preset in PRESETS.items() if replace(preset, preset=None) == replace(config, preset=None, seed=0)
    ]
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
    asked = st.query_params.to_dict()
    preset = asked.pop("preset", DEFAULT)
    refused = [] if preset in (*PRESETS, OWN) else [f"preset={preset}"]
    base = PRESETS.get(preset, PRESETS[DEFAULT])
    st.session_state.update(_values_of(base) | {"preset": preset if preset in (*PRESETS, OWN) else DEFAULT})
    st.session_state.update({"seed": base.seed, "device": base.device})
    refused += [f"{key}={asked[key]}" for key in ADDRESS if key in asked and not _take(key, asked[key])]
    if refused:
        st.session_state.form_refused = ", ".join(text[:40].replace("`", "") for text in refused)
    if asked.keys() & set(ADDRESS):
        _own()


def _take(key: str, text: str) -> bool:
    """Set one value as the address writes it; false if it makes no sense."""
    before = st.session_state[key]
    try:
        if isinstance(before, bool):
            value: Any = {"true": True, "false": False}[text.lower()]
        elif isinstance(before, (int, float)):
            value = type(before)(text)
            low, high = _LIMITS[key]
            if not low <= value <= high:
                return False
        elif isinstance(before, list):
            value = [kind for kind in text.split(",") if kind in AUGMENTATIONS]
        else:
            value = text
        st.session_state[key] = value
        _configuration()
        if key == "network":
            load_network(text)
    except (KeyError, ValueError):
        st.session_state[key] = before
        return False
    return True


def _write_address() -> None:
    """Put into the address what makes this setting: the preset, and what differs from it."""
    s = st.session_state
    preset = s.preset if s.preset in PRESETS else DEFAULT
    base = _values_of(PRESETS[preset]) | {"seed": 0, "device": DeviceChoice.AUTO}
    wanted = {"preset": s.preset if s.preset in PRESETS else OWN}
    for key in ADDRESS:
        value = s.get(key, base[key])
        if value != base[key]:
            wanted[key] = ",".join(value) if isinstance(value, list) else _text(value)
    for key in ("preset", *ADDRESS):
        if key in wanted and st.query_params.get(key) != wanted[key]:
            st.query_params[key] = wanted[key]
        elif key not in wanted and key in st.query_params:
            del st.query_params[key]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def run_form() -> tuple[RunConfig, DeltaGenerator]:
    """Show the form and return the configuration that it describes, and the place for the Start button.

    Raises `InputError` if the settings make no sense together.
    """
    _begin()
    if "form_refused" in st.session_state:
        refused = st.session_state.pop("form_refused")
        st.warning(f"The address asks for `{refused}`, which this page does not know: the preset's own value is shown.")
    kept: dict[str, Any] = {"persist_state": "session", "on_change": _own}
    prepared = [info.name for info in datasets() if info.prepared]
    first, second, third = st.columns([3, 2, 2])
    first.selectbox(
        "Experiment",
        [*PRESETS_IN_ORDER, OWN],
        key="preset",
        format_func=lambda name: "Own settings" if name == OWN else title(name),
        **(kept | {"on_change": _apply_preset}),
    )
    # A preset may name a data set that is not there yet: it is offered, and the page says how to get it.
    known = list(dict.fromkeys([*prepared, st.session_state.dataset, "cifar10", "mnist", "fashion-mnist"]))
    second.selectbox("Data set", known, key="dataset", **kept)
    networks = list(dict.fromkeys(["classroom", "practical", *NETWORKS, st.session_state.network]))
    third.selectbox("Network", networks, key="network", **kept)
    with st.container(horizontal=True, gap="small"):
        for key, (label, text) in _TOGGLES.items():
            st.toggle(label, key=key, help=text, **kept)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.number_input("Learning rate", *_LIMITS["lr"], step=0.01, format="%g", key="lr", width=125, **kept)
        st.number_input("Batch size", *_LIMITS["batch"], step=16, key="batch", width=120, **kept)
        st.number_input("Epochs", *_LIMITS["epochs"], key="epochs", width=120, **kept)
        st.number_input("Seed", *_LIMITS["seed"], key="seed", width=110, persist_state="session")
        with st.popover("More", icon=":material/tune:"):
            _more()
        start = st.container(width="content")
    _write_address()
    return _configuration(), start


def _more() -> None:
    kept: dict[str, Any] = {"persist_state": "session", "on_change": _own}
    left, right = st.columns(2)
    kinds = [kind for kind in Standardization if kind is not Standardization.NONE]
    left.selectbox("Kind of standardization", kinds, key="std_kind", **kept)
    left.multiselect("Augmentation", list(AUGMENTATIONS), key="aug_kinds", **kept)
    left.number_input("Momentum", *_LIMITS["mom_value"], step=0.05, key="mom_value", **kept)
    left.number_input("Train images (0: all)", *_LIMITS["train_size"], step=500, key="train_size", **kept)
    schedules = [kind for kind in Schedule if kind is not Schedule.NONE]
    right.selectbox("Kind of schedule", schedules, key="sched_kind", **kept)
    right.number_input("Decay an epoch (exponential)", *_LIMITS["decay"], step=0.01, key="decay", **kept)
    right.number_input("Dropout: probability of dropping", *_LIMITS["drop_p"], step=0.1, key="drop_p", **kept)
    right.selectbox("Device", list(DeviceChoice), key="device", persist_state="session")
