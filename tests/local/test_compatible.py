"""lime's draws and fit, against the lime package itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from surrogate.adapters import wrap
from surrogate.domain import Domain
from surrogate.errors import DataError, OptionError
from surrogate.local import Lime, lime_fit
from surrogate.oracle import Oracle

lime_tabular = pytest.importorskip("lime.lime_tabular")

SAMPLINGS = {
    "discretised": {},
    "mean": {"discretize_continuous": False},
    "gaussian": {"discretize_continuous": False, "sample_around_instance": True},
}
SELECTIONS = ("none", "highest_weights", "forward_selection", "lasso_path", "auto")


def table(n: int = 300, seed: int = 0) -> np.ndarray:
    """Skewed, correlated and whole numbers, and a column with two categories."""
    rng = np.random.Generator(np.random.Philox(key=seed))
    X = rng.normal(size=(n, 6))
    X[:, 1] = np.exp(X[:, 1])
    X[:, 2] += X[:, 0]
    X[:, 3] = np.rint(2 * X[:, 3])
    X[:, 5] = rng.random(n) < 0.3
    return X


def three_classes(rows: np.ndarray) -> np.ndarray:
    logits = np.stack(
        [rows[:, 0] + rows[:, 5], np.sin(rows[:, 2]) * rows[:, 1], 0.3 * rows[:, 3]], axis=1
    )
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def domain_of(X: np.ndarray) -> Domain:
    kinds = {"x3": "continuous", "x5": "binary"}
    return Domain.infer(X, kinds=kinds)


def explained(X: np.ndarray, **options: Any) -> Any:
    seed = options.pop("seed", 0)
    oracle = Oracle(wrap(three_classes), domain_of(X))
    lime = Lime(oracle, compatible=True, **options)
    return lime.explain(X[:3], reference=X, fidelity=50, seed=seed)


def as_matrix(exp: Any, label: int, d: int) -> np.ndarray:
    coef = np.zeros(d)
    for j, value in exp.local_exp[label]:
        coef[j] = value
    return coef


@pytest.mark.parametrize("width", [None, 0.8, 3.0])
@pytest.mark.parametrize("selection", SELECTIONS)
@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_equal_seed_equal_explanation(sampling: str, selection: str, width: float | None) -> None:
    X = table()
    ours = explained(
        X,
        sampling=sampling,
        selection=selection,
        width=width,
        n_samples=400,
        n_features=3,
        seed=7,
    )
    for i in range(3):
        explainer = lime_tabular.LimeTabularExplainer(
            X,
            categorical_features=[5],
            kernel_width=width,
            feature_selection=selection,
            random_state=7,
            **SAMPLINGS[sampling],
        )
        theirs = explainer.explain_instance(
            X[i], three_classes, labels=(0, 1, 2), num_features=3, num_samples=400
        )
        for c in range(3):
            np.testing.assert_allclose(ours.coef[i, c], as_matrix(theirs, c, 6), atol=1e-8)
            np.testing.assert_allclose(ours.intercept[i, c], theirs.intercept[c], atol=1e-8)
        # lime keeps the score and the local prediction of the last label only
        np.testing.assert_allclose(ours.fit_r2[i, 2], theirs.score, atol=1e-8)
        np.testing.assert_allclose(ours.local_values[i, 2], theirs.local_pred[0], atol=1e-8)


@pytest.mark.parametrize("selection", SELECTIONS)
@pytest.mark.parametrize("n_features", [2, 4, 7, 20])
def test_fit_from_lime_draws(selection: str, n_features: int) -> None:
    X = table()
    explainer = lime_tabular.LimeTabularExplainer(
        X, feature_selection=selection, kernel_width=1.3, discretizer="decile", random_state=1
    )
    seen: dict[str, Any] = {}
    inner = explainer.base.explain_instance_with_data

    def record(data: Any, answers: Any, distances: Any, *args: Any, **kwargs: Any) -> Any:
        seen.update(Z=data.copy(), Y=answers.copy(), distances=distances.copy())
        return inner(data, answers, distances, *args, **kwargs)

    explainer.base.explain_instance_with_data = record
    theirs = explainer.explain_instance(
        X[4], three_classes, labels=(0, 1, 2), num_features=n_features, num_samples=500
    )
    options: dict[str, Any] = {"width": 1.3, "selection": selection, "n_features": n_features}
    given = lime_fit(seen["Z"], seen["Y"], distances=seen["distances"], **options)
    computed = lime_fit(seen["Z"], seen["Y"], **options)
    for fit in (given, computed):
        for c in range(3):
            np.testing.assert_allclose(fit.coef[c], as_matrix(theirs, c, 6), atol=1e-8)
        np.testing.assert_allclose(fit.score[2], theirs.score, atol=1e-8)


@pytest.mark.parametrize(
    ("n_features", "method"), [(6, "forward_selection"), (7, "highest_weights")]
)
def test_auto_changes_its_way_beyond_six_features(n_features: int, method: str) -> None:
    rng = np.random.Generator(np.random.Philox(key=2))
    Z = rng.normal(size=(80, 14))
    Z[:, 7:] = 0.3 * Z[:, 7:] + Z[:, :7]
    Y = (Z @ rng.normal(size=14) + rng.normal(size=80))[:, None]
    chosen = {
        way: lime_fit(Z, Y, width=4.0, selection=way, n_features=n_features).coef != 0
        for way in ("auto", "forward_selection", "highest_weights")
    }
    assert not np.array_equal(chosen["forward_selection"], chosen["highest_weights"])
    np.testing.assert_array_equal(chosen["auto"], chosen[method])


def test_deciles_and_regression() -> None:
    X = table()

    def value(rows: np.ndarray) -> np.ndarray:
        return 40.0 * rows[:, 0] + rows[:, 1] * rows[:, 2]

    oracle = Oracle(wrap(value, task="regression"), domain_of(X))
    lime = Lime(oracle, sampling="discretised", bins="decile", compatible=True, n_samples=300)
    ours = lime.explain(X[:2], reference=X, fidelity=50, seed=2)
    for i in range(2):
        theirs = lime_tabular.LimeTabularExplainer(
            X, mode="regression", categorical_features=[5], discretizer="decile", random_state=2
        ).explain_instance(X[i], value, num_samples=300)
        np.testing.assert_allclose(ours.coef[i, 0], as_matrix(theirs, 1, 6), atol=1e-8)


def test_one_set_of_queries_serves_all_rows() -> None:
    X = table()
    oracle = Oracle(wrap(three_classes), domain_of(X))
    lime = Lime(oracle, sampling="discretised", compatible=True, n_samples=400)
    lime.explain(X, reference=X, fidelity=50)
    assert oracle.queries.rows == 300 + 399 + 50
    assert lime.cost(300, fidelity=50) == {"rows": 300, "fit": 399, "fidelity": 50}


def test_our_draws_have_lime_distribution() -> None:
    """With our own sampler, coefficients over seeds are distributed as lime's are."""
    X, seeds = table(), 40
    oracle = Oracle(wrap(three_classes), domain_of(X))
    ours = Lime(oracle, sampling="discretised", n_samples=500, ridge=1.0)
    theirs = Lime(oracle, sampling="discretised", n_samples=500, compatible=True, selection="none")
    a, b = (
        np.stack(
            [lime.explain(X[:2], reference=X, fidelity=10, seed=seed).coef for seed in range(seeds)]
        )
        for lime in (ours, theirs)
    )
    a, b = a.reshape(seeds, -1), b.reshape(seeds, -1)
    p = np.array([stats.ks_2samp(x, y).pvalue for x, y in zip(a.T, b.T)])
    assert p.min() > 0.05 / len(p)  # Bonferroni: one false alarm in twenty tries
    z = (a.mean(0) - b.mean(0)) / np.sqrt((a.var(0, ddof=1) + b.var(0, ddof=1)) / seeds)
    assert np.abs(z).max() < stats.norm.ppf(1 - 0.025 / len(p))


def test_missing_values_are_refused() -> None:
    X = table()
    X[3, 0] = np.nan
    oracle = Oracle(
        wrap(lambda rows: np.nan_to_num(rows[:, 0]), task="regression"), Domain.infer(X)
    )
    lime = Lime(oracle, compatible=True, sampling="discretised")
    with pytest.raises(DataError, match=r"lime knows no missing values, and row 3 .* column 0"):
        lime.explain(X[:2], reference=X)


@pytest.mark.parametrize("sampling", ["neighbours", "kernel"])
def test_lime_has_no_such_sampling(sampling: str) -> None:
    oracle = Oracle(wrap(three_classes), domain_of(table()))
    with pytest.raises(OptionError, match="`sampling` parameter of Lime must be"):
        Lime(oracle, compatible=True, sampling=sampling).explain(table()[:1], reference=table())


def test_a_seed_that_lime_does_not_take() -> None:
    oracle = Oracle(wrap(three_classes), domain_of(table()))
    lime = Lime(oracle, compatible=True, sampling="discretised")
    with pytest.raises(OptionError, match=r"`seed` parameter of Lime.explain must be"):
        lime.explain(table()[:1], reference=table(), seed=2**32)
