"""Ratios of shares and outcomes by group: against known values, exact coverage, known truth."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from surrogate.errors import InputError, OptionError
from surrogate.fidelity import Impact, impact
from surrogate.fidelity.ratios import mean_difference, ratio_ends, ratio_interval

counts = st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def coverage(p: float, n: int, q: float, m: int) -> float:
    """Exact coverage of the 95 % interval of p / q, summed over all outcomes."""
    x, y = (a.ravel() for a in np.meshgrid(np.arange(n + 1), np.arange(m + 1), indexing="ij"))
    low, high = ratio_ends(x, np.full_like(x, n), y, np.full_like(y, m), below=0.025, above=0.025)
    inside = (low <= p / q * (1 + 1e-9)) & (high >= p / q * (1 - 1e-9))
    weight = stats.binom.pmf(x, n, p) * stats.binom.pmf(y, m, q)
    return float(weight[inside].sum())


def test_the_published_example_of_koopman() -> None:
    found = ratio_interval(36, 40, 16, 80)
    assert (found.value, round(found.low, 2), round(found.high, 2)) == (4.5, 2.94, 7.15)


def test_ratios_cover_at_their_level() -> None:
    covered = [
        coverage(ratio * q, n, q, m)
        for n, m in ((30, 30), (30, 90))
        for q in (0.1, 0.5, 0.9)
        for ratio in (0.3, 0.8, 1.0)
    ]
    assert 0.94 < np.mean(covered) < 0.965
    assert min(covered) > 0.93


@given(counts, counts)
def test_a_ratio_turned_over_is_the_ratio_the_other_way(a: Any, b: Any) -> None:
    one, other = ratio_interval(*a, *b), ratio_interval(*b, *a)
    if one.low > 0:
        assert one.low == pytest.approx(1 / other.high, rel=1e-6)
    if other.low > 0:
        assert one.high == pytest.approx(1 / other.low, rel=1e-6)
    assert one.low <= one.high
    if one.value is not None:
        assert one.low - 1e-9 <= one.value <= one.high * (1 + 1e-9)


def test_nobody_selected_leaves_a_ratio_open() -> None:
    assert ratio_interval(0, 40, 0, 50).value is None
    assert ratio_interval(3, 40, 0, 50).high == np.inf
    with pytest.raises(InputError, match="no more hits than rows"):
        ratio_ends([5], [4], [1], [4], below=0.025, above=0.025)
    with pytest.raises(InputError, match="between 0 and"):
        ratio_ends([1], [4], [1], [4], below=0.6, above=0.025)


def drawn(rates: list[float], sizes: list[int], rng: np.random.Generator) -> np.ndarray:
    return (rng.random(sum(sizes)) < np.repeat(rates, sizes)).astype(int)


def misses(rates: list[float], sizes: list[int], runs: int = 120) -> np.ndarray:
    """How often each group's impact ratio misses its truth, by simulation."""
    rng = np.random.Generator(np.random.Philox(key=11))
    labels = np.repeat([f"g{i}" for i in range(len(rates))], sizes)
    truth, missed = np.array(rates) / max(rates), np.zeros(len(rates))
    for _ in range(runs):
        found = impact(drawn(rates, sizes, rng), labels, favourable=1)
        for i, one in enumerate(found.rates):
            assert one.contrast is not None
            assert one.contrast.interval is not None
            inside = one.contrast.interval.low - 1e-9 <= truth[i]
            missed[i] += not (inside and truth[i] <= one.contrast.interval.high + 1e-9)
    return missed / runs


def test_choosing_the_highest_of_equal_groups_is_allowed_for() -> None:
    # plain intervals against the highest of eight equal groups miss about one time in ten
    assert misses([0.4] * 8, [60] * 8, runs=80).mean() < 0.05


def test_ratios_against_the_highest_of_unequal_groups_cover() -> None:
    assert misses([0.2, 0.5, 0.55], [60, 90, 200]).max() < 0.07


def test_a_named_reference_gets_plain_intervals() -> None:
    labels = np.repeat(["f", "m"], [40, 80])
    said = np.concatenate([np.arange(40) < 36, np.arange(80) < 16]).astype(int)
    found = impact(said, labels, favourable=1, reference="m")
    one = found["f"].contrast
    assert one is not None
    assert one.interval is not None
    assert (one.value, round(one.interval.low, 2), round(one.interval.high, 2)) == (4.5, 2.94, 7.15)
    assert found["m"].contrast is None
    assert not found.chosen
    assert one.interval.method == "Koopman score"


