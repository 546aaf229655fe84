"""Explaining rows: every kind of model and rows, and what is left after Ctrl-C."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from surrogate import GlobalExplanation, LocalExplanations, explain, wrap
from surrogate.domain import Domain
from surrogate.errors import (
    AnswerError,
    BudgetTooSmall,
    DataError,
    Interrupted,
    ModelError,
    OptionError,
)

from doors import (
    CART,
    EXPLAIN,
    LIME,
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


def first(data: dict[str, np.ndarray], n: int = 3) -> dict[str, np.ndarray]:
    return {name: column[:n] for name, column in data.items()}


# ---- models and rows ----


def test_a_callable_of_columns() -> None:
    result = explain(says, first(people()), data=people(), **EXPLAIN)
    assert isinstance(result, LocalExplanations)
    assert result.coef.shape == (3, 2, 4)
    assert result.classes == ("no", "yes")
    np.testing.assert_array_equal(result.box_values[:, 1], says(first(people())) == "yes")
    assert result.queries.rows == 3 + 300 + 100


def test_labels_of_one_class_are_settled_by_the_rows_around() -> None:
    data = people()
    cooks = {name: column[data["job"] == "cook"][:1] for name, column in data.items()}
    result = explain(says, cooks, data=data, **EXPLAIN)
    assert result.classes == ("no", "yes")
    assert result.box_values.tolist() == [[1.0, 0.0]]
    assert dict(result.queries.purposes) == {"rows": 1, "fit": 300, "fidelity": 100}


def test_a_pipeline_on_frames_with_string_classes() -> None:
    model, frame = pipeline()
    shuffled = frame[["owns", "job", "income", "age"]]
    result = explain(model, shuffled[:2], data=frame, **EXPLAIN)
    np.testing.assert_allclose(result.box_values, model.predict_proba(frame[:2]))
    assert result[0].row.equals(frame[:1])


def test_a_torch_module() -> None:
    pytest.importorskip("torch")
    result = explain(wrap(module(), output="scores"), numbers()[:2], data=numbers(), **EXPLAIN)
    slope = result.coef[:, 1] / numbers().std(axis=0)
    np.testing.assert_allclose(slope, [[2.0, -1.0, 0.0]] * 2, atol=1e-4)


def test_an_onnx_file(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    result = explain(onnx_file(tmp_path), numbers()[:2], data=numbers(), **EXPLAIN)
    np.testing.assert_allclose(result.box_values.sum(axis=1), 1.0, atol=1e-6)


def test_a_black_box_and_regression() -> None:
    result = explain(wrap(value), numbers()[:2], data=numbers(), **EXPLAIN)
    assert result.classes is None
    np.testing.assert_allclose(result.box_values[:, 0], value(numbers()[:2]))


def test_many_classes_and_some_of_them() -> None:
    options = {**LIME, "classes": [2, 0]}
    result = explain(three_classes, numbers()[:2], data=numbers(), options=options, fidelity=100)
    whole = explain(three_classes, numbers()[:2], data=numbers(), **EXPLAIN)
    assert result.classes == (2, 0)
    np.testing.assert_allclose(result.coef, whole.coef[:, [2, 0]], atol=1e-12)
    options = {**LIME, "classes": ["x"]}
    with pytest.raises(OptionError, match="names 'x', which the model does not have; it has: 0, 1"):
        explain(three_classes, numbers()[:2], data=numbers(), options=options)


def test_enough_rows_serve_as_their_own_reference() -> None:
    result = explain(probability, numbers(50), **EXPLAIN)
    assert "The explained rows themselves served as the reference" in result.notes[0]
    given = explain(probability, numbers(50), data=numbers(50), **EXPLAIN)
    np.testing.assert_array_equal(result.coef, given.coef)


FIDELITY = ["fidelity", "(interval)"]


def test_many_rows_are_a_line_each() -> None:
    text = str(explain(three_classes, numbers(60), **EXPLAIN))
    (head,) = [line for line in text.splitlines() if line.lstrip().startswith("row  ")]
    assert head.split() == ["row", "for", "model", "strongest", "term", "effect", *FIDELITY]


def test_a_global_method_hands_over_to_distill() -> None:
    result = explain(probability, numbers(), method="cart", fidelity=60, options=CART)
    assert isinstance(result, GlobalExplanation)
    with_data = explain(
        probability, numbers()[:2], data=numbers(), method="cart", fidelity=60, options=CART
    )
    assert timeless(result) == timeless(with_data)


# ---- seeds and storage ----


def test_equal_seeds_give_equal_results_and_others_do_not() -> None:
    results = [
        timeless(explain(three_classes, numbers()[:2], data=numbers(), seed=seed, **EXPLAIN))
        for seed in (4, 4, 5)
    ]
    assert results[0] == results[1]
    assert results[0] != results[2]


@pytest.mark.parametrize("model", [probability, three_classes, value])
def test_json_comes_back_equal(model: Any) -> None:
    result = explain(model, numbers()[:3], data=numbers(), **EXPLAIN)
    back = LocalExplanations.from_json(result.to_json())
    assert back == result
    assert not back.interrupted
    np.testing.assert_array_equal(back.predict(numbers(4)), result.predict(numbers(4)))


# ---- what is refused, and when ----


@pytest.mark.parametrize("n", [1, 49])
def test_few_rows_need_reference_data(n: int) -> None:
    model = Counted(probability)
    with pytest.raises(DataError, match=rf"`X` holds {n} rows?, too few .* as `data`"):
        explain(model, numbers(n))
    assert model.calls == 0


@pytest.mark.parametrize(
    ("said", "error", "wanted"),
    [
        (
            {"method": "shap"},
            OptionError,
            "There is no method 'shap'; there are: lime, kernel_shap, cart",
        ),
        ({"options": {"widht": 1}}, OptionError, "no parameter `widht`; did you mean `width`"),
        ({"options": {"n_samples": 3}}, OptionError, r"`n_samples` .* \[10, inf\); got 3"),
        ({"fidelity": 3}, OptionError, "`fidelity` parameter of explain"),
        ({"data": np.tile(numbers(1), (60, 1))}, DataError, "All 60 rows of `data` are equal"),
        ({"budget": 100}, BudgetTooSmall, r"2,?.*rows 2, fit 5,000, fidelity 1,000.*100 rows"),
    ],
)
def test_what_is_wrong_is_refused_before_the_first_query(
    said: dict[str, Any], error: type, wanted: str
) -> None:
    model = Counted(probability)
    with pytest.raises(error, match=wanted):
        explain(model, numbers()[:2], **{"data": numbers(), **said})
    assert model.calls == 0


def test_one_class_only_says_how_many_rows_were_asked() -> None:
    model = wrap(lambda rows: np.full(len(rows), "no"))
    with pytest.raises(AnswerError, match=r"one class only, 'no', for all 402 rows; .* classes="):
        explain(model, numbers()[:2], data=numbers(), **EXPLAIN)


def test_answers_too_large_to_square_are_refused() -> None:
    with pytest.raises(AnswerError, match=r"answered -1\.17e\+198 to row 0, .* scales its answers"):
        explain(lambda rows: rows[:, 0] * 1e200, numbers()[:2], data=numbers(), **EXPLAIN)


# ---- Ctrl-C: rows are asked 40 at a time ----

SHARED, OWN = {"n_samples": 600}, {"n_samples": 60, "sampling": "gaussian"}


def slowly(model: Any) -> Any:
    """A model that takes 40 rows at a time."""
    from dataclasses import replace

    box = wrap(model)
    box._traits = replace(box.traits, max_batch=40)
    return box


def interrupted(options: dict[str, Any], at: int, model: Any = probability) -> LocalExplanations:
    pressed = Counted(model, stop_at=at)
    return explain(  # type: ignore[return-value]
        slowly(pressed), numbers()[:4], data=numbers(), options=options, fidelity=100
    )


@pytest.mark.parametrize("at", range(1, 19))
def test_ctrl_c_at_any_call_gives_what_there_is(at: int) -> None:
    done = 40 * (at - 1)  # of 4 rows, 600 to fit on and 100 fresh
    fit, fresh = min(max(done - 4, 0), 600), max(done - 604, 0)
    whole = explain(probability, numbers()[:4], data=numbers(), options=SHARED, fidelity=100)
    if fit < 300:  # of less, too little can be held back to measure on
        with pytest.raises(Interrupted) as raised:
            interrupted(SHARED, at)
        assert (0 if raised.value.answers is None else len(raised.value.answers)) == done
        return
    result = interrupted(SHARED, at)
    assert result.interrupted
    assert len(result) == 4
    assert "interrupted by Ctrl-C" in result.notes[0]
    assert "! interrupted: this is what there was by then" in str(result)
    assert "interrupted" in result._repr_html_()
    assert LocalExplanations.from_json(result.to_json()).interrupted
    assert result.queries.rows == min(done + 40, 704)  # the last batch was sent, too
    if fresh >= 50:
        assert result.fidelity.n == fresh
        np.testing.assert_array_equal(result.coef, whole.coef)
    else:
        assert result.fidelity.n == fit // 6
        assert f"Fitted on {fit - fit // 6:,} of 600 perturbed rows" in result.notes[0]
    assert np.abs(result.coef - whole.coef).max() < 0.2
    assert np.abs(result.fidelity.value - whole.fidelity.value).max() < 0.2


@pytest.mark.parametrize("at", range(1, 18))
def test_ctrl_c_among_rows_of_their_own_gives_whole_rows(at: int) -> None:
    whole = explain(probability, numbers()[:4], data=numbers(), options=OWN, fidelity=100)
    rows = max(40 * (at - 1) - 4, 0) // 160
    if rows == 0:
        with pytest.raises(Interrupted):
            interrupted(OWN, at)
        return
    result = interrupted(OWN, at)
    assert len(result) == rows
    assert result.notes[0] == f"{rows} of 4 rows were explained: interrupted by Ctrl-C."
    np.testing.assert_allclose(result.coef, whole.coef[:rows], atol=1e-12)
    np.testing.assert_allclose(result.fidelity.value, whole.fidelity.value[:rows], atol=1e-12)
    assert result.index == tuple(range(rows))


def test_what_is_held_back_is_not_fitted_on() -> None:
    seen: list[int] = []

    def model(rows: np.ndarray) -> np.ndarray:
        """A line, but noise from row 520 on: of 596 rows answered, 497 are fitted on."""
        seen.append(len(rows))
        noise = np.random.Generator(np.random.Philox(key=len(seen))).normal(size=len(rows)) * 50
        return rows[:, 0] * 3 + noise * (sum(seen) > 520)

    result = interrupted(SHARED, 16, model)
    np.testing.assert_allclose(result.coef[:, 0, 1:], 0.0, atol=1e-8)
    assert (result.fidelity.value < 0.5).all()


def test_a_model_that_fails_is_an_error_that_carries_the_answers() -> None:
    model = Counted(probability, stop_at=5, error=RuntimeError("gone"))
    with pytest.raises(ModelError, match="gone") as raised:
        explain(slowly(model), numbers()[:4], data=numbers(), options=SHARED, fidelity=100)
    assert len(raised.value.answers) == 160


# ---- composing ----


def test_the_domain_says_what_a_row_is() -> None:
    domain = Domain.infer(numbers(), names=["a", "b", "c"], units={"a": "cm"})
    result = explain(probability, numbers()[:2], data=numbers(), domain=domain, **EXPLAIN)
    assert "a, per" in str(result)
    with pytest.raises(DataError, match="X has 2 features, but Domain is expecting 3"):
        explain(probability, numbers()[:2, :2], data=numbers(), domain=domain)
