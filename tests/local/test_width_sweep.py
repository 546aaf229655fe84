"""Kernel widths side by side, and the one that is picked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from surrogate import sweep_widths
from surrogate.adapters import wrap
from surrogate.domain import Domain
from surrogate.errors import BudgetTooSmall, OptionError
from surrogate.explanation import WidthSweep
from surrogate.local import Lime, sweep
from surrogate.local._pick_width import LOSS, STEADY, Measured, pick_width
from surrogate.local.width_sweep import sweep_cost
from surrogate.oracle import Budget, Oracle


def table(n: int = 200, d: int = 3, seed: int = 0) -> np.ndarray:
    return np.random.Generator(np.random.Philox(key=seed)).normal(size=(n, d))


def bent(rows: np.ndarray) -> np.ndarray:
    return np.sin(2 * rows[:, 0]) + 0.5 * rows[:, 1]


def lime(model: Any = bent, X: np.ndarray | None = None, **options: Any) -> Lime:
    X = table() if X is None else X
    options = {"n_samples": 600, **options}
    return Lime(Oracle(wrap(model, task="regression"), Domain.infer(X)), **options)


SAMPLINGS: tuple[dict[str, Any], ...] = (
    {"sampling": "neighbours"},
    {"sampling": "discretised"},
    {"sampling": "gaussian", "n_samples": 200},
    {"sampling": "discretised", "compatible": True},
)


@pytest.mark.parametrize("options", SAMPLINGS, ids=lambda o: " ".join(map(str, o.values())))
def test_each_width_is_what_it_would_be_alone(options: dict[str, Any]) -> None:
    X, counted = table(), []
    one = lime(lambda rows: counted.append(len(rows)) or bent(rows), X, **options)
    widths = (0.6, 1.2, 4.0)
    together = sweep(one, X[:4], reference=X, widths=widths, fidelity=200, seed=1)
    assert sum(counted) == sweep_cost(one, 4, fidelity=200)  # however many widths
    for i, width in enumerate(widths):
        alone = sweep(one, X[:4], reference=X, widths=[width], fidelity=200, seed=1)
        for name in ("fidelity", "overlap", "rank", "error", "ess", "row_fidelity", "row_overlap"):
            np.testing.assert_allclose(
                getattr(together, name)[i], getattr(alone, name)[0], atol=1e-4, err_msg=name
            )
    at = int(np.argmax(together.widths == widths[1]))
    own = replace(one, width=widths[1]).explain(X[:4], reference=X, fidelity=2000, seed=9)
    assert abs(np.median(own.fidelity.value) - np.median(together.row_fidelity[at])) < 0.25


def test_fidelity_and_stability_pull_apart() -> None:
    X, scale = table(400, 8), 1.6 ** np.arange(8)

    def curved(rows: np.ndarray) -> np.ndarray:
        return np.tanh(rows) @ scale

    found = sweep(
        lime(curved, X, sampling="gaussian", n_samples=300), X[:10], reference=X, fidelity=400
    )
    value, overlap = found.fidelity[:, 0], found.overlap[:, 0]
    assert len(found) == 9
    assert overlap[-1] > overlap[0] + 0.1
    assert found.ess[-1] > 10 * found.ess[0]
    assert found.error[-1] > found.error[found.picked]
    assert value[found.picked] > value[-1]


def measured(value: list[float], *, noise: float = 0.0) -> Measured:
    rng = np.random.Generator(np.random.Philox(key=0))
    values = np.array(value)
    replicates = values + noise * rng.normal(size=(20, len(values)))
    return Measured(np.stack([values, values - 0.1, values + 0.1], axis=1), replicates)


WIDTHS = np.array([1.0, 2.0, 3.0, 4.0])
ALL = np.ones(4, dtype=np.bool_)


def picked(
    value: list[float], overlap: list[float], enough: Any = ALL, *, noise: float = 0.0
) -> int | None:
    given = measured(value, noise=noise)
    return pick_width(given, np.array(overlap), np.array(enough), widths=WIDTHS, level=0.95)[0]


def test_the_narrowest_is_picked_that_is_steady_and_loses_little() -> None:
    good = STEADY + 0.1
    assert picked([0.9, 0.9, 0.9, 0.9], [good] * 4) == 0
    assert picked([0.9 - 2 * LOSS, 0.9, 0.9, 0.9], [good] * 4) == 1
    assert picked([0.9, 0.9, 0.9, 0.9], [STEADY - 0.01, good, good, good]) == 1
    assert picked([0.9, 0.9, 0.9, 0.9], [good] * 4, [False, False, True, True]) == 2
    assert picked([0.9, 0.5, 0.5, 0.5], [good] * 4) == 0


def test_a_loss_that_is_not_sure_to_be_small_is_too_large() -> None:
    good = [STEADY + 0.1] * 4
    assert picked([0.89, 0.9, 0.9, 0.95], good) == 0
    assert picked([0.89, 0.9, 0.9, 0.95], good, noise=0.05) == 3


def test_where_none_is_steady_the_steadiest_stand_in() -> None:
    assert picked([0.9, 0.9, 0.9, 0.9], [0.1, 0.2, 0.45, 0.5]) == 2
    _, why = pick_width(
        measured([0.9] * 4), np.array([0.1, 0.2, 0.45, 0.5]), ALL, widths=WIDTHS, level=0.95
    )
    assert f"as none reaches {STEADY:g}" in why


def test_a_model_that_does_not_vary_leaves_the_default() -> None:
    X = table()
    one = lime(lambda rows: np.zeros(len(rows)), X, width="auto")
    found = sweep(one, X[:3], reference=X, fidelity=100)
    assert found.picked is None
    assert found.width is None
    result = one.explain(X[:3], reference=X, fidelity=50)
    assert result.widths[0] == lime(bent, X).width_for(3)
    assert "left at the default: the model does not vary" in result.notes[0]
    assert WidthSweep.from_json(found.to_json()) == found


def test_auto_takes_the_width_that_is_picked_and_says_why() -> None:
    X = table()
    auto = lime(bent, X, width="auto")
    result = auto.explain(X[:5], reference=X, fidelity=100, seed=3)
    assert result.queries == auto.cost(5, fidelity=100)
    assert result.notes[0].startswith("Kernel width picked on queries of its own")
    assert result.facts["width"]["picked"] == result.widths[0]
    fixed = lime(bent, X, width=float(result.widths[0]))
    np.testing.assert_array_equal(
        result.coef, fixed.explain(X[:5], reference=X, fidelity=100, seed=3).coef
    )
    again = auto.refit(result, reference=X, seed=4)
    np.testing.assert_array_equal(again, fixed.refit(result, reference=X, seed=4))


def test_many_rows_are_picked_for_on_fifty() -> None:
    X = table()
    auto = lime(bent, X, width="auto", n_samples=200)
    cost = auto.cost(150, fidelity=50)
    assert cost["width"] == sweep_cost(replace(auto, width=None), 50)
    result = auto.explain(X[:150], reference=X, fidelity=50)
    assert result.facts["width"]["rows"] == 50
    assert result.queries == cost


@pytest.mark.parametrize("sampling", ["gaussian", "discretised"])
def test_rows_that_pick_a_width_take_no_part_in_what_follows(sampling: str) -> None:
    X, seen = table(), []
    auto = lime(
        lambda rows: seen.append(rows.copy()) or bent(rows), X, sampling=sampling, width="auto"
    )
    result = auto.explain(X[:2], reference=X, fidelity=100)
    asked = np.concatenate(seen)
    picking = {row.tobytes() for row in asked[: result.queries["width"]]}
    rest = [row.tobytes() for row in asked[result.queries["width"] :]]
    explained = {row.tobytes() for row in X[:2]}
    assert len(rest) == sum(result.queries.values()) - result.queries["width"]
    assert {row for row in rest if row in picking} <= explained


def test_fidelity_is_not_flattered_by_picking() -> None:
    """What is reported of the picked width is as often above as below what many rows say."""
    X = table(150, 12, seed=5)
    noisy = np.random.Generator(np.random.Philox(key=6)).normal(size=12)

    def wild(rows: np.ndarray) -> np.ndarray:
        return np.sin(9 * rows @ noisy)  # no linear form is better than another, but by chance

    auto, above = lime(wild, X, sampling="gaussian", n_samples=60, width="auto"), []
    for seed in range(30):
        told = auto.explain(X[:1], reference=X, fidelity=100, seed=seed)
        fitted = replace(auto, width=float(told.widths[0]))
        many = fitted.explain(X[:1], reference=X, fidelity=2000, seed=seed)
        np.testing.assert_array_equal(many.coef, told.coef)
        above.append(told.fidelity.value.item() > many.fidelity.value.item())
    assert 0.3 < np.mean(above) < 0.7


@pytest.mark.parametrize(
    ("options", "said", "message"),
    [
        ({"sampling": "kernel"}, {}, "must not be 'kernel', which draws other rows"),
        ({}, {"widths": [1.0, 0.0]}, r"`widths` parameter of sweep must be a float in \(0, inf\)"),
        ({}, {"widths": []}, "at least one width; got none"),
        ({}, {"fits": 1}, r"`fits` parameter of sweep must be an int in \[2"),
        ({}, {"fidelity": 10}, r"`fidelity` parameter of sweep must be an int in \[100"),
    ],
    ids=["kernel", "zero", "none", "one fit", "few"],
)
def test_what_cannot_be_swept(options: dict[str, Any], said: Any, message: str) -> None:
    X = table()
    with pytest.raises(OptionError, match=message):
        sweep(lime(bent, X, **options), X[:2], reference=X, **said)


def test_auto_needs_weights_to_change() -> None:
    with pytest.raises(OptionError, match="draws other rows for every width; got 'auto'"):
        lime(sampling="kernel", width="auto").cost(1)


def test_the_front_door(capsys: pytest.CaptureFixture[str]) -> None:
    X = table()
    options = {"n_samples": 300}
    found = sweep_widths(bent, X[:3], data=X, widths=[2, 1], fidelity=100, options=options)
    assert found.widths.tolist() == [1.0, 2.0]
    assert dict(found.queries.purposes) == {"width": 3 + 3 * 300 + 100}
    quote = sweep_widths(bent, X[:3], data=X, fidelity=100, options=options, dry_run=True)
    assert quote.rows == found.queries.rows
    with pytest.raises(BudgetTooSmall):
        sweep_widths(bent, X[:3], data=X, options=options, budget=Budget(rows=100))
    text = " ".join(str(found).split())
    assert "Picked: " in text
    assert "3 rows, 3 fits at every width, 100 fresh perturbations" in text
    assert "<table" in found._repr_html_()
    assert WidthSweep.from_json(found.to_json()) == found
    pytest.importorskip("pandas")
    frame = found.to_frame()
    assert frame["picked"].sum() == 1
    assert frame["fidelity_low"].tolist() == found.fidelity[:, 1].tolist()


def test_plot_draws_both_curves_and_marks_the_pick() -> None:
    figure = pytest.importorskip("matplotlib.figure").Figure()
    X = table()
    found = sweep(lime(bent, X), X[:3], reference=X, widths=[0.5, 1, 2], fidelity=100)
    ax = found.plot(figure.subplots())
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), found.fidelity[:, 0])
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), found.overlap[:, 0])
    assert set(ax.lines[2].get_xdata()) == {found.width}
