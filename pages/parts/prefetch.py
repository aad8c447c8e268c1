"""The parts of Streamlit's own page that most pages need, made ready by the browser while it rests on the first page.

Streamlit's browser side fetches each kind of element when it is first shown, and each font when its first letter is.
The first chart of a visit, say, then waits for 0.8 MB of Vega to be read, and a page with its first formula is laid out
twice. So the browser is told to fetch them. It also compiles a function only when that is called for the first time: so
one element of each kind is drawn once, unseen. Measured by hand, with and without in turn, five times each: the page
Convolution, opened three seconds after the first one, then stands after 402 ms instead of 612.
"""

import json
import time
from functools import cache
from pathlib import Path

import streamlit as st

# Kinds of elements, by the beginning of the files that hold them (no public names: a test says when one is gone).
KINDS = (
    *("ButtonGroup", "Selectbox", "Slider", "NumberInput", "Checkbox", "Button", "Metric", "Html"),
    *("ArrowVegaLiteChart", "loadVegaEmbed", "embed", "vega-interpreter", "DataFrame", "rehype-katex"),
    *("TextInput", "StreamlitSyntaxHighlighter", "ImageList", "Radio", "Progress", "Multiselect", "DownloadButton"),
)
# As CSS writes them: of code, of emphasis, of formulas. Only these; a browser fetches no other before it needs it.
FONTS = (
    *('16px "Source Code Pro"', 'italic 16px "Source Sans"', "16px KaTeX_Main", "bold 16px KaTeX_Main"),
    *("italic 16px KaTeX_Math", "16px KaTeX_Size1", "16px KaTeX_Size2"),
)
LATER = 1.5  # seconds after the first page, which does not wait for any of this, until the unseen elements are drawn
# Laid out, as what is not displayed at all would not be, but neither seen nor read aloud nor reached by the Tab key:
# each part of it, as Streamlit says of every label, and so of the help beside it, that it be visible.
_UNSEEN = """<style>
:has(> .st-key-rehearsal) { position: fixed; width: 0; height: 0; overflow: hidden; }
.st-key-rehearsal, .st-key-rehearsal * { visibility: hidden !important; }
</style>"""
_FOLDER = Path(st.__file__).parent / "static" / "static" / "js"
# One after the other, each when nothing else is to be done: whoever clicks meanwhile does not wait.
_SCRIPT = """<script>
(async (files, fonts) => {
    const rest = window.requestIdleCallback ?? (done => setTimeout(done, 200));
    for (const font of fonts) document.fonts.load(font).catch(() => null);
    for (const file of files) {
        await new Promise(done => rest(done));
        await import(new URL(`static/js/${file}`, location.href)).catch(() => null);
    }
})(FILES, FONTS);
</script>"""


@cache  # Streamlit's files stay as they are while it runs, and the first page asks at every rerun
def files() -> list[str]:
    """Return the names of the files that hold `KINDS`, in this version of Streamlit."""
    return [path.name for kind in KINDS for path in sorted(_FOLDER.glob(f"{kind}.*.js"))]


def prefetch() -> None:
    """Have the browser fetch them and, once a visit, draw them; for the page at the app's own address, to which theirs
    is relative.
    """
    script = _SCRIPT.replace("FILES", json.dumps(files())).replace("FONTS", json.dumps(FONTS))
    st.html(script, unsafe_allow_javascript=True, width="content")
    match st.session_state.setdefault("rehearsal", "to come"):
        case "to come":
            st.fragment(_wait, run_every=LATER)(time.monotonic())
        case "now":
            st.session_state["rehearsal"] = "over"
            st.html(_UNSEEN)
            with st.container(key="rehearsal"):
                _rehearse()


def _wait(since: float) -> None:
    if time.monotonic() - since > LATER / 2:  # not the page's own run, but the timer's
        st.session_state["rehearsal"] = "now"
        st.rerun()  # of the whole page, which then has no timer any more


def _rehearse() -> None:
    """Draw what pages consist of."""
    st.segmented_control("Choice", ["a", "b"], default="a", required=True, key="rehearsal_choice")
    st.slider("Slider", 1, 3, 2, key="rehearsal_slider", help="Help")
    st.select_slider("Slider", [1, 2, 4], 2, key="rehearsal_select_slider", help="Help")
    st.selectbox("Choice", ["a", "b"], key="rehearsal_selectbox")
    st.number_input("Number", 0.0, 1.0, 0.5, key="rehearsal_number")
    st.toggle("Toggle", key="rehearsal_toggle")
    st.button("Button", key="rehearsal_button", icon=":material/tune:")
    st.expander("Folded", icon=":material/tune:", key="rehearsal_folded", on_change="rerun")
    st.markdown("$x' = \\lfloor (x + 2p - k)/s \\rfloor + 1$ **bold** *slanted* `code` :orange-badge[badge]")
    st.metric("Metric", 1)
    st.code("import torch", language="python")
    st.info("Information", icon=":material/lightbulb:")
    st.caption("Caption")
