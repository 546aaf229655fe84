"""Can a robust net be read more faithfully? Three recipes, eight seeds each, on digits.

Run: python examples/mnist_robustness.py [mnist.npz] [--out FOLDER]

Small nets are trained naturally, on Goodfellow's mixture of clean rows and FGSM's, and on PGD's,
each under the same seeds and epochs. `compare` reads all of them by a tree and by rules on held-out
rows, on noise and on PGD's rows, inside and outside the radius of the training; LIME reads them by
patches of the picture. What is said is about the recipes: the unit of every test is the training
seed.

``mnist.npz`` holds x_train, y_train, x_test, y_test as Keras ships it; ``--download`` fetches it.
With neither, scikit-learn's digits of 8 x 8 pixels are taken. Nets and results are kept in the
folder, so that a run that was stopped goes on. Needs the torch, adversarial and plot extras.
"""

from __future__ import annotations

import argparse
import csv
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from surrogate import Domain, Images, compare, explain, wrap
from surrogate.explanation import Comparison
from surrogate.fidelity import compare_seeds, holm
from surrogate.robust.training import Trained, train_arms

RECIPES = ("natural", "fgsm", "pgd")
EPS = 0.1
RADII = (0.05, 0.1, 0.2)  # inside the training's, at it, outside
SOURCE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
FIGURES = ("R²", "MSE", "label agreement", "R² of the margin")
METHODS = {
    "cart": {"max_leaves": 64, "n_queries": 1500, "refine": "none"},
    "c45rules": {"n_queries": 300},
}


@dataclass(frozen=True)
class Task:
    """Pictures (n, side, side) in [0, 1] and their digits: to train on, to fit on, to test on."""

    train: tuple[np.ndarray, np.ndarray]
    population: np.ndarray
    test: tuple[np.ndarray, np.ndarray]
    patch: int  # pixels along the side of a patch that LIME hides
    epochs: int

    def flat(self, part: np.ndarray) -> np.ndarray:
        """Pictures as rows: (n, side, side) -> (n, side * side)."""
        return part.reshape(len(part), -1)


def mnist(path: Path) -> Task:
    """20,000 pictures to train on, 1,500 others to fit surrogates on, 500 to test on."""
    with np.load(path) as kept:
        X, y = kept["x_train"] / 255, kept["y_train"]
        test = kept["x_test"][:500] / 255, kept["y_test"][:500].astype(int)
    return Task((X[:20_000], y[:20_000]), X[20_000:21_500], test, patch=4, epochs=20)


def digits() -> Task:
    """scikit-learn's: 900 pictures to train on, 500 to fit on, 397 to test on."""
    from sklearn.datasets import load_digits

    kept = load_digits()
    order = np.random.Generator(np.random.Philox(key=0)).permutation(len(kept.images))
    X, y = kept.images[order] / 16, kept.target[order]
    return Task((X[:900], y[:900]), X[900:1400], (X[1400:], y[1400:]), patch=2, epochs=20)


def read(path: Path | None, *, download: bool, out: Path) -> Task:
    """MNIST where it is given or may be fetched, else the digits."""
    if path is None and download:
        path = out / "mnist.npz"
        if not path.exists():
            urllib.request.urlretrieve(SOURCE, path)
    return digits() if path is None else mnist(path)


def read_all(arms: dict[str, tuple[Trained, ...]], task: Task, *, seed: int) -> Comparison:
    """Trees and rules of every net on the same rows, and what differs between recipes."""
    rows = task.flat(task.population)
    names = Domain.infer(rows).names
    domain = Domain.infer(
        rows,
        kinds=dict.fromkeys(names, "continuous"),  # a pixel that is always 0 too
        bounds=dict.fromkeys(names, (0.0, 1.0)),
    )
    return compare(
        {name: [net.box() for net in nets] for name, nets in arms.items()},
        rows,
        y=task.test[1],
        test=task.flat(task.test[0]),
        domain=domain,
        methods=tuple(METHODS),
        options=METHODS,
        attacks=("pgd",),
        radii=RADII,
        attacked=200,
        fidelity=500,
        stability=0,
        seed=seed,
        on_progress=True,
    )


