"""Bins that tell classes apart: against lime's own, and by asking the model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from surrogate import explain
from surrogate.adapters import wrap
from surrogate.domain import Domain
from surrogate.errors import OptionError
from surrogate.local import Lime
from surrogate.oracle import Oracle


def table(n: int = 300) -> np.ndarray:
    rng = np.random.Generator(np.random.Philox(key=4))
    X = np.column_stack([rng.normal(size=(n, 3)), np.exp(rng.normal(size=n)), rng.random(n) < 0.3])
    return np.round(X, 3)


def step(rows: np.ndarray) -> np.ndarray:
    """Two classes that part at .5 in the first feature and at 1 in the fourth."""
    p = 0.1 + 0.5 * (rows[:, 0] > 0.5) + 0.3 * (rows[:, 3] > 1)
    return np.column_stack([1 - p, p])


def domain_of(X: np.ndarray) -> Domain:
    return Domain.infer(X, kinds={"x4": "binary"})


def lime(X: np.ndarray, model: Any = step, **options: Any) -> Lime:
    options = {"sampling": "discretised", "bins": "entropy", "n_samples": 400, **options}
    return Lime(Oracle(wrap(model), domain_of(X)), **options)


@pytest.mark.parametrize("seed", [0, 7])
def test_equal_labels_and_seed_equal_explanation_of_lime(seed: int) -> None:
    tabular = pytest.importorskip("lime.lime_tabular")
    X = table()
    y = (X[:, 0] + 0.3 * X[:, 1] > 0.4).astype(int)
    ours = lime(X, compatible=True, labels=y, selection="none").explain(
        X[:3], reference=X, fidelity=50, seed=seed
    )
    for i in range(3):
        explainer = tabular.LimeTabularExplainer(
            X,
            training_labels=y,
            discretizer="entropy",
            categorical_features=[4],
            feature_selection="none",
            random_state=seed,
        )
        theirs = explainer.explain_instance(X[i], step, labels=(1,), num_samples=400)
        coef = np.zeros(5)
        for j, value in theirs.local_exp[1]:
            coef[j] = value
        np.testing.assert_allclose(ours.coef[i, 1], coef, atol=1e-8)


def test_the_model_says_where_to_cut() -> None:
    X, counted = table(), []
    one = lime(X, lambda rows: counted.append(len(rows)) or step(rows))
    result = one.explain(X[:4], reference=X, fidelity=50, seed=0)
    first, _, _, fourth, binary = result.encoding.edges
    assert binary is None
    assert np.abs(first - 0.5).min() < 0.05
    assert np.abs(fourth - 1.0).min() < 0.15
    assert result.queries == {"bins": 300, "rows": 4, "fit": 400, "fidelity": 50}
    assert one.cost(4, fidelity=50) == {**result.queries, "bins": 1000}  # at most
    assert sum(counted) == 754


def test_edges_are_numbers_that_a_person_can_read() -> None:
    X = table()
    edges = lime(X).explain(X[:1], reference=X, fidelity=50).encoding.edges
    for j, cuts in enumerate(edges[:4]):
        for cut in cuts:
            below, above = X[X[:, j] <= cut, j].max(), X[X[:, j] > cut, j].min()
            assert len(f"{cut:.15g}") <= max(len(f"{below:.15g}"), len(f"{above:.15g}")) + 1


def test_refits_keep_the_bins() -> None:
    X = table()
    one = lime(X)
    result = one.explain(X[:3], reference=X, fidelity=50, seed=0)
    before = one.oracle.queries.purposes["bins"]
    again = one.refit(result, reference=X, seed=5)
    assert one.oracle.queries.purposes["bins"] == before
    given = lime(X, bins="quartile", edges=result.encoding.edges)
    np.testing.assert_array_equal(
        again, given.explain(X[:3], reference=X, fidelity=50, seed=5).coef
    )


def test_many_reference_rows_are_asked_in_part() -> None:
    X = table(1500)
    result = lime(X).explain(X[:1], reference=X, fidelity=50)
    assert result.queries["bins"] == 1000


def test_edges_of_ones_own_bins() -> None:
    X = table()
    edges = [np.array([0.5]), np.array([-1.0, 1.0]), np.array([9.0]), np.array([1.0]), None]
    options = {"sampling": "discretised", "edges": edges, "n_samples": 2000}
    found = explain(step, X[:5], data=X, domain=domain_of(X), options=options)
    texts = {term.text(tuple(found.domain.features)) for term in next(found.forms()).terms}
    assert texts & {"x0 <= 0.5", "x0 > 0.5"}
    size = np.abs(found.coef[:, 1])
    np.testing.assert_allclose(size[:, 0], 0.5, atol=0.05)
    np.testing.assert_allclose(size[:, 3], 0.3, atol=0.05)
    assert (size[:, 2] == 0).all()  # one bin holds every value


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"compatible": True}, "`labels` parameter of Lime must be given where compatible=True"),
        ({"compatible": True, "edges": [None] * 5}, "lime cuts by `bins` only"),
        ({"bins": "thirds"}, "must be one of 'quartile', 'decile', 'entropy'"),
    ],
    ids=["no labels", "edges", "thirds"],
)
def test_what_does_not_go_together(options: dict[str, Any], message: str) -> None:
    X = table()
    with pytest.raises(OptionError, match=message):
        lime(X, **options).explain(X[:1], reference=X)


def test_numbers_have_no_classes_to_tell_apart() -> None:
    X = table()
    one = Lime(
        Oracle(wrap(lambda rows: rows[:, 0], task="regression"), domain_of(X)),
        sampling="discretised",
        bins="entropy",
    )
    with pytest.raises(OptionError, match="for classes only; this model answers numbers"):
        one.explain(X[:1], reference=X)
    labels = X[:, 0] > 0
    given = Lime(one.oracle, sampling="discretised", bins="entropy", labels=labels, n_samples=500)
    assert given.explain(X[:1], reference=X, fidelity=50).encoding.edges[0].size == 1
