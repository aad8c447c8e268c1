"""A page opened by itself, with what the session holds."""

from streamlit.testing.v1 import AppTest


def opened(path, **state):
    """Return the page at `path`, run once with `state` in its session."""
    app = AppTest.from_file(str(path), default_timeout=60)
    for key, value in state.items():
        app.session_state[key] = value
    return healthy(app.run())


def healthy(app):
    """Return the page as it is, if it shows no exception."""
    assert not app.exception
    return app