def test_small_groups_are_flagged_and_compared_with_nothing() -> None:
    labels = np.repeat(["a", "b", "tiny"], [100, 100, 29])
    said = np.ones(229, dtype=int)
    said[:60] = 0
    found = impact(said, labels, favourable=1)
    assert [one.small for one in found.rates] == [False, False, True]
    assert found["tiny"].contrast is None
    assert found["tiny"].rate.interval is not None
    assert found.reference == "b"  # not the tiny one, though all of it is selected
    with pytest.raises(OptionError, match="29 of the 30 rows"):
        impact(said, labels, favourable=1, reference="tiny")
    with pytest.raises(OptionError, match="no group 'c'"):
        impact(said, labels, favourable=1, reference="c")


def test_one_group_alone_is_compared_with_none() -> None:
    found = impact(np.ones(50, dtype=int), ["a"] * 50, favourable=1)
    assert found.rates[0].contrast is None
    assert found.pairs == ()


def test_where_nobody_is_selected_a_ratio_says_why_it_is_missing() -> None:
    found = impact(np.zeros(100, dtype=int), np.repeat(["a", "b"], 50), favourable=1)
    for one in found.rates:
        assert one.contrast is not None
        assert one.contrast.value is None
        assert "decided so" in one.contrast.reason


def test_pairs_hold_together() -> None:
    rng = np.random.Generator(np.random.Philox(key=3))
    labels = np.repeat(["a", "b", "c"], 80)
    found = impact(drawn([0.2, 0.4, 0.6], [80] * 3, rng), labels, favourable=1, pairs=True)
    assert [(pair.first, pair.second) for pair in found.pairs] == [
        ("a", "b"),
        ("a", "c"),
        ("b", "c"),
    ]
    score = found.pairs[0].score
    hits = [round(80 * (found[name].rate.value or 0)) for name in "ab"]
    plain = ratio_interval(hits[0], 80, hits[1], 80)
    assert score.interval is not None
    assert score.interval.low < plain.low
    assert score.interval.high > plain.high


def test_numbers_are_compared_by_differences_of_means() -> None:
    rng = np.random.Generator(np.random.Philox(key=4))
    x = np.concatenate([rng.normal(10, 2, 60), rng.normal(13, 4, 90)])
    found = impact(x, np.repeat(["a", "b"], [60, 90]), reference="b")
    one = found["a"].contrast
    welch = stats.ttest_ind(x[:60], x[60:], equal_var=False).confidence_interval()
    assert one is not None
    assert one.interval is not None
    assert found["a"].rate.metric == "mean answer"
    assert (one.interval.low, one.interval.high) == pytest.approx((welch.low, welch.high))
    against = impact(x, np.repeat(["a", "b"], [60, 90]))
    highest = against["b"].contrast
    assert highest is not None
    assert highest.value == 0.0
    assert highest.interval is not None
    assert highest.interval.high == 0.0


def test_a_difference_needs_two_rows_a_group() -> None:
    assert mean_difference(np.ones(1), np.ones(5), below=0.025, above=0.025).low == -np.inf
    assert mean_difference(np.ones(4), np.ones(5), below=0.025, above=0.025).high == 0.0


@given(st.lists(st.sampled_from("abc"), min_size=2, max_size=40), st.integers(0, 2**32 - 1))
def test_what_was_found_comes_back_from_json(labels: list[str], seed: int) -> None:
    said = np.random.default_rng(seed).integers(0, 2, len(labels))
    found = impact(said, labels, favourable=1, label="yes", minimum=3, pairs=True)
    assert Impact.from_dict(json.loads(json.dumps(found.to_dict(), allow_nan=False))) == found
    again = impact(said, labels, favourable=1, label="yes", minimum=3, pairs=True)
    assert again == found


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(InputError, match="one entry a row"):
        impact([0, 1], ["a"], favourable=1)
    with pytest.raises(InputError, match="favourable"):
        impact([0, 1], ["a", "b"])


def test_bins_of_a_number_stand_in_their_order() -> None:
    names = ["more than 48", "up to 9", "9 to 28.5", "28.5 to 48", "missing"]
    found = impact(np.ones(5, dtype=int), names, favourable=1)
    order = ["up to 9", "9 to 28.5", "28.5 to 48", "more than 48", "missing"]
    assert [one.group for one in found.rates] == order
    found = impact(np.ones(3, dtype=int), ["b", "nan", "a"], favourable=1)
    assert [one.group for one in found.rates] == ["a", "b", "nan"]
