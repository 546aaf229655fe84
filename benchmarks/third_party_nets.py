"""Five nets for MNIST that others trained, natural and robust, read by one tree each.

    python benchmarks/third_party_nets.py --shared shared/data --results third-party.json

A LeNet trained naturally and the same net trained on PGD of radius .3 (advertorch), the net of Wong
and Kolter certified at .1, COLT's net certified at .1, and a natural fully connected net (VNN-COMP
2021). The first three are torch nets, and PGD runs on them; the last two are ONNX files without
gradients, and are asked the rows that PGD made on the others. One net of each: what is found is a
sentence about these nets, not about how they were trained. Each net's input scale is part of it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import load_file
from torch import nn

from surrogate import Domain, compare, wrap
from surrogate.fidelity import compare_rows, holm
from surrogate.robust.comparing import ReadyRows
from surrogate.robust.training import pgd_rows

SHARED = Path(__file__).resolve().parents[2] / "shared/data"
RADII = (0.1, 0.3)
CLASSES = tuple(range(10))


def lenet() -> nn.Sequential:
    """The LeNet of advertorch, on flat rows in [0, 1]."""
    return nn.Sequential(
        nn.Unflatten(1, (1, 28, 28)),
        nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(3136, 200), nn.ReLU(), nn.Linear(200, 10),
    )  # fmt: skip


def wong_kolter() -> nn.Sequential:
    """The small convolutional net of Wong & Kolter, on flat rows in [0, 1]."""
    return nn.Sequential(
        nn.Unflatten(1, (1, 28, 28)),
        nn.Conv2d(1, 16, 4, stride=2, padding=1), nn.ReLU(),
        nn.Conv2d(16, 32, 4, stride=2, padding=1), nn.ReLU(),
        nn.Flatten(), nn.Linear(1568, 100), nn.ReLU(), nn.Linear(100, 10),
    )  # fmt: skip


def filled(net: nn.Sequential, path: Path) -> nn.Sequential:
    """A net with the tensors of a file, matched in order and checked by shape."""
    tensors = load_file(path)
    layers = [layer for layer in net if hasattr(layer, "weight")]
    names = sorted({key.rpartition(".")[0] for key in tensors})  # conv1, conv2, linear1; 1, 3, 6
    with torch.no_grad():
        for layer, name in zip(layers, names, strict=True):
            for part in ("weight", "bias"):
                found = torch.from_numpy(tensors[f"{name}.{part}"])
                assert getattr(layer, part).shape == found.shape, (name, part)
                getattr(layer, part).copy_(found)
    return net.eval()


def torch_nets(folder: Path) -> dict[str, nn.Sequential]:
    """Those that show gradients, from flat rows in [0, 1] to logits."""
    return {
        "LeNet natural": filled(lenet(), folder / "mnist_lenet5_clntrained.safetensors"),
        "LeNet PGD .3": filled(lenet(), folder / "mnist_lenet5_advtrained.safetensors"),
        "Wong-Kolter .1": filled(wong_kolter(), folder / "mnist_wongkolter_provable.safetensors"),
    }


def boxes(white: dict[str, nn.Sequential], folder: Path) -> dict[str, Any]:
    """All five as boxes that take flat rows in [0, 1] and answer logits."""
    said = {"output": "scores", "classes": CLASSES}
    return {
        **{name: wrap(net, **said) for name, net in white.items()},
        "COLT .1": wrap(
            folder / "mnist_colt_eps0.1_robust.onnx",
            preprocess=lambda rows: ((np.asarray(rows) - 0.1307) / 0.3081).astype(np.float32),
            **said,
        ),
        "FC natural": wrap(folder / "mnist-net_256x2_natural.onnx", **said),
    }


def lime_pair(white: dict[str, nn.Sequential], path: Path, *, n: int) -> Iterator[str]:
    """LIME over patches of the two LeNets, as in the study: means, and tests by picture."""
    sys.path.append(str(Path(__file__).resolve().parents[1] / "examples"))
    from mnist_robustness import FIGURES, mnist, patch_figures

    task = mnist(path)
    pair = [
        np.c_[np.ones(n), patch_figures(white[name], CLASSES, task, n=n)]
        for name in ("LeNet natural", "LeNet PGD .3")
    ]
    found = compare_rows(*pair, lambda t: t[..., 1:] / t[..., :1], metrics=FIGURES)
    corrected = holm([one.p for one in found])
    means = [sums.mean(0)[1:] for sums in pair]
    for one, p, natural, robust in zip(found, corrected, *means):
        yield (
            f"LIME, {one.metric}: {natural:.3f} natural, {robust:.3f} PGD .3; difference"
            f" {one.effect:+.3f} ({one.low:+.3f} to {one.high:+.3f}), Holm p {p:.3g}, {n} pictures"
        )


def said_right(net: nn.Module, rows: torch.Tensor, truth: torch.Tensor) -> float:
    """Share of rows that a net decides truly."""
    with torch.no_grad():
        return float((net(rows).argmax(1) == truth).float().mean())


def main(arguments: Sequence[str] | None = None) -> None:
    """Attack the nets that show gradients, compare all, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, default=SHARED)
    parser.add_argument("--rows", type=int, default=300, help="held-out rows")
    parser.add_argument("--attacked", type=int, default=100)
    parser.add_argument("--pictures", type=int, default=40, help="that LIME explains")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--results", type=Path)
    given = parser.parse_args(arguments)
    if not (given.shared / "models").is_dir():
        sys.exit(f"Skipped: there is no {given.shared}/models; name the folder by --shared.")
    torch.set_num_threads(1)
    with np.load(given.shared / "mnist/mnist.npz") as mnist:
        X = mnist["x_train"][20_000:21_500].reshape(1500, -1) / 255
        test = mnist["x_test"][: given.rows].reshape(given.rows, -1) / 255
        y = mnist["y_test"][: given.rows].astype(int)
    names = Domain.infer(X).names
    domain = Domain.infer(
        X,
        kinds=dict.fromkeys(names, "continuous"),
        bounds=dict.fromkeys(names, (0.0, 1.0)),
    )
    white = torch_nets(given.shared / "models")
    models = boxes(white, given.shared / "models")
    for line in lime_pair(white, given.shared / "mnist/mnist.npz", n=given.pictures):
        print(line, flush=True)
    source = np.arange(given.attacked)
    x, truth = torch.tensor(test[source], dtype=torch.float32), torch.tensor(y[source])
    ready = []
    for name, net in white.items():
        for radius in RADII:
            draws = np.random.Generator(np.random.Philox(key=given.seed))
            made, _ = pgd_rows(net, x, truth, eps=radius, steps=20, box=(0, 1), draws=draws)
            print(f"PGD {radius:g} on {name}: {said_right(net, made, truth):.3f} right", flush=True)
            rows = np.clip(made.double().numpy(), test[source] - radius, test[source] + radius)
            ready.append(ReadyRows("pgd", name, radius, rows, source, "linf"))
    found = compare(
        models,
        X,
        y=y,
        test=test,
        domain=domain,
        methods=("cart",),
        options={"cart": {"max_leaves": 64, "n_queries": 1500, "refine": "none"}},
        adversarial=ready,
        attacks=(),
        radii=RADII,
        stability=0,
        fidelity=given.rows,
        seed=given.seed,
        on_progress=True,
    )
    if given.results is not None:
        given.results.write_text(found.to_json(), encoding="utf-8")
    print(found)


if __name__ == "__main__":
    main()
