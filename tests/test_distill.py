"""Distilling whole models: every kind of model and rows, and what the fidelity is of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from surrogate import GlobalExplanation, distill, wrap
from surrogate._distill import AFTER_END
from surrogate._target import split_rows
from surrogate.domain import Domain
from surrogate.errors import (
    AnswerError,
    BudgetSpent,
    BudgetTooSmall,
    Interrupted,
    ModelError,
    OptionError,
)

from doors import (
    CART,
    DISTILL,
    Counted,
    module,
    numbers,
    onnx_file,
    people,
    pipeline,
    probability,
    says,
    three_classes,
    timeless,
    value,
)

REAL, PERTURBED = 0, 1


def held_out(data: Any, seed: int = 0) -> tuple[Domain, np.ndarray]:
    domain = Domain.infer(data)
    return domain, split_rows(domain, data, None, seed=seed).test


# ---- models and rows ----


def test_a_callable_of_columns() -> None:
    result = distill(says, people(), **DISTILL)
    assert result.classes == ("no", "yes")
    assert result.predict({"age": [60], "income": [30.0], "job": ["smith"], "owns": [1]}) == ["yes"]
    assert result.fidelity[REAL].main.value > 0.9


def test_a_pipeline_on_frames_with_string_classes() -> None:
    model, frame = pipeline()
    result = distill(model, frame, **DISTILL)
    assert result.classes == ("no", "yes")
    domain, rows = held_out(frame)
    asked = domain.decode(rows)
    agree = np.mean(result.predict(asked) == model.predict(asked))
    assert result.fidelity[REAL].main.value == pytest.approx(agree)


def test_a_polars_frame() -> None:
    polars = pytest.importorskip("polars")
    result = distill(says, polars.DataFrame(people()), **DISTILL)
    assert result.predict(polars.DataFrame(people())[:3]).shape == (3,)
    assert timeless(result)["form"] == timeless(distill(says, people(), **DISTILL))["form"]


def test_a_torch_module() -> None:
    pytest.importorskip("torch")
    net = module().train()
    X = numbers()
    result = distill(wrap(net, output="scores", classes=["no", "yes"]), X, **DISTILL)
    _, rows = held_out(X)
    truth = np.where(2 * rows[:, 0] - rows[:, 1] > 0, "yes", "no")
    agree = np.mean(result.predict(rows) == truth)
    assert result.fidelity[REAL].main.value == pytest.approx(agree)
    assert net.training


def test_an_onnx_file(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    path = onnx_file(tmp_path)
    result = distill(str(path), numbers(), **DISTILL)
    assert result.target == "net"
    assert result.fidelity[REAL].main.value > 0.8
    assert timeless(result) == timeless(distill(path, numbers(), **DISTILL))


def test_many_classes() -> None:
    result = distill(three_classes, numbers(), **DISTILL)
    assert result.classes == (0, 1, 2)
    assert result.predict_values(numbers(5)).shape == (5, 3)
    assert result.fidelity[REAL]["worst-class agreement"].value is not None


def test_regression() -> None:
    result = distill(value, numbers(), **DISTILL)
    assert result.classes is None
    score = result.fidelity[REAL].main
    assert score.metric == "R2"
    _, rows = held_out(numbers())
    true, said = value(rows), result.predict(rows)
    r2 = 1 - ((true - said) ** 2).sum() / ((true - true.mean()) ** 2).sum()
    assert score.value == pytest.approx(r2)


def test_regression_of_several_outputs() -> None:
    model = wrap(lambda rows: np.column_stack([value(rows), 100 * rows[:, 2]]), task="regression")
    result = distill(model, numbers(), **DISTILL)
    assert result.predict(numbers(4)).shape == (4, 2)
    assert result.stability is not None
    assert result.stability.main.metric == "prediction difference / range"
    assert 0 <= result.stability.main.value < 1
    assert GlobalExplanation.from_json(result.to_json()) == result


def test_agreement_is_with_the_models_own_decision() -> None:
    model = wrap(probability, threshold=0.8)
    result = distill(model, numbers(), **DISTILL)
    _, rows = held_out(numbers())
    says_yes = probability(rows)[:, 1] > 0.8
    agree = np.mean(result.predict(rows) == says_yes)
    assert result.fidelity[REAL].main.value == pytest.approx(agree)
    assert agree > 0.9
    assert np.mean(result.predict(rows) == (probability(rows)[:, 1] > 0.5)) < 0.9


def test_a_constant_feature_is_no_trouble() -> None:
    X = np.column_stack([numbers(), np.full(150, 3.0)])
    assert distill(probability, X, **DISTILL).fidelity[REAL].main.value > 0.9


@pytest.mark.parametrize("arrange", [np.asfortranarray, lambda X: X[::-1][::-1], np.copy])
def test_how_an_array_lies_in_memory_does_not_matter(arrange: Any) -> None:
    X = numbers()
    assert timeless(distill(probability, arrange(X), **DISTILL)) == timeless(
        distill(probability, X, **DISTILL)
    )


@pytest.mark.parametrize("constant", [5.5, 1e9, -0.1])
def test_a_model_of_one_number_is_one_leaf(constant: float) -> None:
    result = distill(lambda rows: np.full(len(rows), constant), numbers(), **DISTILL)
    assert result.form.n_leaves == 1
    assert result.fidelity[REAL].main.value is None
    assert "Nothing is known" in str(result)


def test_a_declared_class_that_never_comes_is_no_trouble() -> None:
    model = wrap(lambda rows: np.full(len(rows), "no"), classes=["no", "yes"])
    result = distill(model, numbers(), **DISTILL)
    assert result.form.n_leaves == 1
    assert "have one answer, no: the tree is one leaf" in result.notes[0]
    assert result.fidelity[REAL].main.no_better_than_trivial


# ---- what the fidelity is of ----


def test_held_out_rows_are_never_fitted_on() -> None:
    X = np.column_stack([numbers(), np.arange(150.0) + 0.25])  # the last column marks a row
    model = Counted(probability)
    distill(model, X, **DISTILL)
    _, rows = held_out(X)
    held = set(rows[:, 3].tolist())
    found = [len(set(rows[:, 3].tolist()) & held) for rows in model.asked]
    assert found == [0, 0, len(held), 0, 0]  # settle, fit, real, perturbed, refit


def test_the_fidelity_is_that_of_the_form_that_is_shown() -> None:
    data = people()
    result = distill(says, data, **DISTILL)
    domain, rows = held_out(data)
    agree = np.mean(result.form.predict(rows) == (says(domain.decode(rows)) == "yes"))
    score = result.fidelity[REAL].main
    assert score.value == pytest.approx(agree)
    assert score.n == len(rows)
    assert result.curve is not None
    at = dict(result.curve)[result.form.n_leaves]
    assert at.main.value == score.value
    rules = np.mean(result.rules.predict(rows) == (says(domain.decode(rows)) == "yes"))
    assert rules == agree


def test_test_rows_are_measured_on_and_all_data_fitted_on() -> None:
    X = numbers()
    result = distill(probability, X[:50], test=X[50:], **DISTILL)
    assert result.settings["rows fitted"] == 50
    assert result.fidelity[REAL].main.n == 60
    agree = np.mean(result.predict(X[50:]) == (X[50:, 0] > 0))
    assert abs(result.fidelity[REAL].main.value - agree) < 0.2


def test_a_target_is_in_the_result() -> None:
    X = numbers(1000)
    result = distill(probability, X, target_fidelity=0.8, fidelity=300, stability=0, options=CART)
    assert result.verdict is not None
    assert result.verdict.verdict == "met"
    assert result.fidelity[REAL].main.n < 300
    assert "Target met" in str(result)


# ---- seeds and storage ----


def test_equal_seeds_give_equal_results_and_others_do_not() -> None:
    first, again = (timeless(distill(three_classes, numbers(), seed=4, **DISTILL)) for _ in "ab")
    assert first == again
    assert first != timeless(distill(three_classes, numbers(), seed=5, **DISTILL))


def test_refits_draw_and_ask_rows_of_their_own() -> None:
    model = Counted(probability)
    result = distill(model, numbers(), fidelity=60, stability=2, options=CART)
    assert result.stability is not None
    assert len(set(result.stability.seeds)) == 3
    fit, first, second = (rows[-100:] for rows in (model.asked[1], *model.asked[4:]))
    for a, b in ((fit, first), (fit, second), (first, second)):
        assert not np.isin(a, b).any()


@pytest.mark.parametrize("model", [probability, three_classes, value])
def test_json_comes_back_equal(model: Any) -> None:
    result = distill(model, numbers(), **DISTILL)
    assert GlobalExplanation.from_json(result.to_json()) == result


# ---- options and budgets ----


def test_options_reach_the_method_by_name() -> None:
    options = {**CART, "max_leaves": 3}
    result = distill(three_classes, numbers(), fidelity=60, stability=0, options=options)
    assert result.form.n_leaves <= 3
    assert result.settings["options"]["max_leaves"] == 3


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"max_leafs": 3},
            "CartClassifier has no parameter `max_leafs`; did you mean `max_leaves`",
        ),
        (
            {"max_leaves": 0},
            r"`max_leaves` parameter of CartClassifier .* int in \[1, inf\); got 0",
        ),
        ({"random_state": 1}, "has no parameter `random_state`"),
        ([1], "`options` parameter of distill must be a mapping"),
    ],
)
def test_wrong_options_are_refused(options: Any, said: str) -> None:
    with pytest.raises(OptionError, match=said):
        distill(probability, numbers(), options=options)


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ({"method": "lime"}, "There is no global method 'lime'; there are: cart"),
        ({"target_fidelity": 95}, r"in \(0, 1\) or None; got 95"),
        ({"fidelity": 3}, "`fidelity` parameter of distill"),
        ({"seed": -1}, "`seed` parameter of distill"),
    ],
)
def test_wrong_arguments_are_refused_before_the_first_query(
    said: dict[str, Any], wanted: str
) -> None:
    model = Counted(probability)
    with pytest.raises(OptionError, match=wanted):
        distill(model, numbers(), **said)
    assert model.calls == 0


def test_a_budget_that_is_too_small_is_refused_before_the_first_query() -> None:
    model = Counted(probability)
    wanted = 2 * (105 + 200) + 45 + 60  # fit and one refit, real and perturbed rows
    with pytest.raises(BudgetTooSmall, match=f"at least {wanted:,}"):
        distill(model, numbers(), budget=wanted - 1, **DISTILL)
    assert model.calls == 0
    result = distill(model, numbers(), budget=wanted, **DISTILL)
    assert result.queries.rows == model.rows == wanted
    assert not result.interrupted


def test_regression_has_no_target() -> None:
    model = Counted(value)
    with pytest.raises(OptionError, match="this model answers numbers"):
        distill(model, numbers(), target_fidelity=0.9, **DISTILL)
    assert model.rows == 64  # those that told what its answers are


# ---- Ctrl-C, and a model that fails on the way ----


@pytest.mark.parametrize("call", range(1, 9))
@pytest.mark.parametrize("model", [probability, value])
def test_ctrl_c_at_any_call_gives_what_there_is(model: Any, call: int) -> None:
    pressed = Counted(model, stop_at=call)
    if call <= 3:  # settle, fit and real rows: without these nothing can be measured
        with pytest.raises(Interrupted) as raised:
            distill(pressed, numbers(), **DISTILL)
        kept = 0 if raised.value.answers is None else len(raised.value.answers)
        assert kept == [0, 64, 305][call - 1]
        return
    result = distill(pressed, numbers(), **DISTILL)
    whole = distill(model, numbers(), **DISTILL)
    assert result.interrupted == (call <= 5)
    if result.interrupted:
        assert "! interrupted: this is what there was by then" in str(result)
        assert any("Ctrl-C" in note for note in result.notes)
        assert GlobalExplanation.from_json(result.to_json()).interrupted
    if call >= 5:
        assert result.form == whole.form
        assert result.fidelity == whole.fidelity


def test_ctrl_c_while_fitting_fits_on_what_was_answered_and_measures_a_little() -> None:
    X = numbers(1000)
    calls = 0

    def model(rows: np.ndarray) -> np.ndarray:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise KeyboardInterrupt
        return probability(rows)

    result = distill(model, X, options=CART, fidelity=2000, stability=3)
    assert result.interrupted
    assert result.notes[0] == "Fitted on 64 of 900 rows: interrupted by Ctrl-C."
    assert result.fidelity[REAL].main.n == AFTER_END
    assert result.stability is None
    _, rows = held_out(X)
    agree = np.mean(result.predict(rows) == (rows[:, 0] > 0))
    assert result.fidelity[REAL].main.value == pytest.approx(agree, abs=0.1)


def test_a_model_that_fails_in_a_refit_loses_nothing() -> None:
    model = Counted(probability, stop_at=5, error=RuntimeError("gone"))
    result = distill(model, numbers(), **DISTILL)
    assert result.interrupted
    assert "0 of 1 refits under other seeds were done. the model failed" in " ".join(result.notes)
    assert result.fidelity[PERTURBED].main.value > 0.5


def test_a_model_that_fails_in_the_fit_is_an_error_with_the_answers() -> None:
    model = Counted(probability, stop_at=2, error=RuntimeError("gone"))
    with pytest.raises(ModelError, match="Counted raised RuntimeError: gone") as raised:
        distill(model, numbers(), **DISTILL)
    assert len(raised.value.answers) == 64


def test_a_rare_class_that_was_not_declared_is_named_with_its_row() -> None:
    def model(rows: np.ndarray) -> np.ndarray:
        labels = np.where(rows[:, 0] > 0, "yes", "no").astype(object)
        labels[~np.isin(rows[:, 2], numbers()[:, 2])] = "perturbed"
        return labels

    said = r"label 'perturbed' to row 105, .*classes=\. Row 105 is x0 = .*, x1 = .*, x2 = "
    with pytest.raises(AnswerError, match=said):
        distill(model, numbers(), **DISTILL)


def test_a_spent_budget_carries_the_answers() -> None:
    from surrogate._distill import distill_rows
    from surrogate.oracle import Oracle

    X = numbers()
    domain = Domain.infer(X)
    oracle = Oracle(wrap(probability), domain, budget=400)
    split = split_rows(domain, X, None, seed=0)
    oracle.ask(X[:90])  # something else was asked meanwhile
    with pytest.raises((BudgetSpent, BudgetTooSmall)):
        distill_rows(
            oracle,
            split,
            method="cart",
            fidelity=60,
            stability=1,
            seed=0,
            options={"n_queries": 300},
        )
