"""Intervals of smooth functions of totals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from surrogate.fidelity.bootstrap import bca, jackknife, smooth_intervals, source_totals
from surrogate.types import FloatArray


def mean(totals: FloatArray) -> FloatArray:
    return np.asarray(totals[..., 1:] / totals[..., :1])


def with_ones(x: FloatArray) -> FloatArray:
    return np.stack([np.ones_like(x), x], axis=1)


def test_bca_agrees_with_scipy(rng: np.random.Generator) -> None:
    x = rng.exponential(size=40)
    (found, _), *_ = bca(with_ones(x), mean, resamples=20_000)
    other = stats.bootstrap((x,), np.mean, n_resamples=20_000, method="BCa", rng=rng)
    assert found is not None
    scale = x.std() / np.sqrt(40)
    assert found.low == pytest.approx(other.confidence_interval.low, abs=0.05 * scale)
    assert found.high == pytest.approx(other.confidence_interval.high, abs=0.05 * scale)
    plain = stats.bootstrap((x,), np.mean, n_resamples=20_000, method="percentile", rng=rng)
    assert found.high > plain.confidence_interval.high + 0.1 * scale  # skewed to the right


def test_the_jackknife_of_a_mean_is_students_interval(rng: np.random.Generator) -> None:
    x = rng.normal(size=60)
    (found, _), *_ = jackknife(with_ones(x), mean, scales=["plain"])
    other = stats.ttest_1samp(x, 0).confidence_interval()
    assert found is not None
    assert found.low == pytest.approx(other.low, rel=0.05)
    assert found.high == pytest.approx(other.high, rel=0.05)


def test_the_kind_depends_on_how_many_sources_hold_the_error(rng: np.random.Generator) -> None:
    even, rare = rng.normal(size=500), np.where(np.arange(500) < 5, 9.0, 0.0)
    methods = [
        smooth_intervals(with_ones(x), mean, scales=["plain"])[0][0].method  # type: ignore[union-attr]
        for x in (even, rare, even[:60])
    ]
    assert methods == ["BCa bootstrap over sources", "jackknife t", "jackknife t"]


def test_many_sources_are_added_up_without_changing_the_width(rng: np.random.Generator) -> None:
    x = rng.exponential(size=20_000)
    (found, _), *_ = bca(with_ones(x), mean)
    assert found is not None
    assert found.high - found.low == pytest.approx(2 * 1.96 / np.sqrt(20_000), rel=0.1)


def test_equal_seeds_give_equal_intervals(rng: np.random.Generator) -> None:
    totals = with_ones(rng.normal(size=200))
    assert bca(totals, mean, seed=4) == bca(totals, mean, seed=4)
    assert bca(totals, mean, seed=4) != bca(totals, mean, seed=5)


def test_a_figure_that_no_source_changes_has_no_interval() -> None:
    (found, reason), *_ = smooth_intervals(with_ones(np.ones(300)), mean, scales=["log"])
    assert found is None
    assert "every source gives the same figure" in reason


def test_an_error_that_one_source_holds_has_no_bound() -> None:
    totals = with_ones(np.where(np.arange(50) == 3, 1.0, 0.0))
    (found, reason), *_ = smooth_intervals(totals, mean, scales=["log"])
    assert found is None
    assert "so few sources hold the error" in reason


def test_one_source_has_no_interval() -> None:
    assert smooth_intervals(with_ones(np.ones(1)), mean, scales=["plain"]) == [
        (None, "all rows come from one source row")
    ]


def test_source_totals_add_up_rows(rng: np.random.Generator) -> None:
    columns = rng.normal(size=(30, 2))
    index = np.arange(30) % 4
    totals = source_totals(columns, index, 4)
    assert totals[1] == pytest.approx(columns[1::4].sum(axis=0))
