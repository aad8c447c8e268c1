import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from cnncore import jobs
from cnncore.data import ImageData, load, save
from cnncore.data.preparation import Preparation, job_name, status, uploads
from cnncore.jobs import State
from cnncore.progress import Progress
from tests.pages.reading import said

PAGE = Path(__file__).parents[2] / "pages" / "datasets.py"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CNNCORE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def page() -> AppTest:
    return AppTest.from_file(str(PAGE), default_timeout=60).run()


def folder(place: Path) -> Path:
    for label, value in (("cat", 10), ("dog", 200)):
        (place / label).mkdir(parents=True)
        for i in range(5):
            Image.new("RGB", (20, 20), (value, value, i)).save(place / label / f"{i}.png")
    return place


def small(name: str = "mine", title: str = "Mine") -> ImageData:
    images, labels = np.zeros((4, 3, 8, 8), np.uint8), np.arange(4) % 2
    return ImageData(name, title, ("a", "b"), images, labels, images, labels, ("Made for [a test](x).",))


def until_ended(page: AppTest, name: str) -> AppTest:
    deadline = time.monotonic() + 60
    while (found := status(name)) is not None and found.state is State.RUNNING and time.monotonic() < deadline:
        time.sleep(0.05)
    return page.run()


def test_the_page_stands_alone_and_shows_every_set(page: AppTest) -> None:
    assert not page.exception
    shown = said(page)
    for text in ("Built-in objects", "CIFAR-10", "MNIST", "Fashion-MNIST", "about an hour for 170 MB"):
        assert text in shown
    assert {button.label for button in page.button} == {"Draw the images", "Download", "Prepare"}
    assert [button.key for button in page.button if button.label == "Download"] == [
        f"datasets_get_{name}" for name in ("cifar10", "mnist", "fashion-mnist")
    ]


def test_a_prepared_set_shows_samples_and_its_notes_as_they_are(page: AppTest) -> None:
    before = len(page.get("image"))
    save(small())
    page.run()
    assert not page.exception
    assert len(page.get("image")) == before + 1
    alts = [picture.alt for element in page.get("image") for picture in element.proto.imgs]
    assert "A few images of each class of Mine: a, b" in alts
    assert all(alts)
    assert r"Made for \[a test\](x)." in said(page)


def test_a_folder_is_prepared_in_the_background(page: AppTest, tmp_path: Path) -> None:
    page.text_input(key="datasets_path").input(str(folder(tmp_path / "pets")))
    page.text_input(key="datasets_name").input("pets")
    page.number_input(key="datasets_size").set_value(16)
    page.button(key="datasets_prepare").click().run()
    assert not page.exception
    until_ended(page, "pets")
    assert "8 train and 2 test images" in page.success[0].value
    assert load("pets").shape == (3, 16, 16)
    assert "#### Pets" in said(page)
    page.button(key="datasets_end_pets").click().run()
    assert not page.success


def test_a_set_that_is_done_appears_while_another_is_on_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[State] = []

    def preparations() -> list[Preparation]:
        looks.append(State.DONE if looks else State.RUNNING)
        if looks[-1] is State.DONE:  # after the cards were drawn
            save(small())
        return [
            Preparation("mine", looks[-1], Progress("reading")),
            Preparation("other", State.RUNNING, Progress("reading")),
        ]

    monkeypatch.setattr("cnncore.data.preparation.preparations", preparations)  # the page imports it anew
    monkeypatch.setattr("pages.parts.dataset_preparations.preparations", preparations)
    page = AppTest.from_file(str(PAGE), default_timeout=60).run()
    assert not page.exception
    assert "#### Mine" in said(page)


def test_what_is_wrong_is_one_sentence(page: AppTest, tmp_path: Path) -> None:
    page.text_input(key="datasets_name").input("Not a name")
    page.button(key="datasets_prepare").click().run()
    assert "must be at most 40 small letters" in page.error[0].value
    page.text_input(key="datasets_name").input("pets")
    page.button(key="datasets_prepare").click().run()
    assert "must be a path" in page.error[0].value
    page.text_input(key="datasets_path").input(str(tmp_path / "nothing"))
    page.button(key="datasets_prepare").click().run()
    until_ended(page, "pets")
    assert "does not exist" in page.error[0].value


def places(page: AppTest) -> list[str]:
    """Return what stands on the page from top to bottom, by its text or key."""
    return [str(getattr(element, "key", None) or getattr(element, "value", "")) for element in page.main]


