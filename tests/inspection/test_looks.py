"""Six views of one image, against what the trainer makes of the same image, and against the image turned by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from cnncore.data.augmentation import HorizontalFlip, RandomCrop
from cnncore.errors import InputError
from cnncore.inspection.looked import AnsweredView, Looked
from cnncore.inspection.looks import looks
from cnncore.inspection.moment import Moment
from cnncore.inspection.trained import trained
from cnncore.training.batches import Batches
from cnncore.training.config import TTA, RunConfig, Standardization
from cnncore.training.evaluation import Evaluator
from tests.pages.stored_run import store_run

CONFIG = RunConfig(
    dataset="tiny",
    network="classroom",
    epochs=1,
    standardize=Standardization.CHANNEL,
    augment=(RandomCrop(10), HorizontalFlip()),
)


def test_the_mean_of_the_answers_is_what_a_run_is_scored_by(tiny):
    run_id = store_run(CONFIG)
    found = trained(run_id)
    asked = replace(CONFIG, tta=TTA.SHIFTS)
    evaluator = Evaluator(asked, Batches.of(asked, tiny, torch.device("cpu"), found.standardize), found.model)
    evaluator.start(last=True)
    scored = evaluator.scores()[0]
    for row in (0, 7, 69):
        one = looks(run_id, Moment.LAST, CONFIG, np.array(tiny.test_images[row]))
        assert int(one.chances.argmax()) == int(scored["test_tta"].predicted[row])
        assert one.chances.max() == pytest.approx(float(scored["test_tta"].confidence[row]), rel=1e-5)
        assert one.views[0].chances.max() == pytest.approx(float(scored["test"].confidence[row]), rel=1e-5)
        assert one.chances.sum() == pytest.approx(1)


def test_each_view_is_the_part_of_the_image_that_it_says(tiny):
    image = np.array(tiny.test_images[3])
    found = looks(None, Moment.BEFORE, CONFIG, image)
    assert [view.words for view in found.views] == [
        "as it is",
        "mirrored",
        "up and left",
        "mirrored, up and left",
        "down and right",
        "mirrored, down and right",
    ]
    for view in found.views:
        # The window of 10 pixels in the middle of 12 is never where a shift has repeated the border.
        moved = np.roll(image, (view.shift, view.shift), axis=(1, 2))
        turned = moved[:, :, ::-1] if view.mirrored else moved
        assert np.array_equal(view.pixels, turned[:, 1:11, 1:11]), view.words


def test_an_image_of_another_shape_is_refused(tiny):
    with pytest.raises(InputError, match="`image` \\(=3x5x5\\) must be 3x12x12"):
        looks(None, Moment.BEFORE, CONFIG, np.zeros((3, 5, 5), np.uint8))


def test_the_mean_is_weighted():
    pixels = np.zeros((1, 2, 2), np.uint8)
    one = AnsweredView(0.75, False, 0, pixels, np.array([0.6, 0.4]))
    other = AnsweredView(0.25, True, 0, pixels, np.array([0.0, 1.0]))
    found = Looked(("cat", "dog"), (one, other))
    assert found.chances.tolist() == pytest.approx([0.45, 0.55])
    assert found.answer(one.chances) == ("cat", 0.6)
    assert found.answer(found.chances) == ("dog", pytest.approx(0.55))
