"""What every attack keeps: it lowers accuracy, and its rows stay where they may be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from surrogate.robust.attacks import ATTACKS, Adversarial, most_queries

Made = Callable[[str, str], Adversarial]
BOTH = pytest.mark.parametrize("name", sorted(ATTACKS))
CASES = pytest.mark.parametrize("case", ["digits", "table"])
RANDOM = ["hopskipjump", "pgd", "square"]
# Towards the least likely of two classes is away from the right one; of ten it is the longest way.
FEW = {"least_likely": 0.0, "square": 0.2}


@pytest.fixture
def of(request: pytest.FixtureRequest) -> Callable[[str], Any]:
    return request.getfixturevalue


@BOTH
@CASES
def test_accuracy_falls(name: str, case: str, attacked: Made, of: Callable[[str], Any]) -> None:
    found, one = attacked(case, name), of(case)
    n = len(found)
    wrong = float((one.decide(one.X[:n]) != one.y[:n]).mean())
    assert found.fooled.mean() >= wrong + FEW.get(name, 0.3)


@BOTH
@CASES
def test_rows_lie_in_their_ball_and_box(
    name: str, case: str, attacked: Made, of: Callable[[str], Any]
) -> None:
    found, one = attacked(case, name), of(case)
    clean = one.X[: len(found)].astype(np.float32).astype(np.float64)
    assert (found.rows >= one.limits.low).all()
    assert (found.rows <= one.limits.high).all()
    steps = np.abs(found.rows - clean) / one.limits.unit
    far = steps.max(axis=1) if found.norm == "linf" else np.sqrt((steps**2).sum(axis=1))
    np.testing.assert_allclose(found.distance, far, atol=1e-12)
    if found.radius is not None:
        assert far.max() <= found.radius
    assert far[~found.fooled].max(initial=0) == 0 or found.radius is not None


@BOTH
@CASES
def test_rows_are_what_the_model_computes_in(name: str, case: str, attacked: Made) -> None:
    rows = attacked(case, name).rows
    np.testing.assert_array_equal(rows, rows.astype(np.float32))


@BOTH
def test_what_may_not_move_does_not(name: str, attacked: Made, table: Any) -> None:
    found = attacked("table", name)
    clean = table.X[: len(found)]
    held = [table.domain.index(column) for column in ("job", "member", "fixed")]
    np.testing.assert_array_equal(found.rows[:, held], clean[:, held].astype(np.float32))
    age = found.rows[:, 0]
    np.testing.assert_array_equal(age, np.rint(age))
    assert (found.rows != clean.astype(np.float32))[:, :3].any()
    assert "3 of 6 columns may not move." in found.notes


@BOTH
@CASES
def test_fooled_is_what_the_model_says(
    name: str, case: str, attacked: Made, of: Callable[[str], Any]
) -> None:
    found, one = attacked(case, name), of(case)
    np.testing.assert_array_equal(found.fooled, one.decide(found.rows) != one.y[: len(found)])


@BOTH
def test_equal_seeds_give_equal_rows_at_equal_cost(
    name: str,
    attacked: Made,
    digits: Any,
    attacking: Callable[..., Adversarial],
    quick: dict[str, Any],
) -> None:
    oracle, found = digits.oracle(), attacked("digits", name)
    again = attacking(digits, name, oracle=oracle)
    np.testing.assert_array_equal(found.rows, again.rows)
    assert found.queries == again.queries == oracle.queries.rows
    assert set(oracle.queries.purposes) <= {"attack", "settle"}
    gradients = name not in ("square", "hopskipjump")
    most = most_queries(name, len(found), 64, gradients=gradients, options=quick.get(name))
    assert found.queries <= most
    if name in RANDOM:
        assert not np.array_equal(attacking(digits, name, seed=1).rows, again.rows)


def test_the_table_says_what_each_needs() -> None:
    assert [name for name, attack in ATTACKS.items() if attack.needs == "answers"] == [
        "square",
        "hopskipjump",
        "flip_point",
    ]
    for name, attack in ATTACKS.items():
        assert attack.name == name
        assert attack.source.split()[-1].isdigit()
        assert attack.norm in ("linf", "l2")


def test_a_result_reads_in_words(attacked: Made) -> None:
    said = str(attacked("table", "pgd"))
    assert said.startswith("pgd: ")
    assert "of 20 rows fooled within 0.5 (linf), 40 rows asked" in said
    nearest = attacked("digits", "deepfool")
    assert "median distance" in str(nearest)
    half = float(np.median(nearest.distance))
    assert nearest.fooled_within(half).sum() == (nearest.distance <= half).sum()
    with pytest.raises(ValueError, match="read-only"):
        nearest.rows[0, 0] = 0.5