class Margin(torch.nn.Module):
    """The logit of one class less the largest other."""

    def __init__(self, net: Any, code: int) -> None:
        super().__init__()
        self.net, self.code = net, code

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(n, d) -> (n, 1)."""
        z = self.net(x)
        others = torch.cat([z[:, : self.code], z[:, self.code + 1 :]], dim=1)
        return (z[:, self.code] - others.max(1).values)[:, None]


def patch_figures(
    net: torch.nn.Module, classes: Sequence[Any], task: Task, *, n: int = 20, seed: int = 0
) -> np.ndarray:
    """LIME over patches of the first test pictures: FIGURES on fresh masks, (n, 4).

    Each patch is black with probability one half; all masks count alike.
    """
    pictures = task.test[0][:n]
    patches = np.arange((pictures.shape[1] // task.patch) ** 2)
    side = int(len(patches) ** 0.5)
    grid = np.kron(patches.reshape(side, side), np.ones((task.patch, task.patch), int))
    images = Images(segmentation=lambda picture: grid, fill="constant")
    flat = torch.nn.Flatten()
    job = {"domain": images, "fidelity": 100, "seed": seed, "options": {"n_samples": 1000}}
    soft = torch.nn.Sequential(net, torch.nn.Softmax(1))
    box = wrap(soft, output="probabilities", classes=classes, preprocess=flat)
    local = explain(box, pictures, **job)
    masks = np.random.Generator(np.random.Philox(key=seed)).integers(0, 2, (500, len(patches)))
    rows, decided = [], local.box_values.argmax(1)
    for i, code in enumerate(decided):
        inputs = local.domains[i].decode(masks.astype(float))
        given = np.asarray(box.ask(inputs).values)  # (500, k)
        said = local.intercept[i] + masks @ local.coef[i].T  # (500, k)
        agree = (said.argmax(1) == given.argmax(1)).mean()
        margin = wrap(Margin(net, int(code)), output="values", preprocess=flat)
        line = explain(margin, pictures[i : i + 1], **job)
        z = np.asarray(margin.ask(inputs).values).ravel()
        z_said = line.intercept[0] + masks @ line.coef[0].T
        p, p_said = given[:, code], said[:, code]
        mse = ((p - p_said) ** 2).mean()
        rows.append(
            [1 - mse / p.var(), mse, agree, 1 - ((z - z_said.ravel()) ** 2).mean() / z.var()]
        )
    return np.array(rows)


def by_patches(net: Trained, task: Task, *, n: int = 20, seed: int = 0) -> np.ndarray:
    """FIGURES of a net, medians over pictures."""
    found = patch_figures(net.module, net.settings.classes, task, n=n, seed=seed)
    return np.median(found, axis=0)


def lime_table(arms: dict[str, tuple[Trained, ...]], task: Task, path: Path) -> np.ndarray:
    """FIGURES of every net, (recipes, seeds, 4); kept in a file."""
    shape = len(arms), len(next(iter(arms.values()))), len(FIGURES)
    if not path.exists():
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["recipe", "seed", *FIGURES])
            for name, nets in arms.items():
                for seed, net in enumerate(nets):
                    writer.writerow([name, seed, *by_patches(net, task)])
    return np.loadtxt(path, delimiter=",", skiprows=1, usecols=(2, 3, 4, 5)).reshape(shape)


def say_lime(table: np.ndarray) -> str:
    """Means over seeds, and which recipes differ, corrected for all twelve tests."""
    lines = ["LIME by patches, medians over 20 pictures, mean over seeds:"]
    for name, nets in zip(RECIPES, table):
        cells = (f"{f} {value:.3f}" for f, value in zip(FIGURES, nets.mean(0)))
        lines.append(f"  {name}: " + ", ".join(cells))
    pairs = [(a, b) for b in range(len(table)) for a in range(b)]
    found = [one for a, b in pairs for one in compare_seeds(table[a], table[b], FIGURES)]
    corrected = holm([one.p for one in found])
    named = [(RECIPES[a], RECIPES[b]) for a, b in pairs for _ in FIGURES]
    for (a, b), one, p in zip(named, found, corrected):
        shown = p is not None and p < 0.05
        word = ("higher" if one.effect > 0 else "lower") if shown else "no difference shown"
        width = "none" if one.low is None else f"{one.low:+.3f} to {one.high:+.3f}"
        lines.append(
            f"  {b} against {a}, {one.metric}: {word} ({one.effect:+.3f}, 95 % interval {width},"
            f" Holm p {p:.2g}; {one.about})"
        )
    return "\n".join(lines)


def draw(found: Comparison, table: np.ndarray, out: Path) -> None:
    """Curves over the radius, and LIME's figures, as pictures."""
    from matplotlib import pyplot as plt

    trained = {"fgsm": EPS, "pgd": EPS}
    for over in ("noise", "adversarial"):
        axes = found.plot(kind="radius", method="cart", over=over, trained=trained)
        axes[0].figure.savefig(out / f"robustness-{over}.png", dpi=90, bbox_inches="tight")
    figure, parts = plt.subplots(1, len(FIGURES), figsize=(11, 2.6), layout="constrained")
    for j, (axis, name) in enumerate(zip(parts, FIGURES)):
        for i, nets in enumerate(table):
            axis.plot(np.full(len(nets), i), nets[:, j], "o", mfc="none")
        axis.set_xticks(range(len(table)), RECIPES[: len(table)])
        axis.set_xlim(-0.5, len(table) - 0.5)
        axis.set_title(name)
    figure.savefig(out / "robustness-lime.png", dpi=90)


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, compare, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, nargs="?", help="mnist.npz")
    parser.add_argument("--download", action="store_true", help="fetch mnist.npz")
    parser.add_argument("--out", type=Path, default=Path("robustness"))
    parser.add_argument("--seeds", type=int, default=8, help="training seeds a recipe")
    given = parser.parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    task = read(given.data, download=given.download, out=given.out)
    torch.set_num_threads(1)  # small nets: threads would wait for each other

    arms = train_arms(
        task.flat(task.train[0]),
        task.train[1],
        recipes=RECIPES,
        seeds=range(given.seeds),
        eps=EPS,
        epochs=task.epochs,
        test=(task.flat(task.test[0]), task.test[1]),
        folder=given.out / "nets",
        on_progress=True,
    )
    for nets in arms.values():
        print(nets[0])
    kept = given.out / "comparison.json"
    if not kept.exists():
        kept.write_text(read_all(arms, task, seed=0).to_json(), encoding="utf-8")
    found = Comparison.from_json(kept.read_text(encoding="utf-8"))
    print(found)
    table = lime_table(arms, task, given.out / "lime.csv")
    print(say_lime(table))
    draw(found, table, given.out)
    print(f"Nets, results and pictures: {given.out}")


if __name__ == "__main__":
    main()
