"""A tree of 64 leaves on 1,000,000 queried rows of 50 features: seconds and memory.

    python benchmarks/tree_scale.py --rows 1000000 --features 50 --leaves 64

The work is done in a process of its own, whose peak memory is read at its end. The box is
a formula of five features, so that nearly all of the time is ours; the rows are 1 % real
ones and 99 % drawn around them and asked. The same rows with their labels are fitted once
more, without drawing and asking. Processor seconds stand beside those of the clock, since a
machine may be busy with other work.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from surrogate.adapters import CallableBox
from surrogate.domain import Domain
from surrogate.oracle import Oracle
from surrogate.trees import CartClassifier


def formula(rows: np.ndarray) -> np.ndarray:
    """Labels 0 and 1 of rows (n, d)."""
    wave = np.sin(2 * rows[:, 3]) * (rows[:, 4] > 0)
    return (rows[:, 0] * rows[:, 1] + rows[:, 2] + wave > 0.2).astype(int)


def clocked(job: Callable[[], object]) -> dict[str, float]:
    """Seconds of a job by the clock and of the processor."""
    start, busy = time.perf_counter(), time.process_time()
    job()
    return {
        "clock": round(time.perf_counter() - start, 1),
        "processor": round(time.process_time() - busy, 1),
    }


def work(rows: int, features: int, leaves: int, refine: str) -> None:
    """Fit one tree, and print what it took as JSON."""
    real = rows // 100
    X = np.random.default_rng(0).normal(size=(real, features))
    oracle = Oracle(CallableBox(formula, classes=(0, 1)), Domain.infer(X))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    cart = CartClassifier(oracle, max_leaves=leaves, n_queries=rows - real, refine=refine)
    asked = clocked(lambda: cart.fit(X))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    matrix = cart.rows_.matrix
    labels = formula(matrix)
    given = clocked(lambda: cart.set_params(oracle=None).fit(matrix, labels))
    print(
        json.dumps(
            {
                "leaves": cart.form_.n_leaves,
                "rows drawn and asked, seconds": asked,
                "rows with labels, seconds": given,
                "MiB before": round(before),
                "peak MiB": round(peak),
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
