"""A network layer by layer as a table, and its totals with what they mean for a training set."""

import pandas as pd
import streamlit as st

from cnncore.architecture import Description, Network
from cnncore.data.catalogue import BUILTIN
from cnncore.figures.layer_list import memory_sentence
from cnncore.training.presets import PRESETS
from cnncore.wording import dimensions
from pages.parts.tabulate import tabulate

IMAGES = {28: 60_000, 32: 50_000, 224: 1_281_167}  # train images of MNIST, CIFAR-10, ImageNet: by the input's size
BATCH = 128  # the practical's


def train_images(network: Network) -> int:
    """Return the train images of the data that a network is for: its presets', else those usual at its input's size."""
    sets = {preset.dataset for preset in PRESETS.values() if preset.network == network.name}
    if sets == {BUILTIN.name}:
        return BUILTIN.train_size
    return IMAGES.get(network.input[1], 50_000)


def show_table(description: Description, network: Network) -> None:
    """Show every layer, and the totals with what they mean for a training set."""
    table = pd.DataFrame(
        {
            "layer": [row.name for row in description.rows],
            "kind": [row.kind for row in description.rows],
            "kernel": [dimensions(row.kernel) if row.kernel else None for row in description.rows],
            "output": [dimensions(row.output) for row in description.rows],
            "weights": [row.weights for row in description.rows],
            "biases": [row.biases for row in description.rows],
            "multiply-adds": [row.macs for row in description.rows],
            "receptive field": [row.receptive_field for row in description.rows],
            "jump": [row.jump for row in description.rows],
        }
    )
    numbers = {name: st.column_config.NumberColumn(format="localized") for name in table.columns[4:]}
    height = min(38 + 35 * len(table), 500)
    tabulate(table, height=height, column_config=numbers)
    st.caption(
        "Multiply-adds of one image, biases left out. Receptive field and jump in pixels of the image, not clipped at "
        "its border."
    )
    usual = train_images(network)
    images = st.number_input("Train images", 1, 10**9, usual, key=f"images_{usual}", width=220)
    each = description.parameters / images
    st.markdown(
        f"{description.weights:,} weights + {description.biases:,} biases = **{description.parameters:,} parameters**: "
        f"**{each:,.1f} for each train image**"
        + (". More numbers to set than images to learn from: it can memorise them." if each > 1 else ".")
    )
    st.markdown(memory_sentence(description.parameters, description.activations, BATCH))
