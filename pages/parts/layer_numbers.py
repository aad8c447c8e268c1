"""What stands below a drawn layer in numbers: what is never read, the bill of the layer, the size rule."""

from dataclasses import replace

import streamlit as st

from cnncore.architecture import Conv2d, ConvTranspose2d, LayerFacts, Shape, cost
from cnncore.architecture.relationships import Relationship, relationship
from cnncore.figures.bill import ratio_words
from cnncore.figures.formula import size_formula
from cnncore.figures.same import same_sentence
from cnncore.figures.sliding import Sliding
from cnncore.figures.unread import remedies, unread_sentence
from cnncore.wording import dimensions
from pages.parts.layer_form import change, reaches


def show_unread(layer: Sliding, shape: Shape) -> None:
    """Say what the hatching means, if anything is never read, with a button for each way to have it read."""
    sentence = unread_sentence(layer, shape)
    if not sentence:
        return
    st.warning(sentence, icon=":material/texture:")
    found = [remedy for remedy in remedies(layer, shape) if reaches(remedy.name, remedy.value)]
    if found:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown("**Read all of it with**", width="content")
            for remedy in found:
                key = f"remedy_{remedy.name}"
                st.button(remedy.label, key=key, on_click=change, args=(remedy.name, remedy.value))


def show_numbers(layer: Sliding, shape: Shape, facts: LayerFacts) -> None:
    """Show the output's shape and the bill."""
    numbers = {"Output": (dimensions(facts.output), "Channels × height × width.")}
    if isinstance(layer, (Conv2d, ConvTranspose2d)):
        each = shape[0] // layer.groups if isinstance(layer, Conv2d) else layer.filters // layer.groups
        many, who = (layer.filters, "filters × channels that each sees")
        if isinstance(layer, ConvTranspose2d):
            many, who = shape[0], "channels × filters that each reaches"
        used = "Weights × output height × output width" if isinstance(layer, Conv2d) else "Weights × height × width"
        numbers |= {
            "Weights": (
                f"{facts.weights:,}",
                f"{many} × {each} × {layer.kernel[0]} × {layer.kernel[1]}: {who} × kernel height × kernel width. The "
                "size of the image plays no part.",
            ),
            "Biases": (f"{facts.biases:,}", "One for each filter."),
            "Multiply-adds": (f"{facts.macs:,}", f"{used}, for one image, biases left out."),
        }
    else:
        numbers["Weights"] = ("0", "A pool learns nothing: it only chooses or averages, within each channel.")
    with st.grid(columns=4, min_column_width=170):
        for name, (value, how) in numbers.items():
            st.metric(name, value, help=how)


def show_formula(layer: Sliding, shape: Shape) -> None:
    """Show the size rule with its numbers, twice where height and width differ, and its number in the guide."""
    theme = st.context.theme.type or "light"
    axes = [layer.kernel, layer.stride, layer.padding, layer.dilation, shape[1:]]
    axes += [layer.output_padding] if isinstance(layer, ConvTranspose2d) else []
    st.latex(size_formula(layer, shape, 0, theme))
    if any(height != width for height, width in axes):
        st.latex(size_formula(layer, shape, 1, theme))
    found, across = relationship(layer), relationship(layer, 1)
    text = f"Relationship {found.number} of Dumoulin & Visin's guide: {found.about}, `{_formula(found)}`."
    if across != found:
        text += f" Along the width it is {across.number}: {across.about}, `{_formula(across)}`."
    if isinstance(layer, Conv2d):
        text += f" {same_sentence(layer, shape)}"
    st.caption(text)


def _formula(found: Relationship) -> str:
    return found.formula.replace("-", "−")


def show_groups(layer: Conv2d | ConvTranspose2d, shape: Shape) -> None:
    """Say what the groups save: weights and multiply-adds beside those of the same layer with one group."""
    if layer.groups > 1:
        now, whole = cost(layer, shape), cost(replace(layer, groups=1), shape)
        name = "A depthwise convolution: " if layer.groups == shape[0] else ""
        st.caption(
            f"{name}{now.weights:,} weights and {now.macs:,} multiply-adds in {layer.groups} groups; without groups "
            f"{whole.weights:,} weights and {whole.macs:,} multiply-adds, {ratio_words(whole.weights, now.weights)}."
        )
