"""Attacks that only ask: seeds, budgets, ledgers, and models of every kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from surrogate.adapters import wrap
from surrogate.domain import Domain
from surrogate.oracle import Budget, Oracle
from surrogate.robust.attacks import most_queries, run_attack
from surrogate.robust.attacks.hunt import Hunt
from surrogate.robust.attacks.projection import Space

from remote_boxes import FakeRemote, ask_oracle, distinct, remote_traits, rows_of

ASKING = ["square", "hopskipjump", "flip_point"]
QUICK = {"square": {"steps": 12}, "hopskipjump": {"steps": 2}, "flip_point": {"steps": 2}}
X = rows_of(6)
y = (X[:, 0] > 0).astype(int)


def run(name: str, oracle: Oracle, seed: int = 3) -> Any:
    radius = 0.4 if name == "square" else None
    return run_attack(name, oracle, X, y, radius=radius, seed=seed, options=QUICK[name])


@pytest.mark.parametrize("name", ASKING)
def test_a_resumed_run_ends_as_one_that_was_not_stopped(name: str, tmp_path: Path) -> None:
    whole = run(name, ask_oracle(FakeRemote(traits=remote_traits(max_batch=50))))
    box, path = FakeRemote(traits=remote_traits(max_batch=50)), tmp_path / "ledger"
    with ask_oracle(box, budget=Budget(rows=9), ledger=path) as oracle:
        cut = run(name, oracle)
    assert cut.notes[0].startswith("Asking ended early, since")
    assert oracle.queries.rows == 9
    with ask_oracle(box, ledger=path) as oracle:
        resumed = run(name, oracle)
    np.testing.assert_array_equal(resumed.rows, whole.rows)
    np.testing.assert_array_equal(resumed.fooled, whole.fooled)
    assert resumed.queries == whole.queries
    assert len(box.billed) == distinct(box.billed)  # nothing was asked twice


@pytest.mark.parametrize("name", ASKING)
def test_the_budget_ends_and_what_was_found_stays(name: str, digits: Any) -> None:
    radius = 0.15 if name == "square" else None
    oracle = digits.oracle(budget=200)
    box = wrap(lambda rows: digits.decide(rows), output="labels", classes=list(range(10)))
    if name != "square":
        oracle = Oracle(box, digits.domain, budget=200)
    found = run_attack(name, oracle, digits.X[:10], digits.y[:10], radius=radius)
    assert found.notes[0].startswith("Asking ended early, since the budget")
    assert f"{int(found.fooled.sum())} of 10 rows were fooled until then" in found.notes[0]
    assert found.queries <= 200
    np.testing.assert_array_equal(found.fooled, digits.decide(found.rows) != digits.y[:10])
    clean = digits.X[:10].astype(np.float32) if name == "square" else digits.X[:10]
    np.testing.assert_array_equal(found.rows[~found.fooled], clean[~found.fooled])


def test_an_attack_on_gradients_keeps_what_the_budget_answered(digits: Any) -> None:
    oracle = digits.oracle(budget=16, batch_rows=2)
    found = run_attack("fgsm", oracle, digits.X[:10], digits.y[:10], radius=0.2)
    assert "6 of 10 rows were asked until then; the others stand as clean rows." in found.notes[0]
    assert found.fooled[:6].any()
    assert not found.fooled[6:].any()
    assert (found.distance[6:] == 0).all()


@pytest.mark.parametrize("name", ASKING)
def test_a_row_is_attacked_alike_whatever_stands_behind_it(name: str, digits: Any) -> None:
    """Each row draws from a stream of its own; only flip points start from other rows."""
    if name == "flip_point":
        pytest.skip("it starts from the other rows")
    said: dict[str, Any] = {"radius": 0.1 if name == "square" else None, "seed": 5}
    said["options"] = {"steps": 4}
    many = run_attack(name, digits.oracle(), digits.X[:9], digits.y[:9], **said)
    few = run_attack(name, digits.oracle(), digits.X[:4], digits.y[:4], **said)
    np.testing.assert_array_equal(many.rows[:4], few.rows)


def test_more_queries_come_nearer(digits: Any) -> None:
    n = 12
    rows, codes = digits.X[:n], digits.y[:n]
    flip = run_attack("flip_point", digits.oracle(), rows, codes)
    right = flip.distance > 0
    few, many = (
        run_attack(
            "hopskipjump", digits.oracle(), rows, codes, options={"steps": steps, "first": 50}
        )
        for steps in (2, 20)
    )
    assert many.queries > few.queries
    assert many.fooled.all()
    ratio = many.distance[right] / flip.distance[right]
    assert ratio.min() > 0.99  # nothing nearer than the flip point
    assert np.median(ratio) < 1.6
    assert many.distance.mean() < few.distance.mean()


def test_hopskipjump_measures_the_largest_step_too(digits: Any) -> None:
    options = {"norm": "linf", "steps": 8}
    found = run_attack(
        "hopskipjump", digits.oracle(), digits.X[:10], digits.y[:10], options=options
    )
    assert found.norm == "linf"
    assert found.fooled.all()
    assert np.median(found.distance) < 0.3


def test_square_on_pictures_and_on_labels_alone(digits: Any) -> None:
    rows, codes = digits.X[:15], digits.y[:15]
    options = {"steps": 150, "shape": (8, 8)}
    found = run_attack("square", digits.oracle(), rows, codes, radius=0.2, options=options)
    assert found.fooled.mean() > 0.5
    box = wrap(lambda rows: digits.decide(rows), output="labels", classes=list(range(10)))
    labels = run_attack("square", Oracle(box, digits.domain), rows, codes, radius=0.2)
    assert labels.fooled.mean() <= found.fooled.mean()
    assert (np.abs(labels.rows - rows) <= 0.2 + 1e-12).all()
    assert (labels.distance[~labels.fooled] > 0).all()  # moved, though in vain


def test_flip_points_start_from_rows_that_are_decided_otherwise(digits: Any) -> None:
    """A narrow region that random rows of the box do not meet."""
    centre = digits.X[0]

    def decide(rows: np.ndarray) -> np.ndarray:
        return (np.linalg.norm(rows - centre, axis=1) < 0.5).astype(int)

    box = wrap(decide, output="labels", classes=[0, 1])
    rows = digits.X[:12]
    oracle = Oracle(box, digits.domain)
    by_rows = run_attack("flip_point", oracle, rows, decide(rows), options={"steps": 1})
    assert by_rows.fooled.all()


def test_a_constraint_holds_for_what_is_asked() -> None:
    seen = []

    def decide(rows: np.ndarray) -> np.ndarray:
        seen.append(rows)
        return (rows[:, 0] + rows[:, 1] > 1).astype(int)

    rows = np.random.default_rng(0).random((8, 2)) * 0.4
    domain = Domain.infer(
        rows, bounds={0: (0, 1), 1: (0, 1)}, constraint=lambda rows: rows[:, 0] < 0.9
    )
    oracle = Oracle(wrap(decide, output="labels", classes=[0, 1]), domain)
    found = run_attack("hopskipjump", oracle, rows, np.zeros(8, dtype=int), options={"steps": 2})
    assert found.fooled.any()
    assert np.concatenate(seen)[:, 0].max() < 0.9
    assert any("could not exist" in note for note in found.notes)


def test_what_it_may_cost_is_known_before(digits: Any) -> None:
    assert most_queries("fgsm", 100, 64) == 164
    assert most_queries("flip_point", 100, 64, gradients=True) == 464
    alone = most_queries("flip_point", 100, 64)
    assert alone == most_queries("hopskipjump", 100, 64) > 50_000
    assert most_queries("square", 100, 64, options={"steps": 10}) == 1200


def test_the_nearest_row_that_fooled_is_remembered(digits: Any) -> None:
    space = Space(digits.domain, digits.limits, digits.X[:2], "float32")
    hunt = Hunt(digits.oracle(), space, digits.y[:2], norm="l2")
    hunt.ask_clean()
    at = np.array([0, 1])
    known = np.flatnonzero(digits.decide(digits.X) == digits.y)
    far = np.stack([digits.X[known[digits.y[known] != digits.y[i]][0]] for i in at])
    _, fooled = hunt.try_rows(far, at)
    assert fooled.all()
    near = digits.X[:2] + 0.995 * (far - digits.X[:2])
    rows, nearer = hunt.try_rows(near, at)
    assert nearer.any()
    hunt.try_rows(far, at)
    np.testing.assert_array_equal(hunt.best[nearer], rows[nearer])
    np.testing.assert_allclose(hunt.distance, space.distance(hunt.best, "l2"))
    assert hunt.asked == 8
