"""Class weights, the price of a leaf, and rows held out to choose by."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from surrogate.adapters import CallableBox
from surrogate.domain import Domain
from surrogate.errors import InputError, OptionError
from surrogate.oracle import Oracle
from surrogate.trees import CartClassifier, CartRegressor
from surrogate.trees._choose import fit_of
from surrogate.trees._prune import best_scores, cost_complexity


@pytest.fixture
def noisy(rng):
    X = rng.normal(size=(600, 4))
    return X, ((X[:, 0] > 0.3) ^ (rng.random(600) < 0.25)).astype(int)


def chances(rows: np.ndarray) -> np.ndarray:
    p = 1 / (1 + np.exp(-3 * rows[:, 0] * rows[:, 1]))
    return np.stack([1 - p, p], axis=1)


def test_a_class_that_weighs_more_is_decided_for_more_often(noisy):
    X, y = noisy
    shares = [
        (CartClassifier(max_leaves=4, class_weight=w).fit(X, y).predict(X) == 1).mean()
        for w in ({0: 10.0}, None, {1: 10.0})
    ]
    assert shares[0] < shares[1] < shares[2]


def test_balanced_classes_have_equal_weight_and_the_whole_stays(rng):
    X = rng.normal(size=(300, 2))
    y = np.where(X[:, 0] > 1.2, "rare", "usual")
    rows = CartClassifier(class_weight="balanced").fit(X, y).rows_
    by_class = np.bincount(rows.decision, rows.weight)
    np.testing.assert_allclose(by_class, 150.0)


def test_weights_of_classes_work_on_the_answers_of_an_oracle(rng):
    X = rng.normal(size=(200, 2))
    oracle = Oracle(CallableBox(chances, classes=("no", "yes")), Domain.infer(X))
    plain, heavy = (
        CartClassifier(oracle, n_queries=500, max_leaves=4, class_weight=w).fit(X)
        for w in (None, {"yes": 8})
    )
    assert (heavy.predict(X) == "yes").mean() > (plain.predict(X) == "yes").mean()


@pytest.mark.parametrize(
    ("weights", "match"),
    [
        ({0: -1.0}, "from class to a positive number"),
        ({0: 0.0}, "from class to a positive number"),
        ("even", "'balanced' or None; got 'even'"),
        ({"maybe": 2.0}, "weighs 'maybe', which is none of the classes 0, 1"),
    ],
)
def test_wrong_weights_of_classes_are_refused(noisy, weights, match):
    with pytest.raises(OptionError, match=match):
        CartClassifier(class_weight=weights).fit(*noisy)


def test_a_dearer_leaf_gives_a_smaller_tree_of_the_path(noisy):
    cart = CartClassifier(max_leaves=20, refine="none").fit(*noisy)
    path = cart.ccp_path()
    alphas, sizes = [a for a, _ in path], [t.n_leaves for _, t in path]
    assert alphas[0] == np.inf
    assert alphas == sorted(alphas, reverse=True)
    assert sizes == sorted(sizes)
    assert sizes[0] == 1
    for (_, tree), (nearest, larger) in pairwise(path):
        again = CartClassifier(max_leaves=20, refine="none", ccp_alpha=nearest).fit(*noisy)
        assert again.form_ == tree
        again = CartClassifier(max_leaves=20, refine="none", ccp_alpha=nearest * 0.999).fit(*noisy)
        assert again.form_ == larger


def test_the_path_is_best_at_every_price_among_all_subtrees(noisy):
    cart = CartClassifier(max_leaves=15, refine="none").fit(*noisy)
    grown = cart._grown
    scores = best_scores(grown.left, grown.right, grown.score, 15)
    sizes = np.arange(1, len(scores) + 1)
    path = cost_complexity(scores)
    for price in np.geomspace(0.2, 200, 40):
        chosen = [size for alpha, size in path if alpha > price][-1]
        assert scores[chosen - 1] - price * chosen >= (scores - price * sizes).max() - 1e-9


def test_prices_of_a_regression_are_shares_of_its_scatter(rng):
    X = rng.uniform(size=(300, 1))
    y = np.where(X[:, 0] > 0.5, 1000.0, 0.0)
    cart = CartRegressor(max_leaves=8).fit(X, y)
    (_, one), (alpha, two) = cart.ccp_path()
    assert (one.n_leaves, two.n_leaves) == (1, 2)
    assert alpha == pytest.approx(1.0)


def test_the_choice_is_by_rows_that_no_candidate_was_fitted_on(noisy):
    X, y = noisy
    cart = CartClassifier(max_leaves=40, validation=0.3).fit(X, y)
    assert len(cart.held_out_.matrix) == 180
    assert len(cart.rows_.matrix) == 420
    together = np.vstack([cart.rows_.matrix, cart.held_out_.matrix])
    np.testing.assert_array_equal(np.sort(together, axis=0), np.sort(X, axis=0))
    rivals = [tree for _, tree in cart.ccp_path()]
    best = max(fit_of(tree, cart.held_out_) for tree in rivals)
    assert fit_of(cart.form_, cart.held_out_) >= best
    # A quarter of the labels is noise: most of 40 leaves would fit that.
    assert cart.form_.n_leaves < 12 < CartClassifier(max_leaves=40).fit(X, y).form_.n_leaves
    assert "by 180 rows held out of the fit" in cart.notes_[0]


def test_rows_to_choose_by_are_asked_under_their_own_purpose_and_counted(rng):
    X = rng.normal(size=(150, 3))
    oracle = Oracle(CallableBox(chances, classes=("no", "yes")), Domain.infer(X))
    cart = CartClassifier(oracle, n_queries=500, validation=0.2).fit(X)
    plan = dict(cart.cost(150))
    assert plan == {"fit": 120 + 400, "validate": 30 + 100}
    assert oracle.queries.rows == 650
    assert oracle.queries.purposes["validate"] == 130  # of the others, 64 settled the task
    assert len(cart.held_out_.matrix) == 130
    assert CartRegressor(validation=0.2).fit(X, X[:, 0]).held_out_.matrix.shape == (30, 3)


def test_perturbed_rows_are_drawn_around_the_rows_of_their_own_part(rng):
    X = np.repeat([[0.0, 0.0], [100.0, 100.0]], 20, axis=0) + rng.normal(size=(40, 2))
    oracle = Oracle(CallableBox(chances, classes=("no", "yes")), Domain.infer(X))
    cart = CartClassifier(
        oracle, n_queries=400, validation=0.5, sampler="gaussian", jitter=0.0
    ).fit(X)
    seen, held = ({tuple(r) for r in part.matrix} for part in (cart.rows_, cart.held_out_))
    assert not seen & held


def test_a_share_that_leaves_nothing_is_refused(noisy):
    X, y = noisy
    with pytest.raises(InputError, match="leaves 0 of 4 rows to choose by"):
        CartClassifier(validation=0.1).fit(X[:4], y[:4])
    with pytest.raises(OptionError, match="`validation`"):
        CartClassifier(validation=0.95).fit(X, y)
