"""LIME around each row, beside bare inference of the same perturbed rows.

A torch MLP 30-128-128-2, N = 5,000, rows of 30 standard normal features. Each round explains the
rows with `Lime(sampling="kernel")` and `"gaussian"`, and asks the bare net as many rows, made
beforehand, in batches as large as the oracle's; fidelity queries are asked bare too, and their
time is taken off the whole. Ratios are taken within each round. Reach: 1.2.

    python benchmarks/local_around.py [--rows 1000] [--rounds 3]
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from surrogate._optional import require
from surrogate.adapters import wrap
from surrogate.domain import Domain
from surrogate.local import Lime
from surrogate.oracle import Oracle

N, D, FIDELITY, BATCH = 5000, 30, 1000, 8192
MANY = 64  # batches of bare rows in memory: more than any cache holds, as perturbed rows are
REACH = 1.2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    torch = require("torch", extra="torch")
    torch.manual_seed(0)
    layers: list[Any] = [torch.nn.Linear(D, 128), torch.nn.ReLU()]
    layers += [torch.nn.Linear(128, 128), torch.nn.ReLU(), torch.nn.Linear(128, 2)]
    net = torch.nn.Sequential(*layers, torch.nn.Softmax(-1)).eval()
    X = np.random.Generator(np.random.Philox(key=0)).normal(size=(max(args.rows, 500), D))
    rows, given = X[: args.rows], torch.randn(MANY * BATCH, D)

    def bare(n: int) -> float:
        """Seconds that the net takes for n rows, made beforehand."""
        with torch.no_grad():
            starts = [(i % (MANY - 1) * BATCH, n - i * BATCH) for i in range(-(-n // BATCH))]
            return clock(lambda: [net(given[at : at + min(BATCH, left)]) for at, left in starts])

    def ours(sampling: str) -> Callable[[], Any]:
        lime = Lime(Oracle(wrap(net), Domain.infer(X)), sampling=sampling, n_samples=N)
        return lambda: lime.explain(rows, reference=X, fidelity=FIDELITY)

    bare(20 * BATCH)
    print(f"load before: {os.getloadavg()[0]:.1f}")
    found: dict[str, list[float]] = {"kernel": [], "gaussian": []}
    for i in range(args.rounds):
        for sampling, ratios in found.items():
            before = bare(len(rows) * N)
            whole = clock(ours(sampling))
            after = bare(len(rows) * N)
            fresh = bare(len(rows) * FIDELITY)
            ratios.append((whole - fresh) / ((before + after) / 2))
            print(
                f"round {i + 1} {sampling:9} whole {whole:7.2f} s, bare fit rows {before:7.2f} and "
                f"{after:7.2f} s, bare fidelity rows {fresh:6.2f} s: ratio {ratios[-1]:.2f}"
            )
    for sampling, ratios in found.items():
        reached = "yes" if np.median(ratios) <= REACH else "NO"
        span = f"({min(ratios):.2f} to {max(ratios):.2f})"
        print(f"{sampling}: {np.median(ratios):.2f} {span}; at most {REACH}: {reached}")


def clock(work: Callable[[], Any]) -> float:
    """Seconds that something takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
