"""Kernel SHAP's whole time beside bare inference of the same number of rows, and shap's own.

A torch net 30-128-128-2, a background of 100 rows, 2,048 coalitions. Each round times bare
inference, `KernelShap.explain` and shap's KernelExplainer (l1_reg=False) in turn; ratios are
taken within a round. Queries for fidelity are counted with the rows that bare inference answers.

    python benchmarks/shap_speed.py [--rounds 5] [--rows 10] [--shap-rows 3] [--device cpu]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from surrogate._optional import require
from surrogate.adapters import wrap
from surrogate.domain import Domain
from surrogate.local import KernelShap
from surrogate.oracle import Oracle

BACKGROUND, COALITIONS = 100, 2048


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=10)
    parser.add_argument("--shap-rows", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--without-shap", action="store_true")
    args = parser.parse_args()
    torch = require("torch", extra="torch")
    torch.manual_seed(0)
    net = torch.nn.Sequential(
        torch.nn.Linear(30, 128), torch.nn.ReLU(),
        torch.nn.Linear(128, 128), torch.nn.ReLU(),
        torch.nn.Linear(128, 2), torch.nn.Softmax(dim=1),
    ).to(args.device).eval()  # fmt: skip
    X = np.random.Generator(np.random.Philox(key=0)).normal(size=(1000, 30)).astype(np.float32)
    X = X.astype(np.float64)

    def clock(work: Callable[[], Any]) -> float:
        if args.device != "cpu":
            torch.cuda.synchronize()
        start = time.perf_counter()
        work()
        if args.device != "cpu":
            torch.cuda.synchronize()
        return time.perf_counter() - start

    def explained(rows: int) -> Oracle:
        oracle = Oracle(wrap(net, output="probabilities"), Domain.infer(X))
        shap = KernelShap(oracle, n_samples=COALITIONS, background=BACKGROUND)
        shap.explain(X[:rows], reference=X)
        return oracle

    asked = explained(args.rows).queries.rows
    batch = 8192 if args.device == "cpu" else 65536
    plain = torch.randn(batch, 30, device=args.device)

    def bare(n: int) -> None:
        with torch.no_grad():
            for _ in range(n // batch):
                net(plain)
            if n % batch:
                net(plain[: n % batch])

    theirs, shap_asked = None, args.shap_rows * (COALITIONS * BACKGROUND)
    if not args.without_shap:
        package = require("shap", extra="shap")

        def answer(rows: np.ndarray) -> np.ndarray:
            with torch.no_grad():
                batches = torch.from_numpy(rows.astype(np.float32)).to(args.device).split(batch)
                return np.concatenate([net(part).cpu().numpy() for part in batches])

        explainer = package.KernelExplainer(answer, X[:BACKGROUND])

        def theirs() -> None:
            explainer.shap_values(
                X[: args.shap_rows], nsamples=COALITIONS, l1_reg=False, silent=True
            )

    ratios: dict[str, list[float]] = {"surrogate": [], "shap": []}
    for _ in range(args.rounds):
        base = clock(lambda: bare(asked))
        ratios["surrogate"].append(clock(lambda: explained(args.rows)) / base)
        if theirs is not None:
            ratios["shap"].append(clock(theirs) / clock(lambda: bare(shap_asked)))
    print(f"{asked:,} rows asked for {args.rows} explained rows, fidelity's included")
    for name, found in ratios.items():
        if found:
            text = ", ".join(f"{ratio:.3f}" for ratio in found)
            print(f"{name}: {np.median(found):.3f} times bare inference (median of {text})")


if __name__ == "__main__":
    main()
