import io
from pathlib import Path

import numpy as np
from PIL import Image

from cnncore.data.folders import read_folders
from cnncore.data.images import ImageData
from cnncore.data.samples import sample_picture, sample_rows
from tests.data.picture_files import class_files, write_folder


def test_each_column_is_one_class(tmp_path: Path) -> None:
    data = read_folders(write_folder(tmp_path / "f", class_files()), "pets", "Pets", (3, 32, 32))
    rows = sample_rows(data, per_class=4)
    assert data.train_labels[rows].tolist() == [[0, 1]] * 4
    picture = np.asarray(Image.open(io.BytesIO(sample_picture(data, per_class=2))))
    assert picture.shape == (2 * 96 + 4, 2 * 96 + 4, 4)
    assert picture[50, 50].tolist() == [0, 0, 0, 255]  # cat 0
    assert picture[150, 150].tolist() == [101, 101, 101, 255]  # dog 1
    assert picture[97, 97, 3] == 0  # the gap shows the page's own background


def test_grey_images_and_many_classes() -> None:
    images = np.full((12, 1, 28, 28), 7, np.uint8)
    labels = np.arange(12)
    data = ImageData("x", "X", tuple("abcdefghijkl"), images, labels, images, labels)
    assert sample_rows(data).shape == (4, 10)
    picture = np.asarray(Image.open(io.BytesIO(sample_picture(data))))
    assert picture[0, 0].tolist() == [7, 7, 7, 255]
