import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncore.errors import InputError
from cnncore.lottery import binomial, draw_batches, hypergeometric, simulate_batches, spread


@given(total=st.integers(1, 60), data=st.data())
def test_the_hypergeometric_has_its_mean_and_variance(total, data):
    right = data.draw(st.integers(0, total))
    size = data.draw(st.integers(1, total))
    p, k = hypergeometric(right, total, size), np.arange(size + 1)
    share = right / total
    assert p.sum() == pytest.approx(1)
    assert (p * k).sum() == pytest.approx(size * share)
    rest = (total - size) / max(1, total - 1)
    assert (p * k**2).sum() - (size * share) ** 2 == pytest.approx(size * share * (1 - share) * rest, abs=1e-9)


@given(accuracy=st.floats(0, 1), size=st.integers(1, 200))
def test_the_binomial_has_its_mean_and_variance(accuracy, size):
    p, k = binomial(accuracy, size), np.arange(size + 1)
    assert p.sum() == pytest.approx(1)
    assert (p * (k - size * accuracy) ** 2).sum() == pytest.approx(size * accuracy * (1 - accuracy), abs=1e-9)


def test_drawn_batches_follow_the_hypergeometric_and_not_the_binomial():
    right = np.arange(200) < 150
    counts = draw_batches(right, 4000)
    assert counts.mean() == pytest.approx(96, abs=0.2)
    # Of 200 images without replacement the variance is 18 * 72/199.
    assert counts.var() == pytest.approx(24 * 72 / 199, rel=0.1)
    seen = np.bincount(counts, minlength=129) / 4000
    assert np.abs(seen - hypergeometric(150, 200)).max() < 0.03


def test_all_images_in_one_batch_are_all_right_images():
    assert set(draw_batches(np.arange(128) < 100, 5).tolist()) == {100}


def test_simulated_batches_follow_the_binomial():
    counts = simulate_batches(0.75, 20_000)
    assert counts.var() == pytest.approx(24, rel=0.05)
    assert np.abs(np.bincount(counts, minlength=129) / 20_000 - binomial(0.75)).max() < 0.01


def test_the_spread_counts_what_it_says():
    found = spread(np.array([96, 96, 96, 100, 128, 96]), 0.75, images=4)
    assert found.covered == pytest.approx(5 / 6)
    assert found.apart == pytest.approx(2 / 3)
    wide = spread(simulate_batches(0.75, 20_000), 0.75)
    assert 0.93 < wide.covered < 0.97


@pytest.mark.parametrize(
    "call",
    [
        lambda: draw_batches(np.ones(10, bool), 1),
        lambda: simulate_batches(1.5, 1),
        lambda: binomial(-0.1),
        lambda: hypergeometric(3, 2, 1),
    ],
)
def test_what_cannot_be_drawn_is_refused(call):
    with pytest.raises(InputError, match="must lie"):
        call()
