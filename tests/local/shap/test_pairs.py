"""Plans of coalitions: which pairs, how many of each size, and what is fresh."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest

from surrogate.local.shap._bayes import Bayes, strengths
from surrogate.local.shap._plan import draw_fresh, draw_pairs, kernel, most_pairs
from surrogate.local.shap._solve import Exact, Regression


def keys(masks: np.ndarray) -> set[bytes]:
    return {mask.tobytes() for mask in masks}


@pytest.mark.parametrize(("m", "n"), [(2, 1), (5, 15), (8, 40), (12, 500), (16, 300), (40, 900)])
def test_pairs_differ_and_no_complement_is_among_them(m: int, n: int) -> None:
    pairs = draw_pairs(m, n, seed=1)
    assert len(pairs) == n
    assert len(keys(pairs.masks) | keys(~pairs.masks)) == 2 * n
    assert (2 * pairs.sizes <= m).all()
    assert (pairs.sizes >= 1).all()


@pytest.mark.parametrize("m", [2, 3, 6, 9])
def test_all_pairs(m: int) -> None:
    pairs = draw_pairs(m, 10**6, seed=0)
    assert len(pairs) == most_pairs(m) == 2 ** (m - 1) - 1
    assert pairs.complete


@pytest.mark.parametrize("n", [20, 60, 250])
def test_any_beginning_of_a_plan_holds_all_sizes_alike(n: int) -> None:
    counts = np.bincount(draw_pairs(14, 400, seed=3).first(n).sizes, minlength=8)[1:]
    there = np.array([comb(14, s) for s in range(1, 8)])
    share = np.array([1.0] * 6 + [0.5])
    steps = np.arange(0.0, 400.0, 0.01)
    even = next(c for c in steps if np.minimum(there, c * share).sum() >= n)
    assert (np.abs(counts - np.minimum(there, even * share)) <= 1.5).all()


def test_every_coalition_of_a_size_is_as_likely() -> None:
    count: dict[bytes, int] = {}
    for seed in range(400):
        pairs = draw_pairs(8, 28, seed=seed)
        for mask in pairs.masks[pairs.sizes == 3]:
            count[mask.tobytes()] = count.get(mask.tobytes(), 0) + 1
    drawn = np.array(list(count.values()))
    assert len(drawn) == comb(8, 3)
    expected = drawn.sum() / comb(8, 3)
    assert ((drawn - expected) ** 2 / expected).sum() < 90  # chi² with 55 degrees, 0.998


@pytest.mark.parametrize("m", [10, 24])
def test_fresh_coalitions_are_in_no_pair(m: int) -> None:
    pairs = draw_pairs(m, 60, seed=0)
    fresh = draw_fresh(pairs, 200, seed=0)
    assert not keys(fresh.masks) & (keys(pairs.masks) | keys(~pairs.masks))
    assert len(keys(fresh.masks)) == len(fresh.masks) == len(fresh.weight)
    if m == 24:
        sizes = np.bincount(fresh.masks.sum(axis=1), minlength=m + 1)
        assert sizes[[2, 3]].sum() < 60 < 200 * kernel(m).sum()


def test_regression_and_definition_agree_on_all_pairs() -> None:
    pairs = draw_pairs(7, 63, seed=0)
    rng = np.random.Generator(np.random.Philox(key=0))
    y = rng.normal(size=(64, 5))
    np.testing.assert_allclose(Exact.of(pairs).weights @ y, Regression.of(pairs).weights @ y)
    np.testing.assert_allclose(Regression.of(pairs).errors(y), 0, atol=1e-12)


def values_of(signs: np.ndarray, sets: list[tuple[int, ...]], b: np.ndarray) -> np.ndarray:
    return np.stack([signs[:, list(s)].prod(axis=1) for s in sets], axis=1) @ b


def test_the_posterior_knows_its_error_on_games_of_its_prior() -> None:
    """Games drawn from the prior: standardised errors have variance 1."""
    from itertools import combinations

    m, rho = 9, np.linspace(0.2, 0.6, 9)
    sets = [s for size in (1, 3, 5, 7, 9) for s in combinations(range(m), size)]
    rng = np.random.Generator(np.random.Philox(key=5))
    spread = np.array([1.0 if len(s) == 1 else np.sqrt(rho[list(s)].prod()) for s in sets])
    b = rng.normal(size=(len(sets), 300)) * spread[:, None]
    shapley = np.array([[2 / len(s) * (i in s) for s in sets] for i in range(m)]) @ b
    pairs = draw_pairs(m, 60, seed=0)
    y = values_of(pairs.signs, sets, b)
    found = Bayes.of(pairs, rho)
    z = (found.weights @ y - shapley) / found.errors(y)
    assert 0.85 < z.var() < 1.15
    np.testing.assert_allclose((found.weights @ y).sum(axis=0), 2 * y[-1], atol=1e-12)
    plain = Regression.of(pairs).weights @ y - shapley
    assert np.square(found.weights @ y - shapley).mean() < np.square(plain).mean() / 1.5


def test_strengths_follow_the_players_that_act_together() -> None:
    rng = np.random.Generator(np.random.Philox(key=1))
    pairs = draw_pairs(12, 200, seed=0)
    s = pairs.signs
    y = s @ rng.normal(size=(12, 6)) * np.array([1.0] * 6)
    weak = strengths(pairs, y + 1e-3 * (s[:, :1] * s[:, 1:2] * s[:, 2:3]))
    strong = strengths(pairs, y + 3.0 * rng.permutation(s.prod(axis=1))[:, None])
    assert weak.max() < strong.max()
    assert strengths(pairs, np.zeros_like(y)).max() < 0.1


def test_many_players_do_not_overflow() -> None:
    pairs = draw_pairs(300, 700, seed=0)
    rng = np.random.Generator(np.random.Philox(key=1))
    y = pairs.signs @ rng.normal(size=(300, 2))
    found = Bayes.of(pairs, np.full(300, 0.7))
    assert np.isfinite(found.errors(y)).all()
    np.testing.assert_allclose((found.weights @ y).sum(axis=0), 2 * y[-1], rtol=1e-8)
