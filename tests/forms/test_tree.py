from __future__ import annotations

import json
import pickle
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surrogate.errors import InputError
from surrogate.forms import AtLeast, CategorySet, Interval, Tree, form_from_dict
from surrogate.types import Feature

from form_strategies import cuts_of, features_of, mixed_tree_of, rows_of, tree_of

NAN = np.nan
FEATURES = (
    Feature("age", unit="years", missing=True),
    Feature("work", "categorical", categories=("Local", "Private", "State")),
)


def example(**changes) -> Tree:
    fields = {
        "features": FEATURES,
        "classes": ("no", "yes"),
        "feature": [0, 1, -1, -1, -1],
        "threshold": [37.5, NAN, NAN, NAN, NAN],
        "categories": (None, frozenset({1}), None, None, None),
        "left": [1, 3, -1, -1, -1],
        "right": [2, 4, -1, -1, -1],
        "missing_left": [True, False, False, False, False],
        "value": [[0.5, 0.5], [0.6, 0.4], [0.2, 0.8], [0.9, 0.1], [0.25, 0.75]],
        "weight": [10.0, 6.0, 4.0, 3.0, 3.0],
    }
    return Tree(**{**fields, **changes})


def follow(tree: Tree, row: np.ndarray) -> int:
    """One row through the tree, one test at a time."""
    node = 0
    while tree.feature[node] >= 0:
        x, codes = row[tree.feature[node]], tree.categories[node]
        if np.isnan(x):
            left = tree.missing_left[node]
        else:
            left = x <= tree.threshold[node] if codes is None else int(x) in codes
        node = tree.left[node] if left else tree.right[node]
    return int(node)


@given(st.data())
def test_apply_follows_each_row_down(data):
    features = data.draw(features_of())
    tree = data.draw(tree_of(features))
    rows = data.draw(rows_of(features, cuts_of(tree)))
    leaves = tree.apply(rows)
    assert leaves.tolist() == [follow(tree, row) for row in rows]
    np.testing.assert_array_equal(tree.predict_values(rows), tree.value[leaves])
    np.testing.assert_array_equal(tree.predict(rows), tree.value[leaves].argmax(axis=1))


@given(st.data())
def test_any_condition_may_be_a_test(data):
    features = data.draw(features_of())
    tree = data.draw(mixed_tree_of(features))
    rows = data.draw(rows_of(features, cuts_of(tree)))
    leaves = np.zeros(len(rows), dtype=int)
    for i in range(len(rows)):
        while not tree.is_leaf[leaves[i]]:
            left, _ = tree.test(leaves[i])
            way = tree.left if left.holds(rows[i : i + 1])[0] else tree.right
            leaves[i] = way[leaves[i]]
    assert tree.apply(rows).tolist() == leaves.tolist()
    for leaf, path in tree.paths().items():
        held = np.logical_and.reduce([np.ones(len(rows), bool), *(c.holds(rows) for c in path)])
        np.testing.assert_array_equal(held, leaves == leaf)
    assert form_from_dict(json.loads(json.dumps(tree.to_dict(), allow_nan=False))) == tree


def m_of_n() -> Tree:
    return Tree.of_tests(
        FEATURES,
        ("no", "yes"),
        (
            AtLeast(1, (Interval(0, low=37.5, missing=True), CategorySet(1, {1}))),
            None,
            Interval(0, 10.0, 20.0),
            None,
            None,
        ),
        left=[1, -1, 3, -1, -1],
        right=[2, -1, 4, -1, -1],
        value=[[0.5, 0.5], [0.2, 0.8], [0.5, 0.5], [0.4, 0.6], [0.7, 0.3]],
        weight=[10.0, 6.0, 4.0, 3.0, 1.0],
    )


def test_m_of_n_tests_are_printed_once_and_counted_by_their_parts():
    tree = m_of_n()
    assert str(tree) == (
        "├─ at least 1 of (age > 37.5 years or missing, work = Private)"
        "  ->  yes (p 0.8, reach 60 %)\n"
        "└─ fewer than 1 of them\n"
        "   ├─ 10 < age <= 20 years  ->  yes (p 0.6, reach 30 %)\n"
        "   └─ else  ->  no (p 0.7, reach 10 %)"
    )
    assert tree.n_conditions == 3
    assert tree.columns == {0, 1}


def test_rules_of_m_of_n_tests_know_that_they_do_not_overlap():
    rules = m_of_n().rules()
    assert rules.is_disjoint
    assert rules.rules[1].text(FEATURES) == "10 < age <= 20 years and work != Private"


