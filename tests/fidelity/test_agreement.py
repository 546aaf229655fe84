"""Agreement over classes: its mean, and its least."""

from __future__ import annotations

import numpy as np
import pytest

from surrogate.fidelity.agreement import balanced_interval, class_shares, worst_interval
from surrogate.fidelity.intervals import wilson
from surrogate.types import FloatArray


def two_classes(agree: FloatArray, source: FloatArray) -> object:
    target = np.repeat([0, 1], len(agree) // 2)
    return class_shares(agree.astype(bool), target, source.astype(int))


def width(interval: object) -> float:
    return interval.high - interval.low  # type: ignore[attr-defined,no-any-return]


def test_independent_classes_narrow_the_mean_and_common_sources_do_not() -> None:
    agree = np.tile(np.arange(100) % 5 > 0, 2)
    apart = two_classes(agree, np.arange(200))
    common = two_classes(agree, np.tile(np.arange(100), 2))  # both rows of a source agree, or none
    one = wilson(0.8, 100)
    alone, together = balanced_interval(apart), balanced_interval(common)  # type: ignore[arg-type]
    assert width(alone) == pytest.approx(width(one) / np.sqrt(2), rel=0.02)
    assert width(together) == pytest.approx(width(one), rel=0.02)


def test_the_mean_and_the_least_of_one_class_are_its_share() -> None:
    found = class_shares(np.arange(50) > 4, np.zeros(50, int), np.arange(50))
    alone = wilson(0.9, 50)
    for made in (balanced_interval(found), worst_interval(found)):
        assert (made.low, made.high) == pytest.approx((alone.low, alone.high))


def test_more_classes_raise_the_upper_end_of_the_least_only() -> None:
    agree = np.tile(np.arange(100) > 9, 8)
    few, many = (
        worst_interval(
            class_shares(agree[: 100 * k], np.arange(100 * k) // 100, np.arange(100 * k))
        )
        for k in (2, 8)
    )
    assert few.low == many.low
    assert few.high < many.high


def test_a_class_of_one_source_says_nothing() -> None:
    source = np.repeat([0, 1, 2, 3], [10, 10, 10, 10])
    target = np.where(source == 3, 1, 0)
    found = class_shares(np.ones(40, bool), target, source)
    assert worst_interval(found).low == 0.0


def test_a_guarantee_is_wider() -> None:
    agree = np.tile(np.arange(60) % 6 > 0, 2)
    found = two_classes(agree, np.arange(120))
    for make in (balanced_interval, worst_interval):
        plain, sure = make(found), make(found, guarantee=True)  # type: ignore[arg-type]
        assert sure.guaranteed
        assert sure.low < plain.low <= plain.high < sure.high
