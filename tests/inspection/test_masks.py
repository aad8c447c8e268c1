import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncore.errors import InputError
from cnncore.inspection.masks import Books, accounts, kept, noise_variance


def layer(units=256, seed=1):
    rng = np.random.default_rng(seed)
    return np.maximum(rng.standard_normal(units), 0), rng.standard_normal(units) / 16, 0.3


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_pytorchs_books_are_those_of_torchs_dropout(p):
    """torch.nn.Dropout draws its own masks: the distributions must agree, in train() and in eval()."""
    activations, weights, bias = layer()
    mine = accounts(activations, weights, bias, p, masks=20_000)[list(Books).index(Books.PYTORCH)]
    torch.manual_seed(0)
    dropout = torch.nn.Dropout(p)
    units = torch.from_numpy(activations).expand(20_000, -1)
    theirs = (dropout(units) @ torch.from_numpy(weights) + bias).numpy()
    error = np.hypot(mine.spread, theirs.std()) / np.sqrt(20_000)
    assert abs(mine.mean - theirs.mean()) < 4 * error
    assert theirs.std() == pytest.approx(mine.spread, rel=0.03)
    dropout.eval()
    assert (dropout(units[0]) @ torch.from_numpy(weights) + bias).item() == pytest.approx(mine.test)


def test_survivors_are_multiplied_as_torch_does():
    units = torch.ones(1000)
    values = torch.nn.Dropout(0.75)(units).unique().tolist()
    assert values == [0, Books.PYTORCH.scales(0.75)[0]]


@settings(max_examples=30, deadline=None)
@given(st.floats(0.02, 0.95), st.integers(0, 10_000))
def test_measured_and_formula_agree_within_their_error(p, seed):
    activations, weights, bias = layer(seed=seed)
    for account in accounts(activations, weights, bias, p, seed):
        assert abs(account.mean - account.expected) < 6 * account.deviation / np.sqrt(1000)
        assert account.spread == pytest.approx(account.deviation, rel=0.3)


def test_only_two_ways_of_keeping_the_books_balance():
    activations, weights, bias = layer()
    found = {account.books: account for account in accounts(activations, weights, bias, 0.5)}
    assert [books for books, account in found.items() if account.agrees] == [Books.PAPER, Books.PYTORCH]
    full = found[Books.PYTORCH].test - bias
    assert found[Books.BOTH].expected - bias == pytest.approx(full)
    assert found[Books.BOTH].test - bias == pytest.approx(full / 2)
    assert found[Books.NEITHER].expected - bias == pytest.approx(full / 2)


@pytest.mark.parametrize(("p", "variance"), [(0.1, 0.111), (0.5, 1.0), (0.9, 9.0)])
def test_the_noise_has_the_practicals_variances(p, variance):
    assert noise_variance(p) == pytest.approx(variance, rel=0.01)


def test_masks_are_seeded_grow_with_p_and_drop_the_right_share():
    few, many = kept(1000, 0.3, seed=5), kept(1000, 0.6, seed=5)
    assert not (many & ~few).any()
    assert 0.65 < few.mean() < 0.75
    assert (kept(100, 0.5, 3, seed=1) == kept(100, 0.5, 3, seed=1)).all()
    assert (kept(100, 0.5, seed=1) != kept(100, 0.5, seed=2)).any()
    assert kept(100, 0.0).all()
    with pytest.raises(InputError, match=r"`p` \(=1\)"):
        kept(10, 1)