def test_a_pickle_or_dict_without_tests_is_read():
    tree = example()
    state = tree.to_dict()
    del state["tests"]
    assert form_from_dict(state) == tree
    old = pickle.loads(pickle.dumps(tree))
    del old.__dict__["tests"]
    assert old.apply(np.array([[40.0, 0.0]])).tolist() == [2]
    assert old == tree


@given(st.data())
def test_exactly_one_path_holds_for_each_row(data):
    features = data.draw(features_of())
    tree = data.draw(tree_of(features))
    rows = data.draw(rows_of(features, cuts_of(tree)))
    leaves = tree.apply(rows)
    for leaf, path in tree.paths().items():
        held = np.ones(len(rows), dtype=bool)
        for condition in path:
            held &= condition.holds(rows)
        np.testing.assert_array_equal(held, leaves == leaf)


@given(st.data())
def test_trees_come_back_equal_from_json(data):
    features = data.draw(features_of())
    tree = data.draw(tree_of(features, n_classes=data.draw(st.sampled_from([0, 3]))))
    back = form_from_dict(json.loads(json.dumps(tree.to_dict(), allow_nan=False)))
    assert back == tree
    rows = data.draw(rows_of(features, cuts_of(tree)))
    np.testing.assert_array_equal(back.predict_values(rows), tree.predict_values(rows))


def test_prints_names_units_categories_and_reach():
    assert str(example()) == (
        "├─ age <= 37.5 years or missing\n"
        "│  ├─ work = Private  ->  no (p 0.9, reach 30 %)\n"
        "│  └─ work != Private  ->  yes (p 0.75, reach 30 %)\n"
        "└─ age > 37.5 years  ->  yes (p 0.8, reach 40 %)"
    )


def test_categories_are_told_as_far_as_the_path_leaves_them():
    tree = example(
        feature=[1, 1, -1, -1, -1],
        threshold=[NAN] * 5,
        categories=(frozenset({0, 1}), frozenset({0}), None, None, None),
    )
    assert [line.split("  ->")[0].strip("│├└─ ") for line in str(tree).splitlines()] == [
        "work != State",
        "work = Local",
        "work = Private",
        "work = State",
    ]


def test_one_leaf_says_always():
    tree = Tree(FEATURES, ("no", "yes"), [-1], [NAN], (None,), [-1], [-1], [False], [[0, 1]], [5.0])
    assert str(tree) == "always yes (p 1, reach 100 %)"
    assert tree.predict(np.zeros((2, 2))).tolist() == [1, 1]


def test_size_counts_leaves_conditions_and_weighted_path():
    assert example().size == {
        "leaves": 3,
        "depth": 2,
        "conditions": 2,
        "mean path length": pytest.approx(0.4 * 1 + 0.6 * 2),
    }


def test_a_decision_that_is_given_wins_over_the_greatest_value():
    tree = example(decision=[0, 0, 0, 0, 1])
    assert tree.predict(np.array([[40.0, 0.0]])).tolist() == [0]


def test_arrays_are_read_only_and_equality_looks_at_all_of_them():
    tree = example()
    with pytest.raises(ValueError, match="read-only"):
        tree.threshold[0] = 1.0
    with pytest.raises(FrozenInstanceError):
        tree.classes = None
    with pytest.raises(TypeError, match="unhashable"):
        hash(tree)
    assert tree == example()
    assert tree != replace(tree, threshold=[38.0, NAN, NAN, NAN, NAN])
    assert tree != replace(tree, classes=("no", "maybe"))
    assert tree != "tree"


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"threshold": [1.0]}, "5 nodes needs 5 entries in `threshold`; got 1"),
        ({"left": [0, 3, -1, -1, -1]}, "needs a root at node 0"),
        ({"feature": [7, 1, -1, -1, -1]}, "tests column 7, but has 2 features"),
        ({"tests": (Interval(0),)}, "5 nodes needs 5 entries in `tests`; got 1"),
        ({"tests": (Interval(9), *[None] * 4)}, "tests column 9, but has 2 features"),
    ],
)
def test_arrays_that_make_no_tree_are_refused(changes, match):
    with pytest.raises(InputError, match=match):
        example(**changes)


def test_rows_of_another_width_are_refused():
    with pytest.raises(InputError, match=r"matrix of shape \(n, 2\); got shape \(4, 3\)"):
        example().predict(np.zeros((4, 3)))


def test_dicts_that_are_no_form_are_refused():
    with pytest.raises(InputError, match=r"must be one of tree, .*linear; got 'x'"):
        form_from_dict({"form": "x"})
    with pytest.raises(InputError, match="needs the entry 'features'"):
        form_from_dict({"form": "tree"})
