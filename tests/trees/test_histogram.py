from __future__ import annotations

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from surrogate.trees import CartClassifier, CartRegressor
from surrogate.trees._histogram import grow_binned
from surrogate.trees._ranks import edges_of, rank
from surrogate.types import Feature


def grown(codes, target, **options):
    classes = target if target.dtype.kind == "i" else None
    given = {
        "sizes": tuple(int(c.max()) + 1 for c in codes),
        "weight": np.ones(codes.shape[1]),
        "classes": classes,
        "values": None if classes is not None else target.reshape(codes.shape[1], -1),
        "max_leaves": 12,
        "max_depth": None,
        "min_weight": 0.0,
    }
    return grow_binned(codes, **(given | options))


def purity(leaf, target) -> float:
    """Squared error of the leaves' means."""
    return sum(((target[leaf == at] - target[leaf == at].mean()) ** 2).sum() for at in set(leaf))


@pytest.mark.parametrize("seed", range(4))
def test_grows_what_scikit_learn_grows_on_the_same_bins(seed):
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 200, size=(5, 700)).astype(np.uint16)
    signal = codes[0] * 1.0 * codes[1] + 3000 * (codes[2] > 90) + rng.normal(0, 500, 700)
    y = np.digitize(signal, np.quantile(signal, (0.3, 0.7))).astype(int)
    other = DecisionTreeClassifier(max_leaf_nodes=12, random_state=0).fit(codes.T, y)
    onehot = np.eye(3)[y]
    ours, theirs = (
        sum(purity(leaf, onehot[:, k]) for k in range(3))
        for leaf in (grown(codes, y).leaf, other.apply(codes.T))
    )
    assert ours == pytest.approx(theirs, rel=1e-9)
    value = signal + 1e7  # a large offset costs no exactness
    other = DecisionTreeRegressor(max_leaf_nodes=12, random_state=0).fit(codes.T, signal)
    assert purity(grown(codes, value).leaf, value) == pytest.approx(
        purity(other.apply(codes.T), value), rel=1e-6
    )


def test_weight_depth_and_leaf_size_are_kept(rng):
    codes = rng.integers(0, 50, size=(3, 400)).astype(np.uint16)
    y = ((codes[0] > 20) ^ (codes[1] > 30)).astype(int)
    tree = grown(codes, y, max_depth=2)
    assert len(set(tree.leaf.tolist())) <= 4
    tree = grown(codes, y, min_weight=60.0)
    assert np.unique(tree.leaf, return_counts=True)[1].min() >= 60
    light = np.where(codes[2] > 25, 1e-9, 1.0)
    tree = grown(codes, (codes[2] > 25).astype(int), weight=light, min_weight=1.0)
    assert np.bincount(tree.leaf, light)[np.unique(tree.leaf)].min() >= 1.0


def test_missing_values_go_to_the_side_that_is_purer(rng):
    codes = rng.integers(0, 10, size=(1, 300)).astype(np.uint16)
    codes[0, :90] = 10
    y = ((codes[0] > 4) | (codes[0] == 10)).astype(int)
    tree = grown(codes, y, sizes=(10,))
    assert len(set(tree.leaf.tolist())) == 2
    assert not tree.missing_left[0]
    tree = grown(codes, 1 - y, sizes=(10,))
    assert len(set(tree.leaf.tolist())) == 2


def test_pure_rows_and_equal_columns_are_one_leaf(rng):
    codes = rng.integers(0, 10, size=(2, 50)).astype(np.uint16)
    assert len(set(grown(codes, np.zeros(50, dtype=int)).leaf.tolist())) == 1
    same = np.zeros((2, 50), dtype=np.uint16)
    assert len(set(grown(same, rng.integers(0, 2, 50)).leaf.tolist())) == 1


def test_bins_hold_about_as_many_rows_each_and_part_values_where_they_say(rng):
    x = np.round(rng.normal(size=5000), 3)
    x[:50] = np.nan
    edges = edges_of(x, 64)
    ranks = rank(x[:, None], (Feature("x"),), most=64)
    codes = ranks.codes[0]
    assert ranks.sizes == (len(edges) + 1,) == (64,)
    assert (codes[:50] == 64).all()
    counts = np.bincount(codes[50:], minlength=64)
    assert counts.min() > 50
    assert counts.max() < 110
    for at, edge in enumerate(edges):
        assert ((x[50:] <= edge) == (codes[50:] <= at)).all()
    assert edges_of(np.array([3.0, 1.0, np.nan, 3.0]), 64).tolist() == [1.0]
    heavy = edges_of(np.repeat([1.0, 2.0, 3.0, 4.0], [970, 10, 10, 10]), 3)
    assert heavy.tolist()[0] == 1.0
    assert heavy.max() < 4.0
    assert edges_of(np.full(3, np.nan), None).size == 0


@pytest.mark.parametrize("targets", ["decisions", "values"])
def test_a_fit_on_many_rows_is_as_good_as_one_on_exact_ranks(rng, monkeypatch, targets):
    X = rng.normal(size=(3000, 5))
    X[rng.random(3000) < 0.1, 0] = np.nan
    y = (np.nan_to_num(X[:, 0]) + X[:, 1] * X[:, 2] > 0).astype(int)
    exact = CartClassifier(targets=targets).fit(X, y)
    value = CartRegressor().fit(X, X[:, 1:3])
    monkeypatch.setattr("surrogate.trees._grow.MANY_ROWS", 1000)
    monkeypatch.setattr("surrogate.trees.cart.MANY_ROWS", 1000)
    binned = CartClassifier(targets=targets).fit(X, y)
    assert binned.form_ != exact.form_
    assert binned.score(X, y) > exact.score(X, y) - 0.02
    assert CartRegressor().fit(X, X[:, 1:3]).score(X, X[:, 1:3]) > value.score(X, X[:, 1:3]) - 0.02
    counted = np.bincount(binned.form_.apply(X), minlength=len(binned.form_.feature))
    leaf = binned.form_.is_leaf
    np.testing.assert_array_equal(counted[leaf], binned.form_.count[leaf])
