"""Permutation tests against permutations written out, and their intervals by inversion."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from surrogate.fidelity.intervals import effective_freedom
from surrogate.fidelity.permuting import flip_signs, permute_labels
from surrogate.sampling import generator

VALUES = st.floats(-5, 5).map(lambda x: round(x, 3))


def flips_by_hand(d: np.ndarray) -> float:
    sums = np.zeros(1)
    for value in d:
        sums = np.concatenate([sums + value, sums - value])
    return float(np.mean(np.abs(sums) >= abs(d.sum()) - 1e-9))


def p_by_hand(d: np.ndarray) -> float:
    """The greater p of all signs and of Student's t on the effective freedom."""
    spread = d.std(ddof=1)
    if spread == 0:
        return flips_by_hand(d)
    t = abs(d.mean()) / (spread / np.sqrt(len(d)))
    freedom = float(effective_freedom(d - d.mean()))
    return max(flips_by_hand(d), float(2 * stats.t.sf(t, freedom)))


def labels_by_hand(x: np.ndarray, y: np.ndarray) -> float:
    """Share of all splits whose Welch t is at least that of the arms, or Welch's own p."""

    def welch(a: np.ndarray, b: np.ndarray) -> float:
        gap = abs(b.mean() - a.mean())
        return float(gap / np.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b)))

    both = np.concatenate([x, y])
    ts = []
    for chosen in itertools.combinations(range(len(both)), len(y)):
        inside = np.isin(np.arange(len(both)), chosen)
        ts.append(welch(both[~inside], both[inside]))
    by_t = stats.ttest_ind(x, y, equal_var=False).pvalue
    return max(float(np.mean(np.array(ts) >= welch(x, y) - 1e-9)), float(by_t))


@given(arrays(float, st.integers(2, 9), elements=VALUES))
def test_few_sources_try_every_sign(d: np.ndarray) -> None:
    assert flip_signs(d[:, None]).p[0] == pytest.approx(p_by_hand(d))


@given(arrays(float, st.integers(7, 9), elements=VALUES))
def test_the_interval_is_what_the_test_does_not_reject(d: np.ndarray) -> None:
    assume(d.std() > 0)
    found = flip_signs(d[:, None])
    low, high = float(found.low[0]), float(found.high[0])
    assert low <= d.mean() + 1e-9
    assert d.mean() - 1e-9 <= high
    width = high - low + 1e-3
    assert p_by_hand(d - (high + 1e-6 * width + 1e-9)) <= 0.05
    assert p_by_hand(d - (low - 1e-6 * width - 1e-9)) <= 0.05
    if high - low > 1e-6:
        assert p_by_hand(d - (high - 1e-6 * width)) > 0.05
        assert p_by_hand(d - (low + 1e-6 * width)) > 0.05


@pytest.mark.parametrize("groups", [30, 300])
def test_drawn_signs_agree_with_their_own_interval(groups: int) -> None:
    rng = generator(0, "draws")
    d = rng.normal(size=(groups, 40)) + np.linspace(0, 3, 40) / np.sqrt(groups)
    found = flip_signs(d, resamples=999, seed=1)
    excluded = (found.low > 0) | (found.high < 0)
    assert (excluded == (found.p <= 0.05)).all()
    assert 5 < excluded.sum() < 35
    assert (found.p >= 1 / 1000).all()


def test_drawn_signs_come_near_to_every_sign() -> None:
    d = generator(1, "draws").normal(size=(16, 5)) + 0.3
    every, drawn = flip_signs(d[:15], resamples=99), flip_signs(d, resamples=9999)
    assert every.smallest == 2 / 2**15
    assert drawn.smallest == 1 / 10_000
    by_hand = [p_by_hand(column) for column in d.T]
    assert np.allclose(drawn.p, by_hand, atol=0.02)


def test_many_sources_are_added_up_and_say_the_same() -> None:
    d = generator(2, "draws").normal(size=(5000, 3)) + np.array([0.0, 0.02, 0.1])
    found = flip_signs(d, resamples=1999)
    error = d.std(axis=0) / np.sqrt(len(d))
    assert np.allclose((found.high - found.low) / (2 * 1.96 * error), 1, atol=0.1)
    assert found.p[2] == 1 / 2000


def test_too_few_sources_reject_nothing_and_say_so() -> None:
    found = flip_signs(np.array([[1.0], [1.1], [0.9], [1.0]]))
    assert found.smallest == found.p[0] == 0.125
    assert (found.low[0], found.high[0]) == (-np.inf, np.inf)
    alone = flip_signs(np.array([[2.0]]))
    assert alone.p[0] == 1.0


def test_no_difference_at_all_has_p_1() -> None:
    found = flip_signs(np.zeros((50, 1)))
    assert (found.p[0], found.low[0], found.high[0]) == (1.0, 0.0, 0.0)


def test_signs_are_those_of_the_seed() -> None:
    d = generator(3, "draws").normal(size=(40, 2))
    one, again, other = (flip_signs(d, seed=seed, resamples=199) for seed in (0, 0, 1))
    assert np.array_equal(one.low, again.low)
    assert not np.array_equal(one.low, other.low)


@given(
    arrays(float, 3, elements=VALUES, unique=True), arrays(float, 4, elements=VALUES, unique=True)
)
def test_few_seeds_try_every_split(x: np.ndarray, y: np.ndarray) -> None:
    both = np.concatenate([x, y])
    assume(len(np.unique(both)) == len(both))  # else some splits have no t by hand
    assert permute_labels(x[:, None], y[:, None]).p[0] == pytest.approx(labels_by_hand(x, y))


def test_the_interval_over_seeds_is_what_the_test_does_not_reject() -> None:
    rng = generator(4, "draws")
    x, y = rng.normal(size=(5, 1)), 2 * rng.normal(size=(6, 1)) + 3
    found = permute_labels(x, y)
    low, high = float(found.low[0]), float(found.high[0])
    for end, out in ((low, -1e-4), (high, 1e-4)):
        assert permute_labels(x, y - (end + out)).p[0] <= 0.05
        assert permute_labels(x, y - (end - out)).p[0] > 0.05


def test_many_seeds_are_drawn() -> None:
    rng = generator(5, "draws")
    found = permute_labels(rng.normal(size=(12, 1)), rng.normal(size=(12, 1)) + 9, resamples=499)
    assert found.p[0] == found.smallest == 1 / 500
    assert 7 < found.low[0] < found.high[0] < 11


@pytest.mark.parametrize("gap", [0.0, 0.5])
def test_seeds_without_any_spread(gap: float) -> None:
    found = permute_labels(np.full((8, 1), 0.3), np.full((8, 1), 0.3 + gap))
    assert found.p[0] == (1.0 if gap == 0 else 2 / 12870)
    assert found.low[0] == found.high[0] == pytest.approx(gap)


def test_too_few_seeds_reject_nothing() -> None:
    found = permute_labels(np.array([[1.0], [1.1], [1.2]]), np.array([[8.0], [9.0], [7.0]]))
    assert found.smallest == found.p[0] == 0.1
    assert np.isinf(found.low[0])


@given(st.floats(0.01, 100), st.floats(-100, 100))
def test_units_and_origin_change_nothing(unit: float, origin: float) -> None:
    rng = generator(6, "draws")
    x, y = rng.normal(size=(5, 1)), rng.normal(size=(6, 1)) + 1
    plain, moved = permute_labels(x, y), permute_labels(unit * x + origin, unit * y + origin)
    assert plain.p[0] == moved.p[0]
    assert unit * plain.low[0] == pytest.approx(moved.low[0], rel=1e-6, abs=1e-9 * unit)
