"""Learning rate schedules, drawn before a run: the rate of every epoch, what is left of it, when it is over."""

from dataclasses import replace

import streamlit as st

from cnncore.errors import InputError
from cnncore.figures.schedules import RatePlan, idle, plans, plans_chart, plans_table
from cnncore.training.cautions import warnings
from cnncore.training.config import RunConfig, Schedule
from cnncore.training.schedule import read_milestones
from pages.parts.charts import draw
from pages.parts.plain import with_code
from pages.parts.tabulate import tabulate


@st.cache_data(max_entries=64, show_spinner=False)
def _planned(config: RunConfig) -> list[RatePlan]:
    """Return every schedule's plan; kept, because each has a rate for every update."""
    return plans(config)


def show_plans() -> None:
    """Show every schedule over a run that the user describes."""
    places = st.columns(6, vertical_alignment="bottom")
    lr = places[0].number_input("Learning rate", 0.0001, 10.0, 0.1, step=0.01, format="%.4g", key="plan_lr")
    epochs = int(places[1].number_input("Epochs", 1, 1000, 100, key="plan_epochs"))
    decay = places[2].number_input(
        "Decay", 0.5, 1.0, 0.95, step=0.01, key="plan_decay", help="Per epoch, of the exponential schedule."
    )
    ramp = places[3].number_input("Warm-up", 0.0, 100.0, 0.0, step=1.0, format="%g", key="plan_warmup", help="Epochs.")
    drops = places[4].text_input("Milestones", "50, 75", key="plan_milestones", help="Epochs of the step schedule.")
    after = int(places[5].number_input("Look after epoch", 0, epochs, min(50, epochs), key=f"plan_after_{epochs}"))
    try:
        config = RunConfig(lr=lr, epochs=epochs, decay=decay, warmup_epochs=ramp, milestones=read_milestones(drops))
        found = _planned(config)
    except InputError as error:
        st.error(with_code(error), icon=":material/block:")
        return
    draw(plans_chart(found, after), "plans", "The learning rate of every epoch under each schedule")
    said = warnings(replace(config, schedule=Schedule.STEP))
    for sentence in [*said, *filter(None, [idle(found)])]:
        st.warning(sentence, icon=":material/event_busy:")
    tabulate(plans_table(found, after))
    st.caption(
        "Times the updates per epoch and the gradient's size, the sum is how far the weights can move. With a decay of "
        "d per epoch it never exceeds lr / (1 − d), however long the run: what is not learned by then is not learned."
    )
