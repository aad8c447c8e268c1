"""The parts of Streamlit's own page that most pages need, fetched by the browser while it rests on the first page.

Streamlit's browser side fetches each kind of element when it is first shown. The first chart of a visit, say, then
waits for 0.8 MB of Vega to be read. Here the browser is told to have them ready.
"""

import json
from functools import cache
from pathlib import Path

import streamlit as st

# Kinds of elements, by the beginning of the files that hold them (no public names: a test says when one is gone).
KINDS = (
    *("ButtonGroup", "Selectbox", "Slider", "NumberInput", "Checkbox", "Button", "Metric", "Html"),
    *("ArrowVegaLiteChart", "loadVegaEmbed", "embed", "vega-interpreter", "DataFrame", "rehype-katex"),
    *("TextInput", "StreamlitSyntaxHighlighter"),
)
_FOLDER = Path(st.__file__).parent / "static" / "static" / "js"
# One after the other, each when nothing else is to be done: whoever clicks meanwhile does not wait.
_SCRIPT = """<script>
(async files => {
    const rest = window.requestIdleCallback ?? (done => setTimeout(done, 200));
    for (const file of files) {
        await new Promise(done => rest(done));
        await import(new URL(`static/js/${file}`, location.href)).catch(() => null);
    }
})(FILES);
</script>"""


@cache  # Streamlit's files stay as they are while it runs, and the first page asks at every rerun
def files() -> list[str]:
    """Return the names of the files that hold `KINDS`, in this version of Streamlit."""
    return [path.name for kind in KINDS for path in sorted(_FOLDER.glob(f"{kind}.*.js"))]


def prefetch() -> None:
    """Have the browser fetch them; for the page at the app's own address, to which theirs is relative."""
    st.html(_SCRIPT.replace("FILES", json.dumps(files())), unsafe_allow_javascript=True, width="content")
