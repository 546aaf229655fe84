from __future__ import annotations

import pickle
from copy import deepcopy

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

from surrogate.adapters import CallableBox
from surrogate.domain import Domain
from surrogate.errors import AbilityError, BudgetTooSmall, DataError, InputError, OptionError
from surrogate.forms import form_from_dict
from surrogate.oracle import Oracle
from surrogate.trees import CartClassifier, CartRegressor


@parametrize_with_checks([CartClassifier(), CartRegressor()])
def test_sklearn_checks(estimator, check):
    check(estimator)


def people(n: int, rng: np.random.Generator) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "age": rng.integers(18, 80, n),
            "income": rng.normal(40.0, 9.0, n),
            "work": rng.choice(["Local", "Private", "State"], n),
        }
    )


def judge(rows: pd.DataFrame) -> np.ndarray:
    high = (rows["age"] > 40) & (rows["work"] != "Private")
    return np.where(high, "yes", "no")


def chances(rows: np.ndarray) -> np.ndarray:
    p = 1 / (1 + np.exp(-3 * rows[:, 0]))
    return np.stack([1 - p, p], axis=1)


def test_distils_a_label_only_box_on_a_frame_with_categories(rng):
    data = people(400, rng)
    oracle = Oracle(CallableBox(judge), Domain.infer(data))
    cart = CartClassifier(oracle, max_leaves=4, n_queries=1000).fit(data)
    fresh = people(500, rng)
    np.testing.assert_array_equal(cart.predict(fresh), judge(fresh))
    text = str(cart.form_)
    assert "age <= 40" in text
    assert "work = Private" in text
    assert cart.form_.n_leaves == 3
    assert cart.rejected_ == 0


def test_asks_the_rows_given_and_as_many_more_as_said(rng):
    X = rng.normal(size=(100, 3))
    oracle = Oracle(CallableBox(chances, classes=("no", "yes")), Domain.infer(X))
    cart = CartClassifier(oracle, n_queries=700).fit(X)
    assert oracle.queries.rows == 800 == sum(cart.cost(100).values())
    np.testing.assert_array_equal(cart.rows_.matrix[:100], X)


def test_with_y_nothing_is_asked(rng):
    X = rng.normal(size=(100, 3))
    oracle = Oracle(CallableBox(chances, classes=("no", "yes")), Domain.infer(X))
    CartClassifier(oracle).fit(X, np.where(X[:, 1] > 0, "no", "yes"))
    assert oracle.queries.rows == 0


def test_real_and_perturbed_rows_share_the_weight_as_said(rng):
    X = rng.normal(size=(100, 3))
    oracle = Oracle(CallableBox(chances, classes=("no", "yes")), Domain.infer(X))
    cart = CartClassifier(oracle, n_queries=300, real_weight=0.8).fit(X)
    assert cart.rows_.weight[:100].sum() / cart.rows_.weight.sum() == pytest.approx(0.8)


def test_rows_of_no_weight_bring_nothing_nor_what_is_drawn_around_them(rng):
    X = rng.normal(size=(100, 2))
    weight = (X[:, 0] < 0).astype(float)
    oracle = Oracle(CallableBox(chances, classes=("no", "yes")), Domain.infer(X))
    cart = CartClassifier(oracle, n_queries=300, sampler="gaussian", jitter=0.0).fit(
        X, sample_weight=weight
    )
    assert (cart.rows_.matrix[:, 0] < 0).all()
    assert cart.notes_


def test_the_form_that_is_shown_is_what_predicts(rng):
    X = rng.normal(size=(300, 3))
    oracle = Oracle(CallableBox(chances, classes=("no", "yes")), Domain.infer(X))
    cart = CartClassifier(oracle, n_queries=500, targets="values").fit(X)
    form = form_from_dict(cart.form_.to_dict())
    fresh = rng.normal(size=(300, 3))
    np.testing.assert_array_equal(cart.predict(fresh), np.array(form.classes)[form.predict(fresh)])
    np.testing.assert_array_equal(cart.predict_proba(fresh), form.predict_values(fresh))


