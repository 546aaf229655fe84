"""How far coefficients move with the seed, at equal queries: `Lime` beside the lime package.

Rows of breast_cancer, a small net, the probability of the second class, N = 5,000 queries a row.
lime samples around the row (continuous, no feature selection); `Lime` draws in pairs. Spread:
root of the mean variance over seeds, over the root mean square of the mean coefficients, so that
forms of any steepness compare. At three kernel widths, each the same for all. Reach: .7 of
lime's.

    python benchmarks/lime_spread.py [--seeds 12] [--rows 5]
"""

from __future__ import annotations

import argparse
import warnings
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from surrogate._optional import require
from surrogate.adapters import wrap
from surrogate.domain import Domain
from surrogate.local import Lime
from surrogate.oracle import Oracle

N, REACH = 5000, 0.7


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=12)
    parser.add_argument("--rows", type=int, default=5)
    args = parser.parse_args()
    X, y = load_breast_cancer(return_X_y=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net = MLPClassifier((64, 32), max_iter=300, random_state=0)
        model = make_pipeline(StandardScaler(), net).fit(X, y)
    rows = X[: args.rows]
    print(f"{'width':>10}{'lime':>10}{'kernel':>10}{'gaussian':>10}   kernel over lime")
    for width in (0.18, 0.35, 0.75):
        theirs = spread([lime(model, X, rows, width, seed) for seed in range(args.seeds)])
        kernel, gaussian = (
            spread([ours(model, X, rows, width, seed, sampling) for seed in range(args.seeds)])
            for sampling in ("kernel", "gaussian")
        )
        ratio = kernel / theirs
        reached = "yes" if ratio <= REACH else "NO"
        print(
            f"{width:>7}·√d{theirs:>10.3f}{kernel:>10.3f}{gaussian:>10.3f}   "
            f"{ratio:.3f}, at most {REACH}: {reached}"
        )


def lime(model: Any, X: np.ndarray, rows: np.ndarray, width: float, seed: int) -> np.ndarray:
    """Coefficients (r, d) of the lime package, per standard deviation."""
    tabular = require("lime.lime_tabular", extra="lime")
    explainer = tabular.LimeTabularExplainer(
        X,
        discretize_continuous=False,
        sample_around_instance=True,
        kernel_width=width * np.sqrt(X.shape[1]),
        feature_selection="none",
        random_state=seed,
    )
    found = []
    for row in rows:
        said = explainer.explain_instance(row, model.predict_proba, labels=(1,), num_samples=N)
        found.append([value for _, value in sorted(said.as_map()[1])])
    return np.array(found)


def ours(
    model: Any, X: np.ndarray, rows: np.ndarray, width: float, seed: int, sampling: str
) -> np.ndarray:
    """Coefficients (r, d) of `Lime`, per standard deviation."""
    oracle = Oracle(wrap(model), Domain.infer(X))
    method = Lime(oracle, sampling=sampling, n_samples=N, width=width * np.sqrt(X.shape[1]))
    return method.explain(rows, reference=X, fidelity=10, seed=seed).coef[:, 1]


def spread(found: list[np.ndarray]) -> float:
    """How far coefficients (seeds, r, d) move with the seed, relative to their size."""
    coefs = np.array(found)
    size = np.sqrt((coefs.mean(axis=0) ** 2).mean())
    return float(np.sqrt(coefs.var(axis=0, ddof=1).mean()) / size)


if __name__ == "__main__":
    main()
