"""Faithfulness metrics, on models whose answers are known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from surrogate.errors import InputError
from surrogate.fidelity.faithfulness import (
    deletion,
    infidelity,
    insertion,
    local_lipschitz,
    max_sensitivity,
    prediction_gap,
)
from surrogate.types import FloatArray

BETA = np.array([4.0, 3.0, 2.0, 1.0, 0.0])


class Asked:
    """A linear model that counts; the second column is its negative."""

    def __init__(self) -> None:
        self.rows = 0

    def __call__(self, X: FloatArray) -> FloatArray:
        self.rows += len(X)
        return np.stack([X @ BETA, -(X @ BETA)], axis=1)


@pytest.fixture
def rows(rng: np.random.Generator) -> FloatArray:
    return rng.uniform(0.5, 1.5, size=(150, 5))


def test_curves_start_and_end_at_row_and_baseline(rows: FloatArray) -> None:
    away = deletion(Asked(), rows, rows * BETA, baseline=np.zeros(5))
    back = insertion(Asked(), rows, rows * BETA, baseline=np.zeros(5))
    assert away.curves is not None
    assert back.curves is not None
    assert away.curves[:, 0] == pytest.approx(rows @ BETA)
    assert away.curves[:, -1] == pytest.approx(0)
    assert back.curves[:, 0] == pytest.approx(0)
    assert back.curves[:, -1] == pytest.approx(rows @ BETA)


def test_the_right_order_beats_random_ones_and_the_wrong_one_loses(rows: FloatArray) -> None:
    for metric in (deletion, insertion):
        right = metric(Asked(), rows, rows * BETA, baseline=np.zeros(5))
        wrong = metric(Asked(), rows, -rows * BETA, baseline=np.zeros(5))
        assert right.score.lift_interval is not None
        assert wrong.score.lift_interval is not None
        assert right.score.lift_interval.low > 0
        assert wrong.score.lift_interval.high < 0


def test_the_area_is_the_trapezoids(rows: FloatArray) -> None:
    found = deletion(Asked(), rows, rows * BETA, baseline=np.zeros(5), steps=2, random_orders=0)
    assert found.fractions is not None
    assert found.curves is not None
    assert found.fractions.tolist() == [0.0, 0.4, 1.0]
    expected = 0.2 * (found.curves[:, 0] + found.curves[:, 1]) + 0.3 * found.curves[:, 1]
    assert found.per_row == pytest.approx(expected)
    assert found.score.value == pytest.approx(expected.mean())


def test_each_row_is_about_its_own_column(rows: FloatArray) -> None:
    columns = np.arange(150) % 2
    found = deletion(Asked(), rows, rows * BETA, baseline=np.zeros(5), columns=columns)
    assert found.curves is not None
    assert found.curves[:, 0] == pytest.approx(np.where(columns, -1, 1) * (rows @ BETA))


def test_gaps_of_important_and_unimportant_features(rows: FloatArray) -> None:
    gap = {
        important: prediction_gap(
            Asked(),
            rows,
            np.tile(BETA, (150, 1)),
            perturbed=np.zeros((1, 5)),
            top=2,
            important=important,
            draws=3,
        )
        for important in (True, False)
    }
    assert gap[True].per_row == pytest.approx(rows[:, :2] @ BETA[:2])
    assert gap[False].per_row == pytest.approx(rows[:, 2:] @ BETA[2:])
    assert gap[True].score.metric == "PGI"
    assert not gap[False].score.higher_is_better


def test_slopes_of_a_linear_model_have_no_infidelity(
    rows: FloatArray, rng: np.random.Generator
) -> None:
    others = rng.normal(size=(40, 5))
    slopes = np.tile(BETA, (150, 1))
    assert infidelity(Asked(), rows, slopes, perturbed=others).per_row == pytest.approx(0)
    wrong = infidelity(Asked(), rows, slopes + 1, perturbed=others)
    assert wrong.score.value is not None
    assert wrong.score.value > 1


def test_presence_attributions_are_promises_of_what_goes(rows: FloatArray) -> None:
    found = infidelity(Asked(), rows, rows * BETA, perturbed=np.zeros((1, 5)), presence=True)
    assert found.per_row == pytest.approx(0)


def test_the_lipschitz_estimate_of_a_linear_explainer(
    rows: FloatArray, rng: np.random.Generator
) -> None:
    near = rows[:, None, :] + 0.1 * rng.normal(size=(150, 6, 5))
    near[:, 0] = rows  # the row itself has no ratio
    found = local_lipschitz(lambda X: 3 * X, rows, 3 * rows, nearby=near)
    assert found.per_row == pytest.approx(3)
    assert found.queries == 900


def test_max_sensitivity_is_relative_and_leaves_out_empty_attributions(rows: FloatArray) -> None:
    near = np.stack([rows, 1.5 * rows], axis=1)
    phi = rows.copy()
    phi[0] = 0
    found = max_sensitivity(lambda X: X.copy(), rows, phi, nearby=near)
    assert found.per_row[1:] == pytest.approx(0.5)
    assert np.isnan(found.per_row[0])
    assert found.score.n == 149


@pytest.mark.parametrize("metric", [deletion, insertion])
def test_queries_are_those_that_were_asked(metric: Callable[..., object], rows: FloatArray) -> None:
    ask = Asked()
    found = metric(ask, rows, rows * BETA, baseline=np.zeros(5), random_orders=2)
    assert found.queries == ask.rows == 150 * 6 * 3  # type: ignore[attr-defined]
    ask = Asked()
    gap = prediction_gap(ask, rows, rows * BETA, perturbed=rows, draws=4)
    assert gap.queries == ask.rows == 150 * 5
    assert str(gap).endswith("750 queries")


def test_equal_seeds_give_equal_results(rows: FloatArray) -> None:
    first, again, other = (
        prediction_gap(Asked(), rows, rows * BETA, perturbed=rows, draws=4, seed=seed).per_row
        for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_rows_of_one_source_are_not_independent(rows: FloatArray) -> None:
    same = np.repeat(rows[:30], 5, axis=0)
    alone = deletion(Asked(), same, same * BETA, baseline=np.zeros(5))
    clustered = deletion(
        Asked(), same, same * BETA, baseline=np.zeros(5), sources=np.repeat(np.arange(30), 5)
    )
    a, b = alone.score.interval, clustered.score.interval
    assert a is not None
    assert b is not None
    assert b.high - b.low > 1.8 * (a.high - a.low)


def test_wrong_shapes_are_refused(rows: FloatArray) -> None:
    with pytest.raises(InputError, match="rows and attribution need one shape"):
        deletion(Asked(), rows, rows[:, :3], baseline=np.zeros(5))
    with pytest.raises(InputError, match="attribution must be finite"):
        deletion(Asked(), rows, np.full_like(rows, np.nan), baseline=np.zeros(5))
    with pytest.raises(InputError, match=r"perturbed must have shape \(m, 5\)"):
        prediction_gap(Asked(), rows, rows, perturbed=np.ones((3, 4)))
    with pytest.raises(InputError, match=r"nearby must have shape \(150, m, 5\)"):
        local_lipschitz(Asked(), rows, rows, nearby=np.ones((3, 4)))
    with pytest.raises(InputError, match="ask must give"):
        deletion(lambda X: X[:, 0], rows, rows, baseline=np.zeros(5))
