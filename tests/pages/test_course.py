from pathlib import Path
from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from cnncore.course import QUESTIONS
from cnncore.course.checks import checks

PAGES = Path(__file__).parents[2] / "pages"
PAGE = str(PAGES / "course.py")


def opened(**address):
    """Return the page with all its parts, or at that address."""
    app = AppTest.from_file(PAGE, default_timeout=60)
    app.query_params.update({"course_part": "All"} | address)
    app.run()
    assert not app.exception
    return app


def numbers(app):
    """Return the questions that are shown."""
    return [value[2:].partition(" ")[0] for value in (m.value for m in app.markdown) if value.startswith("**Q")]


def test_it_opens_with_the_first_part_and_others_are_a_click_away():
    app = AppTest.from_file(PAGE, default_timeout=60).run()
    assert numbers(app) == [f"Q{number}" for number in range(1, 8)]
    app.segmented_control(key="course_part").set_value("Part 3").run()
    assert numbers(app) == [f"Q{number}" for number in range(19, 35)]
    app.text_input(key="course_search").set_value("receptive").run()
    assert "Q7" in numbers(app)  # what is searched for is found in every part
    app.text_input(key="course_search").set_value("").run()
    assert numbers(app) == [f"Q{number}" for number in range(19, 35)]
    assert numbers(opened(course_part="Part 2")) == [f"Q{number}" for number in range(8, 19)]
    assert "`course_part=Part 9`" in opened(course_part="Part 9").warning[0].value


def test_all_questions_are_there_with_answer_and_mistake():
    app = AppTest.from_file(PAGE, default_timeout=60)
    app.query_params["course_part"] = "All"
    for number in range(1, 35):
        app.session_state[f"question_{number}"] = True
    app.run()
    assert not app.exception
    assert len(app.expander) == 34
    for expander in app.expander:
        assert any("Common mistake" in markdown.value for markdown in expander.markdown)


def test_what_is_folded_is_made_when_it_is_unfolded():
    app = opened()
    assert len(app.expander) == 34
    assert not any(expander.markdown for expander in app.expander)
    assert "Common mistake" not in " ".join(markdown.value for markdown in app.markdown)
    app.session_state["question_7"] = True
    app.run()
    [unfolded] = [expander for expander in app.expander if expander.markdown]
    assert "5, 6, 14, 16, 32, 36, 60" in unfolded.markdown[0].value


def test_the_question_is_there_before_its_answer_and_says_where_to_look():
    app = opened()
    asked = [markdown.value for markdown in app.markdown if markdown.value.startswith("**Q")]
    assert len(asked) == 34
    assert "What is the receptive field of a unit in the first and second convolution?" in asked[6]
    assert "[Architecture](/architecture?network=vgg16&arch_size=256)" in asked[3]


def test_numbers_are_checked_where_the_page_is_asked_to():
    app = opened()
    assert len(app.text_input) == 1  # the search
    app.toggle(key="course_check").set_value(True).run()
    assert [field.label for field in app.text_input[1:]] == [check.asked for check in checks()]
    said = len(app.markdown)
    for given, sentence in (
        ("25", r":orange[:material/help:] Not 25: a kernel is $k \times k \times z$, and its depth $z$ is forgotten."),
        ("5x5", ":orange[:material/help:] `5x5` must be one number: write it in digits, such as 1,024."),
        ("75", ":green[:material/check_circle:] **Right.** The kernel is as deep as its input: 5 · 5 · 3."),
        (" ", None),
    ):
        app.text_input(key="course_number_1_0").set_value(given).run()
        assert not app.exception
        assert len(app.markdown) == said + (sentence is not None)
        assert sentence is None or sentence in [markdown.value for markdown in app.markdown]


def test_a_link_asks_for_numbers_and_what_it_cannot_have_is_said():
    assert len(opened(course_check="true").text_input) == 1 + len(checks())
    app = opened(course_check="maybe")
    assert not app.toggle(key="course_check").value
    assert "`course_check=maybe`" in app.warning[0].value


@pytest.mark.parametrize("question", [question for question in QUESTIONS if question.see], ids=lambda q: f"Q{q.number}")
def test_where_to_look_is_set_to_the_questions_case(app_home, question):
    app = AppTest.from_file(f"{PAGES}/{question.page}.py", default_timeout=240)
    asked = parse_qs(question.see)
    app.query_params.update(asked)
    app.run()
    assert not app.exception
    assert bool(app.error) == (question.number == 4)  # the network does not take that image, which is the answer
    assert not app.warning
    for key, [value] in asked.items():
        if key != "network":
            assert str(app.session_state[key]).lower() == value.lower()


def test_search_finds_and_says_when_it_does_not():
    app = AppTest.from_file(PAGE, default_timeout=60).run()

    def found(text):
        app.text_input(key="course_search").set_value(text).run()
        return numbers(app)

    assert found("inverted dropout") == ["Q33"]
    assert found("12,000") == ["Q10", "Q11"]  # in what is wrong
    assert found("1,191,170 MISTAKE") == ["Q11"]
    assert found("2.3026") == ["Q17"]  # computed
    assert found("transformer") == []
    assert len(app.expander) == 0
    assert "No question mentions transformer" in app.info[0].value


def test_every_answer_leads_to_where_ones_own_is_written():
    app = AppTest.from_file(PAGES / "parts" / "shell.py", default_timeout=60).run()
    app.session_state["question_7"] = True
    app.switch_page("../course.py").run()
    assert not app.exception
    [link] = [link.proto for link in app.get("page_link") if link.proto.query_string == "report_question=7"]
    assert link.page == "report"
