"""How alike refits under other seeds are."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

from surrogate.errors import InputError
from surrogate.fidelity import Stability, form_stability, linear_stability
from surrogate.fidelity.stability import rule_overlap


def test_equal_refits_are_perfectly_stable() -> None:
    found = linear_stability(np.tile([3.0, -2.0, 1.0, 0.0], (4, 1)), top=2)
    assert found["top-2 Jaccard"].value == 1.0
    assert found["rank correlation"].value == pytest.approx(1.0)
    assert found["coefficient spread"].value == 0.0
    assert all(score.interval is None and score.reason for score in found.scores)


def test_pairs_are_compared_by_set_and_by_rank(rng: np.random.Generator) -> None:
    coef = rng.normal(size=(5, 8))
    found = linear_stability(coef, top=3)
    jaccard, rank = [], []
    for a in range(5):
        for b in range(a):
            first, second = (set(np.argsort(-np.abs(coef[i]))[:3].tolist()) for i in (a, b))
            jaccard.append(len(first & second) / len(first | second))
            rank.append(stats.spearmanr(np.abs(coef[a]), np.abs(coef[b])).statistic)
    assert found["top-3 Jaccard"].value == pytest.approx(np.mean(jaccard))
    assert found["rank correlation"].value == pytest.approx(np.mean(rank))
    assert found["top-3 Jaccard"].n == 5


def test_zero_coefficients_are_never_among_the_top() -> None:
    found = linear_stability([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 0.0, 2.0]], top=2)
    assert found["top-2 Jaccard"].value == pytest.approx((1 + 0.5 + 0.5) / 3)


def test_rows_and_classes_are_averaged_over(rng: np.random.Generator) -> None:
    coef = rng.normal(size=(4, 3, 2, 6))
    each = [
        linear_stability(coef[:, i, j])["rank correlation"].value
        for i in range(3)
        for j in range(2)
    ]
    assert linear_stability(coef)["rank correlation"].value == pytest.approx(np.mean(each))


def test_the_spread_is_relative(rng: np.random.Generator) -> None:
    coef = np.array([3.0, 4.0]) + 0.1 * rng.normal(size=(4000, 2))
    value = linear_stability(coef[:40])["coefficient spread"].value
    assert value == pytest.approx(0.1 * np.sqrt(2) / 5, rel=0.2)
    assert linear_stability(1000 * coef[:40])["coefficient spread"].value == pytest.approx(value)


def test_all_zero_coefficients_are_undefined() -> None:
    found = linear_stability(np.zeros((3, 4)))
    assert found["coefficient spread"].value is None
    assert found["rank correlation"].value is None


def test_refits_of_trees_are_compared_on_the_same_rows() -> None:
    said = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [0, 1, 1, 1]])
    found = form_stability(
        said, said, task="classification", features=[{0, 1}, {0, 1}, {0, 2}], seeds=(1, 2, 3)
    )
    assert found.main.value == pytest.approx((1 + 0.75 + 0.75) / 3)
    assert found["feature overlap"].value == pytest.approx((1 + 1 / 3 + 1 / 3) / 3)
    assert found.seeds == (1, 2, 3)
    assert str(found).startswith("prediction agreement 83.3 %")


def test_values_of_refits_are_compared_over_the_range() -> None:
    found = form_stability([[0.0, 2.0], [1.0, 3.0], [0.0, 2.0]], task="regression", span=10.0)
    assert found.main.value == pytest.approx((0.1 + 0.1 + 0.0) / 3)
    assert not found.main.higher_is_better


def test_rules_overlap_by_the_rows_that_they_cover() -> None:
    assert rule_overlap([5, 5, 7, 7], [0, 0, 1, 1]) == 1.0
    assert rule_overlap([0, 0, 1, 1], [0, 0, 0, 0]) == 0.5
    assert rule_overlap([0, 1, 0, 1], [0, 0, 1, 1]) == pytest.approx(1 / 3)


def test_two_refits_give_a_value_without_interval() -> None:
    found = form_stability([[0, 1], [0, 0]], task="classification")
    assert found.main.value == 0.5
    assert found.main.reason == "two refits give one pair"


def test_json_comes_back_equal() -> None:
    found = linear_stability([[1.0, 2.0, 0.0], [2.0, 1.0, 0.1], [1.0, 2.0, 0.2]], seeds=(0, 1, 2))
    text = json.dumps(found.to_dict(), allow_nan=False)
    assert Stability.from_dict(json.loads(text)) == found


def test_intervals_hold_the_mean_over_all_seeds(rng: np.random.Generator) -> None:
    coef = np.array([4.0, 2.0, 1.0, 0.5])
    truth = linear_stability(coef + rng.normal(size=(300, 4)))
    wanted = truth["rank correlation"].value
    held = 0
    for _ in range(200):
        found = linear_stability(coef + rng.normal(size=(6, 4)))
        interval = found["rank correlation"].interval
        held += interval is not None and wanted in interval
    assert held / 200 > 0.95 - 3.5 * np.sqrt(0.95 * 0.05 / 200)


@pytest.mark.parametrize(
    ("coef", "message"),
    [
        (np.ones((1, 3)), "at least 2 refits; got 1"),
        ([1.0, 2.0], "shape"),
        ([[np.nan], [1.0]], "finite"),
    ],
)
def test_wrong_coefficients_are_refused(coef: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        linear_stability(coef)  # type: ignore[arg-type]
