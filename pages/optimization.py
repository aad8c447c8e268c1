"""Optimization: how a learning rate, momentum, the batch and a schedule move weights down a surface."""

from typing import Any

import streamlit as st

from cnncore.descent.paths import STEPS, Setting, Way, ways
from cnncore.descent.rules import FORMULAS, Rule, effective_rate
from cnncore.descent.surfaces import NOISE, SURFACES, largest_rate
from cnncore.errors import InputError
from cnncore.figures.descent import descent_data, ways_table
from cnncore.wording import number
from pages.parts.address import explain, remember
from pages.parts.descent.component import descent_picture
from pages.parts.descent_form import ADDRESS, FIRST, controls, moved, setting, start_from_address
from pages.parts.descent_questions import ask
from pages.parts.folded import folded, why
from pages.parts.header import header
from pages.parts.plain import with_code
from pages.parts.questions import questions
from pages.parts.schedule_plans import show_plans
from pages.parts.tabulate import tabulate
from pages.parts.tries import show_tries

# What to press, the setting, and what to notice once it is there.
TRY: dict[str, tuple[dict[str, Any], str]] = {
    "Divide the rate": (
        {"opt_divided": True},
        "Momentum at a tenth of the rate has the same effective step: along the floor it keeps pace with plain SGD, "
        "and across the valley it swings a little and settles. At the same rate it took steps ten times as large.",
    ),
    "Over the edge": (
        {"opt_rules": ["SGD", "Momentum"], "opt_lr": 0.3},
        "Above 2 / 8 = 0.25 every step across the valley lands higher on the other side. Momentum tolerates 0.3: its "
        "limit is 2 (1 + m) / 8 = 0.475. Along the floor 0.3 would be fine: that is what badly conditioned means.",
    ),
    "The ball of noise": (
        {"opt_surface": "Round bowl", "opt_rules": ["SGD"], "opt_lr": 0.3, "opt_batch": "8"},
        "SGD arrives, then stays in a ball and comes no nearer: each step is as wrong as its batch. The table below "
        "has the ball's size, measured over 200 repeats and by formula.",
    ),
    "Shrink the ball": (
        {"opt_surface": "Round bowl", "opt_rules": ["SGD"], "opt_lr": 0.3, "opt_batch": "8", "opt_decay": 0.97},
        "The same noise, but the rate falls by 3 % a step: large steps first, small ones at the end. That is why a "
        "schedule helps (Q27).",
    ),
    "Over too early": (
        {"opt_rules": ["SGD"], "opt_decay": 0.9},
        "All rates add up to 0.1 / (1 − 0.9) = 1, and the slope along the floor is about 1: the path ends after about "
        "1 of the 5.2 to the minimum, and more steps would not help.",
    ),
    "On the ridge": (
        {"opt_surface": "Saddle", "opt_rules": ["SGD", "Momentum", "Adam"], "opt_lr": 0.1},
        "Started exactly on the ridge, every rule ends on the pass (the saddle point): across it the gradient is zero. "
        "Now choose a batch of 128: noise finds the way down.",
    ),
}
WHY = f"""
**Noise.** A batch's gradient is the mean of its images' gradients, so its noise has the variance of one image's divided
by B (here s² = {NOISE:g}² / B in each weight). Plain SGD with rate η on a curvature c then stays at a variance of
η s² / (c (2 − η c)) ≈ η s² / 2c: the ball's *squared* size is proportional to η / B, its size to the square root of
that. A schedule shrinks it, a larger batch too.

**Momentum** averages out what changes its sign from step to step and adds up what does not, up to 1/(1 − m) times. It
is not noise reduction for free: at the same effective step the ball is about as large as without.

**RMSprop and Adam** divide each weight's gradient by its own recent size: the valley's two directions look alike to
them, and their steps are about as long as the rate says, near the minimum too. RMSprop's first steps are up to
1/√(1 − α) = 10 times as long, because its mean square begins at zero and is not corrected. **AdamW** takes weight decay
out of the gradient and shrinks the weights directly.
"""


@st.cache_data(max_entries=128, show_spinner=False)
def found_ways(chosen: Setting, rules: tuple[Rule, ...]) -> tuple[Way, ...]:
    """Return the ways of one setting, kept for those who share it."""
    return ways(chosen, rules)


def show_numbers(chosen: Setting, found: tuple[Way, ...]) -> None:
    """Show the effective step, what all rates add up to, the limits, and each way's numbers."""
    m, steps = chosen.constants.momentum, range(STEPS)
    rate = chosen.rate(Rule.MOMENTUM)
    curvatures = SURFACES[chosen.surface].curvatures
    with st.grid(columns=4, min_column_width=190):
        st.metric(
            "Effective step of momentum",
            number(effective_rate(rate, m)),
            help=f"lr / (1 − m) = {number(rate)} / (1 − {m:g}): what a steady gradient of 1 moves the weight by.",
        )
        st.metric("Sum of all rates", number(sum(chosen.lr * chosen.decay**t for t in steps)), help=f"{STEPS} steps.")
        st.metric("Gradient's noise", number(chosen.noise), help=f"{NOISE:g} / √B in each weight.")
        if curvatures:
            c = max(curvatures)
            limits = [largest_rate(c), largest_rate(c, m), largest_rate(c, m, nesterov=True)]
            st.metric(
                "Largest rate: SGD, m, Nesterov",
                ", ".join(number(limit) for limit in limits),
                help=f"2 / c, 2 (1 + m) / c and 2 (1 + m) / ((1 + 2m) c) with c = {c:g}: above it the steepest "
                "direction diverges.",
            )
    tabulate(ways_table(chosen, found))


def show_rules() -> None:
    for rule, formula in FORMULAS.items():
        st.markdown(f"**{rule}** ${formula}$")
    st.caption("As PyTorch carries them out; a test compares every step with torch.optim's.")


header("Optimization", "Down a valley: what do learning rate, momentum, batch and schedule do to the path?")
remember(*ADDRESS)
start_from_address()
with st.container(gap="small"):
    controls()
state = st.session_state
explain({key: state[key] for key in ADDRESS})
try:
    chosen = setting()
    found = found_ways(chosen, tuple(Rule(name) for name in state.opt_rules))
    descent_picture(descent_data(chosen, found), key="descent_picture", moved=moved)
except InputError as error:
    st.error(with_code(error), icon=":material/block:")
    found = ()
show_tries(TRY, FIRST)
if found:
    show_numbers(chosen, found)
folded("plans_unfolded", "Schedules, before the run starts", show_plans, icon=":material/calendar_month:")
ask()
folded("rules_unfolded", "The update rules", show_rules, icon=":material/functions:")
why(WHY)
questions("optimization")
