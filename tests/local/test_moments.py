"""Moments and their solutions, against plain weighted least squares."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surrogate.adapters import wrap
from surrogate.domain import Domain
from surrogate.local import Lime, LimeResult
from surrogate.local._moments import (
    BLOCKS,
    PAIRED_BLOCKS,
    Moments,
    blocked,
    each_chunk,
    from_samples,
    pair_slots,
)
from surrogate.local._solve import centre, coefficient_shares, solve, standard_errors
from surrogate.oracle import Oracle


def draw(seed: int, *, r: int = 2, n: int = 203, q: int = 5, k: int = 2) -> tuple[np.ndarray, ...]:
    rng = np.random.Generator(np.random.Philox(key=seed))
    Z, weight = rng.normal(size=(r, n, q)), rng.random((r, n))
    Y = Z @ rng.normal(size=(q, k)) + rng.normal(size=(r, n, k))
    return Z, Y, weight


@given(seed=st.integers(0, 10_000), ridge=st.sampled_from([0.0, 1.0, 30.0]))
@settings(max_examples=25, deadline=None)
def test_solve_is_weighted_ridge(seed: int, ridge: float) -> None:
    Z, Y, weight = draw(seed)
    solution = solve(centre(from_samples(Z, Y, weight).blocks.sum(axis=1), 5), ridge=ridge)
    for i in range(len(Z)):
        A = np.column_stack([Z[i], np.ones(len(Z[i]))])
        penalty = ridge * np.diag([1.0] * 5 + [0.0])
        expected = np.linalg.solve(
            A.T @ (weight[i][:, None] * A) + penalty, A.T @ (weight[i][:, None] * Y[i])
        )
        np.testing.assert_allclose(solution.coef[i], expected[:5].T, atol=1e-10)
        np.testing.assert_allclose(solution.intercept[i], expected[5], atol=1e-10)


def test_constant_column_gets_zero_and_others_stay() -> None:
    Z, Y, weight = draw(1)
    whole = solve(centre(from_samples(Z, Y, weight).blocks.sum(axis=1), 5))
    padded = np.concatenate([Z, np.full((*Z.shape[:2], 1), 3.0)], axis=2)
    solution = solve(centre(from_samples(padded, Y, weight).blocks.sum(axis=1), 6))
    assert (solution.coef[:, :, 5] == 0).all()
    np.testing.assert_allclose(solution.coef[:, :, :5], whole.coef, atol=1e-10)


def test_columns_that_move_together_share() -> None:
    Z, Y, weight = draw(2)
    whole = solve(centre(from_samples(Z, Y, weight).blocks.sum(axis=1), 5))
    double = np.concatenate([Z, Z[:, :, :1]], axis=2)
    solution = solve(centre(from_samples(double, Y, weight).blocks.sum(axis=1), 6))
    assert np.isinf(solution.condition).all()
    np.testing.assert_allclose(solution.coef[..., 0], solution.coef[..., 5], atol=1e-8)
    np.testing.assert_allclose(
        solution.coef[..., 0] + solution.coef[..., 5], whole.coef[..., 0], atol=1e-8
    )


def test_standard_errors_cover() -> None:
    """Intervals of misspecified, heteroscedastic fits hold the population coefficient."""
    from scipy import stats

    rng = np.random.Generator(np.random.Philox(key=5))
    n, q, times = 600, 4, 400

    def sample(r: int, size: int) -> tuple[np.ndarray, ...]:
        Z = rng.normal(size=(r, size, q))
        Y = np.sin(Z[..., :1]) + Z[..., 1:2] * np.abs(Z[..., 2:3]) + Z[..., 1:2]
        return Z, Y, np.exp(-0.1 * (Z**2).sum(axis=2))

    truth = solve(centre(from_samples(*sample(1, 400_000)).blocks.sum(axis=1), q)).coef[0, 0]
    moments = from_samples(*sample(times, n))
    sums = centre(moments.blocks.sum(axis=1), q)
    solution = solve(sums)
    reach = stats.t.ppf(0.975, BLOCKS - 1) * standard_errors(
        coefficient_shares(moments, solution, sums)
    )
    covered = (np.abs(solution.coef - truth) <= reach)[:, 0].mean(axis=0)
    assert covered.min() > 0.92
    assert covered.max() < 0.985


def test_each_chunk_sees_every_row_once_and_passes_errors_on() -> None:
    seen = np.zeros(37, dtype=int)

    def work(at: slice) -> None:
        seen[at] += 1

    each_chunk(37, work, size=5)
    assert (seen == 1).all()

    def fail(at: slice) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        each_chunk(3, fail)


@given(
    strata=st.lists(st.integers(0, 30), min_size=PAIRED_BLOCKS, max_size=400),
)
@settings(max_examples=50, deadline=None)
def test_partners_lie_in_neighbouring_blocks(strata: list[int]) -> None:
    stratum = np.array(strata)
    slots = pair_slots(stratum)
    columns = np.arange(1.0, len(stratum) + 1)[None]
    bank = blocked(columns, "float64", slots)
    size = bank.shape[2]
    assert len(set(slots.tolist())) == len(slots)
    assert bank.sum() == columns.sum()
    assert (np.diff((bank > 0).sum(axis=(1, 2))[0::2]) <= 0).all()  # spread evenly
    order = np.argsort(stratum, kind="stable")
    first, second = slots[order[0 : 2 * (len(order) // 2) : 2]] // size, slots[order[1::2]] // size
    assert (first % 2 == 0).all()
    np.testing.assert_array_equal(first + 1, second)


def test_standard_errors_of_rows_drawn_equally_often() -> None:
    """Strata cancel: errors are those of the draws within real rows, not of the real rows."""
    rng = np.random.Generator(np.random.Philox(key=8))
    per, m, times = 10, 60, 150
    level = rng.normal(size=m)
    stratum = np.repeat(np.arange(m), per)
    coefs, errors = [], []
    for _ in range(times):
        at = rng.permutation(stratum)
        x = level[at] + 0.3 * rng.normal(size=len(at))
        y = level[at] ** 2 + 0.3 * rng.normal(size=len(at))
        columns = np.stack([x, np.ones_like(x), y])
        bank = blocked(columns, "float64", pair_slots(at))  # (blocks, 3, size)
        blocks = np.matmul(bank, bank.swapaxes(1, 2))[None]
        moments = Moments(blocks, np.array([float(len(at))]), 1, paired=True)
        sums = centre(moments.blocks.sum(axis=1), 1)
        solution = solve(sums)
        coefs.append(solution.coef[0, 0, 0])
        errors.append(standard_errors(coefficient_shares(moments, solution, sums))[0, 0, 0])
    ratio = np.sqrt(np.mean(np.square(errors))) / np.std(coefs, ddof=1)
    assert 0.85 < ratio < 1.2


@pytest.mark.parametrize("ridge", [0.0, 1.0])
def test_columns_that_are_alike_give_the_sums_of_each_row(
    ridge: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    X = np.random.Generator(np.random.Philox(key=2)).normal(size=(70, 4))
    domain = Domain.infer(X)

    def model(rows: np.ndarray) -> np.ndarray:
        return np.column_stack([np.sin(rows[:, 0]), rows[:, 1] * rows[:, 2], rows[:, 3] ** 2])

    def explained() -> LimeResult:
        oracle = Oracle(wrap(model, task="regression"), domain)
        lime = Lime(oracle, n_samples=333, ridge=ridge)
        return lime.explain(X, reference=X, fidelity=100)

    fast = explained()
    monkeypatch.setattr("surrogate.local._common._MOST", 0)
    slow = explained()
    for name in ("coef", "coef_se", "fit_r2", "intercept", "ess", "plan_errors"):
        a, b = getattr(fast, name), getattr(slow, name)
        if a is not None:
            np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10, err_msg=name)
    np.testing.assert_allclose(fast.fidelity.low, slow.fidelity.low, rtol=1e-8)
