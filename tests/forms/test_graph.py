"""Decision graphs: prediction, size without expansion, rules on demand, JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surrogate.errors import InputError, OptionError
from surrogate.forms import AtLeast, DecisionGraph, Interval, RuleSet, form_from_dict
from surrogate.types import Feature

from form_strategies import features_of, graph_of, rows_of

A, B = Interval(0, low=0.5), Interval(1, low=0.5)
FEATURES = (Feature("a"), Feature("b"))


def xor(**changes) -> DecisionGraph:
    fields = {
        "features": FEATURES,
        "classes": ("equal", "different"),
        "tests": (A, B, B, None, None),
        "yes": [1, 3, 4, -1, -1],
        "no": [2, 4, 3, -1, -1],
        "value": [[0.5, 0.5], [0.5, 0.5], [0.5, 0.5], [1, 0], [0, 1]],
        "weight": [4.0, 2.0, 2.0, 2.0, 2.0],
    }
    return DecisionGraph(**{**fields, **changes})


def follow(graph: DecisionGraph, row: np.ndarray) -> int:
    """One row through the graph, one test at a time."""
    node = 0
    while (test := graph.tests[node]) is not None:
        node = graph.yes[node] if test.holds(row[None])[0] else graph.no[node]
    return int(node)


def bounds(graph: DecisionGraph) -> tuple[float, ...]:
    """Where the graph's intervals begin and end."""
    waiting, found = [test for test in graph.tests if test is not None], []
    while waiting:
        test = waiting.pop()
        if isinstance(test, AtLeast):
            waiting += test.conditions
        elif isinstance(test, Interval):
            found += [x for x in (test.low, test.high) if np.isfinite(x)]
    return tuple(found)


def count_paths(graph: DecisionGraph, node: int = 0) -> int:
    if graph.tests[node] is None:
        return 1
    return count_paths(graph, graph.yes[node]) + count_paths(graph, graph.no[node])


@settings(max_examples=50)
@given(st.data())
def test_apply_follows_each_row(data):
    features = data.draw(features_of())
    graph = data.draw(graph_of(features))
    rows = data.draw(rows_of(features, bounds(graph)))
    assert graph.apply(rows).tolist() == [follow(graph, row) for row in rows]
    assert graph.predict(rows).tolist() == [graph.decision[follow(graph, row)] for row in rows]


@settings(max_examples=50)
@given(st.data())
def test_its_rules_predict_the_same(data):
    features = data.draw(features_of())
    graph = data.draw(graph_of(features))
    expanded = graph.expand(max_rules=500)
    rows = data.draw(rows_of(features, bounds(graph)))
    assert expanded.is_complete
    assert len(expanded.rules) <= count_paths(graph) == graph.n_paths
    if graph.n_conditions:
        assert (expanded.rules.holds(rows).sum(axis=1) == 1).all()
    np.testing.assert_array_equal(expanded.rules.predict(rows), graph.predict(rows))
    np.testing.assert_array_equal(expanded.rules.predict_values(rows), graph.predict_values(rows))


@settings(max_examples=25)
@given(st.data())
def test_json_comes_back_equal(data):
    graph = data.draw(graph_of(data.draw(features_of())))
    again = form_from_dict(json.loads(json.dumps(graph.to_dict(), allow_nan=False)))
    assert again == graph
    assert isinstance(again, DecisionGraph)


def test_what_contradicts_itself_is_no_rule():
    twice = xor(tests=(A, A, A, None, None))  # asked again: two of four ways are impossible
    assert twice.n_paths == 4
    assert twice.expand().rules.n_rules == 2


