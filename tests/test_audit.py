"""Audits: every surrogate on the same held-out rows, groups, outcomes, and what Ctrl-C leaves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from surrogate import Audit, audit, wrap
from surrogate._target import split_rows
from surrogate.domain import Domain
from surrogate.errors import BudgetTooSmall, DataError, Interrupted, ModelError, OptionError

from doors import (
    AUDIT,
    CART,
    LIME,
    SMALL,
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

ONLY_CART = {**SMALL, "methods": ["cart"], "options": {"cart": CART}}


def held_out(data: Any) -> tuple[Domain, np.ndarray, np.ndarray]:
    domain = Domain.infer(data)
    split = split_rows(domain, data, None, seed=0)
    assert split.test_index is not None
    return domain, split.test, split.test_index


# ---- models and rows ----


def test_a_callable_of_columns() -> None:
    result = audit(says, people(), **AUDIT)
    assert [one.method for one in result.surrogates] == ["cart"]
    assert result.local is not None
    assert result.local.method == "lime"
    assert result.target["task"] == "classification"
    assert result.data["held-out rows"] == 45
    assert not result.interrupted
    for part in ("cart on says", "lime on says", "agreement", "weighted R²"):
        assert part in str(result)
    for part in ("says", "agreement", "weighted R²"):
        assert part in result._repr_html_()


def test_a_pipeline_on_frames_with_string_classes() -> None:
    model, frame = pipeline()
    result = audit(model, frame, y=model.predict(frame), **AUDIT)
    assert result.target["adapter"] == "sklearn"
    assert result.outcomes[0].score.value == 1.0


def test_a_torch_module() -> None:
    pytest.importorskip("torch")
    box = wrap(module(), output="scores", classes=["no", "yes"])
    result = audit(box, numbers(), **AUDIT)
    assert result.target["classes"] == ["no", "yes"]


def test_an_onnx_file(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    result = audit(onnx_file(tmp_path), numbers(), **AUDIT)
    assert result.target["adapter"] == "onnx"


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_frames(kind: str) -> None:
    library = pytest.importorskip(kind)
    result = audit(says, library.DataFrame(people()), **ONLY_CART)
    wanted = timeless(audit(says, people(), **ONLY_CART))
    assert timeless(result)["surrogates"][0]["form"] == wanted["surrogates"][0]["form"]
    assert timeless(result)["data"]["fit rows sha256"] == wanted["data"]["fit rows sha256"]


@pytest.mark.parametrize("model", [probability, three_classes, value])
def test_json_comes_back_equal(model: Any) -> None:
    result = audit(model, numbers(), **AUDIT)
    back = Audit.from_json(result.to_json())
    assert back == result
    assert type(back) is Audit


def test_equal_seeds_give_equal_results_and_others_do_not() -> None:
    first, again, other = (timeless(audit(says, people(), seed=s, **AUDIT)) for s in (2, 2, 3))
    assert first == again
    assert first != other


def test_every_global_method_is_measured_on_the_same_rows_asked_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from dataclasses import replace
    from types import MappingProxyType

    import surrogate.methods as methods

    more = {**methods.METHODS, "again": replace(methods.METHODS["cart"], name="again")}
    for module_name in ("surrogate.methods", "surrogate._distill", "surrogate._explain"):
        monkeypatch.setattr(f"{module_name}.METHODS", MappingProxyType(more))
    options = {"cart": CART, "again": {**CART, "max_leaves": 2}}
    result = audit(
        probability, numbers(), methods=["cart", "again"], fidelity=60, stability=0, options=options
    )
    first, second = result.surrogates
    assert dict(result.queries.purposes)["fidelity"] == 45 + 60
    assert [f.main.n for f in first.fidelity] == [f.main.n for f in second.fidelity] == [45, 60]
    assert "Other surrogates" not in str(result)
    assert len(result.to_frame()["method"].unique()) == 2


# ---- groups and outcomes ----


def test_fidelity_is_measured_in_groups() -> None:
    data = people()
    data["income"] = np.where(np.arange(150) % 5 == 0, np.nan, data["income"])
    result = audit(says, data, groups=["job", "income"], **ONLY_CART)
    domain, rows, index = held_out(data)
    found = {g.group: g.score for g in result.surrogates[0].fidelity[0].groups}
    agree = result.surrogates[0].form.predict(rows) == (says(domain.decode(rows)) == "yes")
    for job in ("clerk", "cook", "smith"):
        at = data["job"][index] == job
        assert found[f"job = {job}"].value == pytest.approx(agree[at].mean())
        assert found[f"job = {job}"].n == at.sum()
    assert found["income = missing"].n == np.isnan(data["income"][index]).sum()
    assert sum(score.n for group, score in found.items() if "income" in group) == len(rows)


def test_true_outcomes_stand_beside_the_fidelity() -> None:
    data = people()
    rng = np.random.Generator(np.random.Philox(key=1))
    y = np.where(rng.random(150) < 0.2, "no", says(data))
    result = audit(says, data, y=y, **ONLY_CART)
    domain, rows, index = held_out(data)
    scores = {one.group: one.score for one in result.outcomes}
    assert scores["the model"].value == pytest.approx(np.mean(says(data)[index] == y[index]))
    predicted = result.surrogates[0].predict(domain.decode(rows))
    assert scores["cart"].value == pytest.approx(np.mean(predicted == y[index]))
    assert scores["the model"].metric == "accuracy"
    for said in (str(result), result._repr_html_()):
        assert "This is not fidelity" in said
        assert "against true outcomes" in said
    frame = result.to_frame()
    line = frame[frame["distribution"] == "against true outcomes (no fidelity)"]
    assert line["method"].tolist() == ["the model", "cart"]


def test_outcomes_of_a_regression_and_of_test_rows() -> None:
    X = numbers()
    noise = np.random.Generator(np.random.Philox(key=1)).normal(size=150)
    result = audit(value, X[:90], test=X[90:], y=(value(X) + noise)[90:], **ONLY_CART)
    assert result.outcomes[0].score.metric == "R2"
    assert 0.5 < result.outcomes[0].score.value < 1
    with pytest.raises(DataError, match="each of the 60 rows of `test`"):
        audit(value, X[:90], test=X[90:], y=value(X), **ONLY_CART)


@pytest.mark.parametrize(
    ("model", "y", "said", "asked"),
    [
        (says, [0, 1], "one outcome for each of the 150 rows", 0),
        (says, [None] + ["no"] * 149, "lacks the outcome of row 0", 0),
        (says, ["maybe"] * 150, "holds 'maybe', which the model does not answer", 105),
        (lambda rows: np.asarray(rows["income"]), ["a"] * 150, "must hold numbers", 64),
    ],
)
def test_wrong_outcomes_are_refused_before_the_work(
    model: Any, y: Any, said: str, asked: int
) -> None:
    counted = Counted(model)
    with pytest.raises(DataError, match=said):
        audit(counted, people(), y=y, **AUDIT)
    assert counted.rows == asked  # no more than tells what the answers are


def test_a_target_is_told_with_the_claim() -> None:
    result = audit(
        probability,
        numbers(1000),
        methods=["cart"],
        target_fidelity=0.8,
        fidelity=300,
        stability=0,
        options={"cart": CART},
    )
    verdict = result.surrogates[0].verdict
    assert verdict is not None
    assert verdict.verdict == "met"
    assert result.surrogates[0].fidelity[0].main.interval == verdict.score.interval
    assert "Target met: at least 80.0 % wanted" in str(result)
    assert "Target met" in result._repr_html_()
    assert result.to_frame()["verdict"].dropna().tolist() == ["met"]


# ---- single rows ----


def test_rows_are_named_as_in_the_table() -> None:
    X = numbers()
    result = audit(probability, X, rows=[7, -1], **AUDIT)
    assert result.local is not None
    assert result.local.index == (7, 149)
    np.testing.assert_array_equal(result.local.rows, X[[7, 149]])
    assert "row 149, " in str(result)


def test_without_rows_each_is_from_another_part_of_the_surrogate() -> None:
    X = numbers()
    result = audit(three_classes, X, **AUDIT)
    assert result.local is not None
    _, _, index = held_out(X)
    picked = np.array(result.local.index)
    np.testing.assert_array_equal(result.local.rows, X[picked])
    assert set(picked) <= set(index.tolist())
    leaves = result.surrogates[0].form.apply(X[picked])
    assert len(set(leaves.tolist())) == len(picked)


def test_rows_of_a_test_table_are_named_so() -> None:
    X = numbers()
    result = audit(probability, X[:90], test=X[90:], **AUDIT)
    assert result.local is not None
    for name, row in zip(result.local.index, result.local.rows):
        number, _, table = str(name).partition(" of ")
        assert table == "test"
        np.testing.assert_array_equal(row, X[90 + int(number)])


def test_a_column_that_is_missing_throughout_a_part_is_no_trouble() -> None:
    rng = np.random.Generator(np.random.Philox(key=5))
    x = rng.normal(size=150)
    later = np.where(x > 0, np.nan, x)
    result = audit(
        lambda rows: np.where(rows["x"] > 0, "yes", "no"), {"x": x, "later": later}, **AUDIT
    )
    assert result.local is not None


# ---- what is refused, and when ----


@pytest.mark.parametrize(
    ("said", "error", "wanted"),
    [
        ({"methods": []}, OptionError, "must name a global one, which carries the claim; got"),
        ({"methods": ["lime"]}, OptionError, "For single rows alone, use explain"),
        ({"methods": "cart"}, OptionError, "must be a list of names; got 'cart'"),
        ({"methods": None}, OptionError, "must be a list of names; got None"),
        ({"methods": ["kart"]}, OptionError, "There is no method 'kart'; there are: lime, "),
        ({"options": {"max_leaves": 3}}, OptionError, "has no parameter `max_leaves`"),
        ({"options": {"cart": {"max_leafs": 3}}}, OptionError, "did you mean `max_leaves`"),
        ({"options": {"cart": 3}}, OptionError, "options of CartClassifier must be a mapping"),
        ({"options": {"lime": {"widht": 3}}}, OptionError, "did you mean `width`"),
        ({"rows": [500]}, DataError, r"`rows` goes beyond the 150 rows of `data`; got \[500\]"),
        ({"rows": []}, OptionError, r"must be a list of row numbers; got \[\]"),
        ({"rows": 3}, OptionError, "must be a list of row numbers; got 3"),
        ({"groups": ["sex"]}, DataError, "`groups` names the column 'sex'"),
        ({"seed": -1}, OptionError, "`seed` parameter of audit"),
        ({"target_fidelity": 95}, OptionError, "`target_fidelity` parameter of audit"),
        ({"domain": "x"}, OptionError, "`domain` parameter of audit must be a Domain"),
        ({"budget": 100}, BudgetTooSmall, "local 6,005.*and the budget is 100 rows"),
    ],
)
def test_what_is_wrong_is_refused_before_the_first_query(
    said: dict[str, Any], error: type, wanted: str
) -> None:
    model = Counted(probability)
    with pytest.raises(error, match=wanted):
        audit(model, numbers(), **said)
    assert model.calls == 0


def test_what_the_local_method_refuses_is_refused_before_the_surrogates() -> None:
    model = Counted(three_classes)
    wide = np.hstack([numbers(), numbers(150, 20)])
    with pytest.raises(OptionError, match=r"`n_samples` .* at least 25 for 23 features"):
        audit(model, wide, options={"lime": {"n_samples": 20}})
    with pytest.raises(OptionError, match="names 'x', which the model does not have"):
        audit(model, wide, options={"lime": {"classes": ["x"]}})
    assert model.rows == 2 * 64


def test_a_budget_that_just_fits_is_spent() -> None:
    plan = 2 * (105 + 200) + 45 + 60 + 5 + 300 + 1000
    model = Counted(probability)
    with pytest.raises(BudgetTooSmall, match=f"at least {plan:,}"):
        audit(model, numbers(), budget=plan - 1, **AUDIT)
    assert model.calls == 0
    result = audit(model, numbers(), budget=plan, **AUDIT)
    assert not result.interrupted
    local = len(result.local.rows)  # type: ignore[union-attr]
    assert result.queries.rows == model.rows == plan - 5 + local


# ---- Ctrl-C, and a model that fails on the way ----


@pytest.mark.parametrize("call", [*range(1, 9), 15, 16])
@pytest.mark.parametrize("model", [probability, value])
def test_ctrl_c_at_any_call_gives_what_there_is(model: Any, call: int, tmp_path: Path) -> None:
    pressed = Counted(model, stop_at=call)
    y = model(numbers())
    y = y.argmax(axis=1) if y.ndim == 2 else y
    if call <= 3:  # settle, fit and real rows: without these nothing can be measured
        with pytest.raises(Interrupted) as raised:
            audit(pressed, numbers(), y=y, **AUDIT)
        assert (raised.value.answers is None) == (call == 1)
        return
    result = audit(pressed, numbers(), y=y, **AUDIT)
    assert result.interrupted == (call <= 15)  # perturbed rows, refits, rows, checks
    assert (result.local is not None) == (call > 6)
    assert result.surrogates[0].fidelity[0].main.value is not None
    assert len(result.outcomes) == 2
    if result.interrupted:
        said = [*result.notes, *result.surrogates[0].notes]
        said += [] if result.local is None else result.local.notes
        assert "interrupted by Ctrl-C" in " ".join(said)
        assert str(result).startswith("! interrupted: this is what there was by then")
    assert Audit.from_json(result.to_json()) == result
    if call in (4, 6):
        page = result.report(tmp_path / "report.html").read_text(encoding="utf-8")
        assert "was interrupted" in page


@pytest.mark.parametrize("call", [5, 6])
def test_a_model_that_fails_late_loses_nothing(call: int) -> None:
    model = Counted(probability, stop_at=call, error=RuntimeError("gone"))
    result = audit(model, numbers(), **AUDIT)
    assert result.interrupted
    notes = " ".join([*result.notes, *result.surrogates[0].notes])
    assert "the model failed (Counted raised RuntimeError: gone" in notes
    assert result.surrogates[0].fidelity[1].main.value is not None


def test_a_model_that_fails_early_is_an_error() -> None:
    with pytest.raises(ModelError, match="gone"):
        audit(Counted(probability, stop_at=1, error=RuntimeError("gone")), numbers(), **AUDIT)


def test_ctrl_c_among_the_local_queries_keeps_what_can_be_measured() -> None:
    from dataclasses import replace

    pressed = Counted(probability)
    box = wrap(pressed)
    box._traits = replace(box.traits, max_batch=200)
    options = {"cart": CART, "lime": {**LIME, "n_samples": 600}}
    pressed.stop_at = 1 + 2 + 1 + 1 + 2 + 4 + 1  # settle, fit, real, perturbed, refit, 4 of lime
    result = audit(box, numbers(), fidelity=60, stability=1, options=options)
    assert result.interrupted
    assert result.local is not None
    assert result.local.interrupted
    assert result.notes == ("The audit ended with lime, before its plan.",)
    assert "Fitted on" in result.local.notes[0]


# ---- the report ----


def test_the_report_shows_verdict_and_outcomes(tmp_path: Path) -> None:
    pytest.importorskip("jinja2")
    result = audit(says, people(), y=says(people()), target_fidelity=0.5, **AUDIT)
    page = result.report(tmp_path / "report.html").read_text(encoding="utf-8")
    before, said, _ = page.partition("Target met")
    assert said
    assert before.count("<section") == 1  # the first screen: how far to trust the claim
    assert "True outcomes" in page
    assert "This is not fidelity" in page


def test_rows_may_be_picked_by_what_they_show() -> None:
    rng = np.random.Generator(np.random.Philox(key=0))
    X = rng.normal(size=(600, 6))

    def patchy(rows: np.ndarray) -> np.ndarray:
        return np.where(rows[:, 0] > 0, np.abs(rows[:, 1]) > 0.7, np.abs(rows[:, 2]) > 0.7) * 1

    options = {"lime": {"sampling": "discretised", "n_samples": 300}}
    job: dict[str, Any] = {"fidelity": 200, "stability": 0, "seed": 1, "options": options}
    found = audit(wrap(patchy, task="classification"), X, pick=3, **job)
    assert found.local is not None
    assert len(found.local) == 3
    assert found.queries.purposes["local"] == 180 + 300 + 1000  # 180 held-out rows
    assert "3 of 180 held-out rows" in found.local.notes[0]
    assert "SP-LIME" in found.local.notes[0]
    for wrong, message in (
        ({"pick": 2, "rows": [1]}, "`rows` and the `pick` of audit exclude each other"),
        ({"pick": 0}, r"`pick` parameter of audit must be an int in \[1"),
    ):
        with pytest.raises(OptionError, match=message):
            audit(patchy, X, **wrong)
