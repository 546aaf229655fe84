from __future__ import annotations

import numpy as np
import pytest

from surrogate.domain import Domain
from surrogate.errors import DataError, OptionError
from surrogate.sampling import GaussianSampler, NeighbourSampler
from surrogate.sampling.neighbours import embed

N = 20_000


def test_dependence_is_kept_that_noise_loses(correlated):
    domain, X = correlated
    truth = np.corrcoef(X.T)
    near = np.corrcoef(NeighbourSampler(domain, X).draw(N, seed=0).rows.T)
    noisy = np.corrcoef(GaussianSampler(domain, X, jitter=0.6).draw(N, seed=0).rows.T)
    assert np.abs(near - truth).max() < 0.02
    assert truth[0, 1] - noisy[0, 1] > 0.2


def test_moments_are_kept(correlated):
    domain, X = correlated
    rows = NeighbourSampler(domain, X).draw(N, seed=0).rows
    # sources are balanced: what is left of the mean's error is that of steps and noise
    assert np.abs(rows.mean(axis=0) - X.mean(axis=0)).max() < 0.02
    ratio = rows.std(axis=0) / X.std(axis=0)
    assert (ratio > 0.93).all()
    assert (ratio < 1.03).all()


def test_linear_relations_are_kept_exactly():
    z = np.random.default_rng(0).normal(size=(300, 2))
    X = np.column_stack([z, z @ [2.0, -1.0] + 3])
    rows = NeighbourSampler(Domain.infer(X), X).draw(1_000, seed=0).rows
    np.testing.assert_allclose(rows[:, 2], rows[:, :2] @ [2.0, -1.0] + 3, atol=1e-12)


def test_categories_that_go_together_mostly_stay_together():
    rng = np.random.default_rng(0)
    a = rng.integers(4, size=1_000)
    b = np.where(rng.random(1_000) < 0.9, a, rng.integers(4, size=1_000))
    names = np.array(["n", "e", "s", "w"])
    data = {"x": a + rng.normal(0, 0.2, 1_000), "a": names[a], "b": names[b]}
    domain = Domain.infer(data)
    reference = domain.encode(data)
    rows = NeighbourSampler(domain, reference).draw(N, seed=0).rows
    together = (reference[:, 1] == reference[:, 2]).mean()
    assert abs((rows[:, 1] == rows[:, 2]).mean() - together) < 0.03


def test_new_rows_are_new(correlated):
    domain, X = correlated
    rows = NeighbourSampler(domain, X).draw(500, seed=0).rows
    assert not (rows[:, None] == X).all(axis=2).any()


def test_a_row_is_nearer_to_its_source_than_to_most(correlated):
    domain, X = correlated
    sample = NeighbourSampler(domain, X).draw(300, seed=0)
    place = X / X.std(axis=0)
    distance = np.linalg.norm(sample.rows[:, None] / X.std(axis=0) - place, axis=2)
    own = distance[np.arange(300), sample.source]
    assert ((distance < own[:, None]).mean(axis=1) < 0.05).mean() > 0.95


def test_neighbours_are_the_nearest_other_rows(mixed):
    domain, reference = mixed(60)
    reference[7] = reference[3]  # equal rows are no neighbours of each other
    plan = NeighbourSampler(domain, reference, n_neighbors=5).plan(60, seed=0)
    place = embed(domain, reference)
    for i in range(60):
        distance = np.linalg.norm(place - place[plan.source[i]], axis=1)
        distance[distance == 0] = np.inf
        if plan.source[i] != 7:
            distance[7] = np.inf  # row 3 stands for both
        wanted = np.sort(distance[np.isfinite(distance)])[:5]
        np.testing.assert_allclose(np.sort(distance[plan.ids[i, 1:]]), wanted, rtol=1e-5)


def test_distances_are_of_mixed_types():
    data = {
        "x": [1.5, 3.5, np.nan, 1.5],
        "c": ["a", "a", "a", "b"],
        "f": [0, 0, 0, 1],
    }
    domain = Domain.infer({**data, "x": np.array(data["x"])})
    place = embed(domain, domain.encode(data))
    x = np.array([1.5, 3.5, 1.5])
    scale = x.std()

    def distance(i: int, j: int) -> float:
        return float(np.linalg.norm(place[i] - place[j]))

    assert distance(0, 1) == pytest.approx(2 / scale)
    assert distance(0, 3) == pytest.approx(np.sqrt(2))  # one category, one flag
    assert distance(0, 2) == pytest.approx(np.hypot(1, (1.5 - x.mean()) / scale))


def test_candidates_bound_the_search(correlated):
    domain, X = correlated
    plan = NeighbourSampler(domain, X, candidates=50).plan(2_000, seed=0)
    assert len(np.unique(plan.ids[:, 1:])) <= 50
    assert len(np.unique(plan.source)) == 2_000


def test_fewer_rows_than_neighbours(correlated):
    domain, X = correlated
    sample = NeighbourSampler(domain, X[:3], n_neighbors=10).draw(100, seed=0)
    assert np.isfinite(sample.rows).all()


def test_missing_values_come_from_one_of_the_two_rows(mixed):
    domain, reference = mixed()
    j = domain.index("weight")
    sampler = NeighbourSampler(domain, reference)
    plan, rows = sampler.plan(2_000, seed=0), sampler.draw(2_000, seed=0).rows
    both = np.isnan(reference[plan.ids[:, :2], j]).all(axis=1)
    neither = ~np.isnan(reference[plan.ids[:, :2], j]).any(axis=1)
    assert np.isnan(rows[both, j]).all()
    assert not np.isnan(rows[neither, j]).any()


def test_weights_sum_to_one(mixed):
    plan = NeighbourSampler(*mixed()).plan(500, seed=0)
    np.testing.assert_allclose(plan.weights.sum(axis=1), 1.0, atol=1e-12)
    assert len(plan) == 500


@pytest.mark.parametrize("rows", [np.ones((1, 3)), np.ones((5, 3))])
def test_rows_without_neighbours_are_refused(rows):
    domain = Domain.infer(np.random.default_rng(0).normal(size=(5, 3)))
    with pytest.raises(DataError, match=r"one row, which has no neighb|reference` rows .* equal"):
        NeighbourSampler(domain, rows).draw(5, seed=0)


@pytest.mark.parametrize(("name", "value"), [("n_neighbors", 0), ("jitter", -1), ("candidates", 1)])
def test_wrong_parameters_are_refused(correlated, name, value):
    with pytest.raises(OptionError, match=f"`{name}` parameter of NeighbourSampler must be"):
        NeighbourSampler(*correlated, **{name: value})
