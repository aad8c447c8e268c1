"""What a link has hidden: `?hide=controls` shows a page to look at, not to play with.

It is no lock: without it in the address, as on the next page that is opened, everything is there.
"""

import streamlit as st

from pages.parts.plain import with_code

HIDE = "hide"
PARTS = {
    "navigation": "The list of pages",
    "controls": "Controls",
    "folds": "What is folded: explanations, code, answers",
}
_CONTROLS = (
    *("Button", "ButtonGroup", "Checkbox", "ColorPicker", "DownloadButton", "FileUploader", "MultiSelect"),
    *("NumberInput", "Radio", "Selectbox", "Slider", "TextArea", "TextInput"),
)
_MAIN = '[data-testid="stMainBlockContainer"]'
# An element's place goes with it, else the gap to the next one stays.
_RULES = {
    "navigation": ('[data-testid="stSidebar"]', '[data-testid="stExpandSidebarButton"]'),
    "controls": (
        f"{_MAIN} .st-key-tries",
        f'{_MAIN} [data-testid="stLayoutWrapper"]:has(> [data-testid="stPopover"])',
        *(f'{_MAIN} [data-testid="stElementContainer"]:has([data-testid="st{name}"])' for name in _CONTROLS),
    ),
    "folds": (
        f"{_MAIN} .st-key-questions",
        f'{_MAIN} [data-testid="stLayoutWrapper"]:has(> [data-testid="stExpander"])',
    ),
}


def hide() -> None:
    """Hide what the address asks to hide; say what it asks for in vain."""
    wanted = [part.strip() for text in st.query_params.get_all(HIDE) for part in text.split(",") if part.strip()]
    rules = [rule for part in PARTS if part in wanted for rule in _RULES[part]]
    if rules:
        st.html(f"<style>{', '.join(rules)} {{ display: none !important; }}</style>")
    unknown = [part[:40].replace("`", "") for part in wanted if part not in PARTS]
    if unknown:
        words = ", ".join(f"`{part}`" for part in unknown)
        known = ", ".join(PARTS)
        st.warning(with_code(f"The address asks to hide {words}, which is no part of a page: {known} can be hidden."))
