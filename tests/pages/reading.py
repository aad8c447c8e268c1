"""What a page shows, as tests read it: its texts, its numbers and the data of its charts."""

import io
import json

import pyarrow as pa
from streamlit.testing.v1 import AppTest


def said(app):
    """Return all that a page says in words, as one text."""
    kinds = (app.markdown, app.caption, app.info, app.success, app.warning, app.error)
    return " ".join(element.value for kind in kinds for element in kind)


def metrics(app):
    """Return a page's large numbers by their label."""
    return {metric.label: metric.value for metric in app.metric}


def chart(app, number=0):
    """Return the specification of a page's chart, and its data by column."""
    proto = app.get("vega_lite_chart")[number].proto
    return json.loads(proto.spec), pa.ipc.open_stream(io.BytesIO(proto.data.data)).read_all().to_pydict()


def wilson(right, total):
    """Return the 95 % interval of `right` of `total`, as the roots of (p - x)² = z² x (1 - x) / n in x."""
    z, p = 1.959964, right / total
    a, b, c = 1 + z * z / total, -(2 * p + z * z / total), p * p
    root = (b * b - 4 * a * c) ** 0.5
    return (-b - root) / (2 * a), (-b + root) / (2 * a)


def viewed(view, *arguments, **state):
    """Run one part of a page with arguments made by hand, and `state` as its session has it; return what it shows."""

    def script(view, arguments):
        view(*arguments)

    app = AppTest.from_function(script, args=(view, arguments), default_timeout=60)
    for key, value in state.items():
        app.session_state[key] = value
    app.run()
    assert not app.exception
    return app
