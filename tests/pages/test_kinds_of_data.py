"""Pages on grey images, on 2 classes and on 200: the tests' usual small data set has 7, in colour."""

import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnncore import compute
from cnncore.data.prepared import save
from pages.parts import standardization_views
from tests.conftest import tiny_images
from tests.pages.reading import metrics, said
from tests.pages.stored_run import CONFIG, store_run

PAGES = Path(__file__).parents[2] / "pages"


def of_kind(kind):
    data = tiny_images(train=400, test=200)
    if kind == "grey":
        return replace(data, train_images=data.train_images[:, :1], test_images=data.test_images[:, :1])
    count = int(kind.partition(" ")[0])
    return replace(
        data,
        classes=tuple(f"class {number}" for number in range(count)),
        train_labels=np.arange(400) % count,
        test_labels=np.arange(200) % count,
    )


@pytest.fixture(scope="module", params=["grey", "2 classes", "200 classes"])
def data(request, tmp_path_factory):
    """Return a data set in a home of its own, where a run has been trained on it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNCORE_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setattr(standardization_views, "found_components", lambda *_: None)  # left to the pool
        compute.shutdown()  # children take their home from when they were started
        made = of_kind(request.param)
        save(made)
        store_run(replace(CONFIG, batch_size=20))
        yield made
        compute.shutdown()


def opened(page, *unfolded, **address):
    app = AppTest.from_file(str(PAGES / f"{page}.py"), default_timeout=240)
    for key in unfolded:
        app.session_state[key] = True
    for key, value in address.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception
    assert not app.error
    return app


def test_errors_has_a_row_and_a_column_of_each_class(data):
    counts = opened("errors", "errors_all_counts").dataframe[-1].value.to_numpy()
    assert counts.shape == (len(data.classes), len(data.classes))
    assert counts.sum(1).tolist() == np.bincount(data.test_labels).tolist()


def test_inside_asks_for_each_class_and_tells_the_values_of_the_image(data):
    app = opened("inside", inside_row="3")
    assert len(app.selectbox(key="inside_class").options) == 1 + len(data.classes)
    values = data.test_images[3] / 255
    assert f"{values.min():.2f} / {values.mean():.2f} / {values.max():.2f}" in said(app)


def test_dropout_takes_the_score_of_one_of_the_classes(data):
    app = opened("dropout")
    assert app.selectbox(key="dropout_class").options == list(data.classes)
    assert re.search(r"The score of \*(.+?)\* over", said(app))[1] in data.classes


def test_batch_norm_compares_the_first_loss_with_guessing(data):
    count = len(data.classes)
    assert metrics(opened("batch_norm", "bn_first"))[f"Guessing: ln {count}"] == f"{math.log(count):.4f}"


def test_standardization_tells_each_channels_mean(data):
    app = opened("standardization", std_data=data.title)
    means = ", ".join(f"{value:.3f}" for value in (data.test_images / 255).mean((0, 2, 3)))
    assert f"**Before**: none  \nMean {means};" in said(app)
