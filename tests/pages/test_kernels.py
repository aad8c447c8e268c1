import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from cnncore.data import load
from cnncore.figures.filtering import LIBRARY, Shown, filtered, grey, picture_of
from tests.pages.reading import said

PAGE = Path(__file__).parents[2] / "pages" / "kernels.py"


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory):
    """One home for all: the built-in data set is drawn once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNCORE_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture
def page():
    """Return a function that opens the page with an address's parameters."""

    def opened(**address):
        app = AppTest.from_file(str(PAGE), default_timeout=120)
        for key, value in address.items():
            app.query_params[key] = value
        app.session_state["code"] = True  # unfolded
        return app.run()

    return opened


def pictures(app):
    """Return the page's pictures as arrays, (H, W) or (H, W, 3)."""
    html = " ".join(element.proto.body for element in app.get("html"))
    coded = re.findall(r"data:image/png;base64,([^\"]+)", html)
    return [np.array(Image.open(io.BytesIO(base64.b64decode(text)))) for text in coded]


def car():
    data = load("builtin")
    return data.train_images[np.flatnonzero(data.train_labels == data.classes.index("car"))[4]]


def weights(app):
    size = app.session_state.kernels_size
    return [[app.number_input(key=f"kernels_weight_{r}_{c}").value for c in range(size)] for r in range(size)]


def test_something_sensible_stands_there_before_anyone_touches_it(page):
    app = page()
    assert not app.exception
    assert not app.error
    before, after = pictures(app)
    assert np.array_equal(before, grey(car())[0])
    values = filtered(grey(car()), LIBRARY["Sobel x"], "reflect")
    assert np.array_equal(after, picture_of(values)[0][0])
    assert f"**−{-values.min():.0f} to {values.max():.0f}**" in said(app)
    assert "Right minus left" in app.info[0].value


@pytest.mark.parametrize("name", LIBRARY)
def test_a_kernel_of_the_library_fills_the_cells_and_the_picture(page, name):
    app = page()
    app.selectbox(key="kernels_name").set_value(name).run()
    assert not app.exception
    kernel = LIBRARY[name]
    assert weights(app) == [list(row) for row in kernel.weights]
    assert app.number_input(key="kernels_divisor").value == kernel.divisor
    assert np.array_equal(pictures(app)[1], picture_of(filtered(grey(car()), kernel, "reflect"))[0][0])
    assert app.selectbox(key="kernels_name").value == name


def test_own_weights(page):
    app = page()
    app.number_input(key="kernels_weight_1_1").set_value(7.5).run()
    assert app.selectbox(key="kernels_name").value == "Own weights"
    assert app.query_params["kernels_weights"] == "-1,0,1/-2,7.5,2/-1,0,1"
    assert "add up to **7.5**" in said(app)
    app.number_input(key="kernels_weight_1_1").set_value(0.0).run()
    assert app.selectbox(key="kernels_name").value == "Sobel x"
    assert "kernels_weights" not in app.query_params


def test_an_emptied_cell_is_0_and_an_emptied_divisor_1(page):
    app = page()
    app.number_input(key="kernels_divisor").set_value(4.0).run()
    app.number_input(key="kernels_weight_1_0").set_value(None).run()
    assert app.number_input(key="kernels_weight_1_0").value == 0
    assert app.query_params["kernels_weights"] == "-1,0,1/0,0,2/-1,0,1"
    app.number_input(key="kernels_divisor").set_value(None).run()
    assert app.number_input(key="kernels_divisor").value == 1
    assert not app.exception


def test_own_weights_can_be_chosen_and_begin_with_what_is_there(page):
    app = page()
    app.selectbox(key="kernels_name").set_value("Own weights").run()
    assert app.selectbox(key="kernels_name").value == "Own weights"
    assert weights(app) == [list(row) for row in LIBRARY["Sobel x"].weights]
    app.button(key="try_A dark frame").click().run()
    assert app.selectbox(key="kernels_name").value == "Gaussian 5 × 5"
    app.selectbox(key="kernels_name").set_value("Own weights").run()
    app.selectbox(key="kernels_name").set_value("Sobel y").run()
    assert app.selectbox(key="kernels_name").value == "Sobel y"


