"""What the explanations of very many rows come to, with the errors of these figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from surrogate.explanation import LocalExplanations, RowsSummary
from surrogate.explanation.serial import pack, unpack
from surrogate.render.features import class_name
from surrogate.render.fragments import notebook, preformatted
from surrogate.types import FloatArray, Label

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BulkSummary", "Totals"]


@dataclass(frozen=True, eq=False)
class Totals:
    """Sums over the rows of a shard; those of several shards add up.

    Parameters
    ----------
    sums, squares : arrays of shape (3, k, d)
        Of the coefficients, their sizes, and whether they are above 0.
    fidelity : array of shape (4, k)
        Sums of value, low and high over the rows that have all three, and how many these are.
    counts : array of shape (2,)
        Rows, and rows whose explanation is flagged as bad.
    """

    sums: FloatArray
    squares: FloatArray
    fidelity: FloatArray
    counts: FloatArray

    @classmethod
    def over(cls, explanations: LocalExplanations) -> Totals:
        """Of a batch."""
        coef, fidelity = explanations.coef, explanations.fidelity
        positive = (coef > 0).sum(axis=0).astype(np.float64)
        square = (coef**2).sum(axis=0)
        three = np.stack([fidelity.value, fidelity.low, fidelity.high])  # (3, n, k)
        known = np.isfinite(three).all(axis=0)
        return cls(
            np.stack([coef.sum(axis=0), np.abs(coef).sum(axis=0), positive]),
            np.stack([square, square, positive]),
            np.concatenate([np.where(known, three, 0.0).sum(axis=1), known.sum(axis=0)[None]]),
            np.array([len(coef), sum(map(bool, explanations.flags))], dtype=np.float64),
        )

    @classmethod
    def add(cls, parts: Sequence[Totals]) -> Totals:
        """Of all rows of several shards."""
        names = [field.name for field in fields(cls)]
        return cls(*(np.sum([getattr(part, name) for part in parts], axis=0) for name in names))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {name: pack(array) for name, array in vars(self).items()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Totals:
        """Give back what `to_dict` described."""
        return cls(**{field.name: unpack(data[field.name]) for field in fields(cls)})


@dataclass(frozen=True, eq=False)
class BulkSummary:
    """What very many rows come to: their coefficients, their fidelity, and how many are bad.

    Parameters
    ----------
    figures : RowsSummary
        Mean coefficient, mean size and share above 0, with the errors of plan and rows.
    flagged : int
        Rows whose explanation is bad, as their flags say.
    fidelity : array of shape (k, 3)
        Mean weighted R² over the rows that have one with an interval, and the means of the ends
        of these intervals: wide enough however much the rows' errors have in common.
    measured : array of shape (k,)
        How many rows these are.
    """

    figures: RowsSummary
    flagged: int
    fidelity: FloatArray
    measured: FloatArray

    @classmethod
    def of(
        cls,
        totals: Totals,
        *,
        classes: tuple[Label, ...] | None,
        features: tuple[str, ...],
        plan_errors: FloatArray | None,
        dof: int | None,
        level: float,
    ) -> BulkSummary:
        """From sums over rows."""
        n = int(totals.counts[0])
        means = totals.sums / n
        spread = np.maximum(totals.squares / n - means**2, 0.0) / max(n - 1, 1)
        known = totals.fidelity[3]
        with np.errstate(invalid="ignore"):
            fidelity = totals.fidelity[:3] / np.where(known > 0, known, np.nan)  # (3, k)
        figures = RowsSummary(
            mean=means[0],
            size=means[1],
            positive=means[2],
            plan_errors=plan_errors,
            row_errors=np.sqrt(spread) if n > 1 else np.full_like(spread, np.nan),
            n=n,
            dof=dof,
            features=features,
            classes=classes,
            level=level,
        )
        return cls(figures, int(totals.counts[1]), fidelity.T, known)

    def to_frame(self) -> pd.DataFrame:
        """One line a class and feature, as a pandas DataFrame.

        Raises
        ------
        MissingDependency
            If pandas is not installed.
        """
        frame = self.figures.to_frame()
        d = len(self.figures.features)
        for i, name in enumerate(("fidelity", "fidelity_low", "fidelity_high")):
            frame[name] = np.repeat(self.fidelity[:, i], d)
        return frame.assign(flagged=self.flagged)

    def _repr_html_(self) -> str:
        return notebook(preformatted(str(self)))

    def __str__(self) -> str:
        lines = [f"{self.figures.n:,} rows, of which {self.flagged:,} are explained badly"]
        for c, (value, low, high) in enumerate(self.fidelity):
            name = class_name(self.figures.classes, c)
            said = "undefined" if np.isnan(value) else f"{value:.2f} ({low:.2f} to {high:.2f})"
            lines.append(f"{name}: mean weighted R² {said} over {self.measured[c]:,.0f} rows")
        return "\n".join([*lines, "", str(self.figures)])
