"""Stability of many rows at once: against the plain definition, and its intervals by simulation."""

from __future__ import annotations

import numpy as np
import pytest

from surrogate.errors import InputError
from surrogate.fidelity import linear_stability
from surrogate.fidelity.refits import refit_scores, shown_top


def draw(seed: int, *shape: int, noise: float = 0.3) -> np.ndarray:
    rng = np.random.Generator(np.random.Philox(key=seed))
    return rng.normal(size=shape[1:]) + noise * rng.normal(size=shape)


@pytest.mark.parametrize("fits", [2, 4])
def test_each_row_and_class_has_what_it_would_have_alone(fits: int) -> None:
    coef = draw(0, fits, 5, 2, 9)
    found = refit_scores(coef, top=3, level=0.9)
    for i in range(5):
        for k in range(2):
            alone = linear_stability(coef[:, i, k], top=3, level=0.9)
            mine = (found.jaccard, found.rank, found.spread)
            for score, measured in zip(alone.scores, mine, strict=True):
                value, low, high = measured[i, k]
                assert value == pytest.approx(score.value)
                if score.interval is None:
                    assert np.isnan([low, high]).all()
                else:
                    assert (low, high) == pytest.approx((score.interval.low, score.interval.high))


def test_signs_are_those_of_the_largest_coefficients() -> None:
    coef = np.array([[3.0, -2.0, 0.1], [3.0, 2.0, -0.1]])[:, None, None]
    found = refit_scores(coef, top=2)
    assert found.signs[0, 0, 0] == 0.5
    assert found.same_sign[0, 0].tolist() == [1.0, 0.0, 0.0]
    assert found.coef_spread[0, 0, 1] == pytest.approx(np.std([-2.0, 2.0], ddof=1))


def test_features_that_no_fit_uses_do_not_count_as_agreement() -> None:
    coef = draw(1, 3, 4, 1, 6)
    padded = np.concatenate([coef, np.zeros((3, 4, 1, 20))], axis=3)
    a, b = refit_scores(coef, top=3), refit_scores(padded, top=3)
    for name in ("jaccard", "rank", "signs", "spread"):
        np.testing.assert_allclose(getattr(a, name), getattr(b, name))
    assert np.isnan(b.same_sign[..., 6:]).all()


def test_what_is_not_defined_is_not_a_number() -> None:
    found = refit_scores(np.zeros((3, 1, 1, 4)), top=2)
    assert found.jaccard[0, 0, 0] == 1.0
    for name in ("rank", "signs", "spread"):
        assert np.isnan(getattr(found, name)).all()


@pytest.mark.parametrize("shape", [(1, 2, 1, 3), (3, 2, 3)])
def test_one_fit_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="at least 2 fits"):
        refit_scores(np.ones(shape), top=1)


def test_many_rows_are_compared_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    coef = draw(2, 3, 10, 1, 5)
    whole = refit_scores(coef, top=2)
    monkeypatch.setattr("surrogate.fidelity.refits._ROWS", 3)
    for a, b in zip(whole, refit_scores(coef, top=2), strict=True):
        np.testing.assert_array_equal(a, b)


def test_intervals_cover() -> None:
    """Over new seeds, for coefficients that keep their places more or less."""
    rng = np.random.Generator(np.random.Philox(key=3))
    for noise in (0.1, 0.5):
        beta = rng.normal(size=12)
        truth = refit_scores(beta + noise * rng.normal(size=(100, 1, 1, 12)), top=5)
        many = refit_scores(beta + noise * rng.normal(size=(5, 1000, 1, 12)), top=5)
        for name in ("jaccard", "rank", "spread"):
            value, low, high = getattr(many, name)[:, 0].T
            has = np.isfinite(low)
            true = getattr(truth, name)[0, 0, 0]
            assert ((low <= true) & (true <= high))[has].mean() >= 0.92
            assert value.mean() == pytest.approx(true, abs=0.04)


def test_what_is_compared_as_a_set_is_less_than_all() -> None:
    assert [shown_top(d) for d in (1, 2, 6, 9, 10, 300)] == [1, 1, 3, 4, 5, 5]
