"""Kernel SHAP's error against exact Shapley values, beside the shap package at equal coalitions.

Four models with 12 to 16 features, 8 rows each, a background of 10 rows. Exact values are from
all coalitions. shap runs as its own KernelExplainer with l1_reg=False, its global draws seeded.
Printed are mean and median squared error over rows, features and seeds, as ratios to shap's.

    python benchmarks/shap_quality.py [--seeds 10]
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from sklearn.datasets import (
    load_breast_cancer,
    load_wine,
    make_classification,
    make_friedman1,
)
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from surrogate._optional import require
from surrogate.adapters import wrap
from surrogate.domain import Domain
from surrogate.local import KernelShap
from surrogate.oracle import Oracle

ROWS, BACKGROUND = 8, 10
Answer = Callable[[np.ndarray], np.ndarray]


def models() -> Iterator[tuple[str, Answer, np.ndarray]]:
    X, y = load_wine(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    forest = RandomForestClassifier(200, random_state=0).fit(X, y)
    yield "wine 13, forest", lambda rows: forest.predict_proba(rows)[:, -1], X
    X, y = load_breast_cancer(return_X_y=True)
    X = StandardScaler().fit_transform(X)[:, :14]
    net = MLPClassifier((64, 32), max_iter=600, random_state=0).fit(X, y)
    yield "breast cancer 14, net", lambda rows: net.predict_proba(rows)[:, -1], X
    X, y = make_friedman1(1500, n_features=12, random_state=0)
    boosted = GradientBoostingRegressor(n_estimators=150, max_depth=4, random_state=0).fit(X, y)
    yield "friedman 12, boosted trees", boosted.predict, X
    X, y = make_classification(1500, 16, n_informative=10, random_state=1)
    svm = SVC(gamma=0.05).fit(X, y)
    yield "drawn 16, SVM margin", svm.decision_function, X


class Table:
    """A model's mean answers to all coalitions of each row, so that seeds cost no asking."""

    def __init__(self, answer: Answer, X: np.ndarray) -> None:
        rng = np.random.Generator(np.random.Philox(key=0))
        chosen = rng.permutation(len(X))
        self.rows, self.background = X[chosen[:ROWS]], X[chosen[ROWS : ROWS + BACKGROUND]]
        m = X.shape[1]
        self.bits = 1 << np.arange(m)
        codes = np.arange(1 << m)
        masks = (codes[:, None] & self.bits) > 0
        self.values = np.array(
            [
                sum(answer(np.where(masks, row, b)) for b in self.background) / BACKGROUND
                for row in self.rows
            ]
        )  # (r, 2^m)

    def model(self, i: int) -> Answer:
        """The game of row i as a model of masks."""
        return lambda masks: self.values[i][np.asarray(masks > 0.5) @ self.bits]


def ours(table: Table, i: int, **options: Any) -> Any:
    m = table.rows.shape[1]
    domain = Domain.infer(np.vstack([np.zeros(m), np.ones(m)]))
    oracle = Oracle(wrap(table.model(i), task="regression"), domain)
    seed = options.pop("seed", 0)
    result = KernelShap(oracle, **options).explain(
        np.ones((1, m)), reference=np.zeros((1, m)), fidelity=10, seed=seed
    )
    return result.coef[0, 0], result.coef_se[0, 0]


def pooled(table: Table, n: int, *, seed: int, estimator: str) -> tuple[np.ndarray, np.ndarray]:
    """All rows as one call explains them: (r, m). The games are answers of one model."""
    r, m = table.rows.shape
    domain = Domain.infer(np.vstack([np.zeros(m), np.ones(m)]))

    def answer(masks: np.ndarray) -> np.ndarray:
        return table.values[:, np.asarray(masks > 0.5) @ table.bits].T

    box = wrap(answer, output="scores", classes=[f"row {i}" for i in range(r)])
    shap = KernelShap(Oracle(box, domain), n_samples=n, estimator=estimator)
    found = shap.explain(np.ones((1, m)), reference=np.zeros((1, m)), fidelity=10, seed=seed)
    return found.coef[0], found.coef_se[0]


def theirs(table: Table, n: int, *, seed: int) -> np.ndarray:
    shap = require("shap", extra="shap")
    m, found = table.rows.shape[1], []
    np.random.seed(seed)  # noqa: NPY002  # shap draws from nothing else
    for i in range(len(table.rows)):
        explainer = shap.KernelExplainer(table.model(i), np.zeros((1, m)))
        found.append(
            explainer.shap_values(np.ones((1, m)), nsamples=n, l1_reg=False, silent=True)[0]
        )
    return np.array(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    print("squared error as a share of shap's: mean / median; coverage of value ± 1.96 errors")
    for name, answer, X in models():
        table = Table(answer, X)
        m = X.shape[1]
        exact = np.array([ours(table, i, n_samples=2**m - 2)[0] for i in range(ROWS)])
        for times in (10, 40):
            errors: dict[str, list[np.ndarray]] = {"shap": [], "bayes": [], "regression": []}
            sure: list[np.ndarray] = []
            for seed in range(args.seeds):
                errors["shap"].append(theirs(table, times * m, seed=seed) - exact)
                for estimator in ("bayes", "regression"):
                    values, se = pooled(table, times * m, seed=seed, estimator=estimator)
                    errors[estimator].append(values - exact)
                    if estimator == "bayes":
                        sure.append(np.abs(values - exact) < 1.96 * se)
            square = {key: np.square(part) for key, part in errors.items()}
            said = "; ".join(
                f"{key} {part.mean() / square['shap'].mean():.3f} / "
                f"{np.median(part) / np.median(square['shap']):.3f}"
                for key, part in square.items()
                if key != "shap"
            )
            print(f"{name}, {times}·M: {said}; covered {np.mean(sure):.2f}", flush=True)


if __name__ == "__main__":
    main()
