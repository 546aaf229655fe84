"""A forest fitted on the answers so far: what it expects of other rows, and how surely."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import ExtraTreesRegressor

from surrogate.trees._ask import Asked
from surrogate.types import FloatArray, IntArray

__all__ = ["Guess", "Student", "expected", "float32_codes", "forest", "votes_of"]

TREES = 50

Codes: TypeAlias = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Guess:
    """What a student expects a black box to answer, and what it does not know.

    Parameters
    ----------
    values : float array of shape (m, k)
        Numbers, or shares of the forest that decide for each class.
    decision : int array of shape (m,) or None
        None for regression.
    unsure : float array of shape (m,)
        From 0 up. Of classes: one less the margin between the first two, squared. Of
        numbers: the forest's variance, in variances of the answers.
    """

    values: FloatArray
    decision: IntArray | None
    unsure: FloatArray


class Student:
    """Extremely randomised trees (Geurts, Ernst and Wehenkel 2006) on what a box answered.

    Parameters
    ----------
    codes : float32 array of shape (n, d)
    asked : Asked
        The answers to these rows. Of classes the decisions are fitted, as columns of zeros
        and ones.
    seed : int
    """

    def __init__(self, codes: Codes, asked: Asked, *, seed: int) -> None:
        self._asked = asked
        self._targets = votes_of(asked)
        self._forest = forest(codes, self._targets, seed=seed)

    def guess(self, codes: Codes) -> Guess:
        """What it expects of rows (m, d)."""
        if self._asked.decision is None:
            values, spread = self._mean_and_variance(codes)
            scale = np.var(self._targets, axis=0)
            unsure = (spread / np.where(scale > 0, scale, 1.0)).sum(axis=1)
            return Guess(values, None, unsure)
        chances = expected(self._forest, codes)
        first_two = np.sort(chances, axis=1)[:, -2:]
        margin = first_two[:, -1] - first_two[:, 0]
        return Guess(chances, chances.argmax(axis=1), (1.0 - margin) ** 2)

    def _mean_and_variance(self, codes: Codes) -> tuple[FloatArray, FloatArray]:
        """Over the trees of the forest: (m, k) each."""
        total = squares = np.zeros(1)
        for tree in self._forest.estimators_:
            said = tree.predict(codes).reshape(len(codes), -1)
            total, squares = total + said, squares + said**2
        mean = total / TREES
        return mean, np.maximum(squares / TREES - mean**2, 0.0)


def float32_codes(matrix: FloatArray) -> Codes:
    """Rows (m, d) about their mean, in standard deviations, so that float32 tells them apart."""
    known = ~np.isnan(matrix)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, matrix, 0.0).sum(axis=0) / count
    away = matrix - mean
    spread = np.sqrt((np.where(known, away, 0.0) ** 2).sum(axis=0) / count)
    return np.asarray(away / np.where(spread > 0, spread, 1.0), dtype=np.float32)


def forest(codes: Codes, targets: FloatArray, *, seed: int) -> ExtraTreesRegressor:
    """Trees on rows (n, d) and targets (n, k)."""
    one = targets.shape[1] == 1
    return ExtraTreesRegressor(TREES, random_state=seed).fit(
        codes, targets[:, 0] if one else targets
    )


def expected(trees: ExtraTreesRegressor, codes: Codes) -> FloatArray:
    """Means over a forest, of rows (m, d): (m, k)."""
    return np.asarray(trees.predict(codes), dtype=np.float64).reshape(len(codes), -1)


def votes_of(asked: Asked) -> FloatArray:
    """Decisions as columns of zeros and ones, or numbers: (n, k)."""
    return (
        asked.values if asked.decision is None else np.eye(len(asked.classes or ()))[asked.decision]
    )
