"""LIME for very many rows on one GPU: seconds, the model's share, and the ratio to bare inference.

Rows of 30 standard normal features, a torch MLP 30-128-128-2 on the GPU, N = 5,000, one plan
shared by all rows, 1,000 fresh queries. Bare inference is the same net on as many rows as were
asked, made beforehand. A second part explains fewer rows by plans around each of them, where the
model takes nearly all of the time. Says so, and ends, where torch finds no GPU.

    python benchmarks/gpu.py [--rows 1000000] [--around 2000]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from surrogate._optional import require
from surrogate.adapters import wrap
from surrogate.domain import Domain
from surrogate.local import Lime
from surrogate.oracle import Oracle

N, D, BATCH = 5000, 30, 65_536


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--around", type=int, default=2000)
    parser.add_argument("--device", default="cuda", help="cpu tries the script without a GPU")
    args = parser.parse_args()
    torch = require("torch", extra="torch")
    if args.device.startswith("cuda") and not torch.cuda.is_available():
        sys.exit("Skipped: torch finds no GPU here (torch.cuda.is_available() is False).")
    name = torch.cuda.get_device_name() if args.device.startswith("cuda") else args.device
    print(f"{name}, torch {torch.__version__}, N = {N:,}, {D} features")
    torch.manual_seed(0)
    layers: list[Any] = [torch.nn.Linear(D, 128), torch.nn.ReLU()]
    layers += [torch.nn.Linear(128, 128), torch.nn.ReLU(), torch.nn.Linear(128, 2)]
    net = torch.nn.Sequential(*layers, torch.nn.Softmax(-1)).eval().to(args.device)
    given = torch.randn(BATCH, D, device=args.device)

    def bare(n: int) -> float:
        """Seconds of bare inference of n rows."""

        def ask() -> None:
            with torch.no_grad():
                for start in range(0, n, BATCH):
                    answer = net(given[: min(BATCH, n - start)])
            float(answer.sum())  # waits until the device is done

        return clock(ask)

    rows = np.random.Generator(np.random.Philox(key=0)).normal(size=(args.rows, D))
    bare(BATCH)
    for sampling, n_rows in (
        ("discretised", args.rows),
        ("neighbours", args.rows),
        ("kernel", args.around),
    ):
        oracle = Oracle(wrap(net), Domain.infer(rows[:2000]))
        lime = Lime(oracle, sampling=sampling, n_samples=N, device=args.device)
        lime.explain(rows[:10], reference=rows[:2000])  # warm-up
        before = oracle.queries
        some = rows[:n_rows]
        seconds = clock(lambda lime=lime, some=some: lime.explain(some, reference=rows[:2000]))
        asked = oracle.queries.rows - before.rows
        plain = bare(asked)
        print(
            f"{sampling:11} {n_rows:>9,} rows, {asked:>11,} queries: {seconds:8.2f} s, bare "
            f"inference {plain:8.3f} s ({plain / seconds:.1%} of it), ratio {seconds / plain:,.2f}"
        )


def clock(work: Callable[[], Any]) -> float:
    """Seconds that something takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
