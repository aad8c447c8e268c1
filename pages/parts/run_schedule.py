"""The learning rate that a run plans, drawn before it starts, and what about its settings is never used."""

import numpy as np
import streamlit as st

from cnncore.data.prepared import info
from cnncore.errors import InputError
from cnncore.figures.curves import Chart
from cnncore.figures.palette import KERNEL
from cnncore.training.cautions import warnings
from cnncore.training.config import RunConfig, Schedule
from cnncore.training.diagnosis import effective_step
from cnncore.training.schedule import planned
from cnncore.training.split import size_of_train
from cnncore.wording import number
from pages.parts.charts import draw

_SPEC = {
    "mark": {"type": "line", "strokeWidth": 2.5, "color": KERNEL, "clip": True},
    "encoding": {
        "x": {"field": "epoch", "type": "quantitative", "axis": {"title": "epoch"}, "scale": {"nice": False}},
        "y": {"field": "rate", "type": "quantitative", "axis": {"title": "learning rate"}, "scale": {"zero": True}},
    },
    "height": 150,
    "config": {"view": {"stroke": None}},
}


def show_cautions(config: RunConfig) -> None:
    """Say which of the settings are never used or defeat another."""
    for sentence in warnings(config):
        st.warning(sentence, icon=":material/event_busy:")


def show_planned(config: RunConfig) -> None:
    """Show, folded, the learning rate of every update and the effective step."""
    try:
        data = info(config.dataset)
        if data is None:
            return
        batches = -(-size_of_train(config, data.train_size) // config.batch_size)
    except InputError:  # there is no such data set or run, and the page says why
        return
    with st.expander(
        "The learning rate that these settings plan", icon=":material/trending_down:", key="plan", on_change="rerun"
    ) as folded:
        if not folded.open:
            return
        plan = planned(config, batches, max_points=300)
        rows = {"epoch": np.round(plan.epoch, 3).tolist(), "rate": [float(f"{rate:.4g}") for rate in plan.lr]}
        draw(Chart(_SPEC, rows), "planned", "The planned learning rate over the epochs")
        step = effective_step(config.lr, config.momentum)
        text = f"Largest effective step lr / (1 − m) = **{number(step)}**"
        if config.momentum:
            text += f": momentum {config.momentum:g} makes {number(1 / (1 - config.momentum))} times the step (Q27)"
        if config.schedule is Schedule.PLATEAU:
            text += ". The plateau schedule follows the losses: this is the most that the rate can be"
        st.markdown(f"{text}.")
