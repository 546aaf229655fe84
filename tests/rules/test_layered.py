"""CRED, DeepRED and ECLAIRE: one contract over nets, and what each does by itself."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import check_estimator

from surrogate import audit, distill
from surrogate.adapters import CallableBox, wrap
from surrogate.domain import Domain
from surrogate.errors import AbilityError, BudgetTooSmall, InputError, OptionError
from surrogate.explanation import GlobalExplanation
from surrogate.forms import DecisionGraph, RuleSet, form_from_dict
from surrogate.methods import METHODS, method_class
from surrogate.oracle import Oracle
from surrogate.rules import CredClassifier, DeepRedClassifier, EclaireClassifier

from layered_nets import X, box_of, oracle_of, regression_net

NAMES = [name for name, method in METHODS.items() if method.needs == "activations"]
CASES = [(name, library) for name in NAMES for library in ("sklearn", "torch", "onnx")]


def fitted(name: str, box: Any, **options: Any) -> Any:
    task = "regression" if box.traits.task == "regression" else "classification"
    return method_class(name, task)(oracle_of(box), **options).fit(X)


def agreement(estimator: Any, rows: np.ndarray = X) -> float:
    oracle = estimator.oracle
    decided = np.asarray(oracle.classes)[np.asarray(oracle.ask(rows).decision)]
    return float((estimator.predict(rows) == decided).mean())


def test_the_methods_are_in_the_table():
    assert NAMES == ["cred", "deepred", "eclaire"]


@pytest.mark.parametrize("kind", ["relu", "tanh", "logistic"])
@pytest.mark.parametrize("name", NAMES)
def test_nets_of_every_kind_are_said(name: str, kind: str) -> None:
    made = fitted(name, box_of("sklearn", kind))
    assert agreement(made) > 0.93
    fresh = np.random.default_rng(5).uniform(-1, 1, (500, 3))
    assert agreement(made, fresh) > 0.85  # CART of 16 leaves on these rows: .79
    assert made.layers_ == (("hidden 2",) if name == "cred" else ("hidden 1", "hidden 2"))


@pytest.mark.parametrize(("name", "library"), CASES)
def test_a_net_is_said_alike_whatever_holds_it(name: str, library: str) -> None:
    if library != "sklearn":
        pytest.importorskip(library)
    here, there = fitted(name, box_of(library)), fitted(name, box_of("sklearn"))
    assert (here.predict(X) == there.predict(X)).mean() > 0.99
    assert here.oracle.queries.rows == len(X)
    again = form_from_dict(here.form_.to_dict())
    assert again == here.form_
    np.testing.assert_array_equal(here.predict_proba(X).sum(axis=1).round(9), 1.0)


@pytest.mark.parametrize("name", NAMES)
def test_equal_seeds_give_equal_forms(name: str) -> None:
    one, other = (fitted(name, box_of("sklearn"), n_queries=60, random_state=3) for _ in range(2))
    assert one.form_ == other.form_
    assert one.oracle.queries.rows == len(X) + 60 == sum(one.cost(len(X)).values())
    assert one.is_drawn
    assert not fitted(name, box_of("sklearn")).is_drawn


@pytest.mark.parametrize("name", NAMES)
def test_regression_follows_by_intervals(name: str) -> None:
    made = fitted(name, wrap(regression_net()), n_intervals=5)
    said = regression_net().predict(X)
    assert np.corrcoef(made.predict(X), said)[0, 1] > 0.9
    assert made.form_.classes is None
    assert len(np.unique(made.form_.value if name == "deepred" else said)) > 2


@pytest.mark.parametrize("name", NAMES)
def test_bounds_hold_and_are_said(name: str) -> None:
    made = fitted(name, box_of("sklearn"), max_rules=3)
    assert any("max_rules" in note for note in made.notes_)
    if name == "deepred":
        assert made.rules_ is None
        small = fitted(name, box_of("sklearn"), max_nodes=4)
        assert small.form_.n_conditions <= 4
        assert any("max_nodes" in note for note in small.notes_)
    else:
        assert made.form_.n_rules <= 3
    narrow = fitted(name, box_of("sklearn"), max_units=1)
    assert any("the 1 that vary most were read (max_units)" in note for note in narrow.notes_)
    assert fitted(name, box_of("sklearn"), max_leaves=2).form_.n_conditions < 40


@pytest.mark.parametrize("name", NAMES)
def test_a_tight_bound_is_no_abort(name: str) -> None:
    least = {"max_rules": 1} | ({"max_nodes": 1} if name == "deepred" else {})
    assert fitted(name, box_of("sklearn"), **least).form_.predict(X).shape == (len(X),)


def test_layers_can_be_named():
    assert fitted("cred", box_of("sklearn"), layer="hidden 1").layers_ == ("hidden 1",)
    assert fitted("deepred", box_of("sklearn"), layers="hidden 2").layers_ == ("hidden 2",)
    assert fitted("eclaire", box_of("sklearn"), layers=["hidden 1"]).layers_ == ("hidden 1",)
    with pytest.raises(OptionError, match="has no layer 'hidden 3'; it has: hidden 1, hidden 2"):
        fitted("cred", box_of("sklearn"), layer="hidden 3")
    with pytest.raises(OptionError, match="`layers` parameter of EclaireClassifier"):
        fitted("eclaire", box_of("sklearn"), layers=3)


def test_through_one_layer_deepred_says_what_cred_substitutes():
    cred = fitted("cred", box_of("sklearn"))
    deep = fitted("deepred", box_of("sklearn"), layers=["hidden 2"], min_rows=0)
    assert deep.rules_.n_rules == cred.n_substituted_
    assert cred.form_.n_rules <= cred.n_substituted_


def test_the_graph_decides_the_fitted_rows_alike_with_and_without_idle_tests():
    kept = fitted("deepred", box_of("sklearn"), min_rows=0)
    passed = fitted("deepred", box_of("sklearn"), min_rows=1)
    np.testing.assert_array_equal(kept.predict(X), passed.predict(X))
    assert passed.form_.n_conditions <= kept.form_.n_conditions
    rules = passed.rules_
    np.testing.assert_array_equal(rules.predict(X), passed.form_.predict(X))
    assert sum(rule.n_covered for rule in rules.rules) == len(X)


def pairs_net() -> Any:
    """Parity of 4 bits by pairs: the hidden layers hold what no single bit tells."""
    import torch

    parts: list[Any] = []
    for width in (4, 2):
        first, second = torch.nn.Linear(width, width), torch.nn.Linear(width, width // 2)
        with torch.no_grad():
            for layer in (first, second):
                layer.weight.zero_()
                layer.bias.fill_(-10.0)
            for a in range(0, width, 2):
                first.weight[a, a], first.weight[a, a + 1] = 20.0, -20.0
                first.weight[a + 1, a], first.weight[a + 1, a + 1] = -20.0, 20.0
                second.weight[a // 2, a : a + 2] = 20.0
        parts += [first, torch.nn.Sigmoid(), second, torch.nn.Sigmoid()]
    return torch.nn.Sequential(*parts).double()


def test_deepred_says_parity_where_trees_of_the_inputs_see_nothing():
    pytest.importorskip("torch")
    bits = ((np.arange(16)[:, None] >> np.arange(4)) & 1).astype(float)
    bits = np.repeat(bits, 8, axis=0)
    oracle = Oracle(wrap(pairs_net(), output="probabilities"), Domain.infer(bits))
    deep = DeepRedClassifier(oracle).fit(bits)
    np.testing.assert_array_equal(deep.form_.predict(bits), bits.sum(axis=1).astype(int) % 2)
    assert isinstance(deep.form_, DecisionGraph)
    assert (deep.form_.n_conditions, deep.rules_.n_rules) == (7, 16)
    assert CredClassifier(oracle).fit(bits).form_.n_rules == 0


def test_categories_and_missing_values_are_conditions_of_the_domain():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "work": rng.choice(["Local", "Private", "State"], 200),
            "age": rng.uniform(20, 60, 200),
            "idle": rng.normal(size=200),
        }
    )
    frame.loc[::9, "idle"] = np.nan

    def numbers(rows: Any) -> np.ndarray:
        local = (np.asarray(rows["work"]) == "Local").astype(float)
        return np.column_stack([local, (np.asarray(rows["age"], dtype=float) - 40) / 20])

    torch = pytest.importorskip("torch")
    module = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
    with torch.no_grad():
        module[0].weight.copy_(torch.tensor([[2.0, 0], [0, 2], [1, 1], [-1, -1]]))
        module[0].bias.zero_()
        module[2].weight.copy_(torch.tensor([[0.0, 0, 0, 0], [1, 1, 1, -2]]))
        module[2].bias.copy_(torch.tensor([1.0, 0.0]))
    box = wrap(module, output="scores", classes=("no", "yes"), preprocess=numbers)
    for cls in (CredClassifier, DeepRedClassifier, EclaireClassifier):
        made = cls(Oracle(box, Domain.infer(frame))).fit(frame)
        text = str(made.form_)
        assert "work = Local" in text or "work != Local" in text
        assert "age" in text
        decided = np.asarray(box.ask(frame).values.argmax(-1))
        assert (made.form_.predict(made.domain_.encode(frame)) == decided).mean() > 0.95


# What is refused


@pytest.mark.parametrize("name", NAMES)
def test_an_oracle_is_needed_and_no_y(name: str) -> None:
    make = method_class(name, "classification")
    with pytest.raises(InputError, match="needs an oracle that asks such a model, and takes no y"):
        make().fit(X)
    with pytest.raises(InputError, match="takes no y"):
        make(oracle_of(box_of("sklearn"))).fit(X, X[:, 0] > 0)


@pytest.mark.parametrize("name", NAMES)
def test_a_model_without_layers_is_refused_before_it_is_asked(name: str) -> None:
    box = CallableBox(lambda rows: rows[:, 0] > 0, classes=(False, True), output="labels")
    oracle = oracle_of(box)
    with pytest.raises(AbilityError, match="shows no hidden layers; torch modules"):
        method_class(name, "classification")(oracle).fit(X)
    with pytest.raises(AbilityError) as refused:
        distill(lambda rows: rows[:, 0] > 0, X, method=name)
    assert f"Method '{name}' reads a net's hidden layers" in str(refused.value)
    assert "These methods need labels only: cart, c45, c45rules, trepan, ann_dt" in str(
        refused.value
    )
    with pytest.raises(AbilityError, match="need labels only: cart"):
        audit(lambda rows: rows[:, 0] > 0, X, methods=["cart", name])
    assert oracle.queries.rows == 0


def test_a_net_of_one_layer_has_none_to_read():
    torch = pytest.importorskip("torch")
    flat = wrap(torch.nn.Linear(3, 2), output="scores")
    with pytest.raises(AbilityError, match="none of its weighted layers feeds another one"):
        distill(flat, X, method="eclaire")
    with pytest.raises(AbilityError, match="found no hidden layer in Linear"):
        CredClassifier(oracle_of(flat)).fit(X)


def test_what_does_not_fit_the_budget_is_refused_first():
    oracle = oracle_of(box_of("sklearn"), budget=100)
    with pytest.raises(BudgetTooSmall):
        DeepRedClassifier(oracle).fit(X)
    assert oracle.queries.rows == 0


def test_several_outputs_have_no_intervals():
    torch = pytest.importorskip("torch")
    wide = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
    with pytest.raises(AbilityError, match="for one output; this model answers 2"):
        fitted("cred", wrap(wide, task="regression"))


# The front door


@pytest.mark.parametrize("name", NAMES)
def test_distill_measures_and_comes_back_from_json(name: str) -> None:
    explanation = distill(box_of("torch"), X, method=name, fidelity=300)
    assert explanation.fidelity[0].main.value > 0.7
    assert explanation.stability is None
    assert any("refits under other seeds would all be equal" in n for n in explanation.notes)
    assert GlobalExplanation.from_dict(explanation.to_dict()).to_dict() == explanation.to_dict()
    assert str(explanation)
    assert explanation.queries.rows == sum(
        distill(box_of("torch"), X, method=name, fidelity=300, dry_run=True).plan.values()
    )


def test_distill_refits_where_rows_are_drawn():
    options = {"n_queries": 50, "max_leaves": 8}
    explanation = distill(
        box_of("sklearn"), X, method="eclaire", fidelity=200, stability=2, options=options
    )
    assert explanation.stability is not None
    regression = distill(
        wrap(regression_net()), X, method="cred", fidelity=200, options={"n_intervals": 3}
    )
    assert isinstance(regression.form, RuleSet)


def test_an_audit_takes_them_beside_others():
    found = audit(box_of("torch"), X, methods=["cart", "deepred"], fidelity=200, stability=0)
    assert [one.method for one in found.surrogates] == ["cart", "deepred"]
    assert "decision graph" in str(found) or "deepred" in str(found)


# As estimators

# Every check that fits: without an oracle, and with a y, there is nothing to fit.
FITS = {
    "check_all_zero_sample_weights_error", "check_classifier_data_not_an_array",
    "check_classifiers_classes", "check_classifiers_one_label",
    "check_classifiers_one_label_sample_weights", "check_classifiers_regression_target",
    "check_classifiers_train", "check_complex_data", "check_dict_unchanged",
    "check_dont_overwrite_parameters", "check_dtype_object", "check_estimator_sparse_array",
    "check_estimator_sparse_matrix", "check_estimator_sparse_tag", "check_estimators_dtypes",
    "check_estimators_empty_data_messages", "check_estimators_fit_returns_self",
    "check_estimators_overwrite_params", "check_estimators_pickle",
    "check_f_contiguous_array_estimator", "check_fit2d_1feature", "check_fit2d_1sample",
    "check_fit2d_predict1d", "check_fit_check_is_fitted", "check_fit_idempotent",
    "check_fit_score_takes_y", "check_methods_sample_order_invariance",
    "check_methods_subset_invariance", "check_n_features_in", "check_n_features_in_after_fitting",
    "check_pipeline_consistency", "check_positive_only_tag_during_fit",
    "check_readonly_memmap_input", "check_regressor_data_not_an_array",
    "check_regressor_multioutput", "check_regressors_int", "check_regressors_no_decision_function",
    "check_regressors_train", "check_requires_y_none",
    "check_sample_weight_equivalence_on_dense_data", "check_sample_weights_list",
    "check_sample_weights_not_an_array", "check_sample_weights_not_overwritten",
    "check_sample_weights_pandas_series", "check_sample_weights_shape", "check_supervised_y_2d",
}  # fmt: skip
ESTIMATORS = [(name, task) for name in NAMES for task in METHODS[name].classes]


@pytest.mark.parametrize(("name", "task"), ESTIMATORS)
def test_scikit_learns_checks_fail_only_for_want_of_an_oracle(name: str, task: Any) -> None:
    made = method_class(name, task)()
    expected = dict.fromkeys(FITS, "needs an oracle whose model shows hidden layers, and no y")
    results = check_estimator(made, expected_failed_checks=expected, on_fail=None, on_skip=None)
    assert [r["check_name"] for r in results if r["status"] == "failed"] == []
    assert sum(r["status"] == "passed" for r in results) > 8


@pytest.mark.parametrize("name", NAMES)
def test_an_oracle_does_what_those_checks_ask_for(name: str) -> None:
    oracle = oracle_of(box_of("sklearn"))
    made = method_class(name, "classification")(oracle)
    before = made.get_params()
    assert made.fit(X) is made
    assert made.get_params() == before
    assert made.n_features_in_ == 3
    assert list(made.classes_) == ["other", "same"]
    np.testing.assert_array_equal(made.predict(X[::-1]), made.predict(X)[::-1])
    np.testing.assert_array_equal(made.fit(X.copy(order="F")).predict(X[:5]), made.predict(X)[:5])
    weighed = method_class(name, "classification")(oracle).fit(X, sample_weight=np.arange(240) % 2)
    half = method_class(name, "classification")(oracle).fit(X[1::2])
    assert weighed.form_.to_dict()["features"] == half.form_.to_dict()["features"]
    np.testing.assert_array_equal(weighed.predict(X), half.predict(X))
    with pytest.raises(ValueError, match=r"X has 2 features, but .* is expecting 3"):
        made.predict(X[:, :2])


@pytest.mark.parametrize("name", NAMES)
def test_clones_and_pickles(name: str) -> None:
    made = fitted(name, box_of("sklearn"), max_leaves=8)
    again = clone(made)
    assert again.get_params() == made.get_params()
    assert again.oracle is made.oracle
    kept = pickle.loads(pickle.dumps(made))
    np.testing.assert_array_equal(kept.predict(X), made.predict(X))
    assert not hasattr(made, "_seen")


def test_a_net_of_many_layers_is_no_abort():
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    parts: list[Any] = [torch.nn.Linear(3, 6), torch.nn.Tanh()]
    for _ in range(11):
        parts += [torch.nn.Linear(6, 6), torch.nn.Tanh()]
    deep = torch.nn.Sequential(*parts, torch.nn.Linear(6, 2))
    made = fitted("deepred", wrap(deep, output="scores"), max_nodes=200, max_leaves=6)
    assert len(made.layers_) == 12
    assert made.form_.n_conditions <= 200
