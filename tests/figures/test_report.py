"""A report as a page of HTML."""

import re
from dataclasses import replace
from html.parser import HTMLParser

from cnncore.course import QUESTIONS
from cnncore.course.report import read_report
from cnncore.figures.report import SETTINGS, Shown, question_html, report_html

HOSTILE = '<img src=x onerror="alert(1)"> & $x$'
FIELDS = {
    "author": f"Ada {HOSTILE}",
    "text_7": f"first line\n  second {HOSTILE}",
    "number_7_0": "32",
    "number_1_0": "25",
    "runs_16": ["a", "b"],
    "runs_17": ["a", "b"],
    "runs_18": ["gone"],
}
RUNS = {("a", "b"): Shown(("<svg>loss</svg>", "<svg>accuracy</svg>"), ({"run": "A <1>", SETTINGS: "lr 0.1"},), "A > B")}


class Reader(HTMLParser):
    """What a browser makes of a page: its elements, which are all closed again, and its texts."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.texts, self.addresses = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href")]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def read(fields, runs=RUNS):
    reader = Reader()
    reader.feed(report_html(fields, runs, "2026-11-27"))
    assert reader.open == []
    return reader, " ".join(reader.texts)


def test_it_has_what_was_written_as_it_was_written():
    reader, text = read(FIELDS)
    assert f"Ada {HOSTILE} · 2026-11-27 · 5 answers to 34 questions" in text
    assert FIELDS["text_7"] in text
    assert "img" not in reader.tags
    assert reader.addresses == []  # nothing is fetched
    assert "Without an answer: Q2, Q3, Q4" in text


def test_a_number_is_marked_where_it_is_right_alone():
    _, text = read({"number_7_0": "32", "number_1_0": "25"})
    assert text.count("✓ right") == 1
    assert re.search(r"conv3, pixels to a side: +32 +✓ right", text)


def test_runs_are_drawn_once_and_named_again():
    reader, text = read(FIELDS)
    assert reader.tags.count("svg") == 2
    assert "Figure 1. Loss and accuracy." in text
    assert "Its runs are those of figure 1." in text
    assert "A <1>" in text
    assert "lr 0.1" in text
    assert "A > B" in text
    assert "figure 2" not in text.lower()  # of the run that is gone nothing is shown


def test_the_file_can_be_read_again():
    assert read_report(report_html(FIELDS, RUNS, "2026-11-27").encode(), "a.html") == FIELDS


def test_an_empty_report_is_a_page_too():
    reader, text = read({})
    assert "0 answers to 34 questions" in text
    assert "Without an answer" not in text
    assert "h2" not in reader.tags


def test_every_question_is_written_out_without_signs_of_markdown_or_formulas():
    for question in QUESTIONS:
        text = re.sub(r"</?(?:i|code)>", "", question_html(question))
        assert not re.search(r"[$`\\*_]|[<>]", text.replace("batch_size", "")), question.label
    one = replace(QUESTIONS[0], text="A size of $x \\times y$ in `main` & <here>")
    assert question_html(one) == "A size of <i>x × y</i> in <code>main</code> &amp; &lt;here&gt;"
