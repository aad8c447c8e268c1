"""Vote: one question for everybody, answered alone, then seen as the class has answered it."""

import streamlit as st

from pages.parts.browser_name import browser_name
from pages.parts.class_address import for_class, on_this_machine, own_address
from pages.parts.class_vote import VOTE, show_vote, watch
from pages.parts.class_vote_ask import show_actions, show_ask
from pages.parts.folded import folded
from pages.parts.header import header
from pages.parts.plain import with_code

WHY = """
**Alone, then together.** Ask, and let everybody answer alone. *Show the votes* says how the class has answered, not
which answer is right. If they disagree, let them talk: who is right has the better reasons. *Vote again*, then *Show
the answer*. This is peer instruction (E. Mazur, *Peer Instruction: A User's Manual*, 1997). If nearly all are right, or
nearly none, talking helps little: show the answer, or explain first.

**The wrong answers are real.** Each number is what a slip gives, computed, and the claims stood in lab reports or might
have: what is chosen says what was misunderstood.

**One vote a browser.** A cookie without meaning tells browsers apart, so that who reloads does not vote twice. Votes
are counted in the server's memory, without names, and are gone when it ends. Questions are asked in a browser on the
machine that serves the app, or through a tunnel to it.
"""

header("Vote", "One question for everybody: answer alone first, then see what the class thinks.")
own = own_address()
mine = on_this_machine(own)
standing = VOTE.standing(None if mine else browser_name())
if standing is not None:
    show_vote(standing)
elif not mine:
    st.info("No question is asked now. It will appear here by itself.", icon=":material/hourglass_empty:")
watch(mine, standing)
if mine:
    if standing is None:
        show_ask()
    else:
        show_actions(standing)
    address = for_class(st.context.url or "", "vote", st.get_option("server.address") or "", own)
    if address:
        st.caption(f"The class votes at {with_code(f'`{address}/vote`')}")
    else:
        st.caption("Only this machine can open the app now: [In class](/teacher) says how to let the class in.")
    folded("why", "How to ask, and what is kept", st.markdown, WHY, icon=":material/menu_book:")
