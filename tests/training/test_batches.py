import warnings

import numpy as np
import torch

from cnncore.training.batches import DeviceData

CPU = torch.device("cpu")


def test_all_images_are_trained_on_where_they_lie_and_a_part_is_copied(tmp_path):
    path = tmp_path / "images.npy"
    np.save(path, np.arange(5 * 3 * 2 * 2, dtype=np.uint8).reshape(5, 3, 2, 2))
    images, labels = np.load(path, mmap_mode="r"), np.arange(5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        whole = DeviceData.of(images, labels, np.arange(5), CPU)
        part = DeviceData.of(images, labels, np.array([3, 1]), CPU)
        turned = DeviceData.of(images, labels, np.arange(5)[::-1], CPU)
    assert whole.images.data_ptr() == images.ctypes.data
    assert np.array_equal(whole.images.numpy(), images)
    assert np.array_equal(part.images.numpy(), images[[3, 1]])
    assert part.labels.tolist() == [3, 1]
    assert np.array_equal(turned.images.numpy(), images[::-1])
