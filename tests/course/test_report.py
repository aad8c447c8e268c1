"""A student's report: what may stand in it, what it comes to, and the file that carries it."""

import json

import pytest

from cnncore.course.checks import checks
from cnncore.course.report import (
    LARGEST,
    LONGEST_ANSWER,
    MOST_RUNS,
    carried,
    fields_of,
    names,
    read_report,
    report_of,
)
from cnncore.errors import InputError

FIELDS = {
    "author": "Ada",
    "text_7": "conv1 sees 5 pixels,\nconv2 14.",
    "number_7_0": "32",
    "number_1_0": "25",
    "runs_16": ["261126-155623-ec9f"],
}


def test_there_is_a_field_for_every_answer_and_every_number():
    kinds = [name.partition("_")[0] for name in names()]
    assert kinds.count("text") == 34
    assert kinds.count("number") == len(checks())
    assert kinds.count("runs") == 22  # Q13 to Q34 are answered by training


def test_only_what_can_stand_in_a_report_is_taken():
    given = FIELDS | {"text_99": "no such question", "runs_3": ["a"], "text_2": 5, "number_4_0": ["x"], "text_3": ""}
    assert fields_of(given) == FIELDS
    assert fields_of(None) == fields_of([1]) == fields_of("text_7") == {}
    assert fields_of({"runs_16": "261126"}) == {}
    assert fields_of({"runs_16": [1, "a", None]}) == {"runs_16": ["a"]}


def test_nothing_is_longer_than_its_field():
    long = fields_of({"text_7": "x" * 5000, "number_7_0": "9" * 50, "runs_16": ["a"] * 20})
    assert {name: len(value) for name, value in long.items()} == {
        "text_7": LONGEST_ANSWER,
        "number_7_0": 30,
        "runs_16": MOST_RUNS,
    }


def test_a_report_has_the_answers_that_were_given_in_the_order_of_the_questions():
    report = report_of(FIELDS)
    assert report.author == "Ada"
    assert [answer.question.number for answer in report.answers] == [1, 7, 16]
    first, seventh, sixteenth = report.answers
    assert seventh.text == FIELDS["text_7"]
    assert [number.right for number in (*first.numbers, *seventh.numbers)] == [False, True]
    assert sixteenth.runs == ("261126-155623-ec9f",)
    assert report.right == 1
    assert len(report.missing) == 31


def test_what_is_blank_is_no_answer_and_what_is_no_number_is_not_right():
    assert report_of({"text_7": " \n", "number_7_0": "  "}).answers == ()
    [answer] = report_of({"number_7_0": "5x5"}).answers
    assert [number.right for number in answer.numbers] == [False]


@pytest.mark.parametrize("text", ["</script><b>", "<!--", "\u2028 é 漢 \\ \"'", "]]>", "\ud800"])
def test_a_file_carries_every_text(text):
    element = carried({"text_7": text})
    assert element.count("<") == 2  # its own tags: nothing in it begins another
    assert read_report(f"<p>{element}</p>".encode("utf-8", "surrogatepass"), "a.html").keys() == {"text_7"}
    if text != "\ud800":
        assert read_report(f"<p>{element}</p>".encode(), "a.html") == {"text_7": text}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "carries no report"),
        (b"<html>hello</html>", "carries no report"),
        (b"\xff\xfe\x00PK", "carries no report"),
        (carried({}).replace('"fields"', "fields").encode(), "carries no report"),
        (carried({}).replace("{", "[", 1).replace("}}", "}]").encode(), "carries no report"),
        (b'<script type="application/json" id="cnncore-report">' + b"[" * 100_000 + b"</script>", "carries no report"),
        (carried({}).replace('"version": 1', '"version": 2').encode(), "another version of the program"),
        (b"x" * (LARGEST + 1), "must have at most 20 MB"),
    ],
)
def test_what_is_no_report_is_one_sentence(content, sentence):
    with pytest.raises(InputError, match=rf"^`a\.html` .*{sentence}") as error:
        read_report(content, "a.html")
    assert "\n" not in str(error.value)


def test_what_somebody_changed_in_a_file_is_read_with_care():
    element = carried({"text_7": "x"}).replace(json.dumps({"text_7": "x"}), '{"text_7": {"a": 1}, "evil": 2}')
    assert read_report(element.encode(), "a.html") == {}
