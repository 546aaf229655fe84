"""A small model in a file, and a table beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

MODEL = """
import numpy as np


def predict(columns):
    score = np.asarray(columns["x"], float) + np.asarray(columns["y"], float)
    return np.where(score > 0, "yes", "no")


def probability(columns):
    score = np.asarray(columns["x"], float) + np.asarray(columns["y"], float)
    p = 1 / (1 + np.exp(-score))
    return np.column_stack([1 - p, p])


def broken(columns):
    raise RuntimeError("the weights are gone")


calls = 0


def impatient(columns):
    global calls
    calls += 1
    if calls > 3:
        raise KeyboardInterrupt
    return predict(columns)


def doubled(columns):
    return {name: column * 2 if name in "xy" else column for name, column in columns.items()}


constant = 3
"""


@pytest.fixture
def model(tmp_path: Path) -> str:
    path = tmp_path / "scorer.py"
    path.write_text(MODEL, encoding="utf-8")
    return f"{path}:predict"


@pytest.fixture
def table(tmp_path: Path, rng: np.random.Generator) -> str:
    x, y = rng.normal(size=(2, 200))
    truth = np.where(x + y + 0.1 * rng.normal(size=200) > 0, "yes", "no")
    sex = rng.choice(["f", "m"], size=200)
    lines = ["x,y,sex,truth"]
    lines += [f"{a:.4f},{b:.4f},{s},{t}" for a, b, s, t in zip(x, y, sex, truth)]
    path = tmp_path / "table.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)
