import io
import math
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from cnncore import compute
from cnncore.data import ImageData, save
from cnncore.data.augmentation import AUGMENTATIONS
from cnncore.data.policies import OPERATIONS
from tests.pages.reading import said

PAGE = Path(__file__).parents[2] / "pages" / "augmentation.py"


@pytest.fixture(scope="module", autouse=True)
def pool():
    yield
    compute.shutdown()


@pytest.fixture
def page(app_home):
    """Return a function that opens the page with an address's parameters."""

    def opened(**address):
        app = AppTest.from_file(str(PAGE), default_timeout=120)
        for key, value in address.items():
            app.query_params[key] = value
        app.session_state["aug_values"] = app.session_state["aug_code"] = True  # unfolded
        return app.run()

    return opened


def pictures(app):
    """Return the alternative texts of the page's pictures."""
    return re.findall(r'alt="([^"]*)"', " ".join(element.proto.body for element in app.get("html")))


def picture(size=(40, 60), orientation=None, kind="PNG"):
    file = io.BytesIO()
    exif = Image.Exif()
    if orientation:
        exif[0x0112] = orientation
    Image.new("RGB", size, (200, 30, 30)).save(file, kind, exif=exif)
    return file.getvalue()


def test_something_sensible_stands_there_before_anyone_touches_it(page):
    app = page()
    assert not app.exception
    assert not app.error
    assert "5 × 5 windows × 2 ways round = **50 different views**" in said(app)
    assert "the centre 28 × 28 window" in said(app)
    shown = pictures(app)
    assert shown[0] == "The stored image, car, number 5"
    assert len(shown) == 2 + 24 + 24  # enlarged, then in true size
    assert shown[2:26] == shown[26:]
    assert re.fullmatch(r"Training view 1: top\s\d, left\s\d(, flipped)?", shown[2])


def test_the_next_seed_shows_other_views_and_the_same_seed_the_same(page):
    app = page()
    before = pictures(app)
    app.button(key="aug_next").click().run()
    assert app.number_input(key="aug_seed").value == 1
    assert pictures(app) != before
    app.number_input(key="aug_seed").set_value(0).run()
    assert pictures(app) == before


def test_more_views_are_added_to_the_first_ones(page):
    app = page()
    before = pictures(app)[2:26]
    app.slider(key="aug_views").set_value(48).run()
    assert pictures(app)[2:50][:24] == before


def test_a_crop_larger_than_the_image_is_refused_in_one_sentence(page):
    app = page(aug_crop="36")
    assert not app.exception
    assert [error.value for error in app.error] == [
        "`crop` (=36) must not be larger than the image (32x32): choose at most 32."
    ]


@pytest.mark.parametrize(
    ("transforms", "expected"),
    [
        ([], "**1 view** of this one image: itself."),
        (["Horizontal flip"], "2 ways round = **2 different views**"),
        (["Pad, then crop"], "9 × 9 shifts = **81 different views**"),
        (["Random erasing"], f"({21 * 21} + 1) places to erase or none = **442 different views**"),
        (
            ["Rotation", "Colour jitter"],
            "**Endlessly many views** of this one image: values from a continuous range or other images (rot",
        ),
    ],
)
def test_the_number_of_views_is_explained(page, transforms, expected):
    app = page()
    app.button_group(key="aug_transforms").set_value(transforms).run()
    assert not app.exception
    assert expected in said(app)


def test_the_factors_on_the_page_multiply_to_the_number_on_it(page):
    app = page()
    app.button_group(key="aug_transforms").set_value(
        ["Random crop", "Pad, then crop", "Horizontal flip", "Random erasing"]
    ).run()
    [line] = [element.value for element in app.markdown if "different views" in element.value]
    product, total = line.split(" = ")
    numbers = [sum(int(n) for n in re.findall(r"\d+", part)) for part in product.replace(",", "").split(" × ")]
    assert math.prod(numbers) == int(re.search(r"[\d,]+", total)[0].replace(",", ""))


def test_every_control_at_its_ends_and_every_transform_at_once(page):
    app = page()
    app.button(key="try_Everything at once").click().run()
    assert len(app.button_group(key="aug_transforms").value) == len(AUGMENTATIONS) == 12
    for end in ("min", "max"):
        for slider in app.slider:
            if slider.key != "aug_crop":
                slider.set_value(getattr(slider, end))
        app.run()
        assert not app.exception
        assert not app.error


