"""What the server does once before its first visitor, and once after its last."""

import gc
import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st

from cnncore import compute
from cnncore.runs import client

# What the pages use: paid for here instead of by the first visitor. None of it imports torch.
PAID_FOR = (
    "altair",
    "streamlit.components.v2",
    "cnncore.architecture",
    "cnncore.data.prepared",
    "cnncore.data.preparation",
    "cnncore.training.presets",
    "pages.parts.window.component",
)


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[None]:  # noqa: ARG001 Streamlit passes the app
    """Pay the imports, wake the runs that wait, and leave everything loaded so far out of garbage collection.

    Runs are never stopped here: they belong to the store, not to the server.
    """
    for name in PAID_FOR:
        importlib.import_module(name)
    client.attend()
    gc.collect()
    gc.freeze()  # a collection after each script run would go through all of it: 80 ms with pandas and Altair
    yield
    compute.shutdown()
