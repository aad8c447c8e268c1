"""What every page begins with."""

import streamlit as st

from cnncore.figures.palette import style_sheet

# Charts and pictures need little air around them, and a projector has few pixels: Streamlit's own margins are wide.
# Drawings and pictures read there --large, by how much they may grow where the window has room, and the colours. Charts
# in a place whose key begins with `tall` are as high as a good part of the window. Columns in one that begins with
# `beside` stand below one another as soon as they get too narrow; Streamlit's do only in a window of 640 pixels. A
# caption is faded as a whole, by Streamlit to a contrast of 4.4 in a light window, where 4.5 can be read; code in it,
# small and coloured, needs more. A narrow field for a number has no room for the button that empties it, which no key
# reaches anyway: the field is emptied by deleting what it holds. A choice is as high as the fields, buttons and toggles
# beside it: else the names in a row stand at two heights. What stands in a place whose key begins with `roomy` gets a
# row of its own where it would be narrower. Of two places side by side in one that begins with `level`, what is first
# in both begins at one height, and so do the second and the third. A link to another page begins where the text does.
# In a narrow window the list of pages is no wider than its longest title needs. What can be chosen in a place whose key
# begins with `large` is read from the last row.
_STYLE = """<style>
[data-testid="stHeader"] { background: transparent; }
[data-testid="stMainBlockContainer"] { padding: 3.2rem clamp(1rem, 3vw, 3rem) 3rem; max-width: 1400px; }
:root { --large: 1; }
@media (min-width: 1400px) and (min-height: 850px) { :root { --large: 1.2; } }
@media (min-width: 1600px) and (min-height: 930px) { :root { --large: 1.35; } }
[class*="st-key-tall"] [data-testid="stElementContainer"] { height: clamp(270px, 37vh, 560px); }
[class*="st-key-beside"] > * > [data-testid="stHorizontalBlock"] > [data-testid="stColumn"] { min-width: 220px; }
[data-testid="stHorizontalBlock"]:not(:has(> [data-testid="stColumn"])):has([data-testid="stSelectbox"],
[data-testid="stMultiSelect"], [data-testid="stNumberInput"], [data-testid="stSlider"], [data-testid="stButton"],
[data-testid="stCheckbox"])
[data-variant="segmented_control"] { min-height: 2.5rem; }
[data-testid="stLayoutWrapper"]:has(> [class*="st-key-roomy"]) { flex-basis: 280px; }
[class*="st-key-level"] :is([data-testid="stGridCell"], [data-testid="stGridCellContent"] > *,
[data-testid="stGridCellContent"] > * > *) {
display: grid; grid-row: span 3; grid-template: subgrid / minmax(0, 1fr); row-gap: 1rem;
}
[class*="st-key-large"] [data-testid="stRadioOption"] { padding: .3rem 0; }
[class*="st-key-large"] [data-testid="stRadioOption"] p { font-size: 1.25rem; }
[data-testid="stMainBlockContainer"] [data-testid="stPageLink"] { margin-left: -.5rem; }
[data-testid="stCaptionContainer"] { opacity: .7; }
[data-testid="stCaptionContainer"]:has(code) { opacity: .85; }
[data-testid="stCaptionContainer"] code { font-size: .93em; color: inherit; }
[data-testid="stMainBlockContainer"] h1 { font-size: 1.9rem; padding: 0 0 .1rem 0; }
[data-testid="stNumberInputContainer"] { container-type: inline-size; }
@container (max-width: 12rem) {
[data-testid="stNumberInputClearButton"] { display: none; }
[data-testid="stNumberInputField"]:has(+ [data-testid="stNumberInputClearButton"]) { padding: 0 .2rem 0 .55rem; }
}
@container (max-width: 3.5rem) {
[data-testid="stNumberInputField"]:has(+ [data-testid="stNumberInputClearButton"]) { padding: 0 .1rem 0 .3rem; }
}
@media (max-width: 1000px) { [data-testid="stMarkdownContainer"] table { display: block; overflow-x: auto; } }
@media (min-width: 769px) and (max-width: 1150px) { [data-testid="stSidebar"] { max-width: 240px; } }
</style>"""
# A screen reader reads a control's name as it is written, the signs of Markdown too. So names are plain text, and how
# they look stands here, by the keys of their controls: bold, and some in one of Streamlit's colours.
_BOLD = (
    *("conv_input", "conv_kernel", "conv_stride", "conv_padding", "conv_dilation", "conv_channels", "conv_filters"),
    *("opt_lr", "opt_momentum", "opt_batch", "opt_decay", "bn_batch", "dropout_p", "errors_epoch", "inside_epoch"),
    *("inside_filters", "inside_layer", "pool_window", "pool_stride"),
)
_COLOURED = {
    **dict.fromkeys(("conv_input", "conv_channels"), "blue"),
    **dict.fromkeys(("conv_kernel", "pool_window"), "orange"),
    "conv_filters": "green",
}
# Where the keyboard is. Streamlit tints a link or a toggle a little, which nobody sees on a projector, and shows what
# stands above a chart or a table to the pointer alone.
_FOCUS = """
:is(a, button, summary):focus-visible, [data-testid="stCheckbox"] label:has(:focus-visible) {
outline: 2px solid PRIMARY !important; outline-offset: 2px;
}
[data-testid="stCheckbox"] label { border-radius: .3rem; }
[data-testid="stElementToolbar"]:focus-within { opacity: 1; top: -2.75rem; z-index: 1; }
"""
# A choice may need several rows in a narrow window. Joined, they would end in corners that are round on one side alone:
# there what can be chosen stands apart, each with a whole border of its own.
_APART = """
@media (max-width: 1150px) {
[data-testid="stButtonGroup"] > [role] { gap: .25rem; }
[data-testid="stButtonGroup"] > [role] > [data-variant="segmented_control"] { margin: 0; border-radius: .6rem; }
[data-variant="segmented_control"]:not([data-selected], [data-hovered], [data-focus-visible]) {
border-color: BORDER !important;
}
}
"""
# White on the dark theme's primary colour could not be read.
_ON_PRIMARY = """
[data-testid="stBaseButton-primary"]:not(:disabled), [data-testid="stMultiSelect"] [data-tag],
[data-testid="stMultiSelect"] [data-tag] * { color: light-dark(#fff, DARK); }
"""

