"""In class: the address to hand out, everybody's runs and reports, links for a lesson, what the machine can do."""

import streamlit as st

from cnncore.commands import doctor
from cnncore.errors import InputError
from pages.parts.awaited import awaited
from pages.parts.class_address import for_class, on_this_machine, own_address, without
from pages.parts.class_queue import queue
from pages.parts.class_reports import show_reports
from pages.parts.class_tidy import show_tidy
from pages.parts.folded import folded
from pages.parts.header import header
from pages.parts.hidden import PARTS
from pages.parts.link_to import link_to
from pages.parts.plain import plain, with_code
from pages.parts.refusal import guarded

OPEN = "streamlit run streamlit_app.py --server.address 0.0.0.0"
EXAMPLE = "/convolution?conv_stride=2&conv_padding=1"
WHY = f"""
**Letting the class in.** `{OPEN}` makes the app reachable from the network; without it only the machine itself can open
it. Where the network keeps its members apart, as guests' networks do, the address above leads nowhere: use another
network, a cable, or a tunnel (`ssh -L 8501:localhost:8501 HOST` on the machine that looks, HOST being the one that
serves).

**Thirty browsers, one device.** Runs queue and train one after another, each at full speed. `CNNCORE_SLOTS=2` before
the command trains two at a time. Live pages slow down by themselves where many look.

**Who may do what.** Whoever opens the app can start runs, and pause, stop or delete single ones on the page *Train*.
All at once can be paused, stopped or deleted here alone, and only in a browser on the machine that serves the app, or
through a tunnel to it. This keeps mistakes away, not intent: keep the app inside the classroom's network.

**Nothing hangs on a tab.** Runs go on when tabs are closed, and the server may be restarted meanwhile.
"""


def show_address(address: str | None) -> None:
    """Show what the class opens, large enough to be read from the last row."""
    with st.container(border=True):
        if address:
            st.caption("The class opens")
            st.markdown(f"## :blue[{with_code(address)}]")
        else:
            st.markdown("##### Only this machine can open the app now")
            st.markdown("To let the class in, end it and start it with")
            st.code(OPEN, language=None, wrap_lines=True)  # as a shell would colour it, two of the four zeros stand out


def show_links(base: str) -> None:
    """Make a link that hides parts of a page."""
    st.subheader("A link for a lesson", anchor=False)
    st.markdown(
        "What a page shows is in its address. Hide the controls for a question that is to be answered by thinking, or "
        "what is folded where the answer would be given away. This is no lock: on the next page everything is there."
    )
    label = "The page, with its setting: copy it from the address bar"
    link = st.text_input(label, f"{base}{EXAMPLE}", key="class_link")
    hidden = st.pills(
        "Hide",
        list(PARTS),
        selection_mode="multi",
        default=["navigation", "folds"],
        format_func=PARTS.__getitem__,
        key="class_hide",
    )
    try:
        made = without(link, hidden, base)
    except InputError as error:
        st.error(with_code(error), icon=":material/block:")
        return
    st.code(made, language=None, wrap_lines=True)
    st.link_button("Look at it", made, icon=":material/open_in_new:")


def show_machine() -> None:
    """Show what `python -m cnncore doctor` prints."""
    found = awaited("machine", doctor.asked, height=300)
    if found is None:
        return
    marks = {True: ":green[✓]", False: ":orange[note]"}
    lines = [f"- {marks[one.good]} **{plain(one.subject)}** {with_code(one.text)}" for one in found]
    st.markdown("\n".join(lines))
    st.caption("The same as `python -m cnncore doctor` prints.")


header("In class", "Where does the class find the app, what is it doing now, and which link shows it what?")
own = own_address()
url = st.context.url or "http://localhost:8501/teacher"
address = for_class(url, "teacher", st.get_option("server.address") or "", own)
mine = on_this_machine(own)
show_address(address)
link_to("vote", "Ask the class: everybody votes in a browser, and sees what the class thinks")
st.subheader("Everybody's runs", anchor=False)
guarded(queue, mine)
show_links(address or url.rstrip("/").removesuffix("/teacher"))
folded("class_reports", "Read the class's reports", guarded, show_reports, icon=":material/edit_note:")
if mine:
    folded("class_tidy", "Delete the runs of earlier classes", guarded, show_tidy, icon=":material/delete_sweep:")
folded("class_machine", "What this machine can do", guarded, show_machine, icon=":material/memory:")
folded("why", "Letting a class in, and who may do what", st.markdown, WHY, icon=":material/menu_book:")
