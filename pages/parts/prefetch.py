"""The parts of Streamlit's own page that most pages need, fetched by the browser while it rests on the first page.

Streamlit's browser side fetches each kind of element when it is first shown, and each font when its first letter is.
The first chart of a visit, say, then waits for 0.8 MB of Vega to be read, and a page with its first formula is laid out
twice. Here the browser is told to have them ready.
"""

import json
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
    """Have the browser fetch them; for the page at the app's own address, to which theirs is relative."""
    script = _SCRIPT.replace("FILES", json.dumps(files())).replace("FONTS", json.dumps(FONTS))
    st.html(script, unsafe_allow_javascript=True, width="content")
