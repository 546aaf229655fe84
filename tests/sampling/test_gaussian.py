from __future__ import annotations

import numpy as np
import pytest

from surrogate.domain import Domain
from surrogate.errors import OptionError
from surrogate.sampling import GaussianSampler

N = 40_000


def test_noise_has_the_jitter_of_each_column(correlated):
    domain, X = correlated
    X = X * [1.0, 10.0, 100.0, 0.1]
    sample = GaussianSampler(domain, X, jitter=0.3).draw(N, seed=0)
    noise = (sample.rows - X[sample.source]) / X.std(axis=0)
    # normal: mean within 4.5 standard errors, variance within 4.5 of sqrt(2/n)
    assert np.abs(noise.mean(axis=0)).max() < 4.5 * 0.3 / np.sqrt(N)
    assert np.abs(noise.var(axis=0) / 0.09 - 1).max() < 4.5 * np.sqrt(2 / N)
    correlation = np.corrcoef(noise.T)[np.triu_indices(4, 1)]
    assert np.abs(correlation).max() < 4.5 / np.sqrt(N)


def test_every_reference_row_is_a_source_equally_often(correlated):
    domain, X = correlated
    counts = np.bincount(GaussianSampler(domain, X).draw(5_500, seed=0).source, minlength=2_000)
    assert set(counts) == {2, 3}


def test_categories_switch_to_others_by_their_frequency(mixed):
    domain, reference = mixed(1_000)
    j = domain.index("colour")
    sample = GaussianSampler(domain, reference, switch=0.5).draw(N, seed=0)
    before, after = reference[sample.source, j], sample.rows[:, j]
    share = np.bincount(reference[:, j].astype(int)) / 1_000
    expected = 0.5 * (1 - (share**2).sum())
    assert abs((before != after).mean() - expected) < 4.5 * 0.5 / np.sqrt(N)
    drawn = np.bincount(after.astype(int)) / N
    assert np.abs(drawn - share).max() < 4.5 * 0.5 / np.sqrt(N)


def test_values_go_missing_and_missing_ones_are_found(mixed):
    domain, reference = mixed()
    j = domain.index("weight")
    sample = GaussianSampler(domain, reference, switch=0.5).draw(2_000, seed=0)
    before, after = np.isnan(reference[sample.source, j]), np.isnan(sample.rows[:, j])
    assert (before & ~after).sum() > 50
    assert (~before & after).sum() > 50


def test_columns_of_a_group_switch_together(mixed):
    domain, reference = mixed()
    at = [domain.index(name) for name in ("hot_a", "hot_b", "hot_c")]
    sample = GaussianSampler(domain, reference, switch=0.6).draw(2_000, seed=0)
    changed = (sample.rows[:, at] != reference[sample.source][:, at]).any(axis=1).mean()
    assert 0.3 < changed < 0.5  # 0.6 times the two thirds that draw another one


def test_without_jitter_and_switch_rows_stay(mixed):
    domain, reference = mixed()
    sample = GaussianSampler(domain, reference, jitter=0.0, switch=0.0).draw(400, seed=0)
    np.testing.assert_array_equal(sample.rows, reference[sample.source])


def test_one_plan_moves_many_rows_alike(correlated):
    domain, X = correlated
    plan = GaussianSampler(domain, X).plan(500, seed=0)
    a, b = plan.apply(X[0]), plan.apply(X[1])
    assert len(plan) == 500
    np.testing.assert_allclose(a - X[0], b - X[1], atol=1e-12)
    np.testing.assert_array_equal(plan.apply(np.tile(X[0], (500, 1))), a)


def test_a_plan_applies_to_tensors(mixed):
    torch = pytest.importorskip("torch")
    domain, reference = mixed()
    plan = GaussianSampler(domain, reference).plan(50, seed=0)
    there = plan.apply(torch.from_numpy(reference[0]))
    np.testing.assert_allclose(there.numpy(), plan.apply(reference[0]), rtol=1e-14)


def test_values_beyond_a_bound_are_reflected():
    X = np.linspace(0.05, 0.95, 10)[:, None]
    domain = Domain.infer(X, bounds={"x0": (0, 1)})
    rows = GaussianSampler(domain, X, jitter=1.0).draw(N, seed=0).rows
    assert (rows == 0).mean() < 0.001  # clipping would heap a tenth of them up
    assert rows.min() >= 0
    assert rows.max() <= 1


@pytest.mark.parametrize(("name", "value"), [("jitter", -0.1), ("switch", 1.1), ("jitter", "x")])
def test_wrong_parameters_are_refused(correlated, name, value):
    with pytest.raises(OptionError, match=f"`{name}` parameter of GaussianSampler must be"):
        GaussianSampler(*correlated, **{name: value})
