"""What the compute pool finds out about a subject's network, kept for those who ask again."""

from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore import compute
from cnncore.data.prepared import info
from cnncore.inspection.activations import Forward
from cnncore.inspection.channels import BiasShift, Channels, Depth, FirstLosses, Neighbours, Running
from cnncore.inspection.heats import Gradients, Occlusion
from cnncore.inspection.looked import Looked
from cnncore.inspection.masks import Hidden
from cnncore.inspection.moment import Moment
from cnncore.training.config import RunConfig
from pages.parts.subject import Subject


@st.cache_data(max_entries=64, show_spinner=False)
def _asked(
    target: str,
    run_id: str | None,
    moment: Moment | int,
    config: RunConfig,
    saved: int,  # noqa: ARG001 tells a newer checkpoint apart
    version: str,  # noqa: ARG001 tells a data set that was prepared anew apart
    arguments: dict[str, Any],
) -> Any:
    return compute.call(target, timeout=60.0, run_id=run_id, moment=moment, config=config, **arguments)


def ask(target: str, subject: Subject, **arguments: Any) -> Any:
    """Return what `cnncore.inspection.<target>` finds out about the subject's network; cached by all inputs.

    An `InputError` or `ComputeError` of the calculation is raised here.
    """
    data = info(subject.config.dataset)
    where = (subject.run_id, subject.moment, subject.config, subject.saved, data.version if data else "")
    return _asked(f"cnncore.inspection.{target}", *where, arguments)


def hidden_layer(subject: Subject) -> Hidden:
    """Return the last hidden layer for the subject's image."""
    found: Hidden = ask("dropout:hidden", subject, image=subject.image)
    return found


def forward_pass(subject: Subject) -> Forward:
    """Return what every layer makes of the subject's image."""
    found: Forward = ask("forward:forward", subject, image=subject.image)
    return found


def six_looks(subject: Subject) -> Looked:
    """Return what the network answers to six views of the subject's image."""
    found: Looked = ask("looks:looks", subject, image=subject.image)
    return found


def class_gradients(subject: Subject, label: int, sigma: float, seed: int) -> Gradients:
    """Return the plain and the smoothed gradient of a class's score on the subject's image."""
    found: Gradients = ask("saliency:gradients", subject, image=subject.image, label=label, sigma=sigma, seed=seed)
    return found


def class_occlusion(subject: Subject, label: int, patch: int) -> Occlusion:
    """Return what a grey patch over each place of the subject's image does to a class's probability."""
    found: Occlusion = ask("saliency:occlusion", subject, image=subject.image, label=label, patch=patch)
    return found


def class_heats(subject: Subject, label: int, sigma: float, seed: int, patch: int) -> tuple[Gradients, Occlusion]:
    """Return which pixels of the subject's image matter for a class, found in both ways."""
    return class_gradients(subject, label, sigma, seed), class_occlusion(subject, label, patch)


def predictions(subject: Subject, p: float, training: bool, seed: int) -> NDArray[np.float64]:
    """Return twenty passes' probabilities (20, classes) of the subject's image."""
    found: NDArray[np.float64] = ask("dropout:passes", subject, image=subject.image, p=p, training=training, seed=seed)
    return found


def hidden_and_passes(subject: Subject, p: float, seed: int) -> tuple[Hidden, NDArray[np.float64], NDArray[np.float64]]:
    """Return the last hidden layer, and twenty passes in eval() and in train(): all that the dropout page asks for."""
    still, moving = (predictions(subject, p, training, seed) for training in (False, True))
    return hidden_layer(subject), still, moving


def norm_channels(subject: Subject, layer: str, batch: int, seed: int) -> Channels:
    """Return the channels of one batch norm over one batch."""
    found: Channels = ask("normalisation:channels", subject, layer=layer, batch=batch, seed=seed)
    return found


def norm_neighbours(subject: Subject, batch: int, seed: int) -> Neighbours:
    """Return the subject's image among twenty batches of neighbours."""
    found: Neighbours = ask("normalisation:neighbours", subject, image=subject.image, batch=batch, seed=seed)
    return found


def norm_in_batches(subject: Subject, layer: str, batch: int, seed: int) -> tuple[Channels, Neighbours]:
    """Return the channels of one batch norm, and the subject's image among its neighbours."""
    return norm_channels(subject, layer, batch, seed), norm_neighbours(subject, batch, seed)


def norm_running(subject: Subject, layer: str, batch: int) -> Running:
    """Return how running statistics follow sixty batches."""
    found: Running = ask("normalisation:running", subject, layer=layer, batch=batch)
    return found


def norm_bias(subject: Subject, layer: str, batch: int, shift: float) -> BiasShift | str:
    """Return what a shift of the biases before a batch norm changes behind it; in a sentence if there are none."""
    found: BiasShift | None = ask("normalisation:bias_shift", subject, layer=layer, batch=batch, shift=shift)
    return found or "The layer before this batch norm has no bias: its author knew that it would be useless."


def deep_stack(subject: Subject, layers: int, batch_norm: bool) -> Depth:
    """Return what reaches each ReLU of a deep stack on the subject's data."""
    found: Depth = ask("normalisation:stack", subject, layers=layers, batch_norm=batch_norm)
    return found


def deep_stacks(subject: Subject, layers: int) -> tuple[Depth, Depth]:
    """Return `deep_stack` without and with batch norm."""
    return deep_stack(subject, layers, False), deep_stack(subject, layers, True)


def first_losses(subject: Subject) -> FirstLosses:
    """Return the first loss of the subject's network without and with batch norm."""
    found: FirstLosses = ask("normalisation:first_losses", subject)
    return found
