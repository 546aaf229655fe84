from __future__ import annotations

import json

import numpy as np
import pytest

from surrogate.errors import InputError
from surrogate.forms import AtLeast, Interval, Rule, RuleSet, form_from_dict
from surrogate.rules import measure
from surrogate.types import Feature

FEATURES = (Feature("x"), Feature("y"))
RULES = (
    Rule((Interval(0, low=0.0),), (0.1, 0.9)),
    Rule((Interval(1, low=0.0),), (0.8, 0.2)),
)


def rules(**fields) -> RuleSet:
    return RuleSet(FEATURES, ("no", "yes"), RULES, (0.6, 0.4), **fields)


def world(n: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows, and a model that agrees with the first rule on 80 % of them."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n, 2))
    return rows, np.where(rows[:, 0] > 0, rng.random(n) < 0.8, 0).astype(int)


def test_overlap_and_shares_count_rows():
    rows = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    found = measure(rules(), rows, np.array([1, 1, 0, 0]))
    assert found.overlap.tolist() == [[2, 1], [1, 2]]
    assert (found.several.value, found.default.value, found.contrary.value) == (0.25, 0.25, 0.25)
    assert (found.rules.n_rows, found.n, found.rules.level) == (4, 4, 0.95)
    assert [r.precision for r in found.rules.rules] == [1.0, 0.5]
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["overlap"] == [[2, 1], [1, 2]]


def test_intervals_cover_the_true_precision():
    inside = 0
    for seed in range(300):
        rows, decision = world(60, seed=seed)
        low, high = measure(rules(ordered=True), rows, decision).rules.rules[0].precision_interval
        inside += low <= 0.8 <= high
    assert 0.92 <= inside / 300 <= 0.99


def test_copies_of_a_row_widen_the_interval_where_they_are_said_to_be_copies():
    rows, decision = world(50, seed=0)
    rows, decision, sources = (np.repeat(a, 10, axis=0) for a in (rows, decision, np.arange(50)))
    alone = measure(rules(), rows, decision).rules.rules[0].precision_interval
    known = measure(rules(), rows, decision, sources=sources).rules.rules[0].precision_interval
    assert np.diff(known) > 2 * np.diff(alone)


def test_a_list_charges_a_rule_with_what_it_decides_alone():
    rows, decision = world(400, seed=1)
    listed = measure(rules(ordered=True), rows, decision)
    assert sum(rule.n_covered for rule in listed.rules.rules) + listed.rules.n_covered == 400
    each = measure(rules(), rows, decision)
    assert each.rules.rules[1].n_covered == each.overlap[1, 1] > listed.rules.rules[1].n_covered


def test_what_is_measured_changes_no_decision_and_comes_back_from_json():
    rows, decision = world(100, seed=2)
    found = measure(rules(conflict="heaviest"), rows, decision, level=0.9)
    np.testing.assert_array_equal(
        found.rules.predict(rows), rules(conflict="heaviest").predict(rows)
    )
    assert form_from_dict(json.loads(json.dumps(found.rules.to_dict()))) == found.rules
    assert "90 % interval" in str(found)


def test_a_regression_has_support_and_no_precision():
    form = RuleSet(FEATURES, None, tuple(Rule(r.conditions, (1.0,)) for r in RULES), (0.0,))
    found = measure(form, np.zeros((5, 2)))
    assert found.contrary is None
    assert found.rules.rules[0].precision_interval is None
    assert found.default.value == 1.0


def test_a_rule_for_no_row_has_no_interval():
    never = Rule((AtLeast(1, (Interval(0, low=9.0), Interval(1, low=9.0))),), (0.5, 0.5))
    form = RuleSet(FEATURES, ("no", "yes"), (never,), (0.6, 0.4))
    found = measure(form, np.zeros((5, 2)), np.zeros(5, dtype=int))
    assert found.rules.rules[0].precision_interval is None
    assert "0 rows of which 0 agree)" in str(found)


@pytest.mark.parametrize(
    ("rows", "decision", "level", "match"),
    [
        (np.zeros((0, 2)), None, 0.95, "at least one row.*got 0 rows"),
        (np.zeros((3, 2)), [0, 1], 0.95, "got 3 rows and 2 decisions"),
        (np.zeros((3, 2)), [0, 1, 1], 95, "`level` parameter of measure"),
    ],
)
def test_what_cannot_be_measured_is_refused(rows, decision, level, match):
    given = None if decision is None else np.array(decision)
    with pytest.raises(InputError, match=match):
        measure(rules(), rows, given, level=level)