def test_scores_give_shares_of_decisions(rng):
    X = rng.normal(size=(100, 2))
    box = CallableBox(lambda r: 9 * r[:, 0], task="classification", output="scores", classes=(0, 1))
    cart = CartClassifier(Oracle(box, Domain.infer(X)), max_leaves=2, n_queries=100).fit(X)
    np.testing.assert_allclose(cart.form_.value.sum(axis=1), 1.0)
    assert cart.predict([[3.0, 0.0], [-3.0, 0.0]]).tolist() == [1, 0]


def test_a_tuned_threshold_is_followed_and_not_the_greatest_probability(rng):
    X = rng.uniform(-1, 1, size=(400, 1))
    box = CallableBox(chances, classes=("no", "yes"), threshold=0.8)
    cart = CartClassifier(Oracle(box, Domain.infer(X)), max_leaves=2, n_queries=2000).fit(X)
    cut = np.log(0.8 / 0.2) / 3
    assert cart.form_.threshold[0] == pytest.approx(cut, abs=0.01)
    assert cart.predict([[cut - 0.1], [cut + 0.1]]).tolist() == ["no", "yes"]
    # Probabilities are the box's own: the leaf below the threshold is far from sure.
    assert cart.predict_proba([[0.0]])[0, 1] == pytest.approx(
        chances(X[cut > X][:, None])[:, 1].mean(), abs=0.05
    )


def test_no_two_sibling_leaves_decide_alike(rng):
    X = rng.normal(size=(500, 4))
    y = (X[:, 0] + X[:, 1] ** 2 > 0.5).astype(int)
    form = CartClassifier(max_leaves=20).fit(X, y).form_
    for node in np.flatnonzero(~form.is_leaf):
        left, right = form.left[node], form.right[node]
        if form.is_leaf[left] and form.is_leaf[right]:
            assert form.decision[left] != form.decision[right]


def test_agrees_with_its_rows_at_least_as_often_as_the_greedy_tree(rng):
    X = rng.normal(size=(600, 5))
    y = (np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2] > 0).astype(int)
    for leaves in (2, 5, 12):
        greedy = DecisionTreeClassifier(max_leaf_nodes=leaves, random_state=0).fit(X, y)
        ours = CartClassifier(max_leaves=leaves).fit(X, y)
        assert ours.score(X, y) >= greedy.score(X, y)


def test_the_path_gives_the_trees_of_other_fits_without_asking(rng):
    X = rng.normal(size=(300, 3))
    oracle = Oracle(
        CallableBox(lambda r: np.where(r[:, 0] * r[:, 1] > 0.1, "a", "b")), Domain.infer(X)
    )
    cart = CartClassifier(oracle, max_leaves=8, n_queries=500).fit(X)
    asked, form = oracle.queries.rows, cart.form_
    small, same, large = cart.path([2, 8, 24])
    assert oracle.queries.rows == asked
    assert same == form == cart.form_
    assert small.n_leaves <= 2 < form.n_leaves < large.n_leaves <= 24
    again = CartClassifier(oracle, max_leaves=24, n_queries=500).fit(X)
    assert again.form_ == large


@pytest.mark.parametrize("seed", range(5))
def test_small_trees_do_not_depend_on_how_large_the_path_is(seed, monkeypatch):
    monkeypatch.setattr("surrogate.trees._grow.OVERGROW", 1)  # else they seldom would
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(900, 3)), rng.integers(0, 2, 900)  # noise: larger growth finds more
    cart = CartClassifier(max_leaves=12).fit(X, y)
    assert cart.path([12, 60])[0] == cart.form_