# Numbers, signs and names in code. Streamlit's colours for them have a contrast of 2.6 to 3.6 in a light window.
_IN_CODE = {
    "orange": ("operator", "entity", "decorator", "atrule"),
    "green": ("number", "regex", "boolean", "constant", "symbol", "string", "char", "attr-value"),
    "blue": ("attr-name", "property", "variable"),
}


def _colour(name: str) -> str:
    """Return a colour of the theme in CSS, that of a light window and that of a dark one."""
    light, dark = (st.get_option(f"theme.{mode}.{name}") for mode in ("light", "dark"))
    return f"light-dark({light}, {dark})"


def _name_of(key: str) -> str:
    """Return what in CSS selects the name of the control with that key."""
    return f'.st-key-{key} [data-testid="stWidgetLabel"] p'


def _style() -> str:
    """Return the style sheet of every page."""
    rules = [f"{', '.join(map(_name_of, _BOLD))} {{ font-weight: 600; }}"]
    rules += [f"{_name_of(key)} {{ color: {_colour(f'{colour}TextColor')}; }}" for key, colour in _COLOURED.items()]
    for colour, tokens in _IN_CODE.items():
        what = ", ".join(f".{token}" for token in tokens)
        rules.append(f'[data-testid="stCode"] .token:is({what}) {{ color: {_colour(f"{colour}TextColor")}; }}')
    rules.append('[data-testid="stCode"] .token:is(.comment, .punctuation) { color: var(--colour-label); }')
    rules.append(_FOCUS.replace("PRIMARY", _colour("primaryColor")))
    rules.append(_APART.replace("BORDER", _colour("borderColor")))
    rules.append(_ON_PRIMARY.replace("DARK", str(st.get_option("theme.dark.backgroundColor"))))
    rules.append(style_sheet())
    return _STYLE.replace("</style>", "\n".join([*rules, "</style>"]))


_SHEET = _style()


def header(title: str, question: str) -> None:
    """Show the page's title and the one question that it answers."""
    st.html(_SHEET)
    st.title(title, anchor=False)
    st.markdown(question)
