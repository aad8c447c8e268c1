import dataclasses
import re
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnncore import compute
from cnncore.data import save
from cnncore.data.prepared import SPECTRUM, folder, info
from cnncore.training.config import Standardization
from pages.parts import standardization_views as views
from tests.conftest import tiny_images
from tests.pages.reading import metrics, said, viewed

PAGE = Path(__file__).parents[2] / "pages" / "standardization.py"
FOUND = views.found_components
VIEWS = ["Histograms", "Spectrum", "Neighbours", "Whose statistics?", "The handout's numbers"]


@pytest.fixture(scope="module", autouse=True)
def pool():
    yield
    compute.shutdown()


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Leave the components of these small images to the pool: a process of their own would load torch for each test."""
    monkeypatch.setattr(views, "found_components", lambda *_: None)


@pytest.fixture
def page(tiny):
    """Return a function that opens the page on the tests' small data set, with an address's parameters."""

    def opened(**address):
        app = AppTest.from_file(str(PAGE), default_timeout=120)
        app.query_params["std_data"] = "Tints"  # by its title
        for key, value in address.items():
            app.query_params[key] = value
        return app.run()

    return opened


def tiles(app):
    return re.findall(r'alt="([^"]*)"', unescape(" ".join(element.proto.body for element in app.get("html"))))


def test_every_standardization_stands_side_by_side_with_its_scale(page):
    app = page()
    assert not app.exception
    assert not app.error
    shown = tiles(app)
    assert shown[0] == "The stored image"
    assert [alt.split(",")[0] for alt in shown[1:]] == [
        *("per channel", "the handout's constants", "mean image", "per image", "ZCA whitening", "PCA whitening"),
    ]
    assert all(re.search(r"white is \d+\.\d\d$", alt) for alt in shown[1:])


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_shows_something_and_can_be_linked_to(page, view):
    app = page(std_view=view)
    assert not app.exception
    assert not app.error
    assert not app.warning
    assert app.button_group(key="std_view").value == view
    assert len(app.get("vega_lite_chart")) + len(app.dataframe) >= 1


def test_eps_changes_the_whitened_pictures_alone(page):
    app = page()
    before = tiles(app)
    app.select_slider(key="std_eps").set_value(1e-4).run()
    after = tiles(app)
    assert before[:5] == after[:5]
    assert before[5] != after[5]
    assert not page(std_eps="0.0001").warning


def test_a_dark_test_set_shows_with_the_train_statistics_and_hides_behind_its_own(page):
    app = page(std_view="Whose statistics?", std_dusk="0.5")
    honest, hidden = (line.value for line in app.markdown if line.value.startswith("Test set with"))
    assert "The shift shows." in honest
    assert all(float(value.replace("−", "-")) < -0.5 for value in re.findall(r"mean (.*?);", honest)[0].split(", "))
    assert re.findall(r"mean (.*?);", hidden)[0].replace("−", "") == "0.000, 0.000, 0.000"
    [table] = app.dataframe
    assert list(table.value["fitted on"]) == ["train", "test", "train and test", "this one image"]
    off = table.value["off the train mean by (std)"]
    assert off[0] == 0
    assert off[3] > off[1] > off[2] > 0


def test_the_handouts_numbers_stand_beside_those_computed_now(page, tiny):
    [table] = page(std_view="The handout's numbers").dataframe
    expected = ", ".join(f"{value / 255:.3f}" for value in tiny.train_images.std((0, 2, 3)))
    assert table.value["this data set, computed now"][1] == expected


@pytest.mark.parametrize("number", range(4))
def test_every_prompt_leads_to_its_setting_and_says_what_to_notice(page, number):
    app = page()
    app.button(key=f"std_try_{number}").click().run()
    assert not app.exception
    assert len(app.info) == 1


def test_images_too_large_for_a_covariance_leave_whitening_out(page, app_home):
    compute.shutdown()  # the pool's processes know the home of the test that started them
    save(dataclasses.replace(tiny_images(train=14, test=7, size=40), name="large", title="Large"))
    app = page(std_data="Large", std_view="Spectrum")
    assert not app.exception
    assert len(tiles(app)) == 5
    assert any("Whitening is left out" in info.value for info in app.info)
    assert any("smaller images" in info.value for info in app.info)


def test_a_failure_of_the_calculation_is_one_sentence(page, monkeypatch):
    def fails(*args, **kwargs):
        raise compute.ComputeError("The process that calculates ended unexpectedly.")

    monkeypatch.setattr(compute, "call", fails)
    app = page(std_number="17", std_view="Spectrum", std_eps="0.03")
    assert not app.exception
    assert app.error[0].value == "The process that calculates ended unexpectedly."


def test_components_are_found_once_by_a_process_of_their_own(tiny, monkeypatch):
    found, arguments = [], {"dataset": "tiny", "version": info("tiny").version}

    def call(target, *, apart, timeout, **asked):
        found.append((target, apart, asked))

    monkeypatch.setattr(views.compute, "call", call)
    FOUND.clear()
    FOUND(**arguments)
    FOUND(**arguments)
    assert found == [("cnncore.data.standardized:components", True, arguments)]
    (folder("tiny") / info("tiny").version / SPECTRUM).touch()  # as another process has left it
    FOUND.clear()
    FOUND(**arguments)
    assert len(found) == 1
    FOUND.clear()


def test_components_are_kept_for_the_pool(tiny):
    compute.shutdown()  # children take their home from when they were started
    FOUND.clear()
    FOUND("tiny", info("tiny").version)
    assert (folder("tiny") / info("tiny").version / SPECTRUM).stat().st_size > 8 * 432**2
    FOUND.clear()


def test_what_needs_components_waits_for_them(monkeypatch):
    done = []
    monkeypatch.setattr(views, "found_components", lambda *question: done.append(question))
    monkeypatch.setattr(views, "computed", lambda function, **_: done.append(function))
    for function, arguments in (
        ("pictures", {"kinds": (Standardization.ZCA, Standardization.PCA)}),
        ("histogram", {"kind": Standardization.PCA}),
        ("eigenvalues", {}),
        ("histogram", {"kind": Standardization.CHANNEL}),
        ("pixel_counts", {}),
    ):
        views._answer(function, {"dataset": "tiny", "version": "1"} | arguments)
    one = ("tiny", "1")
    assert done == [one, "pictures", one, "histogram", one, "eigenvalues", "histogram", "pixel_counts"]


def test_the_spectrum_is_told_in_numbers(monkeypatch):
    values = np.array([8.0, 4.0, 2.0, 1.0, 0.5, 0.0])
    monkeypatch.setattr(views, "asked", lambda *_, **__: (values, 5000))
    app = viewed(views.show_spectrum, "tiny", "1", 1.5)
    assert metrics(app) == {
        "Condition number before": "16",  # 8 / 0.5: a variance of 0 is left out
        "after, l / (l + eps)": "3.4",  # 8/9.5 over 0.5/2
        "Components for 90 % of the variance": "3 of 6",  # 14 of 15.5
        "Components above eps": "3",
    }
    assert "covariance of 5,000 train images, 6 values each" in said(app)


def test_the_train_sets_own_spectrum_is_numpys(page, tiny):
    flat = tiny.train_images.reshape(len(tiny.train_images), -1) / 255
    values = np.linalg.svd(flat - flat.mean(0), compute_uv=False) ** 2 / len(flat)
    shown = metrics(page(std_view="Spectrum", std_eps="0.1"))
    needed = int((np.cumsum(values) < 0.9 * values.sum()).sum()) + 1
    assert shown["Components for 90 % of the variance"] == f"{needed} of {flat.shape[1]}"
    assert shown["Components above eps"] == str((values > 0.1).sum())


def test_how_far_each_set_is_off_is_counted_in_the_train_sets_deviations(page, tiny):
    app = page(std_view="Whose statistics?", std_dusk="0.5")
    table = app.dataframe[0].value.set_index("fitted on")
    pixels = {
        "train": tiny.train_images,
        "test": tiny.test_images,
        "train and test": np.concatenate([tiny.train_images, tiny.test_images]),
    }
    mean, std = (getattr(np, of)(tiny.train_images / 255, (0, 2, 3)) for of in ("mean", "std"))
    for name, images in pixels.items():
        own, row = (images / 255).mean((0, 2, 3)), table.loc[name]
        assert [row[f"mean {channel}"] for channel in ("red", "green", "blue")] == pytest.approx(own.tolist())
        spread = (images / 255).std((0, 2, 3))
        assert [row[f"std {channel}"] for channel in ("red", "green", "blue")] == pytest.approx(spread.tolist())
        off = row["off the train mean by (std)"]
        assert off == pytest.approx(np.abs((own - mean) / std).max(), abs=1e-9)
    dark = np.rint(tiny.test_images * 0.5) / 255
    standing = [(getattr(np, of)(dark, (0, 2, 3)) - less) / std for of, less in (("mean", mean), ("std", 0))]
    told = "; std ".join(", ".join(f"{v:z.3f}" for v in values).replace("-", "−") for values in standing)
    assert f"Test set with **the train set's statistics**: mean {told}. The shift shows." in said(app)


@pytest.mark.parametrize(
    ("kind", "mean_over", "std_over"), [("per channel", (0, 2, 3), (0, 2, 3)), ("mean image", 0, None)]
)
def test_the_values_before_and_after_are_told_with_their_own_mean_and_deviation(page, tiny, kind, mean_over, std_over):
    text = said(page(std_view="Histograms", std_after=kind))
    train, before = tiny.train_images / 255, tiny.test_images / 255
    mean = train.mean(mean_over, keepdims=True)
    after = (before - mean) / (train - mean).std(std_over, keepdims=True)
    for title, values in (("**Before**: none", before), (f"**After**: {kind}", after)):
        means, deviations = (
            ", ".join(f"{value:z.3f}" for value in getattr(np, of)(values, (0, 2, 3))).replace("-", "−")
            for of in ("mean", "std")
        )
        assert f"{title}  \nMean {means}; std {deviations}" in text


def test_a_choice_that_a_prompt_sets_is_in_the_address_by_its_words(page):
    app = page(std_view="Spectrum")
    app.button(key="std_try_3").click().run()
    assert not app.exception
    assert app.selectbox(key="std_after").value == "image"
    assert "per image" in app.query_params["std_after"]
    again = page(std_view="Histograms", std_after="per image")
    assert again.selectbox(key="std_after").value == "image"
    assert not again.warning


def test_the_neighbours_correlation_is_numpys(page, tiny):
    shown = metrics(page(std_view="Neighbours"))
    values = tiny.test_images / 255
    values = values - values.mean(0)
    left, right = values[..., :-1].ravel(), values[..., 1:].ravel()
    expected = (left @ right) / np.sqrt((left @ left) * (right @ right))
    assert shown["Next-door neighbours, none"] == f"{expected:+z.2f}".replace("-", "−")
    assert shown["Next-door neighbours, ZCA whitening"] != shown["Next-door neighbours, none"]
