"""What the run form holds: the widgets' values from a preset and the address, and back to a RunConfig.

Both ways in one file: a setting that is added to one has to be added to the other.
"""

from dataclasses import replace
from typing import Any

import streamlit as st

from cnncore.architecture import NETWORKS, Network, load_network
from cnncore.architecture.link import MARK, from_link, link_text
from cnncore.data.augmentation import AUGMENTATIONS, Augmentation, HorizontalFlip, PadCrop, RandomCrop
from cnncore.errors import InputError
from cnncore.training.config import TTA, DeviceChoice, Optimizer, Precision, RunConfig, Schedule, Standardization
from cnncore.training.presets import PRESETS, preset_of
from cnncore.training.schedule import read_milestones

OWN = "own"
DEFAULT = "classroom-5"
_CROP_AND_FLIP: tuple[Augmentation, ...] = (RandomCrop(), HorizontalFlip())
# Widget keys are also the names in the page's address. Streamlit's own binding writes every value that differs from a
# widget's default; here the address is a preset and what differs from it, which a person can read and change.
TOGGLES = {
    "std": ("Standardization", "Each channel gets mean 0 and standard deviation 1 over the train images (Q19)."),
    "aug": ("Crop and flip", "A random 28 × 28 window, mirrored half of the time; test images get the centre (Q22)."),
    "mom": ("Momentum", "Each step keeps 0.9 of the last one: ten times the effective step (Q27)."),
    "sched": ("Schedule", "The learning rate shrinks from epoch to epoch (Q26)."),
    "drop": ("Dropout", "Half of the units before the last layer are dropped in training (Q29)."),
    "bn": ("Batch norm", "Each channel is normalised over the batch, right after each convolution (Q34)."),
}
_FINER = ("std_kind", "aug_kinds", "padding", "mom_value", "sched_kind", "decay", "drop_p", "train_size", "device")
# What only a few change; the keys are the configuration's own names.
PLAIN = (
    *("optimizer", "nesterov", "weight_decay", "label_smoothing", "average", "whitening_eps"),
    *("warmup_epochs", "factor", "patience"),
    *("norm_bias_rate", "logit_scale", "identity_start", "whitened_patches"),
    *("validation_size", "train_eval", "tta", "precision"),
)
ADDRESS = ("dataset", "network", *TOGGLES, "lr", "batch", "epochs", "seed", *_FINER, "milestones", *PLAIN)
# Streamlit keeps a number outside of a widget's limits to itself: the field would show it in red and Start begin with
# the one before. So every number may be typed, and the configuration's own sentence says what is wrong with it.
_WHOLE, _REAL = (-(2**53) + 1, 2**53 - 1), (-1e308, 1e308)
LIMITS: dict[str, tuple[Any, Any]] = dict.fromkeys(
    ("batch", "epochs", "seed", "padding", "patience", "train_size", "validation_size"), _WHOLE
) | dict.fromkeys(
    (
        *("lr", "mom_value", "drop_p", "decay", "factor", "weight_decay", "label_smoothing", "average"),
        *("norm_bias_rate", "logit_scale", "warmup_epochs", "whitening_eps"),
    ),
    _REAL,
)
# What runs at once on every laptop comes first.
PRESETS_IN_ORDER = sorted(PRESETS, key=lambda name: not name.startswith("classroom"))


def values_of(config: RunConfig) -> dict[str, Any]:
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
        "padding": next((kind.padding for kind in config.augment if isinstance(kind, PadCrop)), PadCrop.padding),
        "mom_value": config.momentum or 0.9,
        "sched_kind": config.schedule if config.schedule is not Schedule.NONE else Schedule.EXPONENTIAL,
        "decay": config.decay,
        "drop_p": config.dropout or 0.5,
        "train_size": config.train_size or 0,
        "milestones": ", ".join(map(str, config.milestones)),
    } | {name: getattr(config, name) for name in PLAIN}


def apply_preset() -> None:
    preset = st.session_state.preset
    if preset in PRESETS:
        st.session_state.update(values_of(PRESETS[preset]))


def own_settings() -> None:
    """A preset is what it says: what is shown, whatever changed it, is the preset that it equals, or none."""
    _refill()
    try:
        named = configuration().preset
    except InputError:  # settings that do not go together: the page says why, and they are no preset
        named = None
    st.session_state.preset = named or OWN


def _refill() -> None:
    """Give a number whose field was emptied the value from before: the browser makes its lowest limit of nothing."""
    s = st.session_state
    for key, (lowest, _) in LIMITS.items():
        if s.get(key) == lowest and key in s.get("form_numbers", {}):
            s[key] = s.form_numbers[key]


