import time
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cnncore import jobs
from cnncore.baselines import job
from cnncore.baselines.config import BagOfWordsConfig
from cnncore.baselines.stored import results
from cnncore.data import save
from cnncore.jobs import State
from cnncore.progress import Progress
from tests.baselines.conftest import stripes
from tests.pages.reading import said

PAGE = Path(__file__).parents[2] / "pages" / "words.py"
STRIPES = {"bow_data": "Stripes"}
SMALL = STRIPES | {"bow_words": "50", "bow_patch": "8"}


@pytest.fixture(autouse=True)
def data(app_home):
    made = stripes()
    for images, labels in ((made.train_images, made.train_labels), (made.test_images, made.test_labels)):
        images[labels == 0, :, 8:] = 100  # stripes above, nothing below: where the words are matters
    save(made)


def opened(**address):
    page = AppTest.from_file(str(PAGE), default_timeout=60)
    for key, value in address.items():
        page.query_params[key] = value
    page.session_state.words_table = page.session_state.words_numbers = True  # unfolded
    return page.run()


def until_ended(page):
    deadline = time.monotonic() + 120
    while job.status().state is State.RUNNING and time.monotonic() < deadline:
        time.sleep(0.1)
    return page.run()


def test_what_is_folded_is_made_when_it_is_unfolded():
    page = AppTest.from_file(str(PAGE), default_timeout=60).run()
    assert not page.exception
    assert "The same as a table" in [place.label for place in page.expander]
    assert not page.dataframe


def test_before_any_run_the_patches_are_there_and_what_was_measured():
    page = opened()
    assert not page.exception
    assert not page.error
    assert "121 patches, each 128 numbers by a fixed rule, divided by their length." in said(page)
    assert "**Start** learns a dictionary" in page.info[0].value
    table = page.dataframe[0].value
    assert list(table["dictionary"]) == [25_600, 0]
    assert list(table["classifier"]) == [10_060, 0]
    assert table["network"][1] > 100_000
    assert all(where.startswith("before, on") for where in table["measured"])
    assert "not the original bytes" not in said(page)


def test_what_was_measured_before_on_copies_of_the_images_says_so():
    save(replace(stripes(), name="cifar10", title="CIFAR-10"))
    page = opened(bow_data="CIFAR-10")
    assert not page.exception
    assert "Measured before: Read from picture files in cifar10-jpeg.tar.xz: these are not" in said(page)


def test_before_a_dictionary_is_learned_nothing_is_said_of_a_shuffled_picture():
    page = opened(**STRIPES)
    page.button(key="try_Shuffle the patches").click().run()
    assert not page.exception
    assert "**Start** first" in said(page)
    assert "The picture is destroyed" not in said(page)


def test_start_learns_in_the_background_and_shows_words_and_numbers():
    page = opened(**SMALL)
    page.button(key="words_start").click().run()
    assert not page.exception
    assert not page.error
    until_ended(page)
    assert not page.exception
    assert job.status().state is State.DONE
    [result] = results("stripes")
    assert result.config == BagOfWordsConfig(dataset="stripes", words=50, patch=8)
    table = page.dataframe[0].value
    assert list(table["learned in all"]) == [50 * 128 + 5 * (5 * 51 + 1)]
    assert "**Dictionary** 50 words × 128 = **6,400**" in said(page)
    assert "Answer: **across**" in said(page)
    assert "No network has been trained on this data set yet" in said(page)
    page.selectbox(key="bow_words").set_value(100).run()
    assert "Answer" not in said(page)


def test_start_begins_with_what_was_typed_a_moment_before(monkeypatch):
    started = []
    monkeypatch.setattr(job, "start", started.append)
    page = opened(**SMALL)
    page.number_input(key="bow_svm_c").set_value(0.5)
    page.number_input(key="bow_seed").set_value(3)
    page.button(key="words_start").click().run()
    assert not page.exception
    assert started == [BagOfWordsConfig(dataset="stripes", words=50, patch=8, c=0.5, seed=3)]


def test_a_shuffled_bag_gives_the_same_answer_and_a_shuffled_pyramid_another_score():
    answers = {}
    for pyramid in (False, True):
        job.work(lambda _: None, BagOfWordsConfig(dataset="stripes", words=50, patch=8, pyramid=pyramid).to_dict())
        for shuffled in (False, True):
            page = opened(**SMALL, bow_pyramid=str(pyramid), bow_shuffled=str(shuffled))
            assert not page.exception
            answers[pyramid, shuffled] = next(e.value for e in page.markdown if e.value.startswith("Answer"))
    assert answers[False, False] == answers[False, True]
    assert answers[True, False] != answers[True, True]


def test_progress_and_cancel(app_home):
    page = opened(**SMALL)
    (app_home / "jobs").mkdir(exist_ok=True)
    jobs._write(job.NAME, State.RUNNING, Progress("encoding", 50, 100))
    page.run()
    bar = page.get("progress")[0].proto
    assert bar.value == 50  # two of five stages and half of the third
    assert "Stage 3 of 5, encoding: 50 of 100 images" in bar.text.replace("\\", "")
    assert page.button(key="words_start").disabled
    page.button(key="words_cancel").click().run()
    assert (app_home / "jobs" / f"{job.NAME}.cancel").exists()


def test_a_job_that_fails_says_why():
    page = opened(**SMALL | {"bow_words": "2000", "bow_spacing": "8"})
    page.button(key="words_start").click().run()
    until_ended(page)
    assert "words" in page.error[0].value
    assert "must not exceed" in page.error[0].value
    page.button(key="words_close").click().run()
    assert not page.error


@pytest.mark.parametrize("name", ["Shuffle the patches", "Pixels instead of gradients", "The course's thousand words"])
def test_prompts_set_what_they_speak_of(name):
    page = opened(**STRIPES)
    page.button(key=f"try_{name}").click().run()
    assert not page.exception
    assert not page.error
    before = len(page.info)
    page.slider(key="bow_spacing").set_value(5).run()
    assert len(page.info) == before - 1


def test_the_courses_thousand_words_are_counted_for_the_classes_of_the_data():
    page = opened(**STRIPES)
    page.button(key="try_The course's thousand words").click().run()
    counted = "1,000 × 128 = 128,000 numbers in the dictionary, 5 × 1,002 = 5,010 in the classifier: 96 % of what"
    assert counted in " ".join(info.value for info in page.info)


def test_a_patch_larger_than_the_image_is_one_sentence():
    page = opened(**SMALL | {"bow_patch": "28"})
    assert not page.exception
    assert "`patch` (=28) must not exceed the image's 16 pixels" in page.error[0].value


def test_a_bad_address_falls_back_and_says_so():
    page = opened(**STRIPES, bow_words="77")
    assert not page.exception
    assert "words=77" in said(page)


def test_an_image_of_one_patch():
    page = opened(**STRIPES, bow_patch="16")
    assert not page.exception
    assert "1 patch, 128 numbers by a fixed rule, divided by their length." in said(page)
