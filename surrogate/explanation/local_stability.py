"""How much local explanations change when they are fitted again under other seeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from surrogate.explanation.serial import pack, unpack
from surrogate.types import FloatArray, IntArray

if TYPE_CHECKING:
    from surrogate.fidelity import Score
    from surrogate.fidelity.refits import RefitScores

__all__ = ["LocalStability"]

_PAIRED = "jackknife t over fits"


@dataclass(frozen=True, eq=False)
class LocalStability:
    """Fits of the same rows under several seeds, compared row by row and class by class.

    Arrays whose last axis is 3 hold a value and the ends of its interval, NaN where there
    is none. The first fit is the one that is shown.

    Parameters
    ----------
    jaccard : array of shape (n, k, 3)
        Overlap of the `top` largest coefficients, mean over pairs of fits.
    rank : array of shape (n, k, 3)
        Spearman correlation of the coefficients' sizes, mean over pairs of fits.
    signs : array of shape (n, k, 3)
        Share of the `top` largest coefficients whose signs agree, mean over pairs of fits.
    spread : array of shape (n, k, 3)
        Length of the coefficients' standard deviations over that of their means.
    coef_spread : array of shape (n, k, d)
        Standard deviation of each coefficient over the fits, in its own unit.
    same_sign : array of shape (n, k, d)
        Share of the other fits in which a coefficient has the sign that is shown; NaN where
        it is 0.
    top : int
        How many of the largest coefficients are compared as a set.
    fits : int
        The one that is shown, and the others.
    level : float
        Level of the intervals.
    seeds : tuple of int
        One a fit beside the first.
    """

    jaccard: FloatArray
    rank: FloatArray
    signs: FloatArray
    spread: FloatArray
    coef_spread: FloatArray
    same_sign: FloatArray
    top: int
    fits: int
    level: float = 0.95
    seeds: tuple[int, ...] = ()

    @classmethod
    def of(
        cls, scores: RefitScores, *, top: int, fits: int, level: float, seeds: tuple[int, ...]
    ) -> LocalStability:
        """Comparisons with what they are comparisons of."""
        return cls(*scores, top=top, fits=fits, level=level, seeds=seeds)

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names that `score` takes, the main one first."""
        return tuple(_NAMES.values())

    def __len__(self) -> int:
        return len(self.jaccard)

    def __getitem__(self, rows: slice | IntArray) -> LocalStability:
        return replace(self, **{name: getattr(self, name)[rows] for name in _ARRAYS})

    def score(self, row: int, column: int, metric: str = "top overlap") -> Score:
        """One comparison of one row and class as a `surrogate.fidelity.Score`.

        Parameters
        ----------
        row, column : int
        metric : {"top overlap", "rank correlation", "sign agreement", "coefficient spread"}
        """
        from surrogate.fidelity import Interval, Score

        name = next(field for field, said in _NAMES.items() if said == metric)
        value, low, high = getattr(self, name)[row, column].tolist()
        title = f"top-{self.top} Jaccard" if name == "jaccard" else metric
        n, unit = self.fits, "fits"
        if not np.isfinite(value):
            reason = "the coefficients are all alike, or all 0"
            return Score(title, None, None, n, n, reason=reason, unit=unit)
        if not np.isfinite([low, high]).all():
            reason = "two fits give one pair" if n < 3 else "every fit is as like the others"
            return Score(title, value, None, n, n, reason=reason, unit=unit)
        return Score(title, value, Interval(low, high, self.level, _PAIRED), n, n, unit=unit)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        arrays = {name: pack(getattr(self, name)) for name in _ARRAYS}
        return {
            **arrays,
            "top": self.top,
            "fits": self.fits,
            "level": self.level,
            "interval": _PAIRED,
            "seeds": list(self.seeds),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> LocalStability:
        """Give back what `to_dict` described."""
        arrays = {name: unpack(data[name]) for name in _ARRAYS}
        return cls(
            **arrays,
            top=data["top"],
            fits=data["fits"],
            level=data["level"],
            seeds=tuple(data["seeds"]),
        )


_NAMES = {
    "jaccard": "top overlap",
    "rank": "rank correlation",
    "signs": "sign agreement",
    "spread": "coefficient spread",
}
_ARRAYS = tuple(field.name for field in fields(LocalStability))[:6]
