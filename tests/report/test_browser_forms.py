"""What the page's script says of a row is what the form says in Python, whatever the form."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from surrogate.forms import (
    AtLeast,
    DecisionGraph,
    Form,
    Interval,
    Linear,
    Rule,
    RuleSet,
    Tree,
)
from surrogate.report.live import form_json
from surrogate.types import Feature

from form_strategies import (
    bounds_of,
    cuts_of,
    cuts_of_rules,
    features_of,
    graph_of,
    linear_of,
    mixed_tree_of,
    rows_of,
    ruleset_of,
    tree_of,
)

ASK = """
    const [form, rows] = JSON.parse(arguments[0]);
    return JSON.stringify(rows.map((row) => evaluate(form, row)));
"""
examples = settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)


@pytest.fixture(scope="module")
def ask(browser: Any, pages: Any) -> Callable[[Form, np.ndarray], list[Any]]:
    """What the script of an opened report answers to rows."""
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    browser.get(pages["local"].as_uri())

    def asked(form: Form, rows: np.ndarray) -> list[Any]:
        plain = [[None if np.isnan(x) else float(x) for x in row] for row in rows]
        answers = browser.execute_script(ASK, json.dumps([form_json(form), plain]))
        return list(json.loads(answers))

    return asked


def decides_alike(form: Form, rows: np.ndarray, answers: list[Any]) -> None:
    """Equal values, to the last bit, and equal decisions."""
    values = np.array([answer["value"] for answer in answers])
    np.testing.assert_array_equal(values, form.predict_values(rows))
    if form.classes is None:
        assert all(answer["decision"] is None for answer in answers)
    else:
        np.testing.assert_array_equal([a["decision"] for a in answers], form.predict(rows))


@examples
@given(st.data())
def test_trees(ask: Callable[..., list[Any]], data: st.DataObject) -> None:
    features = data.draw(features_of())
    n_classes = data.draw(st.sampled_from([0, 3]))
    kind = data.draw(st.sampled_from([tree_of, mixed_tree_of]))
    tree: Tree = data.draw(kind(features, n_classes=n_classes))
    rows = data.draw(rows_of(features, cuts_of(tree)))
    answers = ask(tree, rows)
    decides_alike(tree, rows, answers)
    np.testing.assert_array_equal([a["fired"][0] for a in answers], tree.apply(rows))
    depths = tree.depths[tree.apply(rows)]
    np.testing.assert_array_equal([len(a["path"]) for a in answers], depths)


@examples
@given(st.data())
def test_rules(ask: Callable[..., list[Any]], data: st.DataObject) -> None:
    features = data.draw(features_of())
    rules: RuleSet = data.draw(ruleset_of(features))
    rows = data.draw(rows_of(features, cuts_of_rules(rules)))
    answers = ask(rules, rows)
    decides_alike(rules, rows, answers)
    first = [answer["fired"][0] if answer["fired"] else -1 for answer in answers]
    np.testing.assert_array_equal(first, rules.apply(rows))
    if rules.priority is None:
        held = [np.flatnonzero(line).tolist() for line in rules.holds(rows)]
        assert [answer["fired"] for answer in answers] == held


@pytest.mark.parametrize("conflict", ["vote", "heaviest", "specific"])
def test_conflicts_of_rules_are_settled_alike(ask: Callable[..., list[Any]], conflict: str) -> None:
    """Length, weight and place each decide for some row; unequal values share a vote."""
    features = tuple(Feature(f"f{j}") for j in range(3))
    one, two, three = (Interval(j, low=0.0) for j in range(3))
    rules = (
        Rule((one,), (0.6, 0.3, 0.1), weight=1.0),
        Rule((two,), (0.1, 0.8, 0.1), weight=2.0),
        Rule((three,), (0.1, 0.1, 0.8), weight=2.0),
        Rule((one, two), (0.7, 0.2, 0.1), weight=0.5),
        Rule((AtLeast(1, (two, three)),), (0.0, 0.4, 0.6), weight=1.0),
        Rule((one, three), (0.3, 0.3, 0.4), weight=0.0),
    )
    form = RuleSet(features, ("a", "b", "c"), rules, (0.2, 0.2, 0.6), conflict=conflict)
    rows = np.array(list(product([-1.0, 1.0, np.nan], repeat=3)))
    answers = ask(form, rows)
    decides_alike(form, rows, answers)
    if conflict != "vote":
        first = [answer["fired"][0] if answer["fired"] else -1 for answer in answers]
        np.testing.assert_array_equal(first, form.apply(rows))


@examples
@given(st.data())
def test_graphs(ask: Callable[..., list[Any]], data: st.DataObject) -> None:
    features = data.draw(features_of())
    graph: DecisionGraph = data.draw(graph_of(features))
    cuts = tuple(cut for test in graph.tests if test is not None for cut in bounds_of(test))
    rows = data.draw(rows_of(features, cuts))
    answers = ask(graph, rows)
    decides_alike(graph, rows, answers)
    np.testing.assert_array_equal([a["fired"][0] for a in answers], graph.apply(rows))


@examples
@given(st.data())
def test_linear_forms_but_for_the_order_of_their_sums(
    ask: Callable[..., list[Any]], data: st.DataObject
) -> None:
    features = data.draw(features_of())
    form: Linear = data.draw(linear_of(features, n_classes=data.draw(st.sampled_from([0, 3]))))
    rows = data.draw(rows_of(features))
    answers = ask(form, rows)
    np.testing.assert_array_equal([answer["path"] for answer in answers], form.encode(rows))
    values = form.predict_values(rows)
    np.testing.assert_allclose(
        [answer["value"] for answer in answers], values, rtol=1e-12, atol=1e-9
    )
    if form.classes is not None:
        top = np.sort(values, axis=1)
        clear = top[:, -1] - top[:, -2] > 1e-6
        said = np.array([answer["decision"] for answer in answers])
        np.testing.assert_array_equal(said[clear], form.predict(rows)[clear])


def test_thresholds_of_models_in_single_precision_decide_to_the_last_bit(
    ask: Callable[..., list[Any]], demo: Any
) -> None:
    form = demo.classifier(leaves=16).form
    cuts = np.float32(form.threshold[~form.is_leaf]).astype(np.float64)
    rows = np.repeat(np.median(cuts) * np.ones((3 * len(cuts), 1)), len(form.features), axis=1)
    for at, cut in enumerate(cuts):
        beside = (cut, np.nextafter(cut, -np.inf), float(np.nextafter(np.float32(cut), np.inf)))
        rows[3 * at : 3 * at + 3] = np.array(beside)[:, None]
    decides_alike(form, rows, ask(form, rows))
