"""Find the slip: totals of one network with slips like those of lab reports, and what went wrong in each (Q10)."""

import random

import streamlit as st

from cnncore.architecture import Network
from cnncore.architecture.diagnosis import problems
from cnncore.course.slips import Slip, totals
from pages.parts.plain import plain


def exercise(network: Network) -> None:
    """Show the totals in a shuffled order, one to choose, and say whether its slip was found."""
    if problems(network):
        st.caption("Once the layers fit, there is something to count.")
        return
    found = totals(network)
    shown = sorted(found.values(), key=lambda total: random.Random(total).random())  # the same order every time
    st.markdown(
        f"How many parameters has **{plain(network.name[:40])}**? One total is right, the others come out with slips "
        "like those of lab reports."
    )
    total = st.pills("Total", shown, default=shown[0], required=True, key="slip_total", format_func="{:,}".format)
    answer = st.radio("What went wrong?", list(Slip), None, key=f"slip_{network.name}_{total}")
    if answer is None or total is None:
        return
    slip = next(slip for slip, value in found.items() if value == total)
    if answer is slip:
        st.success("Yes." if slip is not Slip.NONE else "Yes, this is the right one.", icon=":material/check:")
    else:
        made = f"would give {found[answer]:,}" if answer in found else "changes nothing in this network"
        st.warning(f"No: that {made}. Count one layer by hand and compare.", icon=":material/close:")
