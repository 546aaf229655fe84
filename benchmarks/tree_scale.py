"""A tree of 64 leaves on 1,000,000 queried rows of 50 features: seconds and memory.

    python benchmarks/tree_scale.py --rows 1000000 --features 50 --leaves 64

The work is done in a process of its own, whose peak memory is read at its end. The box is
a formula of five features, so that nearly all of the time is ours; the rows are 1 % real
ones and 99 % drawn around them and asked. Seconds of asking and of growing are told apart.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time

import numpy as np

from surrogate.adapters import CallableBox
from surrogate.domain import Domain
from surrogate.oracle import Oracle
from surrogate.trees import CartClassifier


def formula(rows: np.ndarray) -> np.ndarray:
    """Labels 0 and 1 of rows (n, d)."""
    wave = np.sin(2 * rows[:, 3]) * (rows[:, 4] > 0)
    return (rows[:, 0] * rows[:, 1] + rows[:, 2] + wave > 0.2).astype(int)


def work(rows: int, features: int, leaves: int, refine: str) -> None:
    """Fit one tree, and print what it took as JSON."""
    real = rows // 100
    X = np.random.default_rng(0).normal(size=(real, features))
    oracle = Oracle(CallableBox(formula, classes=(0, 1)), Domain.infer(X))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    cart = CartClassifier(oracle, max_leaves=leaves, n_queries=rows - real, refine=refine)
    start = time.perf_counter()
    cart.fit(X)
    seconds = time.perf_counter() - start
    start = time.perf_counter()
    cart.set_params(oracle=None).fit(cart.rows_.matrix, formula(cart.rows_.matrix))
    grown = time.perf_counter() - start
    print(
        json.dumps(
            {
                "leaves": cart.form_.n_leaves,
                "seconds, questions drawn and asked": round(seconds, 1),
                "seconds, rows with labels": round(grown, 1),
                "MiB before": round(before),
                "peak MiB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
                "queries": oracle.queries.rows,
            }
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--features", type=int, default=50)
    parser.add_argument("--leaves", type=int, default=64)
    parser.add_argument("--refine", choices=("tao", "none"), default="tao")
    parser.add_argument("--here", action="store_true", help="in this process")
    chosen = parser.parse_args()
    if chosen.here:
        work(chosen.rows, chosen.features, chosen.leaves, chosen.refine)
        return
    subprocess.run([sys.executable, __file__, *sys.argv[1:], "--here"], check=True)


if __name__ == "__main__":
    main()