def test_the_rules_decide_as_the_tree_and_count_its_rows(rng):
    X = rng.normal(size=(300, 3))
    oracle = Oracle(
        CallableBox(lambda r: np.where(r[:, 0] * r[:, 1] > 0.1, "a", "b")), Domain.infer(X)
    )
    cart = CartClassifier(oracle, n_queries=500).fit(X)
    rules = cart.rules_
    fresh = rng.normal(size=(1000, 3))
    np.testing.assert_array_equal(rules.predict(fresh), cart.form_.predict(fresh))
    assert sum(rule.n_covered for rule in rules.rules) + rules.n_covered == len(cart.rows_.matrix)
    correct = sum(rule.n_correct for rule in rules.rules) + rules.n_correct
    assert correct == (cart.form_.predict(cart.rows_.matrix) == cart.rows_.decision).sum()


def test_one_answer_gives_one_leaf_and_a_note(rng):
    X = rng.normal(size=(50, 2))
    oracle = Oracle(
        CallableBox(lambda r: np.full(len(r), "no"), classes=("no", "yes")), Domain.infer(X)
    )
    cart = CartClassifier(oracle, n_queries=50).fit(X)
    assert str(cart.form_) == "always no (p 1, reach 100 %)"
    assert cart.notes_ == ("All 100 fitted rows have one answer, no: the tree is one leaf.",)
    assert str(cart.rules_).endswith("always no (p 1, 100 rows of which 100 agree)")


def test_missing_values_are_routed_where_their_rows_went(rng):
    X = rng.normal(size=(400, 2))
    X[rng.random(400) < 0.3, 0] = np.nan
    y = np.where(np.isnan(X[:, 0]), 1, X[:, 0] > 1).astype(int)
    cart = CartClassifier(max_leaves=4).fit(X, y)
    assert cart.score(X, y) == 1
    assert "missing" in str(cart.form_)
    assert cart.predict([[np.nan, 0.0]]).tolist() == [1]


def test_large_offsets_do_not_blur_the_cut():
    X = np.array([1.7e9, 1.7e9 + 1, 1.7e9 + 2, 1.7e9 + 3])[:, None]
    cart = CartClassifier().fit(X, [0, 0, 1, 1])
    assert cart.score(X, [0, 0, 1, 1]) == 1


def test_fitted_rows_go_the_way_of_their_labels_in_float64():
    X = np.array([0.1, np.nextafter(0.1, 1)])[:, None]
    assert CartClassifier().fit(X, ["a", "b"]).predict(X).tolist() == ["a", "b"]


def test_many_classes_and_categories_find_their_groups(rng):
    names = np.array([f"c{i:02d}" for i in range(12)])
    frame = pd.DataFrame({"kind": rng.choice(names, 600), "noise": rng.normal(size=600)})
    y = np.array([int(name[1:]) % 3 for name in frame["kind"]])
    cart = CartClassifier(max_leaves=3).fit(frame, y)
    assert cart.score(frame, y) == 1


def test_equal_seeds_give_equal_trees_and_others_do_not(rng):
    X = rng.normal(size=(200, 3))
    oracle = Oracle(CallableBox(chances, classes=("no", "yes")), Domain.infer(X))
    first, second, third = (
        CartClassifier(oracle, n_queries=300, random_state=seed).fit(X).form_ for seed in (0, 0, 1)
    )
    assert first == second
    assert first != third


def test_regression_follows_several_outputs(rng):
    X = rng.uniform(size=(300, 2))
    box = CallableBox(
        lambda r: np.stack([3 * (r[:, 0] > 0.5), 8 - (r[:, 1] > 0.5)], axis=1) * 1.0,
        task="regression",
    )
    oracle = Oracle(box, Domain.infer(X))
    cart = CartRegressor(oracle, max_leaves=4, n_queries=500).fit(X)
    np.testing.assert_allclose(cart.predict([[0.9, 0.1], [0.1, 0.9]]), [[3, 8], [0, 7]])
    np.testing.assert_array_equal(cart.rules_.predict(X), cart.form_.predict(X))


