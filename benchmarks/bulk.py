"""Explanations of very many rows into a folder: rows a second, and memory that rows do not raise.

Each job runs in a process of its own, so that its peak memory is its own:

    python benchmarks/bulk.py                # 10,000 and 200,000 rows
    python benchmarks/bulk.py --rows 1000000
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

D = 30


def net(rows: np.ndarray) -> np.ndarray:
    """Two classes of a small fixed net."""
    rng = np.random.default_rng(1)
    first = rng.normal(size=(D, 32)) / np.sqrt(D)
    p = 1.0 / (1.0 + np.exp(-np.tanh(rows @ first) @ rng.normal(size=32)))
    return np.stack([1.0 - p, p], axis=1)


def job(
    n: int, *, dtype: str, format: str, sampling: str, samples: int, fidelity: int
) -> dict[str, float]:
    """Explain n rows; megabytes before, and at the peak."""
    from surrogate import explain_to

    rng = np.random.default_rng(0)
    X, data = rng.normal(size=(n, D)), rng.normal(size=(2_000, D))
    with tempfile.TemporaryDirectory() as folder:
        options = {"n_samples": samples, "sampling": sampling}
        explain_to(
            net,
            X[:1_000],
            Path(folder) / "warm",
            data=data,
            options=options,
            fidelity=fidelity,
            format=format,
        )
        before, start = _peak(), time.perf_counter()
        explain_to(
            net,
            X,
            Path(folder) / "out",
            data=data,
            options=options,
            fidelity=fidelity,
            dtype=dtype,
            format=format,
        )
        seconds = time.perf_counter() - start
        size = sum(path.stat().st_size for path in (Path(folder) / "out").iterdir())
    return {
        "rows": n,
        "rows of X, MB": X.nbytes / 1e6,
        "peak before, MB": before,
        "peak, MB": _peak(),
        "seconds": seconds,
        "rows a second": n / seconds,
        "on disk, MB": size / 1e6,
    }


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def main() -> None:
    """Print one line a job."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 200_000])
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--format", default="parquet")
    parser.add_argument("--sampling", default="discretised")
    parser.add_argument("--samples", type=int, default=5_000)
    parser.add_argument("--fidelity", type=int, default=1_000)
    parser.add_argument("--inside", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    names = ("dtype", "format", "sampling", "samples", "fidelity")
    said = {name: getattr(given, name) for name in names}
    if given.inside is not None:
        print(json.dumps(job(given.inside, **said)))
        return
    print(f"LIME, {D} features: {said}")
    for n in given.rows:
        call = [sys.executable, __file__, "--inside", str(n)]
        call += [part for name, value in said.items() for part in (f"--{name}", str(value))]
        found = json.loads(subprocess.run(call, check=True, capture_output=True).stdout)
        print("  ".join(f"{name}: {value:,.0f}" for name, value in found.items()), flush=True)


if __name__ == "__main__":
    main()
