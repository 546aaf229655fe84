"""Cart at 16 leaves against plain CART, on held-out real rows and on jittered ones.

    python benchmarks/trees.py --seeds 5 --tables breast_cancer wine digits

Each seed trains a net of 64 and 32 units on standardised rows (70 % of the table), and
distils it. Agreement with the net is measured on the 30 % held out ("real") and on 20
copies of each of them with N(0, 0.3) noise ("jittered"). Figures are means over seeds,
with their standard deviation; below them stand the figures of earlier measurements.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from surrogate.adapters import CallableBox
from surrogate.domain import Domain
from surrogate.oracle import Oracle
from surrogate.sampling import generator
from surrogate.trees import CartClassifier

LEAVES = 16
COPIES = 20
JITTER = 0.3
TABLES = {"breast_cancer": load_breast_cancer, "wine": load_wine, "digits": load_digits}

EARLIER = {
    "CART on the net's labels": {
        "breast_cancer": ".956 / .892", "wine": ".936 / .904", "digits": ".743 / .590",
    },
    "CART + 10x N(0, .3) rows": {
        "breast_cancer": ".937 / .921", "wine": ".938 / .925", "digits": ".710 / .681",
    },
    "Trustee 1.2": {
        "breast_cancer": ".930 / .906", "wine": ".907 / .837", "digits": ".687 / .637",
    },
    "TREPAN, row jitter": {
        "breast_cancer": ".943", "wine": ".948", "digits": ".703",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Task:
    """A net, the rows that it is distilled on, and the rows that measure it."""

    net: MLPClassifier
    fit: np.ndarray
    real: np.ndarray
    jittered: np.ndarray


@dataclass(frozen=True)
class Outcome:
    """One method on one task."""

    real: float
    jittered: float
    leaves: int
    queries: int
    seconds: float


def make_task(table: str, seed: int) -> Task:
    X, y = TABLES[table](return_X_y=True)
    fit, real, labels, _ = train_test_split(X, y, test_size=0.3, random_state=seed, stratify=y)
    scaler = StandardScaler().fit(fit)
    fit, real = scaler.transform(fit), scaler.transform(real)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        net = MLPClassifier((64, 32), max_iter=600, random_state=seed).fit(fit, labels)
    copies = np.repeat(real, COPIES, axis=0)
    noise = generator(seed, "benchmark jitter").normal(0, JITTER, copies.shape)
    return Task(net, fit, real, copies + noise)


def plain_cart(task: Task, seed: int) -> tuple[Callable[[np.ndarray], np.ndarray], int, int]:
    tree = DecisionTreeClassifier(max_leaf_nodes=LEAVES, random_state=seed)
    tree.fit(task.fit, task.net.predict(task.fit))
    return tree.predict, tree.get_n_leaves(), len(task.fit)


def cart(**options: Any) -> Callable[[Task, int], Any]:
    def fit(task: Task, seed: int) -> tuple[Callable[[np.ndarray], np.ndarray], int, int]:
        kinds = dict.fromkeys(range(task.fit.shape[1]), "continuous")
        oracle = Oracle(
            CallableBox(task.net.predict_proba, classes=tuple(task.net.classes_.tolist())),
            Domain.infer(task.fit, kinds=kinds),
        )
        tree = CartClassifier(oracle, max_leaves=LEAVES, random_state=seed, **options).fit(task.fit)
        return tree.predict, tree.form_.n_leaves, oracle.queries.rows

    return fit


METHODS: dict[str, Callable[[Task, int], Any]] = {
    "plain CART on the net's labels": plain_cart,
    "Cart (default)": cart(),
}
TRADE_OFF: dict[str, Callable[[Task, int], Any]] = {
    "Cart, real_weight .25": cart(real_weight=0.25),
    "Cart, real_weight .75": cart(real_weight=0.75),
    "Cart, neighbours": cart(sampler="neighbours"),
    "Cart, gaussian": cart(sampler="gaussian"),
    "Cart, soft targets": cart(targets="values"),
    "Cart, 2,000 queries": cart(n_queries=2000),
    "Cart, real rows only": cart(n_queries=0),
}


def run(method: Callable[[Task, int], Any], task: Task, seed: int) -> Outcome:
    start = time.perf_counter()
    predict, leaves, queries = method(task, seed)
    seconds = time.perf_counter() - start
    real, jittered = (
        float((predict(rows) == task.net.predict(rows)).mean())
        for rows in (task.real, task.jittered)
    )
    return Outcome(real, jittered, leaves, queries, seconds)


def line(name: str, found: list[Outcome]) -> str:
    real, jittered = (np.array([getattr(o, f) for o in found]) for f in ("real", "jittered"))
    rest = [np.mean([getattr(o, f) for o in found]) for f in ("leaves", "queries", "seconds")]
    return (
        f"{name:32s} {real.mean():.3f} ± {real.std():.3f}   {jittered.mean():.3f} ± "
        f"{jittered.std():.3f} {rest[0]:7.1f} {rest[1]:8,.0f} {rest[2]:7.2f}"
    )


def report(table: str, seeds: int, methods: dict[str, Callable[[Task, int], Any]]) -> None:
    found: dict[str, list[Outcome]] = {name: [] for name in methods}
    for seed in range(seeds):
        task = make_task(table, seed)
        for name, method in methods.items():
            found[name].append(run(method, task, seed))
    head = f"{table}, {seeds} seeds"
    print(f"\n{head:32s} {'real':13s}   {'jittered':13s}  leaves  queries seconds")
    for name, outcomes in found.items():
        print(line(name, outcomes))
    ours, plain = found["Cart (default)"], found["plain CART on the net's labels"]
    gains = [
        np.array([getattr(a, f) - getattr(b, f) for a, b in zip(ours, plain)])
        for f in ("real", "jittered")
    ]
    said = ", ".join(
        f"{name} {gain.mean():+.3f} (standard error {gain.std(ddof=1) / len(gain) ** 0.5:.3f})"
        for name, gain in zip(("real", "jittered"), gains)
        if len(gain) > 1
    )
    print(f"Cart less plain CART, paired: {said or 'takes 2 seeds'}")
    for name, figures in EARLIER.items():
        print(f"  earlier: {name:28s} {figures[table]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=list(TABLES))
    parser.add_argument("--trade-off", action="store_true", help="other options of Cart too")
    chosen = parser.parse_args()
    methods = METHODS | (TRADE_OFF if chosen.trade_off else {})
    for table in chosen.tables:
        report(table, chosen.seeds, methods)


if __name__ == "__main__":
    main()
