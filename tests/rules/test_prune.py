from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surrogate.errors import InputError, OptionError
from surrogate.forms import Interval, Rule, RuleSet
from surrogate.rules import prune
from surrogate.types import Feature

from form_strategies import features_of, rows_of, ruleset_of

FEATURES = (Feature("a"), Feature("b"))
NO, YES = (0.9, 0.1), (0.1, 0.9)


def noisy(rng) -> tuple[RuleSet, np.ndarray, np.ndarray]:
    """Rules for a > 0 with a rule for one row in a hundred, and a needless condition."""
    matrix = rng.normal(size=(1000, 2))
    rules = RuleSet(
        FEATURES,
        ("no", "yes"),
        (
            Rule((Interval(0, low=2.5),), NO),
            Rule((Interval(0, low=0.0), Interval(1, high=9.0)), YES),
        ),
        NO,
        ordered=True,
    )
    return rules, matrix, rules.predict(matrix)


def test_what_no_row_needs_goes_at_no_loss(rng):
    rules, matrix, decision = noisy(rng)
    pruned = prune(rules, matrix, decision)
    assert pruned.agreed_before == pruned.agreed_after == 1000
    assert [rule.text(FEATURES) for rule in pruned.rules.rules] == ["a > 2.5", "a > 0"]


def test_the_loss_allowed_is_used_and_told(rng):
    rules, matrix, decision = noisy(rng)
    lost = int((matrix[:, 0] > 2.5).sum())
    assert 0 < lost < 20
    pruned = prune(rules, matrix, decision, tolerance=0.02)
    assert [rule.text(FEATURES) for rule in pruned.rules.rules] == ["a > 0"]
    assert pruned.agreed_after == 1000 - lost
    assert "1,000 agreed before" in str(pruned)


@given(st.data(), st.sampled_from([0.0, 0.1]))
def test_the_agreement_told_is_that_of_the_rules_given(data, tolerance):
    features = data.draw(features_of())
    rules = data.draw(ruleset_of(features))
    rows = data.draw(rows_of(features, (0.0, 0.5)))
    decision = np.arange(len(rows)) % 3
    pruned = prune(rules, rows, decision, tolerance=tolerance)
    assert pruned.agreed_before == (rules.predict(rows) == decision).sum()
    assert pruned.agreed_after == (pruned.rules.predict(rows) == decision).sum()
    assert pruned.agreed_after >= pruned.agreed_before - tolerance * len(rows)
    assert pruned.rules.n_conditions <= rules.n_conditions


def test_bad_input_says_what_is_wrong(rng):
    rules, matrix, decision = noisy(rng)
    with pytest.raises(OptionError, match="`tolerance` parameter of prune"):
        prune(rules, matrix, decision, tolerance=2.0)
    with pytest.raises(InputError, match="got 1000 rows and 3 decisions"):
        prune(rules, matrix, decision[:3])
    values = RuleSet(FEATURES, None, (), (1.0,))
    with pytest.raises(InputError, match="these give values"):
        prune(values, matrix, decision)
