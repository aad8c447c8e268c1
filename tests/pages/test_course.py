from pathlib import Path

from streamlit.testing.v1 import AppTest

PAGE = str(Path(__file__).parents[2] / "pages" / "course.py")


def test_all_questions_are_there_with_answer_and_mistake():
    app = AppTest.from_file(PAGE, default_timeout=60)
    for number in range(1, 35):
        app.session_state[f"question_{number}"] = True
    app.run()
    assert not app.exception
    labels = [expander.label for expander in app.expander]
    assert len(labels) == 34
    assert labels[6].startswith("Q7 · Receptive fields")
    for expander in app.expander:
        assert any("Common mistake" in markdown.value for markdown in expander.markdown)


def test_what_is_folded_is_made_when_it_is_unfolded():
    app = AppTest.from_file(PAGE, default_timeout=60).run()
    assert len(app.expander) == 34
    assert not any(expander.markdown for expander in app.expander)
    app.session_state["question_7"] = True
    app.run()
    assert [expander.label[:2] for expander in app.expander if expander.markdown] == ["Q7"]


def test_search_finds_and_says_when_it_does_not():
    app = AppTest.from_file(PAGE, default_timeout=60).run()
    app.text_input(key="course_search").set_value("inverted dropout").run()
    assert [expander.label[:3] for expander in app.expander] == ["Q33"]
    app.text_input(key="course_search").set_value("transformer").run()
    assert len(app.expander) == 0
    assert "No question mentions transformer" in app.info[0].value
