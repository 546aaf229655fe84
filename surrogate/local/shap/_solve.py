"""From answers of pairs to Shapley values: fixed linear operators, and their standard errors.

Shapley values depend on a game only through half the difference of each coalition and its
complement, o = (v(z) - v(~z)) / 2, and are linear in it. So each estimator is a matrix that
serves all rows that share a plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import Protocol

import numpy as np

from surrogate.local.shap._plan import Pairs
from surrogate.types import FloatArray

__all__ = ["Exact", "Regression", "Solver", "efficient"]


class Solver(Protocol):
    """A linear estimator of Shapley values from odd parts, the last of which is the whole."""

    @property
    def weights(self) -> FloatArray:
        """(m, p + 1)."""
        ...

    def errors(self, y: FloatArray) -> FloatArray:
        """Standard errors (m, c) of ``weights @ y``, y of shape (p + 1, c)."""
        ...


@dataclass(frozen=True, eq=False)
class Exact:
    """The definition, summed over all pairs.

    Parameters
    ----------
    weights : array of shape (m, p + 1)
    """

    weights: FloatArray

    @classmethod
    def of(cls, pairs: Pairs) -> Exact:
        """Of a complete plan.

        A player who joins a coalition of s - 1 others weighs 1 / (m · C(m - 1, s - 1)); the
        complement says the same with the opposite sign.
        """
        m = pairs.m
        joins = [0.0, *(2.0 / (m * comb(m - 1, s - 1)) for s in range(1, m + 1))]
        size = pairs.sizes[:, None]
        inside, outside = np.array(joins)[size], -np.array(joins)[np.minimum(size + 1, m)]
        weights = np.where(pairs.masks, inside, outside)  # (p, m)
        return cls(np.concatenate([weights.T, np.full((m, 1), 2.0 / max(m, 1))], axis=1))

    def errors(self, y: FloatArray) -> FloatArray:
        """None at all."""
        return np.zeros((len(self.weights), y.shape[1]))


@dataclass(frozen=True, eq=False)
class Regression:
    """Weighted least squares under the constraint of efficiency (Lundberg and Lee 2017).

    Parameters
    ----------
    weights : array of shape (m, p + 1)
    signs : array of shape (p + 1, m)
    unseen : array of shape (p,)
        Share of each coalition's size that was not drawn; what was drawn whole has no error.
    """

    weights: FloatArray
    signs: FloatArray
    unseen: FloatArray

    @classmethod
    def of(cls, pairs: Pairs) -> Regression:
        """Each pair stands for the pairs of its size, which the kernel weighs."""
        m, sizes = pairs.m, pairs.sizes
        half = np.where(2 * sizes == m, 0.5, 1.0)
        drawn = np.bincount(sizes, minlength=m + 1)[sizes]
        there = half * np.array([float(comb(m, s)) for s in range(m + 1)])[sizes]
        root = np.sqrt(half * (m - 1) / (sizes * (m - sizes)) / drawn)
        signs = pairs.signs
        # the last player's effect is what the others leave of the whole
        free = signs[:-1, :-1] - signs[:-1, -1:]  # (p, m - 1)
        solved = np.linalg.pinv(root[:, None] * free) * root  # (m - 1, p)
        whole = -solved @ signs[:-1, -1:]  # (m - 1, 1)
        most = np.concatenate([solved, whole], axis=1)
        last = -most.sum(axis=0)
        last[-1] += 1.0
        return cls(efficient(2.0 * np.vstack([most, last])), signs, 1 - drawn / there)

    def errors(self, y: FloatArray) -> FloatArray:
        """From each pair's residual, as in White (1980), for draws without replacement."""
        m, p = len(self.weights), len(y) - 1
        residual = y[:-1] - self.signs[:-1] @ (self.weights @ y) / 2  # (p, c)
        freedom = p / max(p - m + 1, 1)
        variance = np.square(self.weights[:, :-1]) @ (self.unseen[:, None] * residual**2)
        return np.sqrt(freedom * variance)


def efficient(weights: FloatArray) -> FloatArray:
    """Weights whose values add up to the whole difference to the last digit."""
    wanted = np.zeros(weights.shape[1])
    wanted[-1] = 2.0
    for _ in range(2):
        weights = weights + (wanted - weights.sum(axis=0)) / len(weights)
    return weights
