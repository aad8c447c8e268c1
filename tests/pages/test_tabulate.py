import json

import pandas as pd
from streamlit.testing.v1 import AppTest


def shown(table, lines=1):
    """Return what the browser is told of a table."""

    def page(table, lines):
        from pages.parts.tabulate import tabulate

        tabulate(table, lines)

    app = AppTest.from_function(page, args=(table, lines)).run()
    assert not app.exception
    return app.dataframe[0].proto


def widths(table):
    columns = json.loads(shown(table).columns or "{}")
    return {name: told["width"] for name, told in columns.items() if "width" in told}


def test_what_stands_far_down_widens_its_column():
    names = ["conv"] * 10 + ["flatten10", "fc"]
    table = pd.DataFrame({"layer": names, "weights": [1] * 10 + [1_024_000, 2], "share": [0.5] * 12})
    assert widths(table) == {"layer": 18 + 7 * len("flatten10"), "weights": 18 + 7 * len("1,024,000")}


def test_a_short_table_is_measured_whole():
    assert widths(pd.DataFrame({"layer": ["a"] * 8 + ["a much longer name"]})) == {}
    assert widths(pd.DataFrame({"layer": ["a much longer name", *["a"] * 20]})) == {}


def test_only_rows_of_several_lines_are_higher_and_so_high_that_streamlit_breaks_a_text():
    table = pd.DataFrame({"run": ["one", "two"]})
    assert shown(table).row_height == 0
    assert [shown(table, lines).row_height for lines in (2, 3)] == [65, 73]


def test_a_column_that_is_told_how_it_looks_keeps_the_width_that_it_needs():
    def page():
        import streamlit as st

        from pages.parts.tabulate import tabulate

        told = {
            "weights": st.column_config.NumberColumn("numbers", format="localized"),
            "biases": st.column_config.NumberColumn(width=30),
        }
        tabulate({"weights": [1] * 10 + [1_024_000, 2], "biases": [1] * 10 + [1_024_000, 2]}, column_config=told)

    app = AppTest.from_function(page).run()
    assert not app.exception
    columns = json.loads(app.dataframe[0].proto.columns)
    assert columns["weights"] | {"width": 18 + 7 * len("1,024,000"), "label": "numbers"} == columns["weights"]
    assert columns["weights"]["type_config"]["format"] == "localized"
    assert columns["biases"]["width"] == 30
