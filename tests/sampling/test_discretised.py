from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from surrogate.domain import Domain
from surrogate.errors import DataError, OptionError
from surrogate.sampling import DiscretisedSampler, make_bins
from surrogate.sampling.discretised import truncated_normal

N = 40_000
KINDS = {"quartile": "QuartileDiscretizer", "decile": "DecileDiscretizer"}


@pytest.fixture
def skewed():
    """Columns with a heap at zero, few values, many values, and one value."""
    rng = np.random.default_rng(0)
    X = np.column_stack(
        [
            np.where(rng.random(400) < 0.4, 0.0, rng.exponential(3, 400)),
            rng.integers(0, 4, 400),
            rng.normal(50, 9, 400),
            np.full(400, 3.5),
        ]
    )
    return Domain.infer(X, kinds=dict.fromkeys(range(4), "continuous")), X


@pytest.mark.parametrize("binning", ["quartile", "decile", "entropy"])
def test_bins_are_limes(skewed, binning):
    discretize = pytest.importorskip("lime.discretize")
    domain, X = skewed
    y = (X[:, 2] > 52).astype(int) + (X[:, 0] > 4)
    names = list(domain.names)
    if binning == "entropy":
        theirs = discretize.EntropyDiscretizer(X, [], names, labels=y, random_state=0)
    else:
        theirs = getattr(discretize, KINDS[binning])(X, [], names)
    ours = make_bins(domain, X, binning=binning, labels=y)
    np.testing.assert_array_equal(ours.digitise(X), theirs.discretize(X))
    for j in range(4):
        for mine, his in [
            (ours.mean, theirs.means),
            (ours.std, theirs.stds),
            (ours.low, theirs.mins),
            (ours.high, theirs.maxs),
        ]:
            np.testing.assert_array_equal(mine[j], his[j])


@pytest.mark.parametrize("binning", ["quartile", "decile"])
def test_rows_lie_in_their_bins(mixed, binning):
    domain, reference = mixed()
    sampler = DiscretisedSampler(domain, reference, binning=binning)
    plan = sampler.plan(3_000, seed=0)
    bins = sampler.bins
    np.testing.assert_array_equal(plan.ids, bins.digitise(plan.rows))
    for j in range(len(domain)):
        used = plan.ids[:, j] < len(bins.mean[j])
        ids, x = plan.ids[used, j], plan.rows[used, j]
        assert (x >= bins.low[j][ids]).all()
        assert (x <= bins.high[j][ids]).all()


def test_bins_and_categories_come_by_their_frequency(mixed):
    domain, reference = mixed(1_000)
    sampler = DiscretisedSampler(domain, reference)
    ids = sampler.plan(N, seed=0).ids
    for j, feature in enumerate(domain.features):
        if feature.name == "twice":
            continue
        expected = sampler.bins.frequency[j]
        share = np.bincount(ids[:, j], minlength=len(expected)) / N
        assert expected.sum() == pytest.approx(1)
        error = 5 * np.sqrt(expected * (1 - expected) / N)  # some 45 shares: below 1e-4
        assert (np.abs(share - expected) <= error + 1e-12).all(), feature.name


def test_columns_are_independent(correlated):
    domain, X = correlated
    rows = DiscretisedSampler(domain, X).plan(N, seed=0).rows
    assert abs(np.corrcoef(X.T)[0, 1]) > 0.9
    correlation = np.corrcoef(rows.T)[np.triu_indices(4, 1)]
    assert np.abs(correlation).max() < 4.5 / np.sqrt(N)


def test_values_in_a_bin_are_truncated_normals(correlated):
    domain, X = correlated
    sampler = DiscretisedSampler(domain, X)
    plan, bins = sampler.plan(N, seed=0), sampler.bins
    for i in range(4):
        x = plan.rows[plan.ids[:, 0] == i, 0]
        mean, std = bins.mean[0][i], bins.std[0][i]
        a, b = (bins.low[0][i] - mean) / std, (bins.high[0][i] - mean) / std
        assert stats.kstest(x, stats.truncnorm(a, b, mean, std).cdf).pvalue > 1e-4


def test_truncated_normals_of_tiny_deviation_stay_inside():
    u = np.linspace(0.001, 0.999, 99)
    bins = {
        "mean": np.array([5.0, 0.0]),
        "std": np.array([1e-11, 1.0]),
        "low": np.array([4.0, 2.0]),
        "high": np.array([6.0, 2.0]),
    }
    first, second = np.zeros(99, dtype=np.intp), np.ones(99, dtype=np.intp)
    np.testing.assert_allclose(truncated_normal(u, first, **bins), 5, atol=1e-9)
    np.testing.assert_array_equal(truncated_normal(u, second, **bins), 2)


def test_whole_numbers_stay_whole_in_their_bins():
    counts = {0: 110, 1: 80, 2: 10, 3: 10, 4: 85, 5: 10, 6: 80, 7: 15}  # heaps above edges
    X = np.repeat(list(counts), list(counts.values())).astype(float)[:, None]
    sampler = DiscretisedSampler(Domain.infer(X), X)
    plan = sampler.plan(10 * N, seed=0)
    share = np.bincount(plan.ids[:, 0], minlength=5) / (10 * N)
    assert set(plan.rows[:, 0]) <= set(counts)
    assert np.abs(share - sampler.bins.frequency[0]).max() < 5 * 0.5 / np.sqrt(10 * N)


def test_missing_values_have_a_bin_of_their_own():
    X = np.array([[0.5, 1.0], [np.nan, 2.0], [1.5, np.nan], [2.5, 1.0]])
    domain = Domain.infer(X, kinds={1: "categorical"})
    bins = make_bins(domain, domain.encode(X))
    assert bins.digitise(domain.encode(X)).tolist() == [[0, 0], [4, 1], [1, 2], [3, 0]]
    assert bins.frequency[0].tolist()[-1] == 0.25


def test_a_column_that_is_never_known_stays_so():
    X = np.column_stack([np.full(20, np.nan), np.linspace(0.1, 2, 20)])
    domain = Domain.infer(np.vstack([X, [0.5, 0.5]]))
    assert np.isnan(DiscretisedSampler(domain, X).plan(50, seed=0).rows[:, 0]).all()


def test_entropy_needs_labels(skewed):
    domain, X = skewed
    with pytest.raises(DataError, match=r'"entropy" need the `labels`.*got None'):
        DiscretisedSampler(domain, X, binning="entropy").plan(5, seed=0)
    with pytest.raises(DataError, match=r"one for each of 400 rows; got shape \(3,\)"):
        DiscretisedSampler(domain, X, binning="entropy", labels=[0, 1, 0]).plan(5, seed=0)


def test_entropy_cuts_where_classes_change(skewed):
    domain, X = skewed
    bins = make_bins(domain, X, binning="entropy", labels=X[:, 2] > 52)
    assert np.abs(bins.edges[2] - 52).min() < 0.2
    assert bins.edges[3].tolist() == [3.5]


def test_unknown_bins_are_refused(skewed):
    with pytest.raises(OptionError, match="`binning` parameter of DiscretisedSampler must be one"):
        DiscretisedSampler(*skewed, binning="quintile")
