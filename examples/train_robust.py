"""Train the demo's two nets, one naturally and one against PGD, and keep them beside this script.

Run: python examples/train_robust.py magic04.data

``magic04.data`` is the file of the UCI repository (see ``data/PROVENANCE.md``): showers of
particles as a telescope saw them, begun by a gamma ray or by a hadron. Of its 19,020 rows 3,800
drawn by seed take no part in training: 3,000 become ``data/magic.csv``, on which the demo's
surrogates learn, and 800 ``data/magic_held_out.csv``, on which everything is measured. Two equal
nets learn from the others: ``natural.onnx`` on the rows themselves, ``robust.onnx`` on rows that
PGD moved by up to .2 standard deviations of each column. Both take raw columns.

What PGD makes of the held-out rows is kept in ``data/magic_adversarial.npz``, so that the demo
needs no torch; ``robust.json`` says how all of it was made, with hashes.

Without an argument it learns from ``data/magic.csv`` alone and prints the figures; then nothing is
written unless ``--out`` names a folder, since nets trained on those rows must not be compared on
them. Needs the torch, adversarial and onnx extras.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
from pathlib import Path

import numpy as np

from surrogate.robust.comparing import ReadyRows, write_ready
from surrogate.robust.training import Trained, pgd_rows, train

HERE = Path(__file__).resolve().parent
COLUMNS = [
    "length",
    "width",
    "log_size",
    "concentration",
    "top_concentration",
    "asymmetry",
    "long_moment",
    "trans_moment",
    "angle",
    "distance",
]
CLASSES = {"g": "gamma", "h": "hadron"}
TARGET = "shower"
N_DEMO, N_HELD_OUT = 3_000, 800
EPS = 0.2  # standard deviations of a column
RADII = (0.1, 0.2, 0.4)
STEPS = 20
INSIDE = 1 - 1e-4  # of the radius, so that rounding to float32 leaves no row outside its ball


def read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Rows (n, 10) and their classes, from the raw file or from ``magic.csv``."""
    with path.open(newline="", encoding="utf-8") as file:
        cells = [row for row in csv.reader(file) if row]
    body = cells[1:]  # the copy of the raw file has a header too: the columns' numbers
    rows = np.array([[float(cell) for cell in row[:-1]] for row in body])
    return rows, np.array([CLASSES.get(row[-1], row[-1]) for row in body])


def write_table(path: Path, rows: np.ndarray, labels: np.ndarray) -> None:
    """Write rows and classes, with a header."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*COLUMNS, TARGET])
        writer.writerows([*map(repr, row.tolist()), label] for row, label in zip(rows, labels))


def attacked(
    net: Trained,
    rows: np.ndarray,
    labels: np.ndarray,
    *,
    radius: float,
    units: tuple,
    bounds: tuple,
) -> np.ndarray:
    """Raw rows that PGD made on a net: inside the ball of each, and inside the table's range."""
    import torch

    centre, scale = units
    low = np.minimum(bounds[0], rows.min(0))
    high = np.maximum(bounds[1], rows.max(0))
    x = torch.tensor((rows - centre) / scale, dtype=torch.float32)
    y = torch.tensor(np.searchsorted(net.settings.classes, labels))
    box = tuple(torch.tensor((end - centre) / scale, dtype=torch.float32) for end in (low, high))
    draws = np.random.Generator(np.random.Philox(key=0))
    eps = radius * INSIDE
    moved, _ = pgd_rows(net.module, x, y, eps=eps, steps=STEPS, box=box, draws=draws)
    raw = np.clip(moved.double().numpy() * scale + centre, rows - eps * scale, rows + eps * scale)
    return np.clip(raw, low, high).astype(np.float32).astype(np.float64)


def learn(rows: np.ndarray, labels: np.ndarray, test: tuple, *, seed: int) -> dict[str, Trained]:
    """The same net by both recipes, with the same seed, rows and epochs."""
    return {
        name: train(
            rows,
            labels,
            recipe=recipe,
            eps=EPS,
            box=None,
            sizes={"hidden": (32, 32)},
            steps=5,
            epochs=12,
            batch=256,
            lr=4e-3,
            test=test,
            seed=seed,
        )
        for name, recipe in (("natural", "natural"), ("robust", "pgd"))
    }


def keep(out: Path, nets: dict[str, Trained], tables: dict[str, tuple], units: tuple) -> None:
    """Write nets, tables, adversarial rows, and how they were made."""
    (out / "data").mkdir(parents=True, exist_ok=True)
    for name, net in nets.items():
        net.to_onnx(out / f"{name}.onnx", columns=units)
    for name, table in tables.items():
        write_table(out / "data" / f"{name}.csv", *table)
    population, (rows, labels) = tables["magic"][0], tables["magic_held_out"]
    bounds = population.min(0), population.max(0)
    sets = [
        ReadyRows(
            attack="pgd",
            attacker=name,
            radius=radius,
            rows=attacked(net, rows, labels, radius=radius, units=units, bounds=bounds),
            source=np.arange(len(rows)),
            norm="linf",
        )
        for name, net in nets.items()
        for radius in RADII
    ]
    write_ready(out / "data" / "magic_adversarial.npz", sets, columns=COLUMNS)
    made = [*(f"{name}.onnx" for name in nets), *(f"data/{name}.csv" for name in tables)]
    said = {
        "columns": {"names": COLUMNS, "centre": units[0].tolist(), "scale": units[1].tolist()},
        "nets": {
            name: {
                "training": net.settings.to_dict(),
                "accuracy": str(net.accuracy),
                "robust": [
                    f"{one.attack} of radius {one.radius:g}: {one.score}" for one in net.robust
                ],
                "reading": net.reading,
            }
            for name, net in nets.items()
        },
        "adversarial": {
            "attack": f"pgd, {STEPS} steps from a random start, maximum norm",
            "unit": "standard deviations of each column",
            "radii": RADII,
            "clipped": "to the range of the tables",
        },
        "sha256": {
            name: hashlib.sha256((out / name).read_bytes()).hexdigest()
            for name in [*made, "data/magic_adversarial.npz"]
        },
    }
    (out / "robust.json").write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


def main(arguments: list[str] | None = None) -> dict[str, Trained]:
    """Train, print accuracy and PGD figures, write what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("raw", type=Path, nargs="?", help="magic04.data of the UCI repository")
    parser.add_argument("--out", type=Path, help="folder to write to (with RAW: this one)")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)

    rows, labels = read(given.raw or HERE / "data" / "magic.csv")
    order = np.random.Generator(np.random.Philox(key=given.seed)).permutation(len(rows))
    n_demo, n_held = (N_DEMO, N_HELD_OUT) if given.raw else (len(rows) // 4, len(rows) // 4)
    parts = np.split(order, [n_demo, n_demo + n_held])
    picked = [np.sort(part) for part in parts]
    tables = {
        name: (rows[part], labels[part]) for name, part in zip(("magic", "magic_held_out"), picked)
    }
    learning = rows[picked[2]]
    units = learning.mean(0), learning.std(0)
    held, truth = tables["magic_held_out"]
    nets = learn(
        (learning - units[0]) / units[1],
        labels[picked[2]],
        ((held - units[0]) / units[1], truth),
        seed=given.seed,
    )
    for net in nets.values():
        print(net)
    out = given.out or (HERE if given.raw else None)
    if out is not None:
        keep(out, nets, tables, units)
    return nets


if __name__ == "__main__":
    main()