def test_mixed_views_show_both_labels_with_their_shares(page):
    app = page(aug_mixup="1.0", aug_views="12")
    app.button_group(key="aug_transforms").set_value(["Mixup"]).run()
    assert not app.exception
    [table] = app.dataframe
    shown = pictures(app)[2:14]
    assert list(table.value.columns) == ["view", "mixup: share", "share of its own label"]
    for (_, row), alt in zip(table.value.iterrows(), shown, strict=True):
        other = re.fullmatch(r"Training view \d+: (\d+) % car, (\d+) % (\w+): λ\s0\.\d\d", alt)
        if other is None:  # mixed with a car
            assert ": car: " in alt
            continue
        assert int(other[1]) == round(100 * row["share of its own label"])
        assert int(other[1]) + int(other[2]) == 100
    assert sum(", " in alt for alt in shown) > 6
    assert "the label is mixed as the pixels are" in said(app)


def test_the_operations_of_a_policy_are_named(page):
    app = page(aug_views="24")
    app.button_group(key="aug_transforms").set_value(["RandAugment"]).run()
    assert not app.exception
    assert "529 draws of RandAugment = at most **529 different views**" in said(app)
    [table] = app.dataframe
    assert list(table.value.columns)[1] == "randaugment: operation1"
    assert set(table.value["randaugment: operation1"]) <= set(OPERATIONS[:-1])
    shown = pictures(app)[2:26]
    for (_, row), alt in zip(table.value.iterrows(), shown, strict=True):
        for number in (1, 2):
            name = row[f"randaugment: operation{number}"]
            assert (name == "Identity") or name in alt


def test_the_code_shown_is_the_one_that_training_uses(page):
    code = " ".join(element.value for element in page().code)
    for name in ("crop", "flip", "window"):
        assert f"def {name}(" in code
    assert "rng.integers(0, height - self.size + 1, count)" in code
    assert "def rotate(" not in code


def test_the_table_has_the_values_of_the_captions(page):
    app = page()
    [table] = app.dataframe
    shown = pictures(app)[2:26]
    assert list(table.value.columns) == ["view", "crop: top", "crop: left", "flip: flipped"]
    for (_, row), alt in zip(table.value.iterrows(), shown, strict=True):
        values = f"top {row['crop: top']:.0f}, left {row['crop: left']:.0f}" + ", flipped" * int(row["flip: flipped"])
        assert alt.replace("\N{NO-BREAK SPACE}", " ") == f"Training view {row['view']:.0f}: {values}"


@pytest.mark.parametrize(
    "content",
    [picture(), picture((3, 900)), picture(kind="JPEG", orientation=6), picture((32, 32)), picture(kind="GIF")],
)
def test_an_own_picture_of_any_size_is_shown_as_32_by_32(page, content):
    app = page(aug_source="Upload")
    assert "Choose a picture" in app.info[0].value
    app.file_uploader(key="aug_upload").set_value(("mine", content, "image/png")).run()
    assert not app.exception
    assert not app.error
    assert pictures(app)[0] == "The stored image, your picture"


def test_an_upright_telephone_picture_stays_upright(page):
    file = io.BytesIO()
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[:32] = 255  # white above; orientation 3 says: turn by 180 degrees
    exif = Image.Exif()
    exif[0x0112] = 3
    Image.fromarray(pixels).save(file, "PNG", exif=exif)
    app = page(aug_source="Upload", aug_views="6")
    app.button_group(key="aug_transforms").set_value([]).run()
    app.file_uploader(key="aug_upload").set_value(("mine.png", file.getvalue(), "image/png")).run()
    shown = pictures_of(app)[0]
    assert shown.shape == (32, 32, 3)
    assert shown[:15].max() == 0
    assert shown[17:].min() == 255


def pictures_of(app):
    import base64

    body = " ".join(element.proto.body for element in app.get("html"))
    found = re.findall(r"data:image/png;base64,([^\"]+)", body)
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(text)))) for text in found]