def test_a_feasibility_constraint_is_kept_and_its_rate_told(rng):
    X = np.abs(rng.normal(size=(200, 2)))
    domain = Domain.infer(X, constraint=lambda rows: (rows > 0).all(axis=1))
    cart = CartClassifier(
        Oracle(CallableBox(chances, classes=("no", "yes")), domain), n_queries=500
    ).fit(X)
    assert (cart.rows_.matrix > 0).all()
    assert cart.rejected_ > 0


class Repeats:
    """A sampler of one's own: the first row again and again."""

    def __init__(self, rows):
        self.rows = rows

    def draw(self, n, *, seed):
        from surrogate.sampling import Sample

        return Sample(np.repeat(self.rows[:1], n, axis=0), np.zeros(n, dtype=int), 0.0)


def test_a_sampler_of_ones_own_is_asked_to_draw(rng):
    X = rng.normal(size=(50, 2))
    oracle = Oracle(CallableBox(chances, classes=("no", "yes")), Domain.infer(X))
    cart = CartClassifier(oracle, n_queries=20, sampler=Repeats(X)).fit(X)
    assert (cart.rows_.matrix[50:] == X[0]).all()


def test_clones_share_the_oracle_and_pickles_predict(rng):
    X = rng.normal(size=(60, 2))
    box = CallableBox(np.sign, classes=None, task="regression")
    oracle = Oracle(box, Domain.infer(X))
    assert clone(CartRegressor(oracle)).oracle is oracle
    assert deepcopy(CartRegressor(oracle)).oracle is oracle
    y = np.where(X[:, 0] > 0, "b", "a")
    cart = CartClassifier().fit(X, y)
    assert pickle.loads(pickle.dumps(cart)).predict(X).tolist() == cart.predict(X).tolist()


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"max_leaves": 0}, r"`max_leaves` parameter of CartClassifier must be an int in \[1"),
        ({"real_weight": 1.0}, r"`real_weight` .* a float in \(0, 1\); got 1.0"),
        ({"sampler": "grid"}, "one of 'mixed', 'neighbours', 'gaussian', or an object with draw"),
        ({"targets": "soft"}, "must be one of 'decisions', 'values'; got 'soft'"),
        ({"random_state": None}, "`random_state` .* must be an int"),
    ],
)
def test_wrong_options_are_refused(options, match):
    with pytest.raises(OptionError, match=match):
        CartClassifier(**options).fit([[0.0], [1.0]], [0, 1])


def test_a_model_of_another_task_is_refused_with_what_to_use(rng):
    X = rng.normal(size=(60, 2))
    numbers = Oracle(CallableBox(lambda r: r[:, 0] * 10, task="regression"), Domain.infer(X))
    with pytest.raises(AbilityError, match="answers numbers, not classes; use CartRegressor"):
        CartClassifier(numbers).fit(X)
    classes = Oracle(CallableBox(chances, classes=("no", "yes")), Domain.infer(X))
    with pytest.raises(AbilityError, match="answers classes, not numbers; use CartClassifier"):
        CartRegressor(classes).fit(X)


def test_a_budget_that_does_not_fit_is_refused_before_the_first_query(rng):
    X = rng.normal(size=(60, 2))
    oracle = Oracle(CallableBox(chances, classes=("no", "yes")), Domain.infer(X), budget=1000)
    with pytest.raises(BudgetTooSmall):
        CartClassifier(oracle).fit(X)
    assert oracle.queries.rows == 0


def test_neither_y_nor_an_oracle_is_refused():
    with pytest.raises(InputError, match="make it with an oracle to ask"):
        CartClassifier().fit([[0.0], [1.0]])


def test_unknown_categories_and_wrong_weights_are_refused(rng):
    data = people(50, rng)
    cart = CartClassifier().fit(data, judge(data))
    other = data.assign(work="Moon")
    with pytest.raises(DataError, match="Moon"):
        cart.predict(other)
    with pytest.raises(ValueError, match=r"(?i)sample.weight"):
        CartClassifier().fit(data, judge(data), sample_weight=np.zeros(50))
