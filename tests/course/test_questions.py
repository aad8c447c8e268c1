import re

import pytest

from cnncore.course import QUESTIONS, questions_for
from cnncore.course.facts import facts
from cnncore.course.questions import fill
from pages.parts.navigation import COURSE


def test_all_34_are_there_in_order_and_find_a_page():
    assert [question.number for question in QUESTIONS] == list(range(1, 35))
    assert [question.part for question in QUESTIONS] == [1] * 7 + [2] * 11 + [3] * 16
    pages = [entry.name for entry in COURSE]
    assert [q.number for q in QUESTIONS if q.page not in pages] == []
    shown = {page: [q.number for q in questions_for(page)] for page in pages}
    for question in QUESTIONS:
        assert [page for page in pages if question.number in shown[page]] == sorted(
            {question.page, *question.also}, key=pages.index
        )
        assert question.page not in question.also


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: f"Q{question.number}")
def test_every_question_is_complete_and_its_markup_is_balanced(question):
    for text in (question.text, question.answer(), question.mistake):
        assert len(text) > 20
        assert text.count("$") % 2 == 0
        assert text.count("`") % 2 == 0
        assert not re.search(r"<<|>>", text)


@pytest.mark.parametrize(
    ("name", "literal"),
    [
        ("one.weights", "75"),
        ("one.dense_weights", "3,145,728"),
        ("one.dense_biases", "1,024"),
        ("all.weights", "2,400"),
        ("all.dense_weights", "100,663,296"),
        ("unshared", "2,457,600"),
        ("practical.parameters", "1,191,170"),
        ("practical.weights", "1,190,000"),
        ("practical.biases", "1,170"),
        ("practical.macs", "23.15"),
        ("conv.macs", "22.12"),
        ("conv.parameter_share", "13.1"),
        ("conv.mac_share", "95.5"),
        ("fc4.parameter_share", "86.0"),
        ("practical.per_image", "23.8"),
        ("vgg16.dense_parameters", "123,642,856"),
        ("updates.128", "391"),
        ("updates.512", "98"),
        ("views", "50"),
        ("crop.saving", "22"),
        ("practical.fields", "5, 6, 14, 16, 32, 36, 60"),
        ("practical.jumps", "1, 2, 2, 4, 4, 8, 8"),
        ("ln10", "2.3026"),
        ("lr.10", "0.060"),
        ("lr.50", "0.0077"),
        ("lr.100", "0.00059"),
        ("lr.sum", "2.0"),
        ("dropout.noise", "0.11, 1, 9"),
        ("zca.numbers", "9,437,184"),
        ("words.dictionary", "128,000"),
        ("words.classifier", "15,030"),
        ("words.learned", "143,030"),
        ("report.intervals", "62.7-78.2, 66.0-81.0, 74.5-87.7, 78.0-90.3, 82.5-93.4, 84.3-94.6"),
        ("vgg16.maps", "224: 1x1, 256: 2x2, 288: 3x3, 320: 4x4, 384: 6x6, 448: 8x8, 512: 10x10"),
    ],
)
def test_computed_facts_are_the_practicals_numbers(name, literal):
    assert facts()[name] == literal


def test_every_fact_is_used_or_checked_and_an_unknown_one_is_an_error():
    with pytest.raises(KeyError):
        fill("<<nosuch>>")
    assert fill("a <<ln10>> b") == "a 2.3026 b"
