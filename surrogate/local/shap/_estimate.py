"""Plans, and the operators that turn answers into values, each made once."""

from __future__ import annotations

import numpy as np
from threadpoolctl import threadpool_limits

from surrogate.local.shap._bayes import MOST_PAIRS, Bayes, strengths
from surrogate.local.shap._plan import Fresh, Pairs, draw_fresh, draw_pairs, most_pairs
from surrogate.local.shap._solve import Exact, Regression, Solver
from surrogate.sampling import child_seed
from surrogate.types import FloatArray

__all__ = ["Estimates", "wanted_pairs"]

_ONE_THREAD = 600  # pairs below which threads wait for each other longer than they work


def wanted_pairs(m: int, n_samples: int | None) -> int:
    """Pairs of coalitions that are asked for m players, where so many may be."""
    most = 2 * m + 2048 if n_samples is None else n_samples
    return min(most // 2, most_pairs(m))


class Estimates:
    """Plans by number of players, solvers by players and length.

    Parameters
    ----------
    estimator : {"bayes", "regression"}
    n_samples : int or None
        Coalitions.
    fresh : int
        Coalitions that forms are measured on.
    seed : int
    """

    def __init__(self, estimator: str, *, n_samples: int | None, fresh: int, seed: int) -> None:
        self._estimator, self._n_samples, self.n_fresh = estimator, n_samples, fresh
        self._seeds = child_seed(seed, "shap fit"), child_seed(seed, "shap fidelity")
        self._pairs: dict[int, Pairs] = {}
        self._fresh: dict[int, Fresh] = {}
        self._solvers: dict[tuple[bytes, int], Solver] = {}

    def pairs(self, m: int) -> Pairs:
        """The whole plan for m players."""
        if m not in self._pairs:
            n = wanted_pairs(m, self._n_samples)
            self._pairs[m] = draw_pairs(m, n, seed=self._seeds[0])
        return self._pairs[m]

    def fresh(self, m: int) -> Fresh:
        """Coalitions outside the plan for m players; none where all are in it."""
        if m not in self._fresh:
            self._fresh[m] = draw_fresh(self.pairs(m), self.n_fresh, seed=self._seeds[1])
        return self._fresh[m]

    def solver(self, varying: bytes, n: int, *, m: int, y: FloatArray) -> Solver:
        """From the first n pairs; strengths of players are read off games y (n + 1, c).

        Rows whose varying players are the same share it, so that their values are one linear
        function of their games.
        """
        key = varying, n
        if key not in self._solvers:
            pairs = self.pairs(m).first(n)
            if pairs.complete:
                self._solvers[key] = Exact.of(pairs)
            elif self._estimator == "regression" or n > MOST_PAIRS:
                self._solvers[key] = Regression.of(pairs)
            else:
                with threadpool_limits(1 if n < _ONE_THREAD else None):
                    rho = strengths(pairs, y)
                    self._solvers[key] = Bayes.of(pairs, np.asarray(rho))
        return self._solvers[key]
