"""Trees and rules of other packages, run by `benchmarks/trees.py` in their own environment.

    python -m venv peers && peers/bin/pip install -r benchmarks/requirements-peers.txt
    peers/bin/python benchmarks/tree_peers.py task.npz --seed 0 --methods figs trustee

Reads the rows of a task as the net sees them and prints one line of JSON a method. psyke
needs an environment of its own; the file of requirements says which.
"""

from __future__ import annotations

import argparse
import collections
import collections.abc
import json
import signal
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

LEAVES = 16


class Asked:
    """The net, and how many rows it was asked."""

    def __init__(self, data: Any) -> None:
        self.weights = [data[f"w{i}"] for i in range(3)]
        self.biases = [data[f"b{i}"] for i in range(3)]
        self.rows, self.seen = 0, set()

    def predict(self, x: Any) -> np.ndarray:
        """Class codes (n,) of rows."""
        x = np.asarray(x, dtype=float)
        self.rows += len(x)
        self.seen.update(row.tobytes() for row in np.ascontiguousarray(x))
        for i, (w, b) in enumerate(zip(self.weights, self.biases)):
            x = (np.maximum(x, 0.0) if i else x) @ w + b
        return (x[:, 0] > 0).astype(int) if x.shape[1] == 1 else x.argmax(axis=1)


class Named:
    """The same net with names of classes: psyke takes numbers for a regression."""

    def __init__(self, net: Asked) -> None:
        self.net = net

    def predict(self, x: Any) -> np.ndarray:
        """Names (n,) of the classes decided."""
        return np.array([f"c{code}" for code in self.net.predict(x)])


Predict = Callable[[np.ndarray], np.ndarray]
Found = tuple[Predict, float, float]  # predict, leaves or rules, conditions