def test_ways_that_contradict_themselves_are_not_walked():
    n = 60  # the same is asked again and again: 2 to the power of 60 ways, of which 2 are possible
    yes = [to for at in range(n) for to in ([1] if at == 0 else [2 * at + 1] * 2)]
    no = [to for at in range(n) for to in ([2] if at == 0 else [2 * at + 2] * 2)]
    value = np.vstack([np.full((2 * n - 1, 2), 0.5), np.eye(2)])
    graph = xor(
        tests=(A,) * (2 * n - 1) + (None, None),
        yes=[*yes, -1, -1],
        no=[*no, -1, -1],
        value=value,
        weight=np.ones(len(value)),
    )
    assert graph.n_paths == 2**n
    expanded = graph.expand(max_rules=10)
    assert expanded.is_complete
    assert expanded.rules.n_rules == 2


def test_expansion_stops_where_it_is_told():
    expanded = xor().expand(max_rules=3)
    assert not expanded.is_complete
    assert expanded.rules.n_rules == 3
    assert xor().expand(max_rules=4).is_complete
    with pytest.raises(OptionError, match="`max_rules` parameter of expand"):
        xor().expand(max_rules=0)


def test_size_is_counted_without_walking_every_way():
    """Parity of 80 bits: 2 to the power of 80 ways."""
    n = 80
    features = tuple(Feature(f"x{j}") for j in range(n))
    tests = tuple(Interval(j, low=0.5) for j in range(n) for _ in range(2 if j else 1))
    even = [0, *range(1, 2 * n - 1, 2), 2 * n - 1]  # node of "even until now" before each bit
    yes, no = [], []
    for j in range(n):
        e, o = even[j + 1], even[j + 1] + 1
        yes += [o] if j == 0 else [o, e]
        no += [e] if j == 0 else [e, o]
    value = np.vstack([np.full((2 * n - 1, 2), 0.5), np.eye(2)])
    graph = DecisionGraph(
        features,
        ("even", "odd"),
        (*tests, None, None),
        [*yes, -1, -1],
        [*no, -1, -1],
        value=value,
        weight=np.ones(len(value)),
    )
    rows = np.random.default_rng(0).integers(0, 2, (50, n)).astype(float)
    np.testing.assert_array_equal(graph.predict(rows), rows.sum(axis=1).astype(int) % 2)
    assert graph.size == {
        "nodes": 161,
        "edges": 318,
        "paths": 2**80,
        "conditions": 159,
        "depth": 80,
    }
    assert not graph.expand(max_rules=10).is_complete


def test_a_leaf_alone_is_a_graph():
    leaf = DecisionGraph(
        FEATURES, ("no", "yes"), (None,), [-1], [-1], value=[[0.2, 0.8]], weight=[1]
    )
    assert leaf.to_text() == "always yes (p 0.8)"
    assert leaf.predict(np.zeros((2, 2))).tolist() == [1, 1]
    expanded = leaf.expand()
    assert expanded.is_complete
    assert isinstance(expanded.rules, RuleSet)
    assert expanded.rules.predict(np.zeros((2, 2))).tolist() == [1, 1]


def test_regression_answers_values():
    graph = xor(classes=None, value=[[2.0]] * 3 + [[1.0], [3.0]])
    assert graph.predict(np.array([[0.0, 0.0], [0.0, 1.0]])).tolist() == [1.0, 3.0]
    assert graph.decision is None
    assert "go to 2" in str(graph)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"yes": [1, 3, 4, -1]}, "needs 5 entries in `yes`; got 4"),
        ({"yes": [1, 1, 4, -1, -1]}, "leads only to nodes of greater numbers"),
        ({"yes": [2, 3, 4, -1, -1]}, "to each of them from somewhere"),
        ({"tests": (Interval(5), B, B, None, None)}, "tests column 5, but has 2 features"),
    ],
)
def test_what_is_no_graph_is_refused(changes, said):
    with pytest.raises(InputError, match=said):
        xor(**changes)


def test_columns_and_equality():
    assert xor().columns == {0, 1}
    assert xor() == xor()
    assert xor() != xor(weight=[5.0, 2.0, 2.0, 2.0, 2.0])
    with pytest.raises(ValueError, match="read-only"):
        xor().yes[0] = 2