def test_what_is_wrong_and_what_goes_on_stand_under_the_form(page: AppTest, home: Path) -> None:
    page.button(key="datasets_prepare").click().run()
    shown = places(page)
    assert shown.index(page.error[0].value) > shown.index("datasets_prepare")
    (home / "jobs").mkdir(parents=True)
    jobs._write(job_name("pets"), State.RUNNING, Progress("Downloading"))
    shown = places(page.run())
    assert shown.index("datasets_end_pets") > shown.index("datasets_prepare")


def test_a_chosen_source_cannot_be_switched_off(page: AppTest) -> None:
    assert page.segmented_control(key="datasets_kind").proto.required


def test_how_it_ended_for_somebody_else_is_folded(page: AppTest, tmp_path: Path) -> None:
    page.text_input(key="datasets_path").input(str(tmp_path / "nothing"))
    page.text_input(key="datasets_name").input("pets")
    page.button(key="datasets_prepare").click().run()
    until_ended(page, "pets")
    assert "does not exist" in page.error[0].value
    assert not page.expander
    other = AppTest.from_file(str(PAGE), default_timeout=60).run()
    assert other.expander[0].label == "Begun in other windows, and ended: 1"
    assert len(other.error) == len(other.expander[0].error) == 1


def test_a_download_that_failed_is_told_in_its_card(page: AppTest, home: Path) -> None:
    (home / "jobs").mkdir(parents=True)
    page.session_state["datasets_begun"] = {"mnist"}
    jobs._write(job_name("mnist"), State.FAILED, Progress("Downloading", message="No answer."))
    page.run()
    assert "the reason is given [below](#bring-your-own-images)" in said(page)


def test_progress_survives_a_reload_and_can_be_cancelled(page: AppTest, home: Path) -> None:
    (home / "jobs").mkdir(parents=True)
    progress = Progress("Downloading", 40_000_000, 160_000_000, "bytes", 45_000.0, 2666.0)
    jobs._write(job_name("pets"), State.RUNNING, progress)
    again = AppTest.from_file(str(PAGE), default_timeout=60).run()
    assert not again.exception
    bar = again.get("progress")[0].proto
    assert bar.value == 25
    assert "40.0 of 160.0 MB" in bar.text
    assert "44 min 26 s left" in bar.text
    assert "you can close this page" in said(again)
    again.button(key="datasets_end_pets").click().run()
    assert (home / "jobs" / "data-pets.cancel").exists()


def test_an_upload_is_called_by_its_own_name(page: AppTest) -> None:
    page.segmented_control(key="datasets_kind").set_value("Upload an archive").run()
    page.file_uploader(key="datasets_upload").set_value(("Meine Möwen.zip", b"garbage", "application/zip"))
    page.text_input(key="datasets_name").input("gulls")
    page.button(key="datasets_prepare").click().run()
    until_ended(page, "gulls")
    assert "(=Meine Möwen.zip) cannot be read" in page.error[0].value
    assert list(uploads().iterdir()) == []


def test_an_upload_that_is_refused_leaves_nothing_behind(page: AppTest, home: Path) -> None:
    (home / "jobs").mkdir(parents=True, exist_ok=True)
    jobs._write(job_name("gulls"), State.RUNNING, Progress("working"))  # begun by another window
    page.segmented_control(key="datasets_kind").set_value("Upload an archive").run()
    page.file_uploader(key="datasets_upload").set_value(("gulls.zip", b"garbage", "application/zip"))
    page.text_input(key="datasets_name").input("gulls")
    page.button(key="datasets_prepare").click().run()
    assert "is being prepared already" in page.error[0].value
    assert list(uploads().iterdir()) == []


def test_an_upload_is_saved_in_a_folder_of_our_own(
    page: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    archive = shutil.make_archive(str(tmp_path / "pets"), "zip", folder(tmp_path / "f"))
    page.segmented_control(key="datasets_kind").set_value("Upload an archive").run()
    page.file_uploader(key="datasets_upload").set_value(
        ("../../evil.zip", Path(archive).read_bytes(), "application/zip")
    )
    page.text_input(key="datasets_name").input("pets")
    page.button(key="datasets_prepare").click().run()
    assert not page.exception
    until_ended(page, "pets")
    assert len(load("pets").train_labels) == 8
    assert list(uploads().iterdir()) == []


def test_a_set_that_cannot_be_read_is_said_beside_the_others(home: Path) -> None:
    (home / "data" / "flowers" / "about.json").mkdir(parents=True)
    page = AppTest.from_file(str(PAGE), default_timeout=60).run()
    assert not page.exception
    assert "`dataset` (=flowers) has a" in page.warning[0].value
    assert "Fashion-MNIST" in said(page)
