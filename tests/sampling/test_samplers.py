"""What every sampler keeps: kinds, bounds, groups, derived columns, constraint, seeds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from surrogate.domain import Domain
from surrogate.errors import DataError, OptionError
from surrogate.sampling import DiscretisedSampler, GaussianSampler, NeighbourSampler

SAMPLERS = {
    "gaussian": GaussianSampler,
    "wide gaussian": lambda domain, rows: GaussianSampler(domain, rows, jitter=3.0, switch=0.9),
    "quartile": DiscretisedSampler,
    "decile": lambda domain, rows: DiscretisedSampler(domain, rows, binning="decile"),
    "entropy": lambda domain, rows: DiscretisedSampler(
        domain, rows, binning="entropy", labels=np.arange(len(rows)) % 2
    ),
    "neighbours": NeighbourSampler,
    "wide neighbours": lambda domain, rows: NeighbourSampler(
        domain, rows, n_neighbors=3, jitter=3.0
    ),
}


@pytest.fixture(params=SAMPLERS)
def make(request):
    return SAMPLERS[request.param]


def assert_inside(domain: Domain, rows: np.ndarray, reference: np.ndarray) -> None:
    """Every row is one of the domain's."""
    for j, feature in enumerate(domain.features):
        x = rows[:, j]
        known = x[~np.isnan(x)]
        assert feature.missing or len(known) == len(x), feature
        assert (known >= feature.low).all(), feature
        assert (known <= feature.high).all(), feature
        if feature.kind != "continuous":
            np.testing.assert_array_equal(known, known.round(), err_msg=feature.name)
        if feature.is_coded:
            assert known.min(initial=0) >= 0, feature
            assert known.max(initial=0) < len(feature.categories), feature
        elif feature.kind == "binary":
            assert set(known) <= {0.0, 1.0}, feature
    for members in domain.groups.values():
        hot = rows[:, [domain.index(name) for name in members]]
        np.testing.assert_array_equal(np.sort(hot, axis=1)[:, -2:], [[0.0, 1.0]] * len(rows))
    assert np.array_equal(domain.encode(domain.decode(rows)), rows, equal_nan=True)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), m=st.integers(12, 80), n=st.integers(1, 60))
def test_rows_are_rows_of_the_domain(make, mixed, seed, m, n):
    domain, reference = mixed(m, seed=seed % 1_000)
    sample = make(domain, reference).draw(n, seed=seed)
    assert sample.rows.shape == (n, len(domain))
    assert sample.source.shape == (n,)
    assert sample.rejected == 0.0
    assert_inside(domain, sample.rows, reference)


def test_a_seed_draws_the_same_rows(make, mixed):
    sampler = make(*mixed())
    first, again = sampler.draw(50, seed=3), sampler.draw(50, seed=3)
    np.testing.assert_array_equal(first.rows, again.rows)
    np.testing.assert_array_equal(first.source, again.source)
    assert not np.array_equal(first.rows, sampler.draw(50, seed=4).rows, equal_nan=True)


@pytest.mark.parametrize("constrained", [False, True])
def test_torch_draws_the_same_rows(make, mixed, constrained):
    torch = pytest.importorskip("torch")
    options = {"constraint": lambda r: r["age"] > 40} if constrained else {}
    sampler = make(*mixed(**options))
    here, there = (sampler.draw(60, seed=5, library=name) for name in ("numpy", "torch"))
    assert isinstance(there.rows, torch.Tensor)
    np.testing.assert_allclose(there.rows.numpy(), here.rows, rtol=1e-13, atol=1e-13)
    np.testing.assert_array_equal(there.source, here.source)
    assert there.rejected == here.rejected


def test_constant_columns_stay_constant(make, mixed):
    domain, reference = mixed()
    rows = make(domain, reference).draw(100, seed=0).rows
    np.testing.assert_allclose(rows[:, domain.index("constant")], 2.5, atol=1e-9)


def test_derived_columns_follow(make, mixed):
    domain, reference = mixed()
    rows = make(domain, reference).draw(100, seed=0).rows
    size, twice = rows[:, domain.index("size")], rows[:, domain.index("twice")]
    np.testing.assert_array_equal(twice, 2 * size)


def test_the_constraint_is_kept_and_its_refusals_told(make, mixed):
    domain, reference = mixed(constraint=lambda r: r["age"] > 49)
    sample = make(domain, reference).draw(2_000, seed=0)
    assert (sample.rows[:, domain.index("age")] > 49).all()
    free, _ = mixed()
    drawn = make(free, reference).draw(2_000, seed=1).rows[:, domain.index("age")]
    expected = (drawn <= 49).mean()
    # two independent shares of some 2,000 rows each
    assert abs(sample.rejected - expected) < 5 * np.sqrt(2 * 0.25 / 2_000)


def test_sources_of_constrained_rows_are_theirs(mixed):
    domain, reference = mixed(constraint=lambda r: r["age"] > 60)
    sample = GaussianSampler(domain, reference, jitter=0.0, switch=0.0).draw(100, seed=0)
    np.testing.assert_array_equal(sample.rows, reference[sample.source])


def test_a_hopeless_constraint_is_an_error(make, mixed):
    domain, reference = mixed(constraint=lambda r: np.asarray(r["age"]) > 1_000)
    with pytest.raises(DataError, match=r"constraint kept 0 of the 20 wanted; loosen the constr"):
        make(domain, reference).draw(20, seed=0)


def test_missing_values_stay_about_as_frequent(make, mixed):
    domain, reference = mixed(2_000)
    j = domain.index("weight")
    rows = make(domain, reference).draw(4_000, seed=0).rows
    share, drawn = np.isnan(reference[:, j]).mean(), np.isnan(rows[:, j]).mean()
    assert abs(drawn - share) < 5 * np.sqrt(share / 2_000)


@pytest.mark.parametrize("n", [0, -1, 2.5, True])
def test_wrong_counts_are_refused(make, mixed, n):
    with pytest.raises(OptionError, match=r"`n` parameter of \w+Sampler must be an int in \[1"):
        make(*mixed()).draw(n, seed=0)


def test_reference_rows_are_checked(make, mixed):
    domain, reference = mixed()
    for wrong, message in [
        (reference[:, :3], r"must have shape \(m, 12\).*got \(200, 3\)"),
        (reference[:0], "are empty"),
        (reference[0], "must have shape"),
        (np.where(reference == 2.5, np.inf, reference), "row 0 holds inf in column 'constant'"),
    ]:
        with pytest.raises(DataError, match=message):
            make(domain, wrong)


def test_one_row_in_many_columns(make):
    reference = np.random.default_rng(0).normal(size=(2, 40))
    assert make(Domain.infer(reference), reference).draw(1, seed=0).rows.shape == (1, 40)
