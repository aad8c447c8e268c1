import json

import altair as alt
import pytest

from cnncore.course.ballots import by_key, own_ballot
from cnncore.course.vote import Tally
from cnncore.figures.votes import votes_chart

BALLOT = by_key("q7-1")
FIRST, SECOND = Tally((2, 1, 0, 1, 0)), Tally((0, 1, 0, 4, 0))


def valid(chart):
    alt.LayerChart.from_dict(json.loads(json.dumps(chart.spec)) | {"data": {"values": []}})
    assert len({len(column) for column in chart.data.values()}) == 1
    return chart


def test_a_bar_for_each_option_with_its_votes():
    data = valid(votes_chart(BALLOT, (FIRST,), answered=False)).data
    assert data["option"] == ["A · 13", "B · 16", "C · 24", "D · 32", "E · 36"]
    assert data["share"] == [0.5, 0.25, 0, 0.25, 0]
    assert data["said"][0] == "2 (50 %)"
    assert not any(data["pale"])
    assert data["before"] == [None] * 5


def test_the_right_one_is_marked_once_the_answer_is_given():
    data = valid(votes_chart(BALLOT, (FIRST,), answered=True)).data
    assert data["option"][3] == "✓ D · 32"
    assert data["pale"] == [True, True, True, False, True]


def test_the_round_before_is_marked():
    chart = valid(votes_chart(BALLOT, (FIRST, SECOND), answered=False))
    assert chart.data["share"][3] == 0.8
    assert chart.data["before"] == [0.5, 0.25, 0, 0.25, 0]
    assert [layer["mark"]["type"] for layer in chart.spec["layer"]] == ["bar", "tick", "text"]
    assert chart.spec["layer"][0]["encoding"]["x"]["scale"]["domain"] == [0, 0.8]


@pytest.mark.parametrize("answered", [False, True])
def test_without_a_vote_or_a_right_answer_nothing_is_claimed(answered):
    data = valid(votes_chart(own_ballot("Which?", ["a", "b"]), (Tally((0, 0)),), answered=answered)).data
    assert data["share"] == [0, 0]
    assert data["said"] == ["", ""]
    assert data["option"] == ["A · a", "B · b"]
    assert data["pale"] == [False, False]
