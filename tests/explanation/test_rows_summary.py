"""Summaries over rows: the figures, their two errors, and where they may not be told."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest
from scipy import stats

from surrogate.errors import OptionError
from surrogate.explanation import LocalExplanations, RowsSummary


@pytest.fixture(scope="module")
def many(demo: ModuleType) -> LocalExplanations:
    explanations = demo.local(12)
    _, k, d = explanations.coef.shape
    rng = np.random.Generator(np.random.Philox(key=0))
    coef = rng.normal(size=(12, k, d))
    errors = rng.random((3, k, d)) * 0.1
    return replace(
        explanations, coef=coef, plan_errors=errors, coef_se=np.full((12, k, d), 0.2), dof=19
    )


def test_figures_are_those_of_the_rows(many: LocalExplanations) -> None:
    found = many.summary()
    np.testing.assert_allclose(found.mean, many.coef.mean(axis=0))
    np.testing.assert_allclose(found.size, np.abs(many.coef).mean(axis=0))
    np.testing.assert_allclose(found.positive, (many.coef > 0).mean(axis=0))
    np.testing.assert_allclose(found.row_errors[0], many.coef.std(axis=0, ddof=1) / np.sqrt(12))


def test_both_errors_make_the_interval(many: LocalExplanations) -> None:
    rows = many.summary(level=0.9)
    only_rows = replace(rows, plan_errors=np.zeros_like(rows.row_errors))
    t = stats.t.ppf(0.95, 11)
    np.testing.assert_allclose(only_rows.half("mean"), t * rows.row_errors[0])
    only_plan = replace(rows, row_errors=np.zeros_like(rows.row_errors))
    t = stats.t.ppf(0.95, 19)
    np.testing.assert_allclose(only_plan.half("size"), t * rows.plan_errors[1])
    both = rows.half("mean")
    assert (both > only_rows.half("mean") * 0.9).all()
    assert (both > only_plan.half("mean") * 0.9).all()


def test_an_error_that_is_not_known_is_taken_as_large_as_it_can_be(
    many: LocalExplanations,
) -> None:
    part = many[:6].summary()
    assert part.bound
    np.testing.assert_allclose(part.plan_errors[:2], 0.2)
    assert np.isnan(part.half("positive")).all()
    assert "as if all rows erred alike" in " ".join(str(part).split())
    order = list(range(12))[::-1]
    assert not many.take(order).summary().bound
    exact = replace(many[:6], coef_se=np.zeros_like(many.coef[:6])).summary()
    assert not exact.bound
    assert not exact.plan_errors.any()


def test_without_claims_there_are_no_intervals(many: LocalExplanations) -> None:
    found = replace(many, plan_errors=None, coef_se=None).summary()
    assert np.isnan(found.half("mean")).all()
    assert "No intervals: none are claimed" in " ".join(str(found).split())
    assert "±" not in str(found)


def test_it_prints_goes_out_and_comes_back(many: LocalExplanations) -> None:
    found = many.summary()
    assert RowsSummary.from_json(found.to_json()) == found
    text = str(found)
    assert "±" in text
    assert "12 rows" in text
    assert "granted" in text
    assert "refused" not in text  # of two classes one tells the other
    assert "<table" in found._repr_html_()
    pytest.importorskip("pandas")
    frame = found.to_frame()
    line = frame[(frame["class"] == "granted") & (frame["feature"] == "income")].iloc[0]
    assert line["size"] == found.size[1, 1]
    assert line["mean_high"] == found.mean[1, 1] + found.half("mean")[1, 1]
    assert line["mean_plan_se"] == found.plan_errors[0, 1, 1]


def test_the_level_is_checked(many: LocalExplanations) -> None:
    with pytest.raises(OptionError, match=r"`level` .* must be a float in \(0, 1\); got 95"):
        many.summary(level=95)


def test_plan_errors_come_back_from_json(many: LocalExplanations) -> None:
    back = LocalExplanations.from_json(many.to_json())
    np.testing.assert_array_equal(back.plan_errors, many.plan_errors)
