"""The choice of a unit to look into: a network, whose weights, a layer, an image. In the address, but for the image."""

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore.architecture import Network, describe, load_network
from cnncore.data import ImageData
from cnncore.data.catalogue import BUILTIN
from cnncore.data.pictures import decode
from cnncore.data.prepared import ready
from cnncore.errors import InputError
from cnncore.inspection.subject import Subject, map_layers, numbers_by_name
from cnncore.runs.record import Run
from cnncore.runs.snapshots import has_weights
from cnncore.runs.store import NEWEST, open_store
from cnncore.training.network import network_of
from pages.parts.current_network import adopt, alike, current_network, network_choice, own_networks
from pages.parts.image_choice import from_data, opened
from pages.parts.pictures import png

FRESH = "fresh, seed 0"


@dataclass(frozen=True, eq=False)  # holds images
class Choice:
    """What is looked into. `network` has its pools; `layer` is the number of a layer, from 0.

    `image` (C, H, W) is uint8 as the network's own preparation takes it; `shown` is the part that the network sees.
    `run` is the stored run whose weights are used, None for fresh ones. `dataset` is where the image comes from.
    """

    network: Network
    layer: int
    run: Run | None
    dataset: str
    image: NDArray[np.uint8]
    shown: NDArray[np.uint8]

    def subject(self, network: Network, trained: bool) -> Subject:
        """Return `network`, this one or a variation of it, with the chosen weights of before or after training."""
        return Subject(network, self.run.id if self.run else "", trained)

    def others(self, count: int) -> NDArray[np.uint8]:
        """Return `count` test images of the data set, spread over all of it, as `image` is: (N, C, H, W)."""
        images = _opened(self.dataset).test_images
        places = np.linspace(0, len(images) - 1, min(count, len(images))).astype(int)
        return np.stack([images[place] if self.run else fitted(images[place], self.network.input) for place in places])


def _opened(name: str) -> ImageData:
    return opened(name, ready(name).version)


def runs_with_weights() -> dict[str, Run]:
    """Return the stored runs that have a checkpoint by their names, the newest first."""
    found = {}
    for run in open_store().runs():
        if has_weights(run):
            found[f"{run.label} ({run.id[-4:]})"] = run
    return found


def _follow_weights() -> None:
    """Make the chosen run's network the current one."""
    run = runs_with_weights().get(st.session_state.field_weights)
    if run is not None and not _fits(run, current_network()):
        adopt(load_network(run.config.network), own_networks())


def _fits(run: Run, network: Network) -> bool:
    return alike(load_network(run.config.network), network)


def _follow_network() -> None:
    """Use the newest run of the chosen network, else fresh weights: no weights fit another network."""
    network = current_network()
    st.session_state.field_weights = next(
        (label for label, run in runs_with_weights().items() if _fits(run, network)), FRESH
    )


def layer_names(network: Network) -> dict[str, int]:
    """Return the layers to choose from: their names and their numbers."""
    rows = describe(network).rows
    return numbers_by_name((number, rows[number].name) for number in map_layers(network))


def choice() -> Choice:
    """Show the controls and return what was chosen; an `InputError` if there is nothing to look into."""
    controls = st.container(horizontal=True, vertical_alignment="bottom")
    first, second, third = controls.container().columns([4, 5, 3], vertical_alignment="bottom")
    runs = runs_with_weights()
    if (
        "field_weights" not in st.session_state and st.query_params.get("field_weights") in runs
    ):  # a link names network and run
        st.session_state.field_weights = st.query_params["field_weights"]
        _follow_weights()
    with first:
        network = network_choice(on_change=_follow_network)
    held = runs.get(st.session_state.get("field_weights", FRESH))
    if held is not None and not _fits(held, network):
        st.session_state.field_weights = FRESH  # the network was changed on another page
    older = f" Runs: the newest {NEWEST}." if open_store().count() > NEWEST else ""
    label = second.selectbox(
        "Weights",
        [FRESH, *runs],
        key="field_weights",
        bind="query-params",
        on_change=_follow_weights,
        help=f"Of a stored run, or fresh ones, drawn as PyTorch initialises.{older}",
    )
    run = runs.get(label)
    if run is not None:
        about = ready(run.config.dataset)
        network = network_of(run.config, about.shape, len(about.classes))
    names = layer_names(network)
    if not names:
        raise InputError(f"`network` (={network.name}) has no convolution, pool or dense layer: add one.")
    usual = "conv2" if "conv2" in names else list(names)[min(2, len(names) - 1)]
    layer = third.selectbox(
        "Layer", list(names), list(names).index(usual), key="field_layer", bind="query-params", on_change=forget_unit
    )
    with controls.popover("More", icon=":material/tune:"):
        st.markdown("Image")
        image, dataset = _image(run)
        st.number_input(
            "Channel",
            0,
            100_000,
            0,
            key="field_channel",
            bind="query-params",
            help="Whose map is shown and whose unit is asked, from 1. 0: the one that responds most at this place.",
        )
    shape = network.input
    if run is None:
        image = fitted(image, shape)
    top, left = (image.shape[1] - shape[1]) // 2, (image.shape[2] - shape[2]) // 2  # where training crops, testing cuts
    shown = image[:, top : top + shape[1], left : left + shape[2]]
    return Choice(network, names[layer], run, dataset, image, shown)


def _image(run: Run | None) -> tuple[NDArray[np.uint8], str]:
    image = from_data("field", run.config.dataset if run else "").image
    return image, run.config.dataset if run else st.session_state.get("field_data", BUILTIN.name)


def forget_unit() -> None:
    """Begin again with the middle unit of the map."""
    st.session_state.pop("field_unit", None)
    st.query_params.pop("field_unit", None)


def fitted(image: NDArray[np.uint8], shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Return the picture in another size, and in grey where the network has one channel."""
    return image if image.shape == shape else decode(png(image), (1 if shape[0] == 1 else 3, *shape[1:]))[0]
