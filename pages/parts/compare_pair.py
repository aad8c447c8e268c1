"""Two runs against each other, image by image."""

import pandas as pd
import streamlit as st

from cnncore.errors import InputError
from cnncore.figures.words import p_value, told_apart
from cnncore.runs.outcomes import Paired, paired
from cnncore.runs.record import Run
from cnncore.wording import signed
from pages.parts.address import explain
from pages.parts.beside import beside, in_shares
from pages.parts.compare_choice import name_of
from pages.parts.compare_views import say_locked
from pages.parts.plain import with_code
from pages.parts.tabulate import tabulate


def show_pair(runs: list[Run]) -> None:
    """Test two of the runs against each other on the images that both were tested on."""
    st.subheader("Is it more than luck? Two runs, image by image", anchor=False)
    if len(runs) < 2:
        st.info("Choose a second run above to test the two against each other.")
        return
    names = {name_of(run): run for run in runs}
    left, right = beside()
    first = left.selectbox("First", list(names), key="compare_first", bind="query-params")
    second = right.selectbox("Second", list(names), index=len(names) - 1, key="compare_second", bind="query-params")
    explain({"compare_first": first, "compare_second": second})
    if first == second:
        st.info("Choose two different runs.")
        return
    if say_locked([names[first], names[second]]):
        return
    try:
        pair = paired(names[first], names[second])
    except InputError as error:
        st.warning(with_code(error))
        return
    _show_pair(pair)


def _show_pair(pair: Paired) -> None:
    table = pd.DataFrame(
        {
            "": ["first right", "first wrong"],
            "second right": [pair.both, pair.only_second],
            "second wrong": [pair.only_first, pair.neither],
        }
    )
    left, right = in_shares("pair", 2, 3)
    with left:
        tabulate(table)
    gain = signed(100 * pair.gain, "+.2f")
    right.markdown(f"On **{pair.total:,}** images, second minus first: **{gain} points**. {told_apart(pair)}.")
    split = pair.only_first + pair.only_second
    st.latex(
        rf"p = \min\Bigl(1,\ 2\sum_{{k=0}}^{{{min(pair.only_first, pair.only_second)}}}\binom{{{split}}}{{k}}"
        rf"\,2^{{-{split}}}\Bigr) {_plain_p(pair.p)}"
    )


def _plain_p(p: float) -> str:
    """Return a p-value as LaTeX, with the sign before it."""
    text = p_value(p)
    return rf"< {text[2:]}" if text.startswith("<") else f"= {text}"
