from __future__ import annotations

import numpy as np
import pytest

from surrogate.forms import CategorySet, Interval
from surrogate.trees import CartClassifier, CartRegressor
from surrogate.trees._choose import fit_of
from surrogate.trees._labelled import Labelled
from surrogate.trees._sketch import Sketch, tree_of
from surrogate.trees._tao import Improver
from surrogate.types import Feature


def improver(rows: Labelled, **options) -> Improver:
    return Improver(rows, **({"min_reach": 0.0, "most": 10**6, "seed": 0} | options))


def labelled(matrix, y, *, features=None, weight=None, values=None) -> Labelled:
    n, d = matrix.shape
    decision = None if values is not None else np.asarray(y)
    k = 2 if values is None else None
    return Labelled(
        features=features or tuple(Feature(f"x{j}") for j in range(d)),
        classes=None if k is None else tuple(range(k)),
        matrix=matrix,
        values=np.eye(k)[decision] if k else np.asarray(values, dtype=float).reshape(n, -1),
        decision=decision,
        weight=np.ones(n) if weight is None else weight,
    )


def split(root: Sketch, first, second, third) -> Sketch:
    """A tree of four leaves."""
    left, right = root.split(first)
    left.split(second)
    right.split(third)
    return root


def test_finds_the_checkerboard_that_greedy_growth_cannot_see(rng):
    X = rng.uniform(size=(400, 2))
    y = (X[:, 0] > 0.5) ^ (X[:, 1] > 0.5)
    rows = labelled(X, y.astype(int))
    off = split(Sketch(), Interval(0, high=0.4), Interval(1, high=0.3), Interval(1, high=0.6))
    start = tree_of(off, rows)
    found = improver(rows).improve(start)
    assert fit_of(start, rows) < 400
    assert fit_of(found, rows) == 400
    assert found.n_leaves == 4
    np.testing.assert_allclose(sorted(found.threshold[~found.is_leaf]), 0.5, atol=0.02)


def best_single_split(rows: Labelled) -> float:
    """By brute force: the most weight that one test with two leaves agrees with."""
    best = max(rows.weight[rows.decision == c].sum() for c in (0, 1))
    for x in rows.matrix.T:
        for cut in np.unique(x):
            for left_class in (0, 1):
                said = np.where(x <= cut, left_class, 1 - left_class)
                best = max(best, rows.weight[said == rows.decision].sum())
    return float(best)


@pytest.mark.parametrize("seed", range(8))
def test_a_stump_becomes_the_best_stump_between_its_leaves(seed):
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 12, size=(60, 3)).astype(float)  # with ties
    y = ((X[:, 1] > 5) ^ (rng.random(60) < 0.2)).astype(int)
    rows = labelled(X, y, weight=rng.uniform(0.2, 2.0, 60))
    root = Sketch()
    root.split(Interval(1, high=float(rng.integers(4, 8))))
    found = improver(rows).improve(tree_of(root, rows))
    assert fit_of(found, rows) == pytest.approx(best_single_split(rows))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", ["classes", "values"])
def test_never_fits_worse_whatever_is_missing_or_nominal(seed, kind):
    rng = np.random.default_rng(seed)
    X = np.column_stack([rng.normal(size=(300, 3)), rng.integers(0, 6, 300)])
    X[rng.random(X.shape) < 0.1] = np.nan
    features = (
        *(Feature(f"x{j}") for j in range(3)),
        Feature("c", "categorical", categories=tuple("abcdef")),
    )
    signal = np.nan_to_num(X[:, 0] * X[:, 1]) + np.isin(X[:, 3], (1, 4))
    values = (
        None if kind == "classes" else np.column_stack([signal, -signal + rng.normal(size=300)])
    )
    y = (signal > 0.5).astype(int)
    rows = labelled(X, y, features=features, weight=rng.uniform(0.5, 2, 300), values=values)
    tests = [
        Interval(2, high=0.0, missing=True),
        CategorySet(3, frozenset({0, 1})),
        Interval(0, high=0.1),
    ]
    start = tree_of(split(Sketch(), *tests), rows)
    found = improver(rows).improve(start)
    assert fit_of(found, rows) >= fit_of(start, rows) - 1e-9
    assert found.n_leaves <= start.n_leaves
    if kind == "values":  # these starts are poor
        assert fit_of(found, rows) > fit_of(start, rows)


