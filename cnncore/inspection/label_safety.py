"""Does the label survive? A trained network on test images that are mirrored or turned (Q23).

For the compute pool: importing `measure`'s network imports torch; the names and the result do not.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class View(StrEnum):
    """What is done to every test image before the network sees it.

    `BOTH` asks twice, about the image and its mirror image, and takes the mean of the two answers (of the
    probabilities): augmentation at test time (Krizhevsky et al. 2012).
    """

    STORED = "as stored"
    BOTH = "with its mirror image"
    MIRRORED = "mirrored"
    QUARTER = "turned by 90°"
    UPSIDE_DOWN = "turned by 180°"


def changed(images: NDArray[np.uint8], view: View) -> NDArray[np.uint8]:
    """Return the images (N, C, H, W) mirrored left to right, or turned counter-clockwise; no pixel is made up.

    A quarter turn exchanges height and width, so it needs square images to keep their shape. `View.BOTH` is no change
    of an image and a ValueError.
    """
    match view:
        case View.STORED:
            return images
        case View.MIRRORED:
            return images[..., ::-1]
        case View.QUARTER:
            return np.rot90(images, 1, axes=(2, 3))
        case View.UPSIDE_DOWN:
            return images[..., ::-1, ::-1]
        case View.BOTH:
            raise ValueError("two views of an image are not one changed image")


@dataclass(frozen=True, eq=False)  # comparing arrays gives an array, not a truth value
class Safety:
    """How a network answers on each view of the test images.

    `confusion[view]` counts images, (classes, classes): the row is the stored label, the column the network's answer.
    `epoch` counts the epochs behind its weights; `augment` names what it was trained with.
    """

    dataset: str
    classes: tuple[str, ...]
    epoch: int
    augment: tuple[str, ...]
    confusion: dict[View, NDArray[np.int64]]

    def right(self, view: View) -> tuple[int, int]:
        """Return the number of right answers on a view, and of images."""
        counts = self.confusion[view]
        return int(np.trace(counts)), int(counts.sum())

    def by_class(self, view: View) -> NDArray[np.float64]:
        """Return the share of right answers of each class, (classes,); a class without test images is nan."""
        counts = self.confusion[view]
        with np.errstate(invalid="ignore"):
            shares: NDArray[np.float64] = np.diag(counts) / counts.sum(axis=1)
        return shares

    def answer(self, view: View, label: int) -> tuple[str, float]:
        """Return the network's most frequent answer to the images of a class, and its share of them."""
        counts = self.confusion[view][label]
        return self.classes[int(counts.argmax())], float(counts.max() / max(1, counts.sum()))


def measure(run_id: str, batch: int = 1000) -> Safety:
    """Return how the last weights of the run `run_id` answer on all test images, for each view.

    Each view goes through the run's own test pipeline: centre window, standardization. Quarter turns are left out for
    images that are not square. Raises `InputError` as `cnncore.inspection.trained.trained` does.
    """
    import torch

    from cnncore.inspection.trained import trained

    found = trained(run_id)
    data, count = found.data, len(found.data.classes)
    _, height, width = data.shape
    confusion = {
        view: np.zeros((count, count), np.int64) for view in View if view is not View.QUARTER or height == width
    }
    with torch.inference_mode():
        for start in range(0, len(data.test_labels), batch):
            images, labels = data.test_images[start : start + batch], data.test_labels[start : start + batch]
            answers: dict[View, torch.Tensor] = {  # probabilities, (N, classes)
                view: found.model(found.inputs(changed(images, view))).softmax(1)
                for view in confusion
                if view is not View.BOTH
            }
            answers[View.BOTH] = (answers[View.STORED] + answers[View.MIRRORED]) / 2
            for view, counts in confusion.items():
                np.add.at(counts, (labels, answers[view].argmax(1).numpy()), 1)
    augment = tuple(augmentation.title for augmentation in found.config.augment)
    return Safety(data.name, data.classes, found.epoch, augment, confusion)
