"""What the explanations of very many rows come to, with the errors of these figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from surrogate.explanation import LocalExplanations
from surrogate.explanation.frames import pandas
from surrogate.explanation.serial import pack, unpack
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
    """Means over rows, k classes and d features.

    Parameters
    ----------
    classes : tuple of k, or None
    features : tuple of d str
    n : int
        Rows.
    flagged : int
        Rows whose explanation is bad, as their flags say.
    mean, size, positive : arrays of shape (k, d)
        The mean coefficient, the mean of its absolute value, and the share of rows where it is
        above 0.
    plan_errors : array of shape (3, k, d) or None
        Standard errors of these three that the plan leaves, which all rows share: more rows do
        not make them less. None where rows have plans of their own, or no errors are claimed.
    row_errors : array of shape (3, k, d)
        Standard errors of these three as figures about the population that the rows were drawn
        from.
    fidelity : array of shape (k, 3)
        Mean weighted R² over the rows that have one with an interval, and the means of the ends
        of these intervals: wide enough however much the rows' errors have in common.
    measured : array of shape (k,)
        How many rows these are.
    level : float
        Level of these intervals.
    """

    classes: tuple[Label, ...] | None
    features: tuple[str, ...]
    n: int
    flagged: int
    mean: FloatArray
    size: FloatArray
    positive: FloatArray
    plan_errors: FloatArray | None
    row_errors: FloatArray
    fidelity: FloatArray
    measured: FloatArray
    level: float

    @classmethod
    def of(
        cls,
        totals: Totals,
        *,
        classes: tuple[Label, ...] | None,
        features: tuple[str, ...],
        plan_errors: FloatArray | None,
        level: float,
    ) -> BulkSummary:
        """From sums over rows."""
        n = totals.counts[0]
        means = totals.sums / n
        spread = np.maximum(totals.squares / n - means**2, 0.0)
        known = totals.fidelity[3]
        with np.errstate(invalid="ignore"):
            fidelity = totals.fidelity[:3] / np.where(known > 0, known, np.nan)  # (3, k)
        return cls(
            classes=classes,
            features=features,
            n=int(n),
            flagged=int(totals.counts[1]),
            mean=means[0],
            size=means[1],
            positive=means[2],
            plan_errors=plan_errors,
            row_errors=np.sqrt(spread / n),
            fidelity=fidelity.T,
            measured=known,
            level=level,
        )

    def to_frame(self) -> pd.DataFrame:
        """One line a class and feature, as a pandas DataFrame.

        Raises
        ------
        MissingDependency
            If pandas is not installed.
        """
        k, d = self.mean.shape
        columns: dict[str, Any] = {
            "class": np.repeat(np.asarray(self.classes or [None] * k, dtype=object), d),
            "feature": np.tile(np.asarray(self.features, dtype=object), k),
        }
        for i, name in enumerate(("mean", "size", "positive")):
            columns[name] = getattr(self, name).ravel()
            if self.plan_errors is not None:
                columns[f"{name}_plan_error"] = self.plan_errors[i].ravel()
            columns[f"{name}_row_error"] = self.row_errors[i].ravel()
        for i, name in enumerate(("fidelity", "fidelity_low", "fidelity_high")):
            columns[name] = np.repeat(self.fidelity[:, i], d)
        return pandas().DataFrame({**columns, "rows": self.n, "flagged": self.flagged})  # type: ignore[no-any-return]

    def __str__(self) -> str:
        lines = [f"{self.n:,} rows, of which {self.flagged:,} are explained badly"]
        for c, (value, low, high) in enumerate(self.fidelity):
            name = "the answer" if self.classes is None else str(self.classes[c])
            said = "undefined" if np.isnan(value) else f"{value:.2f} ({low:.2f} to {high:.2f})"
            rows = f"{self.measured[c]:,.0f} rows"
            lines.append(f"{name}: mean weighted R² {said} over {rows}; strongest features:")
            for j in np.argsort(-self.size[c], kind="stable")[:8]:
                lines.append(f"  {self.features[j]}: size {self._figure(1, c, int(j))}")
        return "\n".join(lines)

    def _figure(self, i: int, c: int, j: int) -> str:
        """One of the three with its error, of plan and rows together."""
        value = (self.mean, self.size, self.positive)[i][c, j]
        error = self.row_errors[i, c, j] ** 2
        if self.plan_errors is not None:
            error += self.plan_errors[i, c, j] ** 2
        return f"{value:.3g} ± {np.sqrt(error):.2g}"
