"""Fidelity by region: the interval of the worst of many must still cover."""

from __future__ import annotations

import numpy as np
import pytest

from surrogate.errors import InputError
from surrogate.fidelity import RegionScore, region_scores, wilson


def named(count: int) -> dict[int, tuple[str, str]]:
    return {i: (f"region {i}", "yes") for i in range(count)}


def test_the_worst_comes_first_and_small_ones_last() -> None:
    parts = np.repeat([0, 1, 2], [100, 100, 5])
    agree = np.ones(205, dtype=bool)
    agree[100:140] = agree[200:] = False
    found = region_scores(parts, agree, metric="agreement", names=named(3))
    assert [one.region for one in found] == ["region 1", "region 0", "region 2"]
    assert [one.small for one in found] == [False, False, True]
    assert found[0].score.value == 0.6
    assert "region 1 -> yes: agreement 60.0 %" in str(found[0])
    assert "[small region]" in str(found[2])


def test_intervals_of_the_worst_of_twenty_cover_all_at_once() -> None:
    rng = np.random.Generator(np.random.Philox(key=8))
    parts, runs, missed, alone = np.repeat(np.arange(20), 60), 60, 0, 0
    for _ in range(runs):
        agree = rng.random(len(parts)) < 0.9
        found = region_scores(parts, agree, metric="agreement", names=named(20))
        ends = [one.score.interval for one in found]
        missed += any(0.9 not in end for end in ends if end is not None)
        alone += any(0.9 not in wilson(one.score.value or 0.0, 60) for one in found)
    assert missed / runs <= 0.08
    assert alone / runs > 0.3  # intervals that stand alone would miss that often


def test_means_of_errors_are_worst_where_they_are_largest() -> None:
    rng = np.random.Generator(np.random.Philox(key=9))
    parts = np.repeat([0, 1], 80)
    errors = np.abs(rng.normal(0, 1, 160)) * np.where(parts == 1, 5.0, 1.0)
    found = region_scores(parts, errors, metric="MAE", names=named(2), low_is_worst=False)
    assert found[0].region == "region 1"
    assert found[0].score.interval is not None
    assert found[0].score.interval.method.endswith("Bonferroni over 2 regions")
    zero = region_scores(parts, np.zeros(160), metric="MAE", names=named(2), low_is_worst=False)
    assert zero[0].score.value == 0.0


def test_disagreement_is_worst_where_it_is_largest() -> None:
    parts = np.repeat([0, 1], 50)
    found = region_scores(
        parts, parts == 0, metric="disagreement", names=named(2), low_is_worst=False
    )
    assert found[0].region == "region 0"


def test_a_region_comes_back_from_json() -> None:
    (one,) = region_scores([0] * 40, [True] * 40, metric="agreement", names=named(1))
    assert RegionScore.from_dict(one.to_dict()) == one


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(InputError, match="one entry a row"):
        region_scores([0, 1], [True], metric="agreement", names=named(2))