def frame_of(x: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(x, columns=[f"f{j}" for j in range(x.shape[1])])


def tree_size(tree: Any) -> tuple[float, float]:
    leaves = float(tree.get_n_leaves())
    return leaves, leaves - 1


def trustee(net: Asked, x: np.ndarray, seed: int) -> Found:
    """With the settings of its own first example, and a limit of leaves."""
    from trustee import ClassificationTrustee

    np.random.seed(seed)  # noqa: NPY002 - the package draws from the global generator
    explainer = ClassificationTrustee(expert=net)
    labels = net.predict(x)
    explainer.fit(
        x, labels, max_leaf_nodes=LEAVES, num_iter=10, num_stability_iter=10, samples_size=0.3,
        verbose=False,
    )  # fmt: skip
    tree = explainer.explain()[0]
    return (lambda rows: tree.predict(frame_of(rows).to_numpy())), *tree_size(tree)


def one_against_rest(
    labels: np.ndarray, fit: Callable[[np.ndarray, int], tuple[Predict, float, float]]
) -> Found:
    """A model for each class, or one for two; the greatest score decides."""
    classes = np.unique(labels)
    if len(classes) == 1:
        return (lambda rows: np.full(len(rows), classes[0])), 1.0, 0.0
    if len(classes) == 2:
        score, leaves, conditions = fit((labels == classes[1]).astype(int), 1)
        return (lambda rows: classes[(score(rows) > 0.5).astype(int)]), leaves, conditions
    parts = [fit((labels == c).astype(int), len(classes)) for c in classes]
    return (
        lambda rows: classes[np.stack([score(rows) for score, *_ in parts]).argmax(axis=0)],
        sum(p[1] for p in parts),
        sum(p[2] for p in parts),
    )


def figs(net: Asked, x: np.ndarray, seed: int) -> Found:
    from imodels import FIGSClassifier

    def fit(y: np.ndarray, share: int) -> tuple[Predict, float, float]:
        splits = max(1, round((LEAVES - 1) / share))
        model = FIGSClassifier(max_rules=splits, random_state=seed).fit(x, y)
        used = float(model.complexity_)
        return (lambda r: model.predict_proba(r)[:, 1]), used + len(model.trees_), used

    return one_against_rest(net.predict(x), fit)


def rulefit(*, linear: bool) -> Callable[[Asked, np.ndarray, int], Found]:
    def run(net: Asked, x: np.ndarray, seed: int) -> Found:
        from imodels import RuleFitClassifier

        def fit(y: np.ndarray, share: int) -> tuple[Predict, float, float]:
            most = max(2, round(LEAVES / share))
            model = RuleFitClassifier(max_rules=most, include_linear=linear, random_state=seed)
            model.fit(x, y)
            terms = model.visualize() if hasattr(model, "visualize") else model.rules_
            rules = [str(rule) for rule in model.rules_]
            size = max(len(terms), len(rules))
            return (
                (lambda r: model.predict_proba(r)[:, 1]),
                float(size),
                float(sum(rule.count(" and ") + 1 for rule in rules)),
            )

        return one_against_rest(net.predict(x), fit)

    return run


def ripper(net: Asked, x: np.ndarray, seed: int) -> Found:
    from wittgenstein import RIPPER

    def fit(y: np.ndarray, share: int) -> tuple[Predict, float, float]:
        most = max(1, round(LEAVES / share))
        model = RIPPER(random_state=seed, max_rules=most)
        model.fit(frame_of(x).assign(label=y), class_feat="label", pos_class=1)
        rules = model.ruleset_.rules
        if not rules:
            return (lambda r: np.zeros(len(r))), 1.0, 0.0
        score: Predict = (
            (lambda r: np.asarray(model.predict(frame_of(r)), dtype=float))
            if share == 1
            else (lambda r: np.asarray(model.predict_proba(frame_of(r)))[:, 1])
        )
        return score, float(len(rules) + 1), float(sum(len(r.conds) for r in rules))

    return one_against_rest(net.predict(x), fit)


def psyke(name: str) -> Callable[[Asked, np.ndarray, int], Found]:
    def run(net: Asked, x: np.ndarray, seed: int) -> Found:
        for gone in ("Mapping", "MutableMapping", "Iterable", "Sequence"):
            setattr(collections, gone, getattr(collections.abc, gone))  # psyke's Prolog wants it
        from psyke import Extractor

        named = Named(net)

        np.random.seed(seed)  # noqa: NPY002 - the package draws from the global generator
        if name == "cart":
            extractor = Extractor.cart(named, max_leaves=LEAVES, max_depth=None, simplify=False)
        else:
            extractor = Extractor.trepan(named, min_examples=20, max_depth=4)
        extractor.extract(frame_of(x).assign(label=named.predict(x)))
        n = float(extractor.n_rules)

        def decide(rows: np.ndarray) -> np.ndarray:
            return np.array([int(str(c)[1:]) for c in extractor.predict(frame_of(rows))])

        return decide, n, float("nan")

    return run


PEERS: dict[str, Callable[[Asked, np.ndarray, int], Found]] = {
    "trustee": trustee,
    "figs": figs,
    "rulefit": rulefit(linear=False),
    "rulefit-linear": rulefit(linear=True),
    "ripper": ripper,
    "psyke-cart": psyke("cart"),
    "psyke-trepan": psyke("trepan"),
}


def run(name: str, data: Any, seed: int) -> dict[str, Any]:
    """One method: its agreements and sizes, or why there are none."""
    net = Asked(data)
    start = time.perf_counter()
    try:
        predict, leaves, conditions = PEERS[name](net, data["fit"], seed)
        seconds = time.perf_counter() - start
        asked, unique = net.rows, len(net.seen)
        agreed = {
            part: float((np.asarray(predict(data[part])) == net.predict(data[part])).mean())
            for part in ("real", "jittered")
        }
    except Exception as error:  # what a package cannot do is a finding
        return {"failed": f"{type(error).__name__}: {error}"[:200]}
    return {
        **agreed,
        "leaves": leaves,
        "conditions": None if conditions != conditions else conditions,
        "queries": asked,
        "unique": unique,
        "seconds": seconds,
    }


class TimeOut(BaseException):
    """Told apart from what a package raises."""


def stop(*_: object) -> None:
    """What the alarm calls."""
    raise TimeOut


def bounded(name: str, data: Any, seed: int, limit: int) -> dict[str, Any]:
    """The same within so many seconds."""
    signal.signal(signal.SIGALRM, stop)
    signal.alarm(limit)
    try:
        return run(name, data, seed)
    except TimeOut:
        return {"failed": f"more than {limit} s"}
    finally:
        signal.alarm(0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("task")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--methods", nargs="+", choices=PEERS, default=list(PEERS))
    parser.add_argument("--limit", type=int, default=120, help="seconds a method")
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    data = dict(np.load(chosen.task))
    for name in chosen.methods:
        found = bounded(name, data, chosen.seed, chosen.limit)
        print(json.dumps({"method": name, **found}), flush=True)


if __name__ == "__main__":
    main()
