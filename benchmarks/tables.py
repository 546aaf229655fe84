"""Tables of the benchmarks, each with a net of 64 and 32 units that is distilled.

Numbers are standardised by the rows that the net was fitted on; categories stay names. The
net sees numbers and one-hot categories, a plain forward pass in NumPy, so that methods in
other environments ask the same net.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from surrogate.sampling import generator

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
JITTER = 0.3  # standard deviations of the noise on numbers
SWITCHED = 0.1  # how often a category is drawn anew, from those of the held-out rows
JITTERED = 10_000  # about so many jittered rows, at most 20 of each held-out one


@dataclass(frozen=True)
class Net:
    """Class probabilities by a forward pass: dense layers with ReLU, softmax last."""

    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]

    def probabilities(self, x: np.ndarray) -> np.ndarray:
        """Of encoded rows (n, e): (n, k)."""
        for i, (w, b) in enumerate(zip(self.weights, self.biases)):
            x = (np.maximum(x, 0.0) if i else x) @ w + b
        if x.shape[1] == 1:
            x = np.hstack([np.zeros_like(x), x])
        e = np.exp(x - x.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def decide(self, x: np.ndarray) -> np.ndarray:
        """Class codes (n,) of encoded rows (n, e)."""
        return self.probabilities(x).argmax(axis=1)


@dataclass(frozen=True)
class Encoder:
    """Numbers as they are, categories one-hot."""

    categories: dict[str, tuple[str, ...]]

    def __call__(self, frame: pd.DataFrame) -> np.ndarray:
        """Encoded rows: (n, e)."""
        parts = [
            np.asarray(frame[c])[:, None] == np.array(self.categories[c])[None, :]
            if c in self.categories
            else np.asarray(frame[c], dtype=float)[:, None]
            for c in frame.columns
        ]
        return np.hstack(parts).astype(float)


@dataclass(frozen=True)
class Task:
    """A net, the rows that it is distilled on, and the rows that measure it."""

    net: Net
    encode: Encoder
    fit: pd.DataFrame
    real: pd.DataFrame
    jittered: pd.DataFrame

    def probabilities(self, frame: pd.DataFrame) -> np.ndarray:
        """What the net answers to rows: (n, k)."""
        return self.net.probabilities(self.encode(frame))

    def decide(self, frame: pd.DataFrame) -> np.ndarray:
        """Class codes (n,) that the net decides for."""
        return self.probabilities(frame).argmax(axis=1)


def _bundled(load: Callable[..., object]) -> Callable[[], tuple[pd.DataFrame, np.ndarray]]:
    def read() -> tuple[pd.DataFrame, np.ndarray]:
        X, y = load(return_X_y=True)
        return pd.DataFrame(X, columns=[f"x{j}" for j in range(X.shape[1])]), y

    return read


def _file(
    name: str, *, label: int, header: int | None = None
) -> Callable[[], tuple[pd.DataFrame, np.ndarray]]:
    def read() -> tuple[pd.DataFrame, np.ndarray]:
        frame = pd.read_csv(SHARED / name, header=header, skipinitialspace=True)
        column = frame.columns[label]
        y = np.unique(frame[column].astype(str), return_inverse=True)[1]
        rest = frame.drop(columns=column)
        return rest.rename(columns={c: f"x{j}" for j, c in enumerate(rest.columns)}), y

    return read


def _compas() -> tuple[pd.DataFrame, np.ndarray]:
    """What was known of a person before the score; recidivism within two years."""
    frame = pd.read_csv(SHARED / "compas/compas-two-years.csv")
    known = ["age", "sex", "race", "priors_count", "c_charge_degree"]
    known += ["juv_fel_count", "juv_misd_count", "juv_other_count"]
    names = {c: f"x{j}" for j, c in enumerate(known)}
    return frame[known].rename(columns=names), frame["two_year_recid"].to_numpy()


TABLES: dict[str, Callable[[], tuple[pd.DataFrame, np.ndarray]]] = {
    "breast_cancer": _bundled(load_breast_cancer),
    "wine": _bundled(load_wine),
    "digits": _bundled(load_digits),
    "adult": _file("adult/adult.data", label=-1),
    "german": _file("german/german.data", label=-1),
    "magic": _file("magic/magic04.data", label=-1, header=0),
    "mushroom": _file("mushroom/mushroom_data.csv", label=0),
    "compas": _compas,
}


def make_task(table: str, seed: int, *, most: int = 6000) -> Task:
    """Draw at most so many rows of a table, 70 % to fit, and train the net on these."""
    frame, y = TABLES[table]()
    if len(frame) > most:
        frame, _, y, _ = train_test_split(frame, y, train_size=most, random_state=seed, stratify=y)
    numeric = [c for c in frame.columns if pd.api.types.is_numeric_dtype(frame[c])]
    rest = [c for c in frame.columns if c not in numeric]
    frame = frame.astype(dict.fromkeys(numeric, float) | dict.fromkeys(rest, str))
    encode = Encoder({c: tuple(sorted(frame[c].unique())) for c in rest})
    fit, real, labels, _ = train_test_split(frame, y, test_size=0.3, random_state=seed, stratify=y)
    spread = fit[numeric].std(ddof=0).replace(0.0, 1.0)
    fit, real = fit.copy(), real.copy()
    mean = fit[numeric].mean()
    for part in (fit, real):
        part[numeric] = (part[numeric] - mean) / spread
    net = _train(encode(fit), labels, seed, epochs=600 if len(frame) <= 2000 else 100)
    fit, real = fit.reset_index(drop=True), real.reset_index(drop=True)
    return Task(net, encode, fit, real, _jittered(real, numeric, seed))


def _train(x: np.ndarray, y: np.ndarray, seed: int, *, epochs: int) -> Net:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        net = MLPClassifier((64, 32), max_iter=epochs, random_state=seed).fit(x, y)
    return Net(tuple(net.coefs_), tuple(net.intercepts_))


def _jittered(real: pd.DataFrame, numeric: list[str], seed: int) -> pd.DataFrame:
    copies = min(20, max(1, JITTERED // len(real)))
    found = real.loc[np.repeat(np.arange(len(real)), copies)].reset_index(drop=True)
    rng = generator(seed, "benchmark jitter")
    found[numeric] += rng.normal(0, JITTER, (len(found), len(numeric)))
    for column in (c for c in real.columns if c not in numeric):
        anew = rng.random(len(found)) < SWITCHED
        drawn = rng.choice(real[column].to_numpy(), len(found))
        found[column] = np.where(anew, drawn, found[column])
    return found
