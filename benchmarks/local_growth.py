"""How time and memory of local explanations grow with the rows: each size in a process of its own.

Rows of 30 standard normal features and a small logistic model with an interaction, N = 5,000,
one plan shared by all rows, 1,000 fresh queries, through `surrogate.explain`. Memory is the peak
resident set of the process, of which "results" is what the arrays that come back hold. Reach:
100,000 rows in under 4 GB, and time linear in the rows.

    python benchmarks/local_growth.py [--rows 1000 10000 100000] [--sampling neighbours]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from typing import Any

import numpy as np

from surrogate import explain

N, D = 5000, 30


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--rows", type=int, nargs="+", default=[1000, 3000, 10_000, 30_000, 100_000]
    )
    parser.add_argument("--sampling", nargs="+", default=["discretised", "neighbours"])
    parser.add_argument("--one", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(measured(args.one, args.rows[0])))
        return
    heads = ("rows", "seconds", "ms a row", "peak GB", "results GB", "queries", "load")
    for sampling in args.sampling:
        print(f"{sampling}\n" + "".join(f"{head:>12}" for head in heads))
        found = []
        for rows in args.rows:
            found.append(in_its_own_process(sampling, rows))
            print(line(rows, found[-1]), flush=True)
        x, y = np.log(args.rows), np.log([one["seconds"] for one in found])
        power = np.polyfit(x, y, 1)[0] if len(x) > 1 else np.nan
        peak = max(one["peak"] for one in found)
        print(f"time grows as rows^{power:.2f}; most memory {peak:.2f} GB, at most 4\n")


def in_its_own_process(sampling: str, rows: int) -> dict[str, Any]:
    """What a fresh process measures."""
    command = [sys.executable, __file__, "--one", sampling, "--rows", str(rows)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout))


def measured(sampling: str, n_rows: int) -> dict[str, Any]:
    """Seconds and memory of explaining so many rows."""
    rows = np.random.Generator(np.random.Philox(key=0)).normal(size=(n_rows, D))
    data = np.random.Generator(np.random.Philox(key=1)).normal(size=(2000, D))
    slopes = np.linspace(-1.0, 1.0, D)

    def model(x: np.ndarray) -> np.ndarray:
        p = 1.0 / (1.0 + np.exp(-(x @ slopes) - x[:, 0] * x[:, 1]))
        return np.column_stack([1.0 - p, p])

    start = time.perf_counter()
    result: Any = explain(model, rows, data=data, options={"sampling": sampling, "n_samples": N})
    seconds = time.perf_counter() - start
    arrays = (result.rows, result.coef, result.coef_se, result.intercept)
    return {
        "seconds": seconds,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "results": sum(array.nbytes for array in arrays) / 2**30,
        "queries": result.queries.rows,
        "load": os.getloadavg()[0],
    }


def line(rows: int, one: dict[str, Any]) -> str:
    """One size as a line of the table."""
    per_row = 1e3 * one["seconds"] / rows
    return (
        f"{rows:>12,}{one['seconds']:>12.2f}{per_row:>12.3f}{one['peak']:>12.2f}"
        f"{one['results']:>12.3f}{one['queries']:>12,}{one['load']:>12.1f}"
    )


if __name__ == "__main__":
    main()
