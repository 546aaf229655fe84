"""Trees that ask while they grow: TREPAN and ANN-DT, and what all methods here must keep."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from surrogate.adapters import CallableBox
from surrogate.domain import Domain
from surrogate.errors import AbilityError, BudgetTooSmall, InputError, OptionError
from surrogate.forms import AtLeast, Interval, form_from_dict
from surrogate.oracle import Oracle
from surrogate.trees import (
    AnnDtClassifier,
    AnnDtRegressor,
    C45Classifier,
    C45RulesClassifier,
    TrepanClassifier,
)
from surrogate.trees._ann_dt_grow import significance
from surrogate.trees._draws import InterpolatedDraws, MarginalDraws, RowDraws, unlike
from surrogate.trees._growth import all_hold
from surrogate.trees._literals import Target, find_literals
from surrogate.trees._mofn import best_test
from surrogate.types import Feature

CLASSIFIERS = {
    "c45": C45Classifier(n_queries=300),
    "c45rules": C45RulesClassifier(n_queries=300),
    "trepan": TrepanClassifier(min_sample=150, max_internal=5),
    "trepan, marginal": TrepanClassifier(min_sample=150, max_internal=5, sampler="marginal"),
    "trepan, refitted": TrepanClassifier(min_sample=150, max_internal=5, refit=True),
    "ann_dt": AnnDtClassifier(min_sample=150, max_leaves=6),
    "ann_dt, s": AnnDtClassifier(
        min_sample=80, max_leaves=6, n_pairs=20, criterion="significance", targets="values"
    ),
}
ASKING = {name: made for name, made in CLASSIFIERS.items() if not name.startswith("c45")}
each = pytest.mark.parametrize("name", CLASSIFIERS)
each_asking = pytest.mark.parametrize("name", ASKING)


@parametrize_with_checks(
    [
        C45Classifier(),
        C45RulesClassifier(),
        TrepanClassifier(),
        AnnDtClassifier(),
        AnnDtRegressor(),
    ]
)
def test_sklearn_checks(estimator, check):
    check(estimator)


def people(n: int, rng: np.random.Generator) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 80, n),
            "income": rng.normal(40.0, 9.0, n),
            "work": rng.choice(["Local", "Private", "State"], n),
        }
    )
    frame.loc[rng.random(n) < 0.1, "income"] = np.nan
    return frame


def judge(rows: pd.DataFrame) -> np.ndarray:
    high = (rows["age"] > 40) & (rows["work"] != "Private")
    return np.where(high, "yes", np.where(rows["income"] > 50, "maybe", "no"))


def halves(rows: np.ndarray) -> np.ndarray:
    p = 1 / (1 + np.exp(-4 * (rows[:, 0] + 0.5 * rows[:, 1])))
    return np.stack([1 - p, p], axis=1)


# Every method -------------------------------------------------------------------------------


@each
def test_a_label_only_box_on_a_frame_with_categories_and_missing_values(name, rng):
    data = people(400, rng)
    oracle = Oracle(CallableBox(judge), Domain.infer(data))
    made = clone(CLASSIFIERS[name]).set_params(oracle=oracle).fit(data)
    fresh = people(500, rng)
    assert (made.predict(fresh) == judge(fresh)).mean() > 0.9
    assert set(made.classes_) == {"yes", "no", "maybe"}
    assert oracle.queries.rows <= sum(made.cost(400).values())
    rules = made.rules_
    matrix = made.domain_.encode(fresh)
    np.testing.assert_array_equal(rules.predict(matrix), made.form_.predict(matrix))


@each
def test_the_form_that_is_shown_is_what_predicts(name, rng):
    X = rng.normal(size=(200, 3))
    oracle = Oracle(CallableBox(halves, classes=("no", "yes")), Domain.infer(X))
    made = clone(CLASSIFIERS[name]).set_params(oracle=oracle).fit(X)
    form = form_from_dict(made.form_.to_dict())
    fresh = rng.normal(size=(300, 3))
    np.testing.assert_array_equal(made.predict(fresh), np.array(form.classes)[form.predict(fresh)])
    np.testing.assert_array_equal(made.predict_proba(fresh), form.predict_values(fresh))
    again = pickle.loads(pickle.dumps(made))
    np.testing.assert_array_equal(again.predict(fresh), made.predict(fresh))


@each
def test_equal_seeds_give_equal_forms_and_others_do_not(name, rng):
    X = rng.normal(size=(200, 3))
    oracle = Oracle(CallableBox(halves, classes=("no", "yes")), Domain.infer(X))
    made = CLASSIFIERS[name]
    first, second, third = (
        clone(made).set_params(oracle=oracle, random_state=seed).fit(X).form_ for seed in (0, 0, 1)
    )
    assert first == second
    assert first != third


@each
def test_one_answer_gives_a_form_without_tests(name, rng):
    X = rng.normal(size=(60, 2))
    box = CallableBox(lambda rows: np.full(len(rows), "no"), classes=("no", "yes"))
    made = clone(CLASSIFIERS[name]).set_params(oracle=Oracle(box, Domain.infer(X))).fit(X)
    assert made.form_.n_conditions == 0
    assert "one answer, no" in made.notes_[0]


@each
def test_a_constraint_is_kept_and_its_rate_told(name, rng):
    def feasible(rows):
        return np.abs(rows[:, 0]) > 0.3  # a gap through which straight lines lead

    X = rng.normal(size=(300, 2))
    X = X[feasible(X)]
    domain = Domain.infer(X, constraint=feasible)
    seen = []

    def box(rows):
        seen.append(feasible(rows).all())
        return np.where(rows[:, 0] + rows[:, 1] > 0.5, "a", "b")

    made = clone(CLASSIFIERS[name]).set_params(oracle=Oracle(CallableBox(box), domain)).fit(X)
    assert all(seen)
    assert made.rejected_ > 0


@each
def test_a_model_that_answers_numbers_is_refused(name, rng):
    X = rng.normal(size=(60, 2))
    numbers = Oracle(CallableBox(lambda r: r[:, 0] * 10, task="regression"), Domain.infer(X))
    with pytest.raises(AbilityError, match="answers numbers, not classes"):
        clone(CLASSIFIERS[name]).set_params(oracle=numbers).fit(X)


# Trees that ask -----------------------------------------------------------------------------


@each_asking
def test_a_budget_below_the_bound_is_refused_before_the_first_query(name, rng):
    X = rng.normal(size=(60, 2))
    made = clone(ASKING[name])
    bound = sum(made.cost(60).values())
    box = CallableBox(halves, classes=("no", "yes"))
    oracle = Oracle(box, Domain.infer(X), budget=bound - 1)
    with pytest.raises(BudgetTooSmall):
        made.set_params(oracle=oracle).fit(X)
    assert oracle.queries.rows == 0
    enough = Oracle(box, Domain.infer(X), budget=bound)
    assert not made.set_params(oracle=enough).fit(X).interrupted_


@each_asking
@pytest.mark.parametrize("after", [100, 130, 330])
def test_what_was_answered_before_ctrl_c_is_fitted_on(name, after, rng):
    X = rng.normal(size=(100, 2))
    asked = [0]

    def box(rows):
        if asked[0] >= after:
            raise KeyboardInterrupt
        asked[0] += len(rows)
        return halves(rows)

    oracle = Oracle(CallableBox(box, classes=("no", "yes")), Domain.infer(X), batch_rows=10)
    made = clone(ASKING[name]).set_params(oracle=oracle).fit(X)
    assert made.interrupted_
    assert "Ctrl-C" in made.notes_[0]
    said = np.array(["no", "yes"])[np.argmax(halves(X), axis=1)]
    assert made.score(X, said) > 0.5
    if not name.endswith(", s"):  # rows on lines are not kept
        assert len(made.rows_.matrix) == oracle.queries.purposes["fit"]


@each_asking
def test_rows_of_a_leaf_weigh_what_it_reaches(name, rng):
    X = rng.normal(size=(300, 2))
    oracle = Oracle(CallableBox(halves, classes=("no", "yes")), Domain.infer(X))
    made = clone(ASKING[name]).set_params(oracle=oracle).fit(X)
    form = made.form_
    assert made.rows_.weight.sum() == pytest.approx(300)
    assert form.weight[0] == pytest.approx(form.weight[form.is_leaf].sum())
    if "," not in name:  # what is drawn as the population is keeps its shares
        share = form.weight[1] / form.weight[0]
        left = (form.apply(X)[:, None] == _below(form, 1)).any(axis=1).mean()
        assert share == pytest.approx(left, abs=0.1)


def _below(form, node):
    nodes, waiting = [], [node]
    while waiting:
        at = waiting.pop()
        nodes.append(at)
        if form.left[at] >= 0:
            waiting += [int(form.left[at]), int(form.right[at])]
    return np.array(nodes)


def test_with_y_nothing_is_asked(rng):
    X = rng.normal(size=(100, 3))
    for made in ASKING.values():
        oracle = Oracle(CallableBox(halves, classes=("no", "yes")), Domain.infer(X))
        model = clone(made).set_params(oracle=oracle)
        if model.get_params().get("criterion") == "significance":
            with pytest.raises(InputError, match="asks between rows"):
                model.fit(X, np.where(X[:, 1] > 0, "no", "yes"))
        else:
            model.fit(X, np.where(X[:, 1] > 0, "no", "yes"))
        assert oracle.queries.rows == 0


# TREPAN -------------------------------------------------------------------------------------


def bits(n: int, d: int, rng: np.random.Generator) -> tuple[np.ndarray, Domain]:
    X = rng.integers(0, 2, size=(n, d)).astype(float)
    return X, Domain.infer(X, kinds=dict.fromkeys(range(d), "binary"))


@pytest.mark.parametrize(("m", "n"), [(2, 3), (3, 5), (4, 4), (1, 4)])
def test_m_of_n_concepts_are_one_test(m, n, rng):
    X, domain = bits(400, 7, rng)
    box = CallableBox(lambda rows: np.where(rows[:, :n].sum(axis=1) >= m, "yes", "no"))
    made = TrepanClassifier(Oracle(box, domain), max_internal=3, min_sample=400).fit(X)
    assert made.form_.n_leaves == 2
    assert made.form_.columns == frozenset(range(n))
    truth = np.where(X[:, :n].sum(axis=1) >= m, "yes", "no")
    assert (made.predict(X) == truth).all()


def test_single_and_disjunctive_tests_are_what_they_say(rng):
    X, domain = bits(400, 6, rng)
    box = CallableBox(lambda rows: np.where(rows[:, :3].sum(axis=1) >= 2, "yes", "no"))
    single = TrepanClassifier(Oracle(box, domain), tests="single").fit(X).form_
    assert not single.tests
    either = TrepanClassifier(Oracle(box, domain), tests="disjunctive").fit(X).form_
    several = [test for test in either.tests if isinstance(test, AtLeast)]
    # An "at least 1 of" or, seen from its complement, an "all of".
    assert all(test.m in (1, len(test.conditions)) for test in several)


def test_a_column_is_in_one_m_of_n_test_of_a_path(rng):
    X = rng.normal(size=(300, 6))
    box = CallableBox(lambda rows: np.where((rows[:, :3] > 0).sum(axis=1) >= 2, "yes", "no"))
    form = TrepanClassifier(Oracle(box, Domain.infer(X)), min_sample=300).fit(X).form_
    for path in form.paths().values():
        several = [c.columns for c in path if isinstance(c, AtLeast)]
        assert sum(map(len, several)) == len(frozenset().union(*several))


def test_no_more_tests_than_allowed_and_none_below_pure_nodes(rng):
    X = rng.normal(size=(300, 3))
    oracle = Oracle(CallableBox(halves, classes=("no", "yes")), Domain.infer(X))
    for most in (0, 1, 4):
        form = TrepanClassifier(oracle, max_internal=most, min_sample=100).fit(X).form_
        assert form.n_leaves <= most + 1
    step = CallableBox(lambda rows: np.where(rows[:, 0] > 0, "a", "b"))
    oracle = Oracle(step, Domain.infer(X))
    made = TrepanClassifier(oracle, tests="single").fit(X)
    assert made.form_.n_leaves == 2
    assert oracle.queries.rows < 1500  # the root's 1,000 and little more


def test_validation_chooses_among_the_trees_that_growth_went_through(rng):
    X = rng.normal(size=(300, 2))
    noise = CallableBox(
        lambda rows: np.where((rows[:, 0] > 0) ^ (np.sin(1e6 * rows[:, 1]) > 0.3), "a", "b")
    )
    oracle = Oracle(noise, Domain.infer(X))
    last = TrepanClassifier(oracle, tests="single", min_sample=200).fit(X)
    chosen = TrepanClassifier(oracle, tests="single", min_sample=200, validation=0.3).fit(X)
    assert chosen.held_out_ is not None
    assert len(chosen.held_out_.matrix) == 90
    assert chosen.form_.n_leaves < last.form_.n_leaves
    fitted = {tuple(row) for row in chosen.rows_.matrix}
    assert not fitted & {tuple(row) for row in chosen.held_out_.matrix}


def test_smaller_trees_are_cut_out_of_the_one_grown(rng):
    X = rng.normal(size=(300, 3))
    oracle = Oracle(CallableBox(halves, classes=("no", "yes")), Domain.infer(X))
    made = TrepanClassifier(oracle, tests="single", min_sample=200, max_internal=8).fit(X)
    asked = oracle.queries.rows
    sizes = [tree.n_leaves for tree in made.path([1, 2, 4, 64])]
    assert oracle.queries.rows == asked
    assert sizes[0] == 1
    assert sizes == sorted(sizes)
    assert made.path([64])[0] == made.form_


# Tests of a node ----------------------------------------------------------------------------


def literals_of(X, codes, features=None, n_cuts=4):
    features = features or tuple(Feature(f"x{j}") for j in range(X.shape[1]))
    target = Target.of(np.zeros((0, 2)), codes, np.ones(len(X)))
    return find_literals(X, target, features, n_cuts=n_cuts, least=2.0), target, features


def test_the_best_literal_comes_first_and_gains_what_it_parts(rng):
    X = rng.normal(size=(200, 3))
    codes = (X[:, 1] > 0.3).astype(int)
    found, _, _ = literals_of(X, codes)
    assert found.conditions[0].feature == 1
    p = codes.mean()
    whole = -200 * (p * np.log2(p) + (1 - p) * np.log2(1 - p))
    assert found.gain[0] == pytest.approx(whole)
    assert (found.holds[0] == found.conditions[0].holds(X)).all()


def test_missing_values_go_where_they_gain_most(rng):
    X = rng.normal(size=(200, 1))
    codes = (X[:, 0] > 0).astype(int)
    X[::4] = np.nan
    codes[::4] = 1
    found, _, _ = literals_of(X, codes)
    assert found.conditions[0] == Interval(0, high=found.conditions[0].high, missing=False)


def test_sets_of_categories_follow_the_answers(rng):
    X = rng.integers(0, 6, size=(300, 1)).astype(float)
    codes = np.isin(X[:, 0], [0, 3, 5]).astype(int)
    features = (Feature("c", "categorical", categories=tuple("abcdef")),)
    found, _, _ = literals_of(X, codes, features)
    assert found.conditions[0].codes in (frozenset({0, 3, 5}), frozenset({1, 2, 4}))


def test_a_larger_test_that_parts_alike_is_not_taken(rng):
    X = np.repeat(rng.integers(0, 2, size=(300, 1)).astype(float), 3, axis=1)  # three copies
    found, target, features = literals_of(X, X[:, 0].astype(int))
    test = best_test(found, target, features, tests="m-of-n", max_literals=5, used=frozenset())
    assert isinstance(test, Interval)


# Draws on paths -----------------------------------------------------------------------------

PATH = (
    Interval(0, low=0.5),
    AtLeast(2, (Interval(1, low=0.0), Interval(2, low=0.0), Interval(3, low=0.0))),
    AtLeast(2, (Interval(4, high=0.0, missing=True), Interval(5, high=0.0, missing=True))),
)


@pytest.mark.parametrize("kind", ["row", "interpolated", "marginal"])
def test_drawn_rows_lie_on_the_path_and_are_as_many_as_wanted(kind, rng):
    X = rng.normal(size=(200, 6))
    domain = Domain.infer(X)
    draws = {
        "row": lambda: RowDraws(domain, X, sampler="mixed", jitter=0.3, refit=False),
        "interpolated": lambda: InterpolatedDraws(domain, X, jitter=0.3),
        "marginal": lambda: MarginalDraws(domain, X, jitter=0.3, refit=True),
    }[kind]()
    around = X[all_hold(PATH, X)]
    rows = draws.draw(300, PATH, around, seed=0)
    assert rows.shape == (300, 6)
    assert all_hold(PATH, rows).all()
    assert len(np.unique(rows[:, 0])) > 100


def test_an_unlikely_path_is_filled_around_the_rows_of_its_node(rng):
    X = rng.normal(size=(500, 2))
    X[0] = [9.0, 9.0]
    path = (Interval(0, low=8.99), Interval(1, low=8.99))
    draws = RowDraws(Domain.infer(X), X, sampler="gaussian", jitter=0.001, refit=False)
    rows = draws.draw(3000, path, X[:1], seed=0)
    assert all_hold(path, rows).all()
    assert len(rows) == 3000


def test_conditions_of_m_of_n_are_forced_in_proportion_to_how_often_they_hold(rng):
    X = np.column_stack([rng.random(4000) < 0.2, rng.random(4000) < 0.8]).astype(float)
    domain = Domain.infer(X, kinds={0: "binary", 1: "binary"})
    path = (AtLeast(1, (Interval(0, low=0.5), Interval(1, low=0.5))),)
    rows = MarginalDraws(domain, X, jitter=0.3, refit=False).draw(4000, path, X, seed=0)
    # Forced is the first with chance .2, the second with .8; the other is as it may be.
    assert rows[:, 0].mean() == pytest.approx(0.2 + 0.8 * 0.2, abs=0.03)
    assert rows[:, 1].mean() == pytest.approx(0.8 + 0.2 * 0.8, abs=0.03)


def test_marginals_lose_dependence_and_rows_keep_it(rng):
    x = rng.normal(size=(500, 1))
    X = np.hstack([x, x])
    domain = Domain.infer(X)
    apart = MarginalDraws(domain, X, jitter=0.3, refit=False).draw(1000, (), X, seed=0)
    kept = RowDraws(domain, X, sampler="mixed", jitter=0.3, refit=False).draw(1000, (), X, seed=0)
    assert abs(np.corrcoef(apart.T)[0, 1]) < 0.1
    assert np.corrcoef(kept.T)[0, 1] > 0.9


def test_the_sampler_is_fitted_anew_where_rows_differ_and_only_there(rng):
    X = rng.normal(size=(600, 3))
    domain = Domain.infer(X)
    path = (Interval(0, low=0.0),)
    assert not unlike(domain, path, X[X[:, 0] > 0], X)
    moved = X.copy()
    moved[:, 1] += X[:, 0] > 0
    assert unlike(domain, path, moved[X[:, 0] > 0], moved)
    draws = MarginalDraws(domain, moved, jitter=0.3, refit=True)
    fitted = draws.at(path, moved[X[:, 0] > 0])
    assert fitted is not draws
    assert fitted.tally is draws.tally


def test_false_alarms_of_the_refit_keep_their_level():
    alarms = 0
    for seed in range(100):
        X = np.random.default_rng(seed).normal(size=(300, 4))
        alarms += unlike(Domain.infer(X), (), X[:100], X[100:])
    assert alarms / 100 <= 0.19  # level .10, and three standard errors


# ANN-DT -------------------------------------------------------------------------------------


def test_significance_is_a_centred_correlation_of_the_absolute_variation():
    rng = np.random.default_rng(0)
    apart = rng.random((200, 3))
    variation = 2 * apart[:, 1] + 7.0
    worth = significance(variation, apart)
    assert worth[1] == pytest.approx(1.0)
    expected = [np.corrcoef(variation, apart[:, j])[0, 1] for j in range(3)]
    np.testing.assert_allclose(worth, expected)
    assert significance(np.ones(200), apart).tolist() == [0, 0, 0]


def test_significance_finds_columns_that_matter_only_together(rng):
    X = rng.uniform(-1, 1, size=(400, 6))
    xor = CallableBox(lambda rows: np.where(rows[:, 2] * rows[:, 4] > 0, "same", "other"))
    made = AnnDtClassifier(
        Oracle(xor, Domain.infer(X)), criterion="significance", max_leaves=4, n_pairs=200
    ).fit(X)
    root = int(made.form_.feature[0])
    assert root in (2, 4)


def test_regression_follows_numbers_and_stops_where_they_are_level(rng):
    X = rng.uniform(size=(300, 2))
    box = CallableBox(
        lambda r: np.stack([3 * (r[:, 0] > 0.5), 8 - (r[:, 1] > 0.5)], axis=1) * 1.0,
        task="regression",
    )
    oracle = Oracle(box, Domain.infer(X))
    for criterion in ("error", "significance"):
        made = AnnDtRegressor(oracle, criterion=criterion, min_sample=400).fit(X)
        assert made.form_.n_leaves == 4
        np.testing.assert_allclose(made.predict([[0.9, 0.1], [0.1, 0.9]]), [[3, 8], [0, 7]])
        np.testing.assert_array_equal(made.rules_.predict(X), made.form_.predict(X))
    flat = CallableBox(lambda r: np.full(len(r), 2.5), task="regression")
    assert AnnDtRegressor(Oracle(flat, Domain.infer(X))).fit(X).form_.n_leaves == 1


def test_depth_leaves_and_reach_are_bounded(rng):
    X = rng.normal(size=(500, 3))
    box = CallableBox(lambda r: np.sin(5 * r[:, 0]) + r[:, 1], task="regression")
    oracle = Oracle(box, Domain.infer(X))
    made = AnnDtRegressor(oracle, max_leaves=32, max_depth=3, min_sample=100).fit(X)
    assert made.form_.depth <= 3
    assert AnnDtRegressor(oracle, max_leaves=5, min_sample=100).fit(X).form_.n_leaves <= 5
    wide = AnnDtRegressor(oracle, min_reach=0.2, max_leaves=32, min_sample=100).fit(X).form_
    assert (wide.weight[wide.is_leaf] / wide.weight[0]).min() > 0.15


def test_interpolated_rows_are_no_farther_from_real_ones_than_these_are(rng):
    ring = rng.normal(size=(400, 2))
    ring /= np.linalg.norm(ring, axis=1, keepdims=True)
    drawn = InterpolatedDraws(Domain.infer(ring), ring, jitter=0.3).draw(500, (), ring, seed=0)
    radius = np.linalg.norm(drawn, axis=1)
    assert 0.7 < radius.min() <= radius.max() < 1.3


@pytest.mark.parametrize(
    ("made", "match"),
    [
        (TrepanClassifier(tests="n"), "`tests` parameter of TrepanClassifier must be one of"),
        (TrepanClassifier(purity=1.0), r"`purity` .* must be a float in \[0.5, 1\); got 1.0"),
        (TrepanClassifier(sampler="grid"), "'marginal', one of 'mixed', 'neighbours'"),
        (AnnDtClassifier(criterion="gini"), "must be one of 'error', 'significance'; got 'gini'"),
        (AnnDtRegressor(min_reach=0.7), r"`min_reach` .* must be a float in \[0, 0.5\]"),
        (C45Classifier(confidence=0.0), r"`confidence` .* must be a float in \(0, 1\]; got 0.0"),
        (C45RulesClassifier(max_rules=-1), r"`max_rules` .* an int in \[0, inf\) or None; got -1"),
    ],
)
def test_wrong_options_are_refused(made, match):
    with pytest.raises(OptionError, match=match):
        made.fit([[0.0], [1.0]], [0, 1])
