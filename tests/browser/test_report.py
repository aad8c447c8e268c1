"""The report: what a browser keeps of it, and the file that it saves."""

import json

import pytest
from playwright.sync_api import expect

from cnncore.course.report import carried, read_report
from tests.browser.conftest import until

pytestmark = pytest.mark.browser

ANSWER = "5 pixels,\nthen 14 <b>pixels</b>"


def kept(page):
    """Return what the browser keeps."""
    return json.loads(page.evaluate("localStorage.getItem('cnncore.report')"))


def answer(page):
    return page.get_by_label("Your answer")


def test_what_is_written_survives_a_reload_even_in_the_middle_of_a_word(visit):
    page = visit("report?report_question=7")
    page.get_by_label("Name or names").fill("Ada")
    answer(page).fill(ANSWER)
    answer(page).press("Tab")
    expect(page.get_by_text("1 of 34 questions answered")).to_be_visible()
    answer(page).press("End")
    answer(page).press_sequentially(" at mo")
    until(lambda: kept(page) == {"author": "Ada", "text_7": f"{ANSWER} at mo"})
    page.reload()
    expect(answer(page)).to_have_value(f"{ANSWER} at mo")
    expect(page.get_by_label("Name or names")).to_have_value("Ada")
    expect(page.get_by_text("1 of 34 questions answered")).to_be_visible()


def test_two_tabs_write_one_report(visit):
    page = visit("report?report_question=7")
    answer(page).fill("from the first tab")
    answer(page).press("Tab")
    expect(page.get_by_text("1 of 34 questions answered")).to_be_visible()
    other = page.context.new_page()
    other.goto(page.url.replace("=7", "=8"))
    expect(other.get_by_text("1 of 34 questions answered")).to_be_visible()
    answer(other).fill("from the second tab")
    answer(other).press("Tab")
    expect(page.get_by_text("2 of 34 questions answered")).to_be_visible()
    assert kept(page) == {"text_7": "from the first tab", "text_8": "from the second tab"}


def test_the_file_has_what_was_typed_last_and_opens_again(visit, tmp_path):
    page = visit("report?report_question=7")
    answer(page).fill(ANSWER)  # and the field is left by the click alone
    with page.expect_download() as download:
        page.locator(".st-key-report_save button:visible").first.click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert read_report(file.read_bytes(), file.name) == {"text_7": ANSWER}
    shown = page.context.new_page()
    shown.goto(file.as_uri())
    expect(shown.get_by_text("then 14 <b>pixels</b>")).to_be_visible()
    shown.close()

    page.locator(".st-key-report_anew button").first.click()
    page.locator(".st-key-report_delete button").click()
    expect(answer(page)).to_have_value("")
    until(lambda: kept(page) == {})
    page.reload()
    expect(page.get_by_text("0 of 34 questions answered")).to_be_visible()

    file.write_text(f"<p>{carried({'text_7': 'of the file', 'number_7_0': '13'})}</p>", encoding="utf-8")
    page.locator(".st-key-report_open button").first.click()
    page.locator(".st-key-report_open input[type=file], input[type=file]").set_input_files(file)
    page.locator(".st-key-report_go_on button:not([disabled])").click()
    expect(answer(page)).to_have_value("of the file")
    expect(page.get_by_text("the pools are forgotten")).to_be_visible()
    until(lambda: kept(page) == {"text_7": "of the file", "number_7_0": "13"})


def test_what_a_browser_has_kept_that_is_no_report_does_no_harm(visit):
    page = visit("report?report_question=7")
    for text in ("{", "[]", "null", '"x"', '{"text_7": 5, "evil": {}}', '{"runs_13": "x"}'):
        page.evaluate("text => localStorage.setItem('cnncore.report', text)", text)
        page.reload()
        expect(page.get_by_text("0 of 34 questions answered")).to_be_visible()
        answer(page).fill("x")
        answer(page).press("Tab")
        expect(page.get_by_text("1 of 34 questions answered")).to_be_visible()
