"""How a class has voted: a bar an option, and where it stood the round before."""

from typing import Any

from cnncore.course.ballots import Ballot
from cnncore.course.vote import Tally
from cnncore.figures.curves import Chart
from cnncore.figures.palette import GUESS, INK, TRAIN

_STEP = 46  # pixels an option
_FADED = 0.35
_ROOM = 95  # pixels beside the longest bar, for what stands at its end


def votes_chart(ballot: Ballot, rounds: tuple[Tally, ...], *, answered: bool) -> Chart:
    """Return the share of votes of each option in the last of `rounds`, and as a mark that in the round before.

    Once it is `answered` the bars of wrong options are pale, and the right one has a tick before its name.
    """
    last = rounds[-1]
    before = rounds[-2] if len(rounds) > 1 else None
    options = range(len(ballot.options))
    told = answered and ballot.right is not None
    names = [f"{'✓ ' if told and one == ballot.right else ''}{ballot.named(one)}" for one in options]
    share = _shares(last)
    data: dict[str, list[Any]] = {
        "option": names,
        "share": share,
        "said": [
            f"{count} ({100 * part:.0f} %)" if last.votes else ""
            for count, part in zip(last.counts, share, strict=True)
        ],
        "before": _shares(before) if before else [None] * len(names),
        "pale": [told and one != ballot.right for one in options],
    }
    y = {
        "field": "option",
        "type": "nominal",
        "sort": None,
        "axis": {"title": None, "labelLimit": 320, "labelFontSize": 15, "domain": False, "ticks": False},
    }
    x = {
        "field": "share",
        "type": "quantitative",
        "scale": {"domain": [0, max(0.2, *share, *(data["before"] if before else ()))], "nice": False},
        "axis": None,
    }
    bars = {
        "mark": {"type": "bar", "color": TRAIN, "height": {"band": 0.62}},
        "encoding": {
            "x": x,
            "opacity": {"condition": {"test": "datum.pale", "value": _FADED}, "value": 1},
        },
    }
    ends = {
        "mark": {"type": "text", "align": "left", "dx": 8, "fontSize": 15, "color": INK},
        "encoding": {"x": x, "text": {"field": "said", "type": "nominal"}},
    }
    layers = [bars, ends]
    if before:
        mark = {"type": "tick", "color": GUESS, "thickness": 3, "height": {"band": 0.8}}
        layers.insert(1, {"mark": mark, "encoding": {"x": {**x, "field": "before"}}})
    spec = {"height": _STEP * len(names), "encoding": {"y": y}, "layer": layers, "padding": {"right": _ROOM}}
    return Chart(spec, data)


def _shares(tally: Tally) -> list[float]:
    return [round(count / max(1, tally.votes), 4) for count in tally.counts]
