"""A surrogate of a whole model: predictions, print, JSON, frames, pictures."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest

from surrogate.errors import AbilityError, DataError, InputError
from surrogate.explanation import GlobalExplanation
from surrogate.fidelity import Interval, Score


@pytest.fixture(scope="module")
def tree(demo: ModuleType) -> GlobalExplanation:
    return demo.classifier(leaves=4)


def with_main(explanation: GlobalExplanation, score: Score) -> GlobalExplanation:
    return replace(explanation, fidelity=(replace(explanation.fidelity[0], scores=(score,)),))


def test_predicts_class_names_from_the_users_own_rows(
    demo: ModuleType, tree: GlobalExplanation
) -> None:
    rows = {name: values[:50] for name, values in reversed(demo.table().items())}
    matrix = tree.domain.encode(rows)
    said = tree.predict(rows)
    assert said.tolist() == [tree.classes[c] for c in tree.form.predict(matrix)]
    assert tree.predict_values(rows).shape == (50, 2)


def test_rows_that_do_not_fit_are_refused(demo: ModuleType, tree: GlobalExplanation) -> None:
    rows = demo.table()
    del rows["income"]
    with pytest.raises(DataError, match="income"):
        tree.predict(rows)


def test_regression_predicts_numbers(demo: ModuleType) -> None:
    explanation = demo.regressor()
    assert explanation.predict(demo.table()).dtype == np.float64
    assert "R²" in str(explanation)


def test_json_comes_back_equal(demo: ModuleType, tree: GlobalExplanation) -> None:
    for explanation in (tree, demo.regressor()):
        back = GlobalExplanation.from_json(explanation.to_json())
        assert back == explanation
        assert back.to_json(indent=2) == explanation.to_json(indent=2)
        rows = demo.table()
        assert (back.predict(rows) == explanation.predict(rows)).all()
    assert tree != replace(tree, target="another")
    assert pickle.loads(pickle.dumps(tree)) == tree


def test_json_is_strict(tree: GlobalExplanation) -> None:
    odd = replace(tree, settings={"width": np.nan, "sizes": (1, np.int64(2))})
    document = json.loads(odd.to_json(), parse_constant=pytest.fail)
    assert document["schema"] == "surrogate/global-explanation"
    assert document["settings"] == {"width": None, "sizes": [1, 2]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "version 2 .* reads up to version 1. Upgrade it"),
        ({"version": "1"}, "Expected a whole number"),
        ({"schema": "surrogate/audit"}, "Expected JSON with .*global-explanation.*; got"),
    ],
)
def test_json_of_another_kind_is_refused(
    tree: GlobalExplanation, change: dict[str, object], message: str
) -> None:
    document = {**json.loads(tree.to_json()), **change}
    with pytest.raises(InputError, match=message):
        GlobalExplanation.from_json(json.dumps(document))


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(InputError, match="This is not the JSON of a"):
        GlobalExplanation.from_json("<html>")


def test_print_shows_fidelity_with_interval_and_trivial_beside(tree: GlobalExplanation) -> None:
    text = str(tree)
    score = tree.fidelity[0].main
    claim = " ".join(text.split())
    assert f"on {score.value_text()} of held-out real rows (95 % interval" in claim
    assert "Always giving the commonest answer reaches agreement" in claim
    assert "perturbed rows" in text
    assert "Target not met: at least 95.0 % wanted, agreement 83.0 %" in claim
    assert "this explanation is bad" not in text
    assert all(len(line) <= 120 for line in text.splitlines())


def test_a_surrogate_that_a_constant_matches_is_said_to_be_bad(tree: GlobalExplanation) -> None:
    interval = Interval(0.74, 0.80, 0.95, "Wilson")
    lift = Interval(-0.01, 0.03, 0.95, "BCa")
    score = Score("agreement", 0.77, interval, 500, 500, 0.76, 0.01, lift)
    text = " ".join(str(with_main(tree, score)).split())
    assert "this explanation is bad: on held-out real rows it is not shown to be better" in text
    assert "77.0 % against 76.0 %" in text


def test_a_surrogate_that_explains_little_is_said_to_be_bad(demo: ModuleType) -> None:
    interval, lift = (Interval(0.1, 0.3, 0.95, "BCa") for _ in range(2))
    score = Score("R2", 0.2, interval, 500, 500, 0.0, 0.2, lift)
    text = " ".join(str(with_main(demo.regressor(), score)).split())
    assert "reproduces less than half of how the answers vary" in text


def test_an_undefined_fidelity_is_said_to_be_bad(tree: GlobalExplanation) -> None:
    score = Score("agreement", None, None, 0, 0, reason="no rows")
    text = " ".join(str(with_main(tree, score)).split())
    assert "this explanation is bad: its fidelity on held-out real rows is undefined" in text


def test_less_faithful_away_from_the_table_is_said(tree: GlobalExplanation) -> None:
    interval = Interval(0.58, 0.62, 0.95, "Wilson")
    away = Score("agreement", 0.6, interval, 500, 500, 0.5, 0.1, Interval(0.05, 0.15, 0.95, "BCa"))
    perturbed = replace(tree.fidelity[1], scores=(away,))
    text = " ".join(str(replace(tree, fidelity=(tree.fidelity[0], perturbed))).split())
    assert "It is less faithful on perturbed rows" in text


def test_frame_has_an_interval_beside_every_figure(tree: GlobalExplanation) -> None:
    pytest.importorskip("pandas")
    frame = tree.to_frame()
    first = frame.iloc[0]
    score = tree.fidelity[0].main
    assert first["metric"] == "agreement"
    assert (first["low"], first["high"]) == (score.interval.low, score.interval.high)
    assert frame["group"].notna().any()
    assert set(frame["distribution"]) == {"held-out real rows", "perturbed rows"}


def test_plots_take_axes_and_give_them_back(tree: GlobalExplanation, demo: ModuleType) -> None:
    figure = pytest.importorskip("matplotlib.figure").Figure()
    ax = figure.subplots()
    assert tree.plot(ax) is ax
    assert replace(tree, form=tree.rules).plot(figure.add_subplot()) is not ax
    other = figure.add_subplot()
    assert tree.plot_fidelity(other) is other
    with pytest.raises(AbilityError, match="one size only"):
        demo.regressor().plot_fidelity()


def test_notebooks_show_it_escaped(demo: ModuleType) -> None:
    shown = demo.hostile().surrogates[0]._repr_html_()
    assert "<script" not in shown
    assert "<img" not in shown
    assert "&lt;script&gt;" in shown


def test_repr_is_one_line_with_its_interval(tree: GlobalExplanation) -> None:
    assert "\n" not in repr(tree)
    assert "interval" in repr(tree)