def configuration() -> RunConfig:
    """Return the configuration that the widgets show; an `InputError` where they do not go together.

    It has a preset's name only where it is that preset, with any seed on any device.
    """
    s = st.session_state
    first = RunConfig()
    plain = {name: s.get(name, getattr(first, name)) for name in PLAIN}
    for name, kind in (("optimizer", Optimizer), ("precision", Precision), ("tta", TTA)):
        plain[name] = kind(plain[name])
    plain["nesterov"] = plain["nesterov"] and s.mom  # a way to use momentum: switched off with it
    kinds = {augmentation.kind: augmentation for augmentation in _CROP_AND_FLIP}
    kinds[PadCrop.kind] = PadCrop(s.get("padding", PadCrop.padding))
    augment = tuple(
        kinds.get(kind, AUGMENTATIONS[kind]()) for kind in s.get("aug_kinds", [kind.kind for kind in _CROP_AND_FLIP])
    )
    config = RunConfig(
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
        milestones=read_milestones(s.get("milestones", "")),
        **plain,
    )
    return replace(config, preset=preset_of(config))


def idle_toggles() -> list[str]:
    """Return the labels of the toggles that are on and do nothing, as nothing is chosen for them or a zero."""
    s = st.session_state
    nothing = {"aug": not s.get("aug_kinds", True), "mom": s.get("mom_value") == 0, "drop": s.get("drop_p") == 0}
    return [TOGGLES[key][0] for key, idle in nothing.items() if s[key] and idle]


def use_network(network: Network) -> None:
    """Have the form show `network`, with everything else as it was."""
    begin({})
    st.session_state.network = network.name if network.name in NETWORKS else network.to_json()
    own_settings()


def begin(address: dict[str, str] | None = None) -> None:
    """Give every widget its first value: the address's preset, else the default one; single values win."""
    if "preset" in st.session_state:
        own_settings()
        return
    asked = st.query_params.to_dict() if address is None else address
    preset = asked.pop("preset", DEFAULT)
    refused = [] if preset in (*PRESETS, OWN) else [f"preset={preset}"]
    base = PRESETS.get(preset, PRESETS[DEFAULT])
    st.session_state.update(values_of(base) | {"preset": preset if preset in (*PRESETS, OWN) else DEFAULT})
    st.session_state.update({"seed": base.seed, "device": base.device})
    refused += [f"{key}={asked[key]}" for key in ADDRESS if key in asked and not _take(key, asked[key])]
    if refused:
        st.session_state.form_refused = ", ".join(text[:40].replace("`", "") for text in refused)
    if asked.keys() & set(ADDRESS):
        own_settings()


def _take(key: str, text: str) -> bool:
    """Set one value as the address writes it; false if it makes no sense."""
    before = st.session_state[key]
    try:
        if isinstance(before, bool):
            value: Any = {"true": True, "false": False}[text.lower()]
        elif isinstance(before, (int, float)):
            value = type(before)(text)
            low, high = LIMITS[key]
            if not low <= value <= high:
                return False
        elif isinstance(before, list):
            value = text.split(",") if text else []
        elif key == "network":
            value = _network(text)
        else:
            value = text
        if key in ("sched_kind", "std_kind") and value == Schedule.NONE:
            return False  # that is the toggle's to say
        st.session_state[key] = value
        configuration()
        if key == "network":
            load_network(value)
    except (KeyError, ValueError):
        st.session_state[key] = before
        return False
    return True


def _network(text: str) -> str:
    """Return the network that an address names; a `ValueError` for a path: it would be of the machine that serves."""
    if text.startswith(MARK):
        return from_link(text).to_json()
    if text not in NETWORKS and not text.lstrip().startswith("{"):
        raise ValueError
    return text


def write_address() -> None:
    """Put into the address what makes this setting: the preset, and what differs from it."""
    s = st.session_state
    s.form_numbers = {key: s[key] for key in LIMITS if key in s}
    preset = s.preset if s.preset in PRESETS else DEFAULT
    base = values_of(PRESETS[preset]) | {"seed": 0, "device": DeviceChoice.AUTO}
    wanted = {"preset": s.preset if s.preset in PRESETS else OWN}
    for key in ADDRESS:
        value = s.get(key, base[key])
        if value != base[key]:
            wanted[key] = ",".join(value) if isinstance(value, list) else _text(value)
        if key == "network" and key in wanted and value not in NETWORKS:
            wanted[key] = link_text(load_network(value)) or base[key]  # too long for an address: it stays in the form
    for key in ("preset", *ADDRESS):
        if key in wanted and st.query_params.get(key) != wanted[key]:
            st.query_params[key] = wanted[key]
        elif key not in wanted and key in st.query_params:
            del st.query_params[key]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
