import warnings

import numpy as np
import torch

from cnncore.training.batches import DeviceData

CPU = torch.device("cpu")


def test_on_a_cpu_the_images_stay_where_they_lie_whatever_the_split(tmp_path):
    path = tmp_path / "images.npy"
    np.save(path, np.arange(5 * 3 * 2 * 2, dtype=np.uint8).reshape(5, 3, 2, 2))
    images, labels = np.load(path, mmap_mode="r"), np.arange(5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        splits = [DeviceData.of(images, labels, rows, CPU) for rows in (np.arange(5), np.array([3, 1]), labels[::-1])]
    assert {split.images.data_ptr() for split in splits} == {images.ctypes.data}
    for split, rows in zip(splits, ([0, 1, 2, 3, 4], [3, 1], [4, 3, 2, 1, 0]), strict=True):
        assert split.labels.tolist() == rows
        assert len(split) == len(rows)
        assert np.array_equal(split.at(slice(None)).numpy(), images[rows])
        assert np.array_equal(split.at(slice(1, 9)).numpy(), images[rows[1:]])
        assert np.array_equal(split.at(torch.tensor([1, 0, 1])).numpy(), images[[rows[1], rows[0], rows[1]]])
