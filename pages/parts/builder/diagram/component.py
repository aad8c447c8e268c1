"""The diagram of a network as a Streamlit component: a box that is clicked is the layer that is chosen."""

from collections.abc import Callable

import streamlit as st

from cnncore.figures.palette import by_name

_JS = """
export default function (component) {
  const { parentElement, data, setTriggerValue } = component;
  const root = parentElement.querySelector(".diagram");
  root.innerHTML = data.svg; // drawn by cnncore/figures/network_diagram.py, every name in it escaped
  for (const box of root.querySelectorAll("[data-place]")) {
    const place = box.dataset.place.split(",").map(Number);
    box.classList.toggle("chosen", box.dataset.place === data.selected.join(","));
    box.onclick = () => setTriggerValue("picked", place);
  }
}
"""
_CSS = """
.diagram { color: var(--st-text-color, #17202a); font-family: var(--st-font, sans-serif); overflow-x: auto; }
.diagram svg { display: block; margin: auto; max-width: 100%; height: auto; }
.diagram [data-place] { cursor: pointer; }
.diagram [data-place]:hover { filter: brightness(1.15); }
.diagram .bad { stroke: var(--colour-test, #d55e00); stroke-width: 2.5; }
.diagram .chosen { stroke: currentColor; stroke-width: 2; }
"""
_mount = st.components.v2.component("cnncore.diagram", html='<div class="diagram"></div>', css=_CSS, js=_JS)


def diagram(svg: str, place: tuple[int, ...], *, key: str, picked: Callable[[], None]) -> None:
    """Draw `svg` (see `cnncore.figures.network_diagram`) with the layer at `place` outlined.

    When a box is clicked, `picked` is called: `st.session_state[key].picked` is then its layer's place.
    """
    _mount(data={"svg": by_name(svg), "selected": list(place)}, key=key, on_picked_change=picked)
