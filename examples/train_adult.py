"""Train the demo's net on the Adult table and keep it, with its table, beside this script.

Run: python examples/train_adult.py adult.data

``adult.data`` is the file of the UCI repository (see ``data/PROVENANCE.md``). Of its 32,561 rows,
4,000 drawn by seed become ``data/adult.csv`` and take no part in training; the net learns from
the other 28,561. So the demo audits the net on rows that it has never seen. Some people share
every value that is kept, so that some rows of the demo equal a training row: the script counts
them.

Without an argument it learns from the first three quarters of ``data/adult.csv`` and prints the
accuracy on the rest, which needs no download; then nothing is written unless ``--out`` names a
folder, since a net trained on rows of the demo's table must not be audited on them.
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path

import numpy as np
from sklearn.neural_network import MLPClassifier

from adult import HERE, encode

RAW = [
    "age",
    "workclass",
    "fnlwgt",
    "education",
    "education_years",
    "marital_status",
    "occupation",
    "relationship",
    "race",
    "sex",
    "capital_gain",
    "capital_loss",
    "hours_per_week",
    "native_country",
    "income",
]
DROPPED = {
    "fnlwgt",  # a weight of the census sample, not a fact about a person
    "education",  # education_years in words
    "native_country",  # nine in ten rows are one country
}
KEPT = [name for name in RAW if name not in DROPPED]
AMOUNTS = ["age", "education_years", "capital_gain", "capital_loss", "hours_per_week"]
TARGET = "income"
N_DEMO = 4_000


def read(path: Path) -> list[list[str]]:
    """Rows of KEPT columns, from the raw file (no header) or from adult.csv."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = [[cell.strip() for cell in row] for row in csv.reader(file) if row]
    if rows[0] == KEPT:
        return rows[1:]
    picked = [RAW.index(name) for name in KEPT]
    return [[row[i].replace("?", "Unknown").rstrip(".") for i in picked] for row in rows]


def columns(rows: list[list[str]]) -> dict[str, np.ndarray]:
    """Columns by name; amounts as float64, the others as strings."""
    return {
        name: np.array([row[j] for row in rows], dtype=float if name in AMOUNTS else object)
        for j, name in enumerate(KEPT)
    }


def learn_constants(table: dict[str, np.ndarray]) -> dict[str, dict[str, list]]:
    """Mean and scale of every amount, sorted categories of every other column."""
    others = [name for name in KEPT if name not in AMOUNTS and name != TARGET]
    return {
        "amounts": {n: [float(table[n].mean()), float(table[n].std())] for n in AMOUNTS},
        "categories": {n: sorted(set(table[n])) for n in others},
    }


def train(table: dict[str, np.ndarray], constants: dict, *, seed: int) -> MLPClassifier:
    """Fit a net of 32 and 16 hidden units."""
    net = MLPClassifier((32, 16), alpha=1e-3, early_stopping=True, random_state=seed)
    return net.fit(encode(table, constants), table[TARGET].astype(str))


def export(net: MLPClassifier, path: Path) -> None:
    """Write the net as ONNX: float32 rows in, label and probabilities out."""
    from skl2onnx import to_onnx

    width = net.n_features_in_
    model = to_onnx(net, np.zeros((1, width), np.float32), options={"zipmap": False})
    path.write_bytes(model.SerializeToString())


def write_table(rows: list[list[str]], path: Path) -> None:
    """Write adult.csv, with a header."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([KEPT, *rows])


def main(arguments: list[str] | None = None) -> float:
    """Train, print the accuracy on held-out rows, write what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("raw", type=Path, nargs="?", help="adult.data of the UCI repository")
    parser.add_argument("--out", type=Path, help="folder to write to (with RAW: this one)")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)

    rows = read(given.raw or HERE / "data" / "adult.csv")
    shuffled = np.random.Generator(np.random.Philox(key=given.seed)).permutation(len(rows))
    n_held_out = N_DEMO if given.raw else len(rows) // 4
    held_out = [rows[i] for i in sorted(shuffled[:n_held_out])]
    learning = [rows[i] for i in sorted(shuffled[n_held_out:])]

    table, unseen = columns(learning), columns(held_out)
    constants = learn_constants(table)
    net = train(table, constants, seed=given.seed)
    accuracy = net.score(encode(unseen, constants), unseen[TARGET].astype(str))
    known = {tuple(row) for row in learning}
    print(f"learnt from {len(learning):,} rows; accuracy on {n_held_out:,} others: {accuracy:.3f}")
    print(f"{sum(tuple(row) in known for row in held_out):,} of those equal a row learnt from")

    out = given.out or (HERE if given.raw else None)
    if out is not None:
        (out / "data").mkdir(parents=True, exist_ok=True)
        write_table(held_out, out / "data" / "adult.csv")
        (out / "adult.json").write_text(json.dumps(constants, indent=1) + "\n", encoding="utf-8")
        export(net, out / "adult.onnx")
    return float(accuracy)


if __name__ == "__main__":
    main()
