"""Coefficients over many explained rows, with errors that know that the rows share a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy import special

from surrogate.explanation.frames import pandas
from surrogate.explanation.serial import Document, pack, plain, unpack
from surrogate.render import fragments
from surrogate.render.features import class_name
from surrogate.render.fragments import notebook
from surrogate.render.names import clean
from surrogate.render.numbers import count
from surrogate.render.tables import Table, effect
from surrogate.render.text import paragraph, table
from surrogate.types import FloatArray, Label

if TYPE_CHECKING:
    import pandas as pd

    from surrogate.explanation.local_explanations import LocalExplanations

__all__ = ["RowsSummary", "summarise"]

_TOP = 10
_STATISTICS = ("mean", "size", "positive")


@dataclass(frozen=True, eq=False)
class RowsSummary(Document):
    """Mean coefficient, mean size and share above 0 over rows, per class and feature.

    Two errors are kept apart. That of the plan: other draws of perturbed rows would have given
    other coefficients, to all rows at once where they share a plan, so that it does not shrink
    with the rows. And that of the rows: others of the same kind would have had another mean.
    An interval takes both, added in squares, with Student's t on the degrees of freedom of
    Welch and Satterthwaite.

    Parameters
    ----------
    mean : array of shape (k, d)
        Mean coefficient.
    size : array of shape (k, d)
        Mean absolute coefficient, noise included: what another plan of as many rows would give
        on average.
    positive : array of shape (k, d)
        Share of rows whose coefficient is above 0.
    plan_errors : array of shape (3, k, d) or None
        Standard errors of the three that come from the plan; None where none are claimed.
    row_errors : array of shape (3, k, d)
        Those that come from the rows.
    n : int
        Rows.
    dof : int or None
        Degrees of freedom of `plan_errors`.
    features : tuple of d str
    classes : tuple of k or None
    level : float
        Of the intervals.
    bound : bool
        Whether `plan_errors` are not known, but at most what they would be if all rows erred
        alike: for a part of the rows that were explained, and for Kernel SHAP. There is none then
        for `positive`.
    """

    SCHEMA: ClassVar[str] = "surrogate/rows-summary"

    mean: FloatArray
    size: FloatArray
    positive: FloatArray
    plan_errors: FloatArray | None
    row_errors: FloatArray
    n: int
    dof: int | None
    features: tuple[str, ...]
    classes: tuple[Label, ...] | None
    level: float = 0.95
    bound: bool = False

    def half(self, statistic: str) -> FloatArray:
        """Half of the width of a statistic's intervals: (k, d); NaN where none is known.

        Parameters
        ----------
        statistic : {"mean", "size", "positive"}
        """
        at = _STATISTICS.index(statistic)
        rows = self.row_errors[at]
        if self.plan_errors is None:
            return np.full(rows.shape, np.nan)
        return _half(self.plan_errors[at], self.dof, rows, self.n - 1, self.level)

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
            "feature": np.tile(np.array(self.features, dtype=object), k),
            "rows": self.n,
            "level": self.level,
        }
        for at, name in enumerate(_STATISTICS):
            plan = np.nan if self.plan_errors is None else self.plan_errors[at].ravel()
            value, half = getattr(self, name).ravel(), self.half(name).ravel()
            columns |= {
                name: value,
                f"{name}_low": value - half,
                f"{name}_high": value + half,
                f"{name}_plan_se": plan,
                f"{name}_rows_se": self.row_errors[at].ravel(),
            }
        return pandas().DataFrame(columns)  # type: ignore[no-any-return]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        arrays = {name: pack(getattr(self, name)) for name in _STATISTICS}
        return {
            **arrays,
            "plan_errors": pack(self.plan_errors),
            "row_errors": pack(self.row_errors),
            "n": self.n,
            "dof": self.dof,
            "features": list(self.features),
            "classes": plain(self.classes),
            "level": self.level,
            "bound": self.bound,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> RowsSummary:
        """Give back what `to_dict` described."""
        from surrogate.explanation.parts import optional

        return cls(
            mean=unpack(data["mean"]),
            size=unpack(data["size"]),
            positive=unpack(data["positive"]),
            plan_errors=optional(unpack, data["plan_errors"]),
            row_errors=unpack(data["row_errors"]),
            n=data["n"],
            dof=data["dof"],
            features=tuple(data["features"]),
            classes=optional(tuple, data["classes"]),
            level=data["level"],
            bound=data["bound"],
        )

    def __str__(self) -> str:
        parts = []
        for k in self._shown():
            content = self._table(k)
            parts += [paragraph(f"{class_name(self.classes, k)}, {count(self.n, 'row')}")]
            parts += [table(content.header, content.rows, align=content.align), ""]
        return "\n".join([*parts, paragraph(self._said())])

    def __repr__(self) -> str:
        return f"<RowsSummary of {count(self.n, 'row')}, {count(len(self.features), 'feature')}>"

    def _repr_html_(self) -> str:
        parts = []
        for k in self._shown():
            parts += [fragments.paragraph(class_name(self.classes, k))]
            parts += [fragments.table(self._table(k))]
        return notebook(fragments.join([*parts, fragments.paragraph(self._said())]))

    def _shown(self) -> list[int]:
        """Of two classes the second, which tells the first."""
        return (
            [1] if self.classes is not None and len(self.classes) == 2 else [*range(len(self.mean))]
        )

    def _table(self, k: int) -> Table:
        """The features of the largest mean size."""
        half = {name: self.half(name)[k] for name in _STATISTICS}
        order = np.argsort(-self.size[k], kind="stable")[:_TOP].tolist()
        lines = tuple(
            (
                clean(self.features[j]),
                effect(float(self.size[k, j]), float(half["size"][j])).lstrip("+"),
                effect(float(self.mean[k, j]), float(half["mean"][j])),
                effect(100 * float(self.positive[k, j]), 100 * float(half["positive"][j])).lstrip(
                    "+"
                ),
            )
            for j in order
        )
        return Table(("feature", "mean size", "mean effect", "above 0, %"), lines, "lrrr")

    def _said(self) -> str:
        """What the intervals hold."""
        if self.plan_errors is None:
            return "No intervals: none are claimed of the coefficients (ridge, or a selection)."
        said = f"{100 * self.level:g} % intervals, of the plan that the rows share and of rows like"
        if self.bound:
            return f"{said} these; what the plan adds is taken as if all rows erred alike."
        return f"{said} these."


def _half(
    plan: FloatArray, plan_dof: int | None, rows: FloatArray, rows_dof: int, level: float
) -> FloatArray:
    """Half widths from two independent standard errors."""
    total = plan**2 + rows**2
    with np.errstate(divide="ignore", invalid="ignore"):
        spent = plan**4 / (plan_dof or np.inf) + rows**4 / max(rows_dof, 1)
        dof = np.where(spent > 0, total**2 / spent, np.inf)
    quantile = np.where(
        np.isfinite(dof),
        special.stdtrit(np.minimum(dof, 1e9), 0.5 + level / 2),
        special.ndtri(0.5 + level / 2),
    )
    half: FloatArray = quantile * np.sqrt(total)
    return half


def summarise(explanations: LocalExplanations, *, level: float) -> RowsSummary:
    """Summaries over the rows of some explanations."""
    coef = np.asarray(explanations.coef)
    n = len(coef)
    each = np.stack([coef, np.abs(coef), (coef > 0).astype(np.float64)])  # (3, n, k, d)
    spread = each.std(axis=1, ddof=1) if n > 1 else np.full((3, *coef.shape[1:]), np.nan)
    mean, size, positive = each.mean(axis=1)
    errors, bound = explanations.plan_errors, False
    if errors is None and explanations.coef_se is not None:
        errors, bound = _alike(np.asarray(explanations.coef_se))
    return RowsSummary(
        mean=mean,
        size=size,
        positive=positive,
        plan_errors=errors,
        row_errors=spread / np.sqrt(n),
        n=n,
        dof=explanations.dof,
        features=tuple(feature.name for feature in explanations.domain.features),
        classes=explanations.classes,
        level=level,
        bound=bound,
    )


def _alike(errors: FloatArray) -> tuple[FloatArray, bool]:
    """The most that errors (n, k, d) of rows leave in their means, and whether there are any."""
    exact = errors.max(axis=0) == 0
    most = errors.mean(axis=0)
    return np.stack([most, most, np.where(exact, 0.0, np.nan)]), not bool(exact.all())
