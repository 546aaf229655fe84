"""Intervals of shares, against published figures and their own laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from surrogate.errors import InputError
from surrogate.fidelity import KINDS, clopper_pearson, wilson
from surrogate.fidelity.intervals import (
    effective_freedom,
    korn_graubard,
    share,
    share_interval,
    wilson_deff,
)


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)],
)
def test_wilson_gives_newcombe_1998_figures(hits: int, n: int, low: float, high: float) -> None:
    found = wilson(hits / n, n)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-4)


@given(n=st.integers(1, 400), data=st.data())
def test_clopper_pearson_is_scipys_exact_interval(n: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, n))
    exact = stats.binomtest(hits, n).proportion_ci(0.95, method="exact")
    found = clopper_pearson(hits / n, n)
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high), abs=1e-9)
    assert found.guaranteed


@given(n=st.integers(1, 300), data=st.data(), level=st.floats(0.5, 0.999))
def test_intervals_hold_their_share_and_stay_inside(
    n: int, data: st.DataObject, level: float
) -> None:
    hits = data.draw(st.integers(0, n))
    agree = np.arange(n) < hits
    sources = data.draw(st.lists(st.integers(0, 20), min_size=n, max_size=n))
    measured = share(agree, sources)
    for guarantee in (False, True):
        found, reason = share_interval(measured, level=level, guarantee=guarantee)
        if found is None:
            assert measured.n_sources == 1
            assert reason
        else:
            assert 0 <= found.low <= measured.rate + 1e-12
            assert measured.rate - 1e-12 <= found.high <= 1


def test_the_design_effect_of_copies_is_the_number_of_copies() -> None:
    agree = np.repeat(np.arange(40) % 4 > 0, 5)
    measured = share(agree, np.repeat(np.arange(40), 5))
    assert measured.n_effective == pytest.approx(39)  # G/(G-1) of the variance of 40 sources


@pytest.mark.parametrize("all_agree", [True, False])
def test_where_all_rows_agree_the_design_effect_is_the_cluster_size(all_agree: bool) -> None:
    measured = share(np.full(60, all_agree), np.repeat(np.arange(20), 3))
    assert measured.n_effective == pytest.approx(20)
    alone = wilson(float(all_agree), 60)
    found = wilson_deff(measured)
    assert found.high - found.low > 2 * (alone.high - alone.low)


def test_few_disagreeing_sources_leave_few_degrees_of_freedom() -> None:
    agree = np.ones(500, bool)
    agree[:4] = False
    measured = share(agree, np.repeat(np.arange(100), 5))
    assert measured.freedom < 5
    assert float(effective_freedom(np.tile([1.0, -1.0], 50))) == 99
    found = wilson_deff(measured)
    assert found.low == wilson(measured.rate, measured.n_effective, df=measured.freedom).low
    assert found.low < wilson(measured.rate, measured.n_effective, df=99).low - 0.01


def test_the_table_chooses_by_clusters_and_guarantee() -> None:
    alone, clustered = share([1, 0, 1]), share([1, 0, 1, 1], [0, 0, 1, 1])
    names = [
        share_interval(measured, guarantee=guarantee)[0].method  # type: ignore[union-attr]
        for measured in (alone, clustered)
        for guarantee in (False, True)
    ]
    assert names == ["Wilson", "Clopper-Pearson", "Wilson at n/deff", "Korn-Graubard"]
    assert len(KINDS) == 4


def test_equal_weights_change_nothing_and_unequal_ones_cost() -> None:
    agree = np.arange(200) % 5 > 0
    equal = share(agree, weights=np.full(200, 3.0))
    assert vars(equal) == pytest.approx(vars(share(agree)))
    heavy = share(agree, weights=np.where(np.arange(200) < 10, 50.0, 1.0))
    assert heavy.n_effective < 40


def test_korn_graubard_is_wider_than_wilson() -> None:
    measured = share(np.arange(200) % 7 > 0, np.arange(200) // 4)
    wide, narrow = korn_graubard(measured), wilson_deff(measured)
    assert wide.low < narrow.low
    assert wide.high > narrow.high
    assert wide.guaranteed


def test_one_source_gives_no_interval() -> None:
    assert share_interval(share([1, 1, 0], [2, 2, 2])) == (
        None,
        "all rows come from one source row",
    )


@pytest.mark.parametrize(
    ("sources", "weights", "message"),
    [
        ([0, 1], None, "sources must be 3 whole numbers"),
        ([0.0, 1.0, 2.0], None, "sources must be 3 whole numbers"),
        (None, [1.0, -1.0, 1.0], "weights must be 3 finite numbers of at least 0"),
        (None, [0.0, 0.0, 0.0], "weights sum to 0"),
    ],
)
def test_wrong_sources_and_weights_are_refused(
    sources: list[int] | None, weights: list[float] | None, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        share([1, 0, 1], sources, weights=weights)


def test_no_rows_are_refused() -> None:
    with pytest.raises(InputError, match="no rows"):
        share([])


def test_a_level_outside_0_to_1_is_refused() -> None:
    with pytest.raises(InputError, match="lies between 0 and 1; got 95"):
        wilson(0.5, 10, level=95)
