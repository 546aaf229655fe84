"""Kernel SHAP as shap's KernelExplainer computes it, against the shap package itself."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from surrogate import Domain, Oracle, wrap
from surrogate.errors import DataError, OptionError
from surrogate.local import KernelShap
from surrogate.local.shap._shap_plan import shap_plan, varies
from surrogate.local.shap.compatible import shap_values

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what shap imports may warn
    shap = pytest.importorskip("shap")


def two_classes(rows: np.ndarray) -> np.ndarray:
    """Two outputs in (0, 1), with interactions and an edge."""
    a = rows @ np.sin(np.arange(rows.shape[1]) + 1.0)
    b = rows[:, 0] * rows[:, 1] + np.abs(rows[:, 2] * rows[:, -1]) + (rows[:, 1] > 0.3)
    return np.stack([1 / (1 + np.exp(-a - b)), 1 / (1 + np.exp(b - 1.0))], axis=1)


def table(m: int, b: int = 3, r: int = 2) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.Generator(np.random.Philox(key=m))
    return rng.normal(size=(r, m)), rng.normal(size=(b, m))


def theirs(rows: np.ndarray, background: Any, *, seed: int, link: str, **options: Any) -> Any:
    """Values (r, d, k) of one explainer whose draws begin at a seed, and its expected value."""
    explainer = shap.KernelExplainer(two_classes, background, link=link)
    before = np.random.get_state()  # noqa: NPY002  shap draws from the global state
    np.random.seed(seed)  # noqa: NPY002
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        values = explainer.shap_values(rows, silent=True, **options)
    np.random.set_state(before)  # noqa: NPY002
    return values, explainer.expected_value


def ours(
    rows: np.ndarray,
    background: np.ndarray,
    *,
    seed: int,
    weights: np.ndarray | None = None,
    **options: Any,
) -> Any:
    random = np.random.RandomState(seed)
    found = [
        shap_values(two_classes, row, background, random=random, weights=weights, **options)
        for row in rows
    ]
    return np.stack([one.values for one in found]), found[0].expected


def agree(mine: Any, other: Any) -> None:
    for a, b in zip(mine, other):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-12)


@pytest.mark.parametrize("link", ["identity", "logit"])
@pytest.mark.parametrize("m", range(3, 15))
def test_equal_seed_equal_values(m: int, link: str) -> None:
    rows, background = table(m)
    options = {"seed": 10 + m, "link": link, "nsamples": 60}
    agree(ours(rows, background, **options), theirs(rows, background, **options))


@pytest.mark.parametrize("m", range(3, 15))
def test_as_many_coalitions_as_shap_chooses(m: int) -> None:
    """All there are up to 11 features, most of them drawn beyond."""
    rows, background = table(m, b=2, r=1)
    options = {"seed": m, "link": "logit" if m % 2 else "identity"}
    agree(ours(rows, background, **options), theirs(rows, background, **options))


@pytest.mark.parametrize("nsamples", ["auto", 70])
@pytest.mark.parametrize(
    "l1_reg", [False, 0, 0.0, 0.01, "num_features(3)", "aic", "bic", "auto"], ids=repr
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_selections(l1_reg: Any, nsamples: int | str) -> None:
    rows, background = table(9)
    options = {"seed": 3, "link": "logit", "nsamples": nsamples, "l1_reg": l1_reg}
    agree(ours(rows, background, **options), theirs(rows, background, **options))


@pytest.mark.parametrize("seed", range(4))
def test_a_seed_leads_on_from_row_to_row(seed: int) -> None:
    rows, background = table(9, r=4)
    options = {"seed": seed, "link": "identity", "nsamples": 77, "l1_reg": 0.002}
    found = ours(rows, background, **options)
    agree(found, theirs(rows, background, **options))
    other = ours(rows, background, **{**options, "seed": seed + 1})
    assert np.abs(found[0] - other[0]).max() > 1e-6


def test_what_does_not_vary_has_no_part() -> None:
    rows, background = table(7, r=4)
    rows[0, 3] = background[:, 3] = 2.0
    rows[1] = background[0]  # varies still: the other background rows differ
    rows[2, 3] = 2.0 + 1e-6  # within shap's tolerance
    options = {"seed": 0, "link": "identity", "l1_reg": 0}
    agree(ours(rows, background, **options), theirs(rows, background, **options))
    assert varies(rows[2], background).tolist() == [True] * 3 + [False] + [True] * 3


@pytest.mark.parametrize("varying", [0, 1, 2])
def test_one_feature_takes_the_whole_effect(varying: int) -> None:
    rows, background = table(5, b=1, r=1)
    rows[0, varying:] = background[0, varying:]
    options = {"seed": 0, "link": "logit"}
    agree(ours(rows, background, **options), theirs(rows, background, **options))


def test_weighted_background() -> None:
    rows, many = table(8, b=120)
    centres = shap.kmeans(many, 6)
    options = {"seed": 1, "link": "logit", "nsamples": 150}
    mine = ours(rows, centres.data, weights=centres.weights, **options)
    agree(mine, theirs(rows, centres, **options))
    assert np.ptp(centres.weights) > 0  # so that weights matter


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_fewer_coalitions_than_it_makes_room_for() -> None:
    """Draws that repeat leave places empty, which count in the choice by AIC."""
    rows, background = table(8, r=1)
    varying = varies(rows[0], background)
    plans = {
        seed: shap_plan(varying, nsamples=253, random=np.random.RandomState(seed))
        for seed in range(12)
    }
    seeds = [seed for seed, plan in plans.items() if plan.unused]
    assert len(seeds) > 2
    for seed in seeds[:3]:
        options = {"seed": seed, "link": "identity", "nsamples": 253, "l1_reg": "aic"}
        agree(ours(rows, background, **options), theirs(rows, background, **options))


def test_all_coalitions_without_selection_are_the_definition() -> None:
    rows, background = table(4, r=1)
    found, _ = ours(rows, background, seed=0, link="identity", l1_reg=0)
    value = {
        c: two_classes(np.where([c >> j & 1 for j in range(4)], rows[0], background)).mean(axis=0)
        for c in range(16)
    }
    joins = {0: 1 / 4, 1: 1 / 12, 2: 1 / 12, 3: 1 / 4}
    for j in range(4):
        shapley = sum(
            joins[c.bit_count()] * (value[c | 1 << j] - value[c])
            for c in range(16)
            if not c >> j & 1
        )
        np.testing.assert_allclose(found[0, j], shapley, atol=1e-12)


def test_too_few_coalitions_still_give_values() -> None:
    rows, background = table(8)
    plan = shap_plan(np.ones(8, dtype=bool), nsamples=4, random=np.random.RandomState(0))
    assert plan.masks.shape == (4, 8)
    found, base = ours(rows, background, seed=0, link="identity", nsamples=4, l1_reg=0)
    whole = base + found.sum(axis=1)
    np.testing.assert_allclose(whole, two_classes(rows), atol=1e-9)


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("l1_reg", "num_features", r"`l1_reg` parameter of KernelShap must be"),
        ("l1_reg", True, r"`l1_reg` .* got True"),
        ("l1_reg", -1.0, r"`l1_reg` .* got -1.0"),
        ("link", "probit", r"`link` parameter of KernelShap must be one of"),
        ("nsamples", 0, r"`nsamples` parameter of KernelShap must be"),
        ("nsamples", "all", r"`nsamples` .* got 'all'"),
    ],
)
def test_options_that_shap_does_not_know(option: str, value: Any, message: str) -> None:
    rows, background = table(4)
    options = {"link": "identity", option: value}
    with pytest.raises(OptionError, match=message):
        ours(rows, background, seed=0, **options)


@pytest.mark.parametrize("weights", [[1.0], [1.0, -1.0, 2.0], [0.0, 0.0, 0.0]], ids=str)
def test_weights_that_fit_no_background(weights: list[float]) -> None:
    rows, background = table(4)
    with pytest.raises(DataError, match="`weights` of KernelShap must be 3 numbers"):
        ours(rows, background, seed=0, link="identity", weights=np.array(weights))


@pytest.mark.parametrize("link", ["identity", "logit"])
@pytest.mark.parametrize(
    ("m", "options"),
    [(5, {}), (12, {"n_samples": 90}), (9, {"n_samples": 80, "l1_reg": 0.002}), (6, {"l1_reg": 0})],
    ids=["all", "drawn", "lasso", "exact"],
)
def test_kernel_shap_in_compatible_mode(m: int, options: dict[str, Any], link: str) -> None:
    rows, background = table(m, r=3)
    oracle = Oracle(wrap(two_classes, task="regression"), Domain.infer(background))
    method = KernelShap(oracle, compatible=True, link=link, **options)
    found = method.explain(rows, reference=background, fidelity=20, seed=4)
    given = {"nsamples": options.get("n_samples", "auto")}
    if "l1_reg" in options:
        given["l1_reg"] = options["l1_reg"]
    values, base = theirs(rows, background, seed=4, link=link, **given)
    np.testing.assert_allclose(found.coef.transpose(0, 2, 1), values, rtol=0, atol=1e-10)
    np.testing.assert_allclose(found.intercept[1], base, atol=1e-12)
    kept = found.coef.any(axis=2)  # shap's lasso may keep nothing, whatever that leaves out
    np.testing.assert_allclose(found.local_values[kept], found.box_values[kept], atol=1e-9)
    assert kept.any()
    assert found.coef_se is None
    cost = method.cost(3, fidelity=20, n_reference=3)
    assert sum(cost.values()) == oracle.queries.rows
    again = method.refit(found, reference=background, seed=4)
    np.testing.assert_array_equal(again, found.coef)
    finite = np.isfinite(found.fidelity.value)
    assert finite.all()
    assert (found.fidelity.value <= 1).all()


def test_a_budget_that_ends_leaves_the_rows_that_are_explained() -> None:
    rows, background = table(5, r=4)
    oracle = Oracle(wrap(two_classes, task="regression"), Domain.infer(background))
    whole = KernelShap(oracle, compatible=True)
    asked = 0

    def model(matrix: np.ndarray) -> np.ndarray:
        nonlocal asked
        asked += len(matrix)
        if asked > 4 + 3 + 2.5 * 30 * 3:
            raise KeyboardInterrupt
        return two_classes(matrix)

    oracle = Oracle(wrap(model, task="regression"), Domain.infer(background))
    part = KernelShap(oracle, compatible=True)
    found = part.explain(rows, reference=background, fidelity=20, seed=1)
    assert found.interrupted
    assert found.notes[0].startswith("2 of 4 rows were explained")
    full = whole.explain(rows, reference=background, fidelity=20, seed=1)
    np.testing.assert_array_equal(found.coef, full.coef[:2])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"compatible": True, "target_se": 0.1}, "`target_se` .* must be None where compatible"),
        ({"l1_reg": 0}, "`l1_reg` .* must be None where compatible=False"),
        ({"compatible": True, "l1_reg": "three"}, "`l1_reg` .* got 'three'"),
    ],
    ids=["target_se", "l1_reg", "unknown"],
)
def test_options_that_exclude_each_other(options: dict[str, Any], message: str) -> None:
    rows, background = table(4)
    oracle = Oracle(wrap(two_classes, task="regression"), Domain.infer(background))
    with pytest.raises(OptionError, match=message):
        KernelShap(oracle, **options).explain(rows, reference=background)
    assert oracle.queries.rows == 0
