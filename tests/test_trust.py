"""What `explain` says of how far its explanations may be trusted: stability, and what is bad."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from surrogate import Domain, LocalExplanations, explain
from surrogate.adapters import wrap
from surrogate.errors import BudgetTooSmall, OptionError
from surrogate.local import Lime
from surrogate.local._stable import UNSTEADY
from surrogate.oracle import Budget, Oracle


def table(n: int = 150, d: int = 4) -> np.ndarray:
    return np.random.Generator(np.random.Philox(key=0)).normal(size=(n, d))


def score(rows: np.ndarray) -> np.ndarray:
    p = 1 / (1 + np.exp(-2 * rows[:, 0] + rows[:, 1] - 0.5 * rows[:, 2]))
    return np.column_stack([1 - p, p])


def noise(rows: np.ndarray) -> np.ndarray:
    return np.sin(50 * rows.sum(axis=1))


def explained(model: Any = score, n: int = 4, **said: Any) -> LocalExplanations:
    options = {"n_samples": 500, **said.pop("options", {})}
    X = table()
    found = explain(model, X[:n], data=X, fidelity=100, options=options, **said)
    assert isinstance(found, LocalExplanations)
    return found


METHODS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("lime", {}),
    ("lime", {"sampling": "gaussian", "n_samples": 60}),
    ("lime", {"sampling": "discretised", "compatible": True}),
    ("kernel_shap", {"n_samples": 10}),
)


@pytest.mark.parametrize(
    ("method", "options"), METHODS, ids=["shared", "around", "compatible", "kernel_shap"]
)
def test_stability_is_asked_counted_and_told(method: str, options: dict[str, Any]) -> None:
    X = table()
    job: dict[str, Any] = {"data": X, "method": method, "fidelity": 50, "options": options}
    quote = explain(score, X[:3], stability=2, dry_run=True, **job)
    found = explain(score, X[:3], stability=2, **job)
    assert quote.rows >= found.queries.rows
    assert found.queries.purposes["stability"] > 0
    without = explain(score, X[:3], **job)
    assert without.stability is None
    np.testing.assert_array_equal(found.coef, without.coef)  # stability changes nothing else
    stability = found.stability
    assert (stability.fits, stability.top, len(stability.seeds)) == (3, 2, 2)
    again = explain(score, X[:3], stability=2, **job)
    np.testing.assert_array_equal(again.stability.coef_spread, stability.coef_spread)
    assert LocalExplanations.from_json(found.to_json()) == found


def test_fits_that_are_compared_are_those_of_other_seeds() -> None:
    found = explained(stability=2)
    X, options = table(), {"n_samples": 500}
    fits = [found.coef] + [
        explain(score, X[:4], data=X, fidelity=10, seed=seed, options=options).coef
        for seed in found.stability.seeds
    ]
    np.testing.assert_allclose(found.stability.coef_spread, np.std(fits, axis=0, ddof=1))


def test_a_pair_of_classes_is_as_steady_for_one_as_for_the_other() -> None:
    stability = explained(stability=3).stability
    for name in ("jaccard", "rank", "signs", "spread", "coef_spread"):
        measured = getattr(stability, name)
        np.testing.assert_allclose(measured[:, 0], measured[:, 1], atol=1e-10)


def test_what_changes_with_the_seed_is_bad() -> None:
    found = explained(noise, n=6, stability=3, options={"n_samples": 60})
    overlap = found.stability.jaccard[:, 0, 0]
    assert (overlap < UNSTEADY).any()
    for value, flags in zip(overlap, found.flags, strict=True):
        assert any("it changes with the seed" in flag for flag in flags) == (value < UNSTEADY)
    assert not any("changes with the seed" in " ".join(f) for f in explained(stability=3).flags)


def test_it_is_printed_beside_fidelity_and_stands_in_the_frame() -> None:
    pytest.importorskip("pandas")
    found = explained(stability=3)
    one = " ".join(str(found[1]).split())
    assert "Fitted again under 3 other seeds: top-2 Jaccard" in one
    assert "sign agreement" in one
    assert "top-2 Jaccard" in str(found)
    assert "Fitted again under 3 other seeds" in found[1]._repr_html_()
    frame = found.to_frame()
    line = frame[(frame["row"] == 2) & (frame["class"] == 1)].iloc[3]
    assert line["effect_spread"] == found.stability.coef_spread[2, 1, 3]
    assert line["top2_jaccard_high"] == pytest.approx(found.stability.jaccard[2, 1, 2], nan_ok=True)
    assert "effect_spread" not in explained().to_frame()


def test_two_fits_have_no_interval() -> None:
    measured = explained(stability=1).stability.score(0, 1)
    assert measured.interval is None
    assert "two fits give one pair" in str(measured)


def test_a_ctrl_c_among_the_refits_keeps_the_explanations() -> None:
    X, calls = table(), []

    def impatient(rows: np.ndarray) -> np.ndarray:
        calls.append(len(rows))
        if len(calls) == 4:
            raise KeyboardInterrupt
        return score(rows)

    found = explain(impatient, X[:3], data=X, fidelity=50, stability=5, options={"n_samples": 200})
    assert found.interrupted
    assert found.stability is None or 2 <= found.stability.fits < 6
    assert "other seeds instead of 5" in " ".join(found.notes)
    np.testing.assert_array_equal(
        found.coef, explain(score, X[:3], data=X, fidelity=50, options={"n_samples": 200}).coef
    )


def test_refits_are_part_of_the_budget() -> None:
    X = table()
    with pytest.raises(BudgetTooSmall):
        explain(score, X[:2], data=X, stability=4, budget=Budget(rows=7000))


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"stability": -1}, r"`stability` parameter of explain must be an int in \[0"),
        ({"device": 3}, "`device` parameter of explain must be the name of a device"),
        ({"method": "cart", "device": "cpu"}, "`device` must be None for 'cart'"),
        ({"method": "kernel_shap", "device": "moon"}, "must be None or 'cpu' for 'kernel_shap'"),
    ],
    ids=["stability", "device", "global", "elsewhere"],
)
def test_what_is_wrong_is_refused(said: dict[str, Any], message: str) -> None:
    X = table()
    with pytest.raises(OptionError, match=message):
        explain(score, X[:2], data=X, **said)


def test_the_device_of_the_model_may_be_named() -> None:
    np.testing.assert_array_equal(explained(device="cpu").coef, explained().coef)


# ---- what is bad ----


def flags_of(model: Any, *, fidelity: int = 200, **options: Any) -> str:
    X = table()
    lime = Lime(
        Oracle(wrap(model, task="regression"), Domain.infer(X)), **{"n_samples": 600, **options}
    )
    return " / ".join(lime.explain(X[:1], reference=X, fidelity=fidelity).flags[0])


def test_a_good_explanation_has_no_flags() -> None:
    assert flags_of(lambda rows: rows[:, 0] - rows[:, 1]) == ""


def test_no_better_than_a_constant() -> None:
    assert "not shown to describe the model better than a constant" in flags_of(noise)


def test_the_largest_coefficient_may_be_none() -> None:
    assert "is not told from 0" in flags_of(noise)
    assert "is not told from 0" not in flags_of(noise, ridge=1.0)  # claims no errors


def test_wrong_at_the_row_by_as_much_as_its_largest_effect() -> None:
    row = table()[0]

    def bump(rows: np.ndarray) -> np.ndarray:
        near = np.exp(-8 * ((rows - row) ** 2).sum(axis=1))
        return rows @ np.array([1.0, 0.9, 0.8, 0.7]) + 1.2 * near

    assert "as much as its largest coefficient" in flags_of(bump, width=2.0)


def test_too_few_fresh_rows_to_be_sure() -> None:
    said = flags_of(lambda rows: rows[:, 0] - rows[:, 1], fidelity=20, width=0.9)
    assert "effective fresh samples, too few for an interval" in said


def test_bad_ones_come_first_when_printed() -> None:
    found = explained(noise, n=5)
    lines = str(found).splitlines()
    assert "are bad" in lines[2]
    assert str(found[0]).index("this explanation is bad") < str(found[0]).index("row 0, value")
    page = found._repr_html_()
    assert page.index("are bad") < page.index("<table")
    single = found[0]._repr_html_()
    assert single.index("This explanation is bad") < single.index("Row 0, value")


def test_very_many_rows_are_not_all_printed() -> None:
    X = table(150)
    found = explain(score, X, fidelity=50, options={"n_samples": 100})
    assert "and 110 more rows: see to_frame()" in str(found)
    assert len(str(found).splitlines()) < 70
    assert "and 110 more rows" in found._repr_html_()