def test_a_link_is_a_kernel(page):
    app = page(
        kernels_weights="1, 2,1/2,4,2/1,2,1", kernels_divisor="16", kernels_colours="true", kernels_border="zeros"
    )
    assert app.selectbox(key="kernels_name").value == "Gaussian"
    assert not app.warning
    assert np.array_equal(
        pictures(app)[1].transpose(2, 0, 1), picture_of(filtered(car(), LIBRARY["Gaussian"], "zeros"))[0]
    )


@pytest.mark.parametrize(
    "address",
    [
        {"kernels_weights": "1,2,x"},
        {"kernels_divisor": "0"},
        {"kernels_divisor": "nan"},
        {"kernels_weights": "1e9,0,0/0,0,0/0,0,0"},
    ],
)
def test_a_link_of_nonsense_falls_back_and_says_so(page, address):
    app = page(**address)
    assert not app.exception
    assert app.selectbox(key="kernels_name").value == "Sobel x"
    [(key, value)] = address.items()
    assert f"`{key}={value}`" in app.warning[0].value


def test_a_larger_grid_keeps_the_kernel(page):
    app = page()
    before = pictures(app)[1]
    app.segmented_control(key="kernels_size").set_value(5).run()
    assert not app.exception
    assert weights(app)[2] == [0, -2, 0, 2, 0]
    assert np.array_equal(pictures(app)[1], before)
    app.segmented_control(key="kernels_size").set_value(3).run()
    assert app.selectbox(key="kernels_name").value == "Sobel x"


@pytest.mark.parametrize("title", ["Edges that run down", "A dark frame", "What a ReLU keeps", "More than white"])
def test_what_to_notice_shows_where_it_is_set(page, title):
    app = page(kernels_border="circular")
    assert not app.info
    app.button(key=f"try_{title}").click().run()
    assert not app.exception
    assert len(app.info) == 1
    app.number_input(key="kernels_weight_0_0").set_value(9.0).run()
    assert not app.info


def test_what_the_prompts_say_is_so(page):
    app = page()
    app.button(key="try_A dark frame").click().run()
    before, after = pictures(app)
    assert after[0].mean() < 0.8 * before[0].mean()
    app.button(key="try_More than white").click().run()
    low, high = re.search(r"Values from \*\*−(\d+) to (\d+)\*\*", said(app)).groups()
    values = filtered(car(), LIBRARY["Sharpen"], "reflect")
    assert (int(low), int(high)) == (round(-values.min()), round(values.max()))
    assert int(low) > 0
    assert int(high) > 255
    app.button(key="try_What a ReLU keeps").click().run()
    assert app.selectbox(key="kernels_shown").value == Shown.CLIPPED
    assert "% of the values are cut off" in " ".join(e.proto.body for e in app.get("html"))


def test_the_code_is_that_of_the_page(page):
    app = page(kernels_weights="0,0.5,0/0,0,0/0,0,0", kernels_border="circular")
    assert "[0, 0.5, 0]" in app.code[0].value
    assert 'mode="circular"' in app.code[0].value


def uploaded(app, content, name="mine.png"):
    return app.file_uploader(key="kernels_upload").set_value((name, content, "image/png")).run()


def picture_file(width, height):
    file = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).save(file, "PNG")
    return file.getvalue()


def test_a_picture_of_ones_own(page):
    app = page(kernels_image="Upload")
    assert not app.exception
    assert "any common format" in app.info[0].value
    uploaded(app, picture_file(300, 200))
    assert not app.error
    assert [picture.shape for picture in pictures(app)] == [(160, 160), (160, 160)]


def test_a_picture_of_20000_pixels_is_made_small_or_refused_in_a_sentence(page):
    app = page(kernels_image="Upload")
    uploaded(app, picture_file(20_000, 1_000))
    assert not app.error
    assert pictures(app)[0].shape == (160, 160)
    uploaded(app, picture_file(20_000, 4_000))
    assert not app.exception
    assert "`picture` cannot be read (80 million pixels, at most 64 are read)" in app.error[0].value


@pytest.mark.parametrize("content", [b"", b"nonsense", picture_file(300, 200)[:400]])
def test_a_broken_picture_is_one_sentence(page, content):
    app = uploaded(page(kernels_image="Upload"), content)
    assert not app.exception
    assert len(app.error) == 1
    assert app.error[0].value.startswith("`picture` cannot be read (")
    assert app.button(key="try_A dark frame")
