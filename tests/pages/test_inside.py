from pathlib import Path

from sklearn.metrics import confusion_matrix
from streamlit.testing.v1 import AppTest

from cnncore.runs.snapshots import scored_images, snapshot
from cnncore.training.config import RunConfig
from tests.pages.stored_run import store_run

PAGE = str(Path(__file__).parents[2] / "pages" / "inside.py")


def test_without_a_run_it_says_how_to_get_one(app_home):
    page = AppTest.from_file(PAGE, default_timeout=60).run()
    assert not page.exception
    assert "No trained network" in page.info[0].value


def test_the_epoch_changes_the_matrix(tiny):
    run_id = store_run(RunConfig(dataset="tiny", network="classroom", epochs=5, lr=0.1, batch_size=10))
    page = AppTest.from_file(PAGE, default_timeout=60).run()
    shown = []
    for epoch in (5, 0):
        page.select_slider(key=f"inside_epoch_{run_id}").set_value(epoch).run()
        assert not page.exception
        assert not page.error
        _, labels = scored_images(run_id)
        expected = confusion_matrix(labels, snapshot(run_id, epoch).predicted, labels=range(7))
        shown.append(page.dataframe[0].value.to_numpy())
        assert shown[-1].tolist() == expected.tolist()
    assert (shown[0] != shown[1]).any()
