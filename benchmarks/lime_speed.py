"""LIME for a whole data set, beside the lime package: time per row, queries, ratio.

Both explain rows of breast_cancer (569 rows, 30 features) for a small neural net, N = 5,000,
discretised, both classes. Runs are interleaved: one round explains all rows with `Lime` and a
few with lime, and the ratio is taken within each round. Times include the model's own.

    python benchmarks/lime_speed.py [--rounds 5] [--lime-rows 10] [--fidelity 1000]
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import surrogate.local._run as steps
from surrogate._optional import require
from surrogate.adapters import wrap
from surrogate.domain import Domain
from surrogate.local import Lime
from surrogate.oracle import Oracle

N = 5000


def model(X: np.ndarray, y: np.ndarray) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net = MLPClassifier((64, 32), max_iter=300, random_state=0)
        return make_pipeline(StandardScaler(), net).fit(X, y)


def clock(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


class Stopwatch:
    """Adds up the time that one function takes."""

    def __init__(self, owner: Any, name: str) -> None:
        self.inner, self.seconds = getattr(owner, name), 0.0
        setattr(owner, name, self)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it, on the clock."""
        start = time.perf_counter()
        try:
            return self.inner(*args, **kwargs)
        finally:
            self.seconds += time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--lime-rows", type=int, default=10)
    parser.add_argument("--fidelity", type=int, default=1000)
    args = parser.parse_args()

    X, y = load_breast_cancer(return_X_y=True)
    net = model(X, y)
    lime_tabular = require("lime.lime_tabular", extra="lime")
    explainer = lime_tabular.LimeTabularExplainer(X, random_state=0)
    solving = Stopwatch(steps, "fit_shared")

    def ours() -> Any:
        oracle = Oracle(wrap(net), Domain.infer(X))
        lime = Lime(oracle, sampling="discretised", n_samples=N)
        result = lime.explain(X, reference=X, fidelity=args.fidelity)
        return result, oracle

    def theirs(rows: np.ndarray) -> None:
        for row in rows:
            explainer.explain_instance(row, net.predict_proba, labels=(0, 1), num_samples=N)

    result, oracle = ours()  # warm-up
    theirs(X[:1])
    print(f"queries: {oracle.queries.rows:,} = {dict(result.queries)}; lime: {len(X) * N:,}")
    head = ("round", "Lime ms/row", "solve", "lime ms/row", "ratio", "solve")
    print("{:>5} {:>12} {:>8} {:>12} {:>8} {:>8}".format(*head))
    ratios, solve_ratios = [], []
    for i in range(args.rounds):
        rows = X[i * args.lime_rows :][: args.lime_rows]
        solving.seconds = 0.0
        mine = clock(ours) / len(X)
        solve = solving.seconds / len(X)
        lime = clock(lambda rows=rows: theirs(rows)) / len(rows)
        ratios.append(lime / mine)
        solve_ratios.append(lime / solve)
        print(
            f"{i + 1:>5} {1e3 * mine:>12.3f} {1e3 * solve:>8.3f} {1e3 * lime:>12.2f} "
            f"{ratios[-1]:>7.0f}x {solve_ratios[-1]:>7.0f}x"
        )
    print(
        f"median ratio, whole explain() with {args.fidelity:,} fresh queries: "
        f"{np.median(ratios):.0f}x (least {min(ratios):.0f}x, most {max(ratios):.0f}x); "
        f"solve alone: {np.median(solve_ratios):.0f}x"
    )


if __name__ == "__main__":
    main()
