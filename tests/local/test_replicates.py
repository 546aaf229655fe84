"""Errors of summaries over rows that share a plan: by simulation that draws the plan anew."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from surrogate.adapters import wrap
from surrogate.domain import Domain
from surrogate.local import Lime
from surrogate.local._replicates import empty_sums, flips, plan_errors, replicate_sums
from surrogate.oracle import Oracle


def table(n: int = 300) -> np.ndarray:
    X = np.random.Generator(np.random.Philox(key=1)).normal(size=(n, 4))
    X[:, 1] += 0.5 * X[:, 0]
    return X


def oracle() -> Oracle:
    def wild(rows: np.ndarray) -> np.ndarray:
        return np.sin(2 * rows[:, 0]) + rows[:, 1] * np.abs(rows[:, 2]) + 0.3 * rows[:, 3]

    return Oracle(wrap(wild, task="regression"), Domain.infer(table()))


@pytest.mark.parametrize("parts", [1, 5, 20, 31, 32])
def testflips_are_balanced(parts: int) -> None:
    signs = flips(parts)
    assert signs.shape[1] == parts
    assert not signs.sum(axis=0).any()
    np.testing.assert_array_equal(signs.T @ signs, len(signs) * np.eye(parts))


def test_of_a_mean_it_is_the_sum_of_squared_mean_shares() -> None:
    rng = np.random.Generator(np.random.Philox(key=0))
    coef, shares = rng.normal(size=(7, 2, 3)), rng.normal(size=(7, 20, 2, 3))
    sums = empty_sums(20, 2, 3)
    for at in (slice(0, 4), slice(4, 7)):
        sums += replicate_sums(coef[at], shares[at])
    expected = np.sqrt((shares.mean(axis=0) ** 2).sum(axis=0))
    np.testing.assert_allclose(plan_errors(sums)[0], expected)


def test_rows_without_errors_are_left_out() -> None:
    coef, shares = np.ones((3, 1, 2)), np.ones((3, 20, 1, 2))
    shares[1] = np.nan
    sums = replicate_sums(coef, shares)
    assert (sums[:, -1] == 2).all()
    assert np.isnan(plan_errors(empty_sums(20, 1, 2))).all()


@pytest.mark.parametrize(("sampling", "n"), [("neighbours", 1000), ("discretised", 1000)])
def test_intervals_hold_what_other_plans_give(sampling: str, n: int) -> None:
    """60 rows share each plan; as if they were independent, half of the intervals would miss."""
    X, ask, seeds = table(), oracle(), 50
    found = [
        Lime(ask, sampling=sampling, n_samples=n).explain(X[:60], reference=X, fidelity=10, seed=s)
        for s in range(seeds)
    ]

    def statistics(coef: np.ndarray) -> np.ndarray:
        return np.stack([coef.mean(axis=0), np.abs(coef).mean(axis=0), (coef > 0).mean(axis=0)])

    values = np.array([statistics(one.coef) for one in found])[:, :, 0]  # (seeds, 3, d)
    errors = np.array([one.plan_errors for one in found])[:, :, 0]
    varies = values.std(axis=0) > 1e-3
    reach = stats.t.ppf(0.975, found[0].dof) * errors
    covered = (np.abs(values - values.mean(axis=0)) <= reach).mean(axis=0)
    assert covered[varies].min() >= 0.86
    assert covered[varies].mean() >= 0.93
    alone = np.array([np.sqrt((one.coef_se**2).sum(axis=0))[0] / 60 for one in found])
    missed = np.abs(values[:, 0] - values[:, 0].mean(axis=0)) > 1.96 * alone
    assert missed.mean() >= 0.15
    assert (errors[:, 0].mean(axis=0) < 2.0 * values[:, 0].std(axis=0)).all()


def test_rows_that_are_solved_again_count_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Float32 sums that are not good enough are thrown away with what they gave to summaries."""
    X, ask = table(), oracle()
    lime = Lime(ask, sampling="discretised", n_samples=400)
    once = lime.explain(X[:20], reference=X, fidelity=10, seed=0).plan_errors
    conditions = []
    from surrogate.local import _fit

    original = _fit.Fit.fill

    def watched(self, at, *args, **options):
        given = original(self, at, *args, **options)
        conditions.extend(self.condition[at].tolist())
        return given

    monkeypatch.setattr(_fit.Fit, "fill", watched)
    lime.explain(X[:20], reference=X, fidelity=10, seed=0)
    monkeypatch.setattr(_fit, "SINGLE_CONDITION", float(np.median(conditions)))
    again = lime.explain(X[:20], reference=X, fidelity=10, seed=0).plan_errors
    np.testing.assert_allclose(again, once, rtol=1e-3, atol=1e-6)


def test_none_are_claimed_where_coefficients_have_none() -> None:
    X = table()
    lime = Lime(oracle(), n_samples=300, ridge=1.0)
    assert lime.explain(X[:5], reference=X, fidelity=10).plan_errors is None
