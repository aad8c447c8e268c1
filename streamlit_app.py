"""The door: `streamlit run streamlit_app.py`. The pages are found by pages/parts/shell.py."""

import gc
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware

from cnncore import compute
from cnncore.errors import InputError
from cnncore.runs import client
from pages.parts.browser_name import BrowserNames
from pages.parts.warm_up import warm_up


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[dict[str, Any] | None]:
    """Pay for imports before the first visitor comes; leave training alone when the server ends."""
    import pandas  # noqa: F401 every chart and every table needs it

    import cnncore.course
    import cnncore.figures.curves  # noqa: F401 and what draws the curves
    import pages.parts.window.component  # noqa: F401 registers the drawing

    try:
        client.attend()
    except InputError as error:
        print(error, flush=True)  # noqa: T201 the pages say it too; the server goes on without a store
    # What start-up made lives for ever: the collector need not look at it again.
    gc.collect()
    gc.freeze()
    threading.Thread(target=warm_up, daemon=True).start()
    yield None
    compute.shutdown()


app = st.App(
    Path(__file__).parent / "pages" / "parts" / "shell.py", lifespan=lifespan, middleware=[Middleware(BrowserNames)]
)
