"""Whether what a class is asked to call true or false is so: each claim's truth is computed here, or was measured."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnncore.architecture import Conv2d, describe, layer_facts, named_network
from cnncore.architecture.build import build
from cnncore.course.ballots import claims
from cnncore.descent.comparisons import loss_after
from cnncore.errors import InputError

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"


def measured(preset):
    """Return the runs of a step of the ladder, as they were measured."""
    content = json.loads((RESULTS / "ladder-classroom-cpu.json").read_text(encoding="utf-8"))
    return content["presets"][preset]["runs"]


def at_the_end(preset, metric):
    """Return the mean over the seeds of a metric after the last epoch."""
    return float(np.mean([run["curve"][metric][-1] for run in measured(preset)]))


def weights_do_not_depend_on_the_size():
    layer = Conv2d(8, 3)
    small, large = (layer_facts(layer, (3, size, size)).weights for size in (16, 200))
    return small == large


def a_shift_leaves_a_convolution_as_it_is():
    layer, image = nn.Conv2d(1, 4, 3, padding=1), torch.randn(1, 1, 20, 20)
    image[..., :3], image[..., -3:] = 0, 0  # away from the border
    there, shifted = layer(image), layer(image.roll(1, -1))
    assert torch.allclose(there.roll(1, -1)[..., 2:-2], shifted[..., 2:-2], atol=1e-6)  # equivariant
    return torch.allclose(there, shifted, atol=1e-3)


def two_pixels_move_a_pool_by_one():
    image = torch.randn(1, 1, 20, 20)
    there, shifted = F.max_pool2d(image, 2), F.max_pool2d(image.roll(2, -1), 2)
    assert not torch.equal(F.max_pool2d(image.roll(1, -1), 2).roll(-1, -1), there)
    return torch.equal(there.roll(1, -1), shifted)


def vgg_fails_at_240():
    def takes(size):
        try:
            describe(named_network("vgg16"), (3, size, size))
        except InputError:
            return False
        return True

    assert (takes(224), takes(255), takes(256)) == (True, True, False)
    return not takes(240)


def a_dense_layer_is_a_convolution():
    maps = torch.randn(2, 8, 4, 4)
    dense = nn.Linear(8 * 4 * 4, 10)
    written = F.conv2d(maps, dense.weight.view(10, 8, 4, 4), dense.bias)
    return torch.allclose(written.flatten(1), dense(maps.flatten(1)), atol=1e-5)


def fields_get_smaller():
    fields = [row.receptive_field for row in describe(named_network("practical")).rows if row.kind == "conv"]
    return fields == sorted(fields, reverse=True)


def the_end_of_an_epoch_beats_its_mean():
    content = json.loads((RESULTS / "ladder-figure-cpu-part.json").read_text(encoding="utf-8"))
    curves = [run["curve"] for entry in content["presets"].values() for run in entry["runs"]]
    begun = [(curve["train_accuracy"][0], curve["test_accuracy"][0]) for curve in curves if curve["test_accuracy"]]
    return any(test > train + 0.02 for train, test in begun)  # on 10,000 test images more than chance


def cross_entropy_needs_a_softmax():
    scores, labels = 5 * torch.randn(64, 10), torch.randint(10, (64,))
    loss = F.cross_entropy(scores, labels)
    assert not torch.isclose(loss, F.cross_entropy(scores.softmax(1), labels), rtol=0.05)
    return not torch.isclose(loss, F.nll_loss(scores.log_softmax(1), labels))


def a_large_batch_is_faster():
    return loss_after(4800, 240, 0.1) < loss_after(4800, 32, 0.1)


def the_first_loss_is_anything():
    torch.manual_seed(0)
    losses = []
    for _ in range(5):
        scores = build(named_network("practical"))(torch.rand(64, 3, 32, 32))
        losses.append(F.cross_entropy(scores, torch.randint(10, (64,))).item())
    return max(abs(loss - math.log(10)) for loss in losses) > 0.02


def loss_climbs_while_accuracy_holds():
    curves = [run["curve"] for run in measured("classroom-2")]
    lowest = [int(np.argmin(curve["test_loss"])) for curve in curves]
    climbed = [curve["test_loss"][-1] - curve["test_loss"][at] for curve, at in zip(curves, lowest, strict=True)]
    lost = [curve["test_accuracy"][at] - curve["test_accuracy"][-1] for curve, at in zip(curves, lowest, strict=True)]
    return min(climbed) > 0.1 and max(lost) < 0.02


def own_statistics_are_best():
    rng = np.random.default_rng(0)
    train_images = rng.normal(0.5, 0.2, (500, 8))
    dark = rng.normal(0.5, 0.2, (500, 8)) - 0.3

    def standardized(images, by):
        return (images - by.mean(0)) / by.std(0)

    shift_shows = abs(standardized(dark, train_images).mean()) > 1
    return not shift_shows or bool(abs(standardized(dark, dark).mean()) > 1e-6)


def a_flip_changes_what_is_symmetric():
    left = torch.rand(3, 8, 4)
    symmetric = torch.cat([left, left.flip(-1)], -1)
    return not torch.equal(symmetric, symmetric.flip(-1))


def augmentation_widens_the_gap():
    def gap(preset):
        return at_the_end(preset, "train_accuracy") - at_the_end(preset, "test_accuracy")

    return gap("classroom-6") > gap("classroom-5")


def momentum_is_ten_steps():
    """A gradient that is steady: how long is a step once momentum has its speed?"""
    weight = nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([weight], lr=0.1, momentum=0.9)
    places = [0.0]
    for _ in range(200):
        weight.grad = torch.ones(1)
        optimizer.step()
        places.append(weight.item())
    return (places[-2] - places[-1]) / 0.1 == pytest.approx(10, rel=1e-3)


def dropout_saves_time():
    with_it, without = ([run["seconds"]["train"] for run in measured(step)] for step in ("classroom-8", "classroom-7"))
    return float(np.mean(with_it)) < 0.95 * float(np.mean(without))


def dropout_lowers_what_training_shows():
    torch.manual_seed(0)
    images = torch.randn(2000, 20)
    labels = (images[:, 0] > 0).long()
    dense = nn.Linear(20, 2)
    with torch.no_grad():
        dense.weight.copy_(torch.stack([-images[labels == 1].mean(0), images[labels == 1].mean(0)]))
        dense.bias.zero_()
    network = nn.Sequential(nn.Dropout(0.5), dense)
    hits = [(network.train(mode)(images).argmax(1) == labels).float().mean() for mode in (True, False)]
    return bool(hits[0] < hits[1])


def pytorch_scales_in_test():
    layer, values = nn.Dropout(0.2).eval(), torch.randn(100)
    return not torch.equal(layer(values), values)


def a_bias_matters_before_a_norm():
    layer, norm, images = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), torch.randn(8, 3, 10, 10)
    before = norm(layer(images))
    with torch.no_grad():
        layer.bias += 5
    return not torch.allclose(before, norm(layer(images)), atol=1e-4)


def neighbours_matter():
    norm, image = nn.BatchNorm2d(3), torch.randn(1, 3, 5, 5)
    batches = [torch.cat([image, torch.randn(7, 3, 5, 5)]) for _ in range(2)]
    one, other = (norm.train()(batch)[0] for batch in batches)
    still = [norm.eval()(batch)[0] for batch in batches]
    assert torch.equal(*still)
    return not torch.allclose(one, other, atol=1e-3)


TRUTH = {
    "convolution-weights": weights_do_not_depend_on_the_size,
    "convolution-invariant": a_shift_leaves_a_convolution_as_it_is,
    "pool-shift": two_pixels_move_a_pool_by_one,
    "vgg-240": vgg_fails_at_240,
    "dense-convolution": a_dense_layer_is_a_convolution,
    "deeper-smaller": fields_get_smaller,
    "test-beats-train": the_end_of_an_epoch_beats_its_mean,
    "softmax": cross_entropy_needs_a_softmax,
    "large-batch": a_large_batch_is_faster,
    "first-loss": the_first_loss_is_anything,
    "loss-climbs": loss_climbs_while_accuracy_holds,
    "own-statistics": own_statistics_are_best,
    "flip-symmetric": a_flip_changes_what_is_symmetric,
    "augmentation-overfits": augmentation_widens_the_gap,
    "momentum-step": momentum_is_ten_steps,
    "dropout-faster": dropout_saves_time,
    "dropout-train": dropout_lowers_what_training_shows,
    "dropout-test": pytorch_scales_in_test,
    "norm-bias": a_bias_matters_before_a_norm,
    "norm-neighbours": neighbours_matter,
}


def test_every_claim_is_computed():
    assert set(TRUTH) == {claim.key for claim in claims()}


@pytest.mark.parametrize("claim", claims(), ids=lambda claim: claim.key)
def test_a_claim_is_true_where_it_is_said_to_be(claim):
    assert TRUTH[claim.key]() is claim.true
