import json
import re

import altair as alt
import numpy as np
import pandas as pd
import pytest

from cnncore.figures import confusion
from cnncore.figures.confusion import CELL, confusion_chart, ink
from cnncore.figures.palette import DARK, NAMED, PAPER, TEST, TRAIN
from tests.figures.test_palette import contrast

COUNTS = np.array([[3, 1], [0, 0]])


def test_every_cell_has_its_count_its_share_of_the_true_class_and_its_colour():
    chart = confusion_chart(COUNTS, ["cat", "dog"])
    assert chart.data["true"] == ["cat", "cat", "dog", "dog"]
    assert chart.data["answer"] == ["cat", "dog", "cat", "dog"]
    assert chart.data["text"] == ["3", "1", "", ""]
    assert chart.data["share"] == [0.75, 0.25, 0.0, 0.0]
    assert chart.data["right"] == ["right", "wrong", "wrong", "right"]
    assert chart.data["told"][1] == "1 of 4 cat taken for dog: 25.0 %"


@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize("dark", [False, True])
def test_every_number_can_be_read_on_its_cell(right, dark):
    paper = DARK["paper"] if dark else PAPER
    for share in np.linspace(0.01, 1, 100).tolist():
        colour, text = TRAIN if right else TEST, ink(right, share)
        if dark:  # as the style sheet has it
            names = {light: DARK[name] for name, light in NAMED.items()}
            colour, text = names[colour], names.get(text, text)
        depth = share**0.5
        parts = [
            round(depth * int(colour[at : at + 2], 16) + (1 - depth) * int(paper[at : at + 2], 16)) for at in (1, 3, 5)
        ]
        assert contrast(text, "#{:02x}{:02x}{:02x}".format(*parts)) > 4


def test_shares_are_in_percent():
    assert confusion_chart(COUNTS, ["cat", "dog"], shares=True).data["text"] == ["75", "25", "", ""]


def test_one_cell_is_framed_and_a_click_tells_which_it_was():
    chart = confusion_chart(COUNTS, ["cat", "dog"], chosen=(0, 1), turn=7)
    assert chart.data["chosen"] == [False, True, False, False]
    assert list(zip(chart.data["row"], chart.data["column"], strict=True)) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert chart.data["turn"] == [7] * 4
    [selection] = [param for layer in chart.spec["layer"] for param in layer.get("params", [])]
    assert selection["name"] == CELL
    assert selection["select"]["fields"] == ["row", "column", "turn"]


@pytest.mark.parametrize(("classes", "layers"), [(10, 3), (100, 2)])
def test_a_hundred_classes_have_no_room_for_numbers(classes, layers):
    chart = confusion_chart(np.eye(classes, dtype=int), [str(n) for n in range(classes)])
    assert len(chart.spec["layer"]) == layers
    alt.LayerChart.from_dict(json.loads(json.dumps(chart.spec)) | {"data": {"values": []}})  # a valid specification


def picture(spec, data):
    """Return the shapes and the texts that are seen of a chart."""
    values = pd.DataFrame(data).to_dict("records")
    svg = pytest.importorskip("vl_convert").vegalite_to_svg({**spec, "data": {"values": values}})
    shapes = [re.sub(r' aria-[a-z]+="[^"]*"', "", shape) for shape in re.findall(r"<path [^>]*>", svg)]
    return sorted(shape for shape in shapes if ' opacity="0"' not in shape), re.findall(r"<text [^>]*>[^<]*", svg)


def test_of_many_classes_only_what_is_seen_is_sent(monkeypatch):
    rng = np.random.default_rng(0)
    names = [f"class {n}" for n in range(60)]
    counts = np.diag(rng.integers(0, 9, 60)) + (rng.random((60, 60)) < 0.02)
    counts[7] = counts[:, 7] = 0  # without an image, and never an answer
    sent = confusion_chart(counts, names, chosen=(7, 7))
    cells = zip(sent.data["row"], sent.data["column"], strict=True)
    assert list(cells) == [cell for cell in np.ndindex(60, 60) if counts[cell] or cell == (7, 7)]
    assert sum(sent.data["chosen"]) == 1
    seen = picture(sent.spec, sent.data)
    monkeypatch.setattr(confusion, "_READABLE", 60)
    whole = confusion_chart(counts, names, chosen=(7, 7)).data
    assert len(whole["row"]) == 60**2
    assert len(seen[0]) > np.count_nonzero(counts)
    assert picture(sent.spec, whole) == seen


def test_the_choice_changes_the_data_only():
    first, second = (confusion_chart(COUNTS, ["cat", "dog"], chosen=c, turn=c[0]) for c in ((0, 0), (1, 1)))
    assert first.spec == second.spec
