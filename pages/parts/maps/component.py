"""A layer's maps as a Streamlit component: small pictures side by side, and a click on one chooses its channel."""

from collections.abc import Callable, Mapping

import streamlit as st

_JS = """
export default function (component) {
  const { parentElement, data, setTriggerValue } = component;
  const root = parentElement.querySelector(".maps");
  const mark = (number) => {
    for (const map of root.children) map.setAttribute("aria-pressed", map.value === String(number));
  };
  const shown = JSON.stringify(data.maps);
  if (root.shown !== shown) { // the same maps keep their buttons, and with them the keyboard's focus
    root.shown = shown;
    root.replaceChildren(...data.maps.map(([number, source]) => {
      const map = document.createElement("button");
      map.value = number;
      map.innerHTML = `<img alt="" src="${source}"><span>${number}</span>`;
      map.setAttribute("aria-label", `Channel ${number}`);
      return map;
    }));
  }
  root.onclick = (event) => {
    const map = event.target.closest("button");
    if (!map) return;
    mark(map.value);
    setTriggerValue("channel", Number(map.value));
  };
  mark(data.chosen);
}
"""
_CSS = """
.maps {
  display: grid; gap: .35rem .5rem; grid-template-columns: repeat(auto-fill, minmax(calc(42px * var(--large, 1)), 1fr));
}
.maps button {
  all: unset; box-sizing: border-box; cursor: pointer; line-height: 0; border-radius: 3px;
  color: var(--st-text-color, #17202a); font-family: var(--st-font, sans-serif);
}
.maps img { width: 100%; image-rendering: pixelated; border-radius: 2px; }
.maps span { display: block; font-size: .75rem; line-height: 1.35; opacity: .75; }
.maps button:hover img { filter: brightness(1.25); }
.maps button:focus-visible img { outline: 3px solid var(--st-primary-color, #0072b2); }
.maps button[aria-pressed="true"] img { outline: 2.5px solid var(--st-text-color, #17202a); outline-offset: 1px; }
.maps button[aria-pressed="true"] span { font-weight: 700; opacity: 1; }
"""
_mount = st.components.v2.component(
    "cnncore.maps", html='<div class="maps" role="group" aria-label="Channels of the layer"></div>', css=_CSS, js=_JS
)


def map_choice(maps: Mapping[int, str], chosen: int, *, key: str, picked: Callable[[], None]) -> None:
    """Draw the `maps`, the address of a picture by channel number, the one of number `chosen` outlined.

    When one is clicked, `picked` is called: `st.session_state[key].channel` is then its number.
    """
    _mount(data={"maps": list(maps.items()), "chosen": chosen}, key=key, on_channel_change=picked)
