"""FGSM on MNIST as Goodfellow et al. (2015) had it, and what PGD makes of their training.

    python benchmarks/goodfellow.py --mnist mnist.npz --results goodfellow.json

``mnist.npz`` holds x_train, y_train, x_test, y_test (pixels from 0 to 255), as Keras ships it; the
path may also stand in the environment as MNIST. Softmax regression, a fully connected and a maxout
net are trained naturally, the deep ones also on the paper's mixture (eps .25, alpha .5, examples
afresh at every step and clipped to the pixel range). Shown are test errors on clean rows, under
FGSM of eps .25 with and without clipping, and under PGD of 20 steps; beside them the paper's.
Its nets were larger, trained longer, and with dropout.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from surrogate.fidelity import wilson
from surrogate.robust.training import Trained, fgsm_rows, pgd_rows, train

EPS = 0.25
PIXELS = (0.0, 1.0)
NETS: dict[str, dict[str, Any]] = {
    "softmax regression": {"architecture": "softmax"},
    "fully connected, 2 x 256": {"architecture": "fc", "sizes": {"hidden": (256, 256)}},
    "maxout, 2 x 100 of 4": {
        "architecture": "maxout",
        "sizes": {"units": (100, 100), "pieces": 4},
    },
}
PAPER = (
    "The paper: softmax regression 99.9 % error at mean confidence 79.3 %; maxout 89.4 % before"
    " and 17.9 % after adversarial training, at confidence 81.4 % on the errors."
)
MNIST = Path(__file__).resolve().parents[2] / "shared/data/mnist/mnist.npz"


def answers(module: Any, x: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Decisions, and the probability of each."""
    with torch.no_grad():
        best = module(x).softmax(1).max(1)
    return best.indices.numpy(), best.values.numpy()


def outcome(module: Any, x: torch.Tensor, y: torch.Tensor) -> dict[str, float]:
    """Test error with its interval, and the mean confidence on the errors."""
    said, sure = answers(module, x)
    wrong = said != y.numpy()
    error = float(wrong.mean())
    interval = wilson(error, len(wrong))
    confidence = float(sure[wrong].mean()) if wrong.any() else float("nan")
    return {"error": error, "low": interval.low, "high": interval.high, "confidence": confidence}


def measure(net: Trained, test: tuple[np.ndarray, np.ndarray], *, n_pgd: int) -> dict[str, Any]:
    """A net's test errors, attacked and not."""
    x = torch.from_numpy(test[0].astype(np.float32))
    y = torch.from_numpy(test[1].astype(np.int64))
    module = net.module
    draws = np.random.Generator(np.random.Philox(key=0))
    rows, truth = x[:n_pgd], y[:n_pgd]
    pgd, _ = pgd_rows(module, rows, truth, eps=EPS, steps=20, box=PIXELS, draws=draws)
    return {
        "clean": outcome(module, x, y),
        "FGSM, not clipped": outcome(module, fgsm_rows(module, x, y, eps=EPS, box=None), y),
        "FGSM, clipped": outcome(module, fgsm_rows(module, x, y, eps=EPS, box=PIXELS), y),
        "PGD, clipped": outcome(module, pgd, truth),
        "reading": net.reading,
    }


def collect(path: Path, *, rows: int, epochs: int, seed: int) -> dict[str, Any]:
    """Train and measure every net."""
    with np.load(path) as mnist:
        X = mnist["x_train"][:rows].reshape(rows, -1) / 255
        test = mnist["x_test"].reshape(len(mnist["x_test"]), -1) / 255, mnist["y_test"]
        y = mnist["y_train"][:rows]
    found: dict[str, Any] = {"rows": rows, "epochs": epochs, "seed": seed, "nets": {}}
    held = test[0][:1000], test[1][:1000]
    for name, shape in NETS.items():
        for recipe in ("natural",) if name.startswith("softmax") else ("natural", "fgsm"):
            start = time.perf_counter()
            net = train(X, y, **shape, recipe=recipe, eps=EPS, epochs=epochs, test=held, seed=seed)
            seconds = time.perf_counter() - start
            found["nets"][f"{name}, {recipe}"] = {
                **measure(net, test, n_pgd=2000),
                "seconds": seconds,
            }
            print(f"{name}, {recipe}: {seconds:.0f} s; {net.reading}", flush=True)
    return found


def show(found: dict[str, Any]) -> str:
    """The table in Markdown."""
    columns = ("clean", "FGSM, not clipped", "FGSM, clipped", "PGD, clipped")
    lines = [
        f"Test error in %, mean confidence on the errors in brackets; {found['rows']:,} training"
        f" rows, {found['epochs']} epochs, eps {EPS}.",
        "",
        "| net | " + " | ".join(columns) + " |",
        "|---|" + "---|" * len(columns),
    ]
    for name, net in found["nets"].items():
        cells = [f"{100 * net[c]['error']:.1f} ({100 * net[c]['confidence']:.0f})" for c in columns]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", PAPER])


def main(arguments: Sequence[str] | None = None) -> None:
    """Run, print, and keep what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mnist", type=Path, default=os.environ.get("MNIST", MNIST))
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--results", type=Path)
    given = parser.parse_args(arguments)
    if given.mnist is None or not Path(given.mnist).is_file():
        sys.exit(
            "Skipped: this needs mnist.npz; name it by --mnist, or in the environment as MNIST."
        )
    torch.set_num_threads(given.threads)
    found = collect(Path(given.mnist), rows=given.rows, epochs=given.epochs, seed=given.seed)
    if given.results is not None:
        given.results.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(show(found))


if __name__ == "__main__":
    main()