def test_categories_are_parted_exactly(rng):
    code = rng.integers(0, 9, 500).astype(float)
    y = np.isin(code, (0, 4, 5, 8)).astype(int)
    features = (Feature("c", "categorical", categories=tuple("abcdefghi")),)
    rows = labelled(code[:, None], y, features=features)
    root = Sketch()
    root.split(CategorySet(0, frozenset({0, 4, 1})))
    found = improver(rows).improve(tree_of(root, rows))
    assert fit_of(found, rows) == 500
    assert found.categories[0] in (frozenset({0, 4, 5, 8}), frozenset({1, 2, 3, 6, 7}))


@pytest.mark.parametrize("label", [0, 1])
def test_missing_values_take_the_side_where_they_fare_better(rng, label):
    x = rng.normal(size=300)
    x[:40] = np.nan
    y = np.where(np.isnan(x), label, x > 0).astype(int)
    rows = labelled(x[:, None], y)
    root = Sketch()
    root.split(Interval(0, high=-0.3, missing=label == 1))
    found = improver(rows).improve(tree_of(root, rows))
    assert fit_of(found, rows) == 300
    assert found.predict(np.array([[np.nan]])).tolist() == [label]


def test_dead_branches_are_pruned(rng):
    X = rng.uniform(size=(200, 2))
    rows = labelled(X, (X[:, 0] > 0.5).astype(int))
    tests = [Interval(0, high=0.45), Interval(1, high=0.5), Interval(0, high=0.55)]
    found = improver(rows).improve(tree_of(split(Sketch(), *tests), rows))
    assert found.n_leaves == 2
    assert fit_of(found, rows) == 200


def test_leaves_keep_the_least_reach(rng):
    X = rng.normal(size=(500, 4))
    y = (X[:, 0] * X[:, 1] + 0.4 * rng.normal(size=500) > 0).astype(int)
    form = CartClassifier(max_leaves=12, min_reach=0.06).fit(X, y).form_
    assert form.weight[form.is_leaf].min() >= 0.06 * form.weight[0] - 1e-9


def test_refined_trees_fit_their_rows_better_and_by_default(rng):
    X = rng.normal(size=(800, 6))
    y = (np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2] > 0).astype(int)
    plain = CartClassifier(max_leaves=10, refine="none").fit(X, y)
    refined = CartClassifier(max_leaves=10).fit(X, y)
    assert refined.score(X, y) > plain.score(X, y)
    values = np.column_stack([np.sin(2 * X[:, 0]), X[:, 1]])
    one, other = (CartRegressor(max_leaves=10, refine=r).fit(X, values) for r in ("none", "tao"))
    assert other.score(X, values) > one.score(X, values)


def test_many_rows_are_improved_on_some_of_them_and_judged_on_all(rng):
    X = rng.uniform(size=(2000, 2))
    y = ((X[:, 0] > 0.5) ^ (X[:, 1] > 0.5)).astype(int)
    rows = labelled(X, y)
    tests = [Interval(0, high=0.4), Interval(1, high=0.3), Interval(1, high=0.6)]
    start = tree_of(split(Sketch(), *tests), rows)
    found = improver(rows, most=300).improve(start)
    assert fit_of(start, rows) < fit_of(found, rows) > 1960
    assert found.count[0] == 2000
    # Three rows say nothing of the rest: the tree stays as it was.
    same = improver(rows, most=3, seed=1).improve(start)
    assert fit_of(same, rows) >= fit_of(start, rows)


def test_categories_that_no_row_speaks_for_stay_where_they_went(rng):
    code = rng.integers(0, 4, 400).astype(float)  # of six: 4 and 5 are never seen
    features = (Feature("c", "categorical", categories=tuple("abcdef")),)
    rows = labelled(code[:, None], (code < 2).astype(int), features=features)
    root = Sketch()
    root.split(CategorySet(0, frozenset({0, 1, 2, 4})))
    found = improver(rows).improve(tree_of(root, rows))
    assert fit_of(found, rows) == 400
    assert 4 in found.categories[0]
    assert 5 not in found.categories[0]


def test_categories_that_no_row_speaks_for_go_with_most_rows_of_a_new_test(rng):
    code, x = rng.integers(0, 4, 400).astype(float), rng.normal(size=400)
    features = (Feature("c", "categorical", categories=tuple("abcdef")), Feature("x"))
    y = ((code == 0) ^ (rng.random(400) < 0.02)).astype(int)
    x += 2 * y
    rows = labelled(np.column_stack([code, x]), y, features=features)
    root = Sketch()
    root.split(Interval(1, high=1.2))
    start = tree_of(root, rows)
    assert start.decision[start.left[0]] != start.decision[start.right[0]]
    found = improver(rows).improve(start)
    listed = found.categories[0]
    assert listed in (frozenset({0}), frozenset({1, 2, 3, 4, 5}))
