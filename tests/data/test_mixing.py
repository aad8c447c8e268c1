import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torchvision.transforms import v2

from cnncore.data.augmentation import CutMix, HorizontalFlip, Mixup, RandomCrop, draw
from cnncore.data.mixing import shares
from cnncore.data.transform import apply, one_by_one

IMAGES = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (9, 3, 32, 24), dtype=np.uint8))


def drawn(transforms, images=IMAGES, seed=0):
    tables = draw(transforms, np.random.default_rng(seed), len(images), *images.shape[2:])
    return [{name: torch.from_numpy(values) for name, values in table.items()} for table in tables]


def test_mixup_adds_the_image_before_with_the_rest_of_the_weight():
    transforms = (Mixup(p=0.6),)
    tables = drawn(transforms)
    weight = shares(transforms, tables, 32, 24)
    assert 0 < (weight == 1).sum() < 9
    views = apply(IMAGES, transforms, tables)
    for i in range(9):
        expected = weight[i] * (IMAGES[i] / 255) + (1 - weight[i]) * (IMAGES[i - 1] / 255)
        torch.testing.assert_close(views[i], expected)


def test_cutmix_pastes_the_box_of_the_image_before_and_weighs_by_its_true_area():
    transforms = (CutMix(p=0.8),)
    tables = drawn(transforms, seed=3)
    [table] = tables
    weight = shares(transforms, tables, 32, 24)
    views = apply(IMAGES, transforms, tables)
    assert (weight < 1).any()
    for i in range(9):
        expected, covered = IMAGES[i] / 255, torch.zeros(32, 24)
        top, left, tall, wide = (int(table[name][i]) for name in ("top", "left", "tall", "wide"))
        expected[:, top : top + tall, left : left + wide] = IMAGES[i - 1, :, top : top + tall, left : left + wide] / 255
        covered[top : top + tall, left : left + wide] = 1
        torch.testing.assert_close(views[i], expected)
        assert float(weight[i]) == pytest.approx(1 - float(covered.mean()))


def test_both_on_an_image_leave_two_labels_and_their_true_shares():
    """Black and white: then the mean of an image is the share of the white one in it, which is its label's weight."""
    images = torch.zeros(40, 1, 32, 32, dtype=torch.uint8)
    images[::2] = 255
    transforms = (Mixup(p=0.9), CutMix(p=0.9))
    tables = drawn(transforms, images, seed=1)
    means = apply(images, transforms, tables).mean(dim=(1, 2, 3))
    weight = shares(transforms, tables, 32, 32)
    assert ((tables[0]["share"] < 1) & (tables[1]["tall"] > 0)).sum() > 20
    torch.testing.assert_close(means, torch.where(torch.arange(40) % 2 == 0, weight, 1 - weight))


def test_partners_are_finished_views():
    transforms = (RandomCrop(20), HorizontalFlip(0.5), Mixup(p=1.0))
    tables = drawn(transforms)
    weight = shares(transforms, tables, 20, 20)[:, None, None, None]
    single = one_by_one(IMAGES, transforms, tables)
    torch.testing.assert_close(apply(IMAGES, transforms, tables), weight * single + (1 - weight) * single.roll(1, 0))


def test_without_mixing_there_are_no_shares():
    transforms = (RandomCrop(20), HorizontalFlip(0.5))
    assert shares(transforms, drawn(transforms), 20, 20) is None


def test_the_loss_is_that_of_torchvisions_mixed_labels():
    """torchvision mixes one-hot labels; the cross-entropy is linear in them."""
    share, labels = 0.3, torch.tensor([2, 0, 1, 1])
    logits = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
    mixup = v2.MixUp(alpha=1.0, num_classes=3)
    one_hot = mixup.transform(labels, {"lam": share, "labels": labels, "batch_size": 4})
    weight = torch.full((4,), share)
    own, other = (F.cross_entropy(logits, y, reduction="none") for y in (labels, labels.roll(1)))
    mine = (weight * own + (1 - weight) * other).mean()
    torch.testing.assert_close(mine, F.cross_entropy(logits, one_hot))


@pytest.mark.parametrize("make", [Mixup, CutMix])
def test_probabilities_and_shares_follow_their_distributions(make):
    transforms = (make(alpha=2.0, p=0.4),)
    tables = drawn(transforms, torch.zeros(20_000, 1, 64, 64, dtype=torch.uint8))
    weight = shares(transforms, tables, 64, 64).numpy()
    mixed = weight[weight < 1]
    assert len(mixed) / 20_000 == pytest.approx(0.4, abs=0.02)
    if make is Mixup:  # Beta(2, 2): mean 1/2, variance 1/20
        assert mixed.mean() == pytest.approx(0.5, abs=0.01)
        assert mixed.var() == pytest.approx(1 / 20, abs=0.003)
    else:  # boxes lose what reaches over the border, so more of the image is left than half
        assert 0.55 < mixed.mean() < 0.75
        assert mixed.min() < 0.15


def test_torchvisions_cutmix_boxes_have_the_same_distribution():
    transforms = (CutMix(alpha=1.0, p=1.0),)
    tables = drawn(transforms, torch.zeros(8000, 1, 32, 32, dtype=torch.uint8))
    mine = 1 - shares(transforms, tables, 32, 32).numpy()
    torch.manual_seed(0)
    cutmix = v2.CutMix(alpha=1.0, num_classes=2)
    image = torch.zeros(1, 1, 32, 32)
    theirs = np.array([1 - cutmix.make_params([image])["lam_adjusted"] for _ in range(4000)])
    quantiles = np.linspace(0.1, 0.9, 9)
    np.testing.assert_allclose(np.quantile(mine, quantiles), np.quantile(theirs, quantiles), atol=0.03)
