"""Fidelity of many local explanations at once: arrays, one entry per row and class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from surrogate.explanation.serial import pack, unpack
from surrogate.types import FloatArray, IntArray

if TYPE_CHECKING:
    from surrogate.fidelity import Score

__all__ = ["LocalFidelity"]


@dataclass(frozen=True, eq=False)
class LocalFidelity:
    """Weighted R² of local forms on fresh perturbations, with its interval.

    The trivial baseline is the weighted mean of the model's answers around the row, whose
    R² is 0 by definition.

    Parameters
    ----------
    value, low, high : arrays of shape (n, k)
        Weighted R² and the ends of its interval; NaN where the model does not vary.
    error : array of shape (n, k)
        Absolute error at the row itself, in the unit of the answer.
    ess : array of shape (n,)
        Effective sample size of the kernel on the fresh perturbations.
    n : int
        Fresh perturbations asked for each row.
    level : float
        Level of the interval.
    interval : str
        How it was made: "bootstrap", "sandwich".
    seed : int or None
    """

    value: FloatArray
    low: FloatArray
    high: FloatArray
    error: FloatArray
    ess: FloatArray
    n: int
    level: float = 0.95
    interval: str = "bootstrap"
    seed: int | None = None
    metric: str = "weighted R²"
    distribution: str = "fresh perturbations around the row"

    def __len__(self) -> int:
        return len(self.value)

    def __getitem__(self, rows: slice | IntArray) -> LocalFidelity:
        return LocalFidelity(
            value=self.value[rows],
            low=self.low[rows],
            high=self.high[rows],
            error=self.error[rows],
            ess=self.ess[rows],
            n=self.n,
            level=self.level,
            interval=self.interval,
            seed=self.seed,
            metric=self.metric,
            distribution=self.distribution,
        )

    def score(self, row: int, column: int) -> Score:
        """Fidelity of one row and class as a `surrogate.fidelity.Score`."""
        from surrogate.fidelity import Interval, Score

        value, low, high = (float(a[row, column]) for a in (self.value, self.low, self.high))
        if not np.isfinite(value):
            reason = "the model does not vary around the row"
            return Score(self.metric, None, None, self.n, self.n, reason=reason)
        if not np.isfinite([low, high]).all():
            reason = f"too few effective samples, {self.ess[row]:.0f}"
            return Score(self.metric, value, None, self.n, self.n, 0.0, value, reason=reason)
        interval = Interval(low, high, self.level, self.interval, guaranteed=False)
        return Score(self.metric, value, interval, self.n, self.n, 0.0, value, interval)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "metric": self.metric,
            "distribution": self.distribution,
            "value": pack(self.value),
            "low": pack(self.low),
            "high": pack(self.high),
            "error": pack(self.error),
            "ess": pack(self.ess),
            "n": self.n,
            "level": self.level,
            "interval": self.interval,
            "seed": self.seed,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> LocalFidelity:
        """Give back what `to_dict` described."""
        arrays = {name: unpack(data[name]) for name in ("value", "low", "high", "error", "ess")}
        return cls(
            **arrays,
            n=data["n"],
            level=data["level"],
            interval=data["interval"],
            seed=data["seed"],
            metric=data["metric"],
            distribution=data["distribution"],
        )
