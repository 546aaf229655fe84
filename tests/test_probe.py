"""Fresh rows: only held-out ones, as many as the budget and Ctrl-C leave."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from surrogate._probe import PERTURBED, REAL, ask_probes, check_target
from surrogate._target import Split, split_rows
from surrogate.adapters import wrap
from surrogate.domain import Domain
from surrogate.errors import BudgetSpent, Interrupted, ModelError, OptionError
from surrogate.fidelity import trivial
from surrogate.forms import Tree
from surrogate.oracle import Oracle
from surrogate.trees import CartClassifier

from doors import Counted, numbers, probability, value


def held_out(n: int = 100) -> tuple[Domain, Split]:
    X = numbers(n)
    domain = Domain.infer(X)
    return domain, split_rows(domain, X, None, seed=0)


def oracle_of(model: Any, domain: Domain, rows: np.ndarray, **options: Any) -> Oracle:
    oracle = Oracle(wrap(model), domain, **options)
    oracle.settle(rows)
    return oracle


def tree(split: Split, model: Any = probability) -> Tree:
    """A tree that was fitted on the rows to fit on, without an oracle."""
    labels = model(split.fit).argmax(axis=1)
    form: Tree = CartClassifier(max_leaves=4).fit(split.fit, labels).form_
    return form


def test_probes_are_real_and_perturbed_rows_around_held_out_rows_only() -> None:
    X = np.column_stack([numbers(100), np.repeat([0.0, 1.0], 50)])
    domain = Domain.infer(X)
    split = split_rows(domain, X[:50], X[50:], seed=0)  # the last column tells where a row is from
    oracle = oracle_of(probability, domain, split.fit)
    real, perturbed = ask_probes(oracle, split, tree(split), n=40, seed=0)
    assert (real.distribution, perturbed.distribution) == (REAL, PERTURBED)
    assert len(real.rows) == len(perturbed.rows) == 40
    np.testing.assert_array_equal(real.rows, split.test[real.held])
    assert len(set(real.held.tolist())) == 40
    assert (perturbed.rows[:, 3] == 1).all()
    assert perturbed.held.max() < len(split.test)
    near = np.abs(perturbed.rows[:, :3] - split.test[perturbed.held, :3]).mean()
    far = np.abs(perturbed.rows[:, :3] - split.test[perturbed.held[::-1], :3]).mean()
    assert near < far
    np.testing.assert_allclose(perturbed.answers.values, probability(perturbed.rows))


def test_no_more_real_rows_are_asked_than_there_are() -> None:
    domain, split = held_out(60)
    oracle = oracle_of(probability, domain, split.fit)
    real, perturbed = ask_probes(oracle, split, tree(split), n=500, seed=0)
    assert (len(real.rows), len(perturbed.rows)) == (18, 500)


def test_a_budget_that_ends_on_perturbed_rows_leaves_what_was_answered() -> None:
    domain, split = held_out()
    oracle = oracle_of(probability, domain, split.fit, budget=64 + 30 + 7)
    real, perturbed = ask_probes(oracle, split, tree(split), n=50, seed=0)
    assert (len(real.rows), len(perturbed.rows)) == (30, 7)
    assert perturbed.ended
    assert perturbed.notes == (f"7 of 50 {PERTURBED}: the budget was spent.",)


def test_a_budget_that_ends_before_perturbed_rows_is_noted() -> None:
    domain, split = held_out()
    oracle = oracle_of(probability, domain, split.fit, budget=64 + 30)
    (real,) = ask_probes(oracle, split, tree(split), n=50, seed=0)
    assert real.ended
    assert real.notes == ("No perturbed rows were measured: the budget was spent.",)


def test_a_budget_that_ends_on_real_rows_asks_no_others() -> None:
    domain, split = held_out()
    oracle = oracle_of(probability, domain, split.fit, budget=64 + 5)
    (real,) = ask_probes(oracle, split, tree(split), n=50, seed=0)
    assert len(real.rows) == 5
    assert real.notes == (f"5 of 30 {REAL}: the budget was spent.",)


@pytest.mark.parametrize(
    ("stop", "error", "wanted"),
    [
        (2, KeyboardInterrupt(), Interrupted),
        (2, RuntimeError("no more"), ModelError),
        (None, None, BudgetSpent),
    ],
)
def test_too_little_to_measure_is_an_error(stop: Any, error: Any, wanted: type) -> None:
    domain, split = held_out()
    model = Counted(probability, stop_at=stop, error=error)
    budget = 64 + 1 if stop is None else None
    oracle = oracle_of(model, domain, split.fit, budget=budget)
    with pytest.raises(wanted):
        ask_probes(oracle, split, tree(split), n=50, seed=0)


def test_a_model_that_fails_later_leaves_what_was_answered() -> None:
    domain, split = held_out()
    model = Counted(probability, stop_at=3, error=RuntimeError("no more"))
    oracle = oracle_of(model, domain, split.fit)
    (real,) = ask_probes(oracle, split, tree(split), n=50, seed=0)
    assert real.ended
    assert "No perturbed rows were measured: the model failed" in real.notes[0]
    assert "RuntimeError: no more" in real.notes[0]


def test_equal_held_out_rows_are_measured_but_not_perturbed() -> None:
    X = np.vstack([numbers(40), np.ones((10, 3))])
    domain = Domain.infer(X)
    split = split_rows(domain, X[:40], X[40:], seed=0)
    oracle = oracle_of(probability, domain, split.fit)
    (real,) = ask_probes(oracle, split, tree(split), n=50, seed=0)
    assert not real.ended
    assert "All 10 held-out rows of `data` are equal" in real.notes[0]


def flipped(share: float) -> Any:
    """A model that agrees with `probability` but for a share of the rows."""

    def model(rows: np.ndarray) -> np.ndarray:
        p = probability(rows)
        turned = np.abs(rows[:, 2]) * 1e4 % 1 < share  # as good as drawn
        return np.where(turned[:, None], p[:, ::-1], p)

    return model


@pytest.mark.parametrize(
    ("share", "target", "verdict"),
    [(0.0, 0.9, "met"), (0.5, 0.95, "not met"), (0.1, 0.9, "undecided")],
)
def test_asking_stops_when_a_target_is_decided(share: float, target: float, verdict: str) -> None:
    domain, split = held_out(2000)
    form = tree(split)
    oracle = oracle_of(flipped(share), domain, split.fit)
    real, _ = ask_probes(oracle, split, form, n=600, seed=0, target=target)
    assert real.verdict is not None
    assert real.verdict.verdict == verdict
    assert (len(real.rows) == 600) == (verdict == "undecided")
    agree = form.predict(real.rows) == flipped(share)(real.rows).argmax(axis=1)
    assert real.verdict.score.value == pytest.approx(agree.mean())
    base = trivial(oracle.ask(split.fit))
    fidelity = real.stopped(real.measure(form, oracle, base, seed=0))
    assert fidelity.main.interval == real.verdict.score.interval
    assert "Asking stopped as soon as the target was decided" in " ".join(fidelity.notes)


def test_a_target_that_ctrl_c_ends_early_is_undecided() -> None:
    domain, split = held_out(2000)
    model = Counted(flipped(0.1), stop_at=4)
    oracle = oracle_of(model, domain, split.fit)
    (real,) = ask_probes(oracle, split, tree(split), n=600, seed=0, target=0.9)
    assert real.ended
    assert len(real.rows) == 400
    assert real.verdict is not None
    assert real.verdict.verdict == "undecided"
    assert real.notes == (f"400 of 600 {REAL}: interrupted by Ctrl-C.",)


def test_a_target_is_for_models_that_decide() -> None:
    domain, split = held_out()
    oracle = oracle_of(value, domain, split.fit)
    check_target(oracle, None)
    with pytest.raises(OptionError, match="this model answers numbers; leave it out, and read R²"):
        check_target(oracle, 0.9)