def test_a_picture_that_cannot_be_read_is_one_sentence(page):
    app = page(aug_source="Upload")
    for content in (b"not a picture at all", picture()[:60], b""):
        app.file_uploader(key="aug_upload").set_value(("mine.png", content, "image/png")).run()
        assert not app.exception
        assert len(app.error) == 1
        assert app.error[0].value.startswith("`picture` cannot be read (")
        assert app.error[0].value.endswith("choose another file.")


def test_a_picture_of_20000_pixels_is_refused_before_it_is_decoded(page):
    app = page(aug_source="Upload")
    file = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(file, "PNG")
    app.file_uploader(key="aug_upload").set_value(("huge.png", file.getvalue(), "image/png")).run()
    assert not app.exception
    assert "pixels" in app.error[0].value


def test_grey_digits_can_be_mirrored_once_they_are_prepared(page, app_home):
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (40, 1, 28, 28), dtype=np.uint8), np.arange(40) % 10
    save(ImageData("mnist", "MNIST", tuple("0123456789"), images, labels, images, labels))
    app = page()
    app.button(key="try_Mirror a digit").click().run()
    assert not app.exception
    assert app.selectbox(key="aug_data").value == "mnist"
    assert "1 way round = **1 view**" in said(app)
    stored, tested, *views = pictures_of(app)
    assert stored.shape == (28, 28)
    np.testing.assert_array_equal(tested, stored)
    np.testing.assert_array_equal(views[0], stored[:, ::-1])
    # The prompts speak of this image's size now.
    assert app.button(key="try_Crop 28 of 28")
    assert "Which digits are still themselves?" in [info.value for info in app.info]


def prepare_colours(*sizes):
    rng, labels = np.random.default_rng(0), np.arange(20) % 10
    for size in sizes:
        images = rng.integers(0, 256, (20, 3, size, size), dtype=np.uint8)
        save(ImageData(f"of{size}", f"Of {size}", tuple("abcdefghij"), images, labels, images, labels))


def test_a_crop_that_a_smaller_image_has_no_room_for_gives_way(page):
    prepare_colours(64, 28)
    app = page(aug_data="Of 64")
    assert app.slider(key="aug_crop").value == 56
    for name, usual in (("builtin", 28), ("of28", 28), ("of64", 28)):  # what there is room for stays
        app.selectbox(key="aug_data").set_value(name).run()
        assert not app.exception
        assert not app.error
        assert app.slider(key="aug_crop").value == usual


def test_a_crop_that_was_large_and_is_not_shown_gives_way_when_it_is_shown_again(page):
    prepare_colours(28)
    app = page(aug_crop="40")
    app.button_group(key="aug_transforms").set_value([]).run()
    app.selectbox(key="aug_data").set_value("of28").run()
    app.button_group(key="aug_transforms").set_value(["Random crop"]).run()
    assert not app.exception
    assert app.slider(key="aug_crop").value == 24
    app.slider(key="aug_crop").set_value(30).run()
    app.selectbox(key="aug_data").set_value("builtin").run()
    assert app.slider(key="aug_crop").value == 30  # what there is room for stays


def test_the_address_sets_the_controls_and_a_bad_value_is_named(page):
    app = page(aug_class="fish", aug_number="3", aug_seed="7", aug_crop="900")
    assert not app.exception
    assert pictures(app)[0] == "The stored image, fish, number 3"
    assert app.number_input(key="aug_seed").value == 7
    assert app.slider(key="aug_crop").value == 28
    assert "aug_crop=900" in app.warning[0].value


def test_a_data_set_is_linked_to_by_its_title(page, app_home):
    images, labels = np.zeros((20, 1, 28, 28), np.uint8), np.arange(20) % 10
    save(ImageData("mnist", "MNIST", tuple("0123456789"), images, labels, images, labels))
    app = page(aug_data="MNIST")
    assert not app.exception
    assert app.selectbox(key="aug_data").value == "mnist"
    assert not app.warning


def test_a_failure_of_the_calculation_is_one_sentence(page, monkeypatch):
    def fails(*args, **kwargs):
        raise compute.ComputeError("The process that calculates ended unexpectedly.")

    monkeypatch.setattr(compute, "call", fails)
    app = page(aug_seed="4321")  # not in the cache
    assert not app.exception
    assert [error.value for error in app.error] == ["The process that calculates ended unexpectedly."]
